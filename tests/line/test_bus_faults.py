"""Thousands of reads on disturbed lines: no wrong value, ever; and proof that the test would see one."""

from __future__ import annotations

import random
import struct
from collections import Counter
from importlib.metadata import version

import pytest

from devices.line.busline import BusLine
from devices.line.rules import Outcome, Status
from devices.protocol.frames import Request
from tests.devices.virtual import World, make_line, right_registers
from tests.line.far_end import FuzzBus, any_pause, any_read
from tests.line.pymodbus_fuzz import fuzz_pymodbus
from tests.plugins.proofs import Proof, Size

READS = 6000
PYMODBUS = version("pymodbus")


def fuzz(kind: type[BusLine], seed: int, reads: int = READS, retries: int = 0) -> tuple[Counter[str], FuzzBus]:
    """Reads of three units with lengths that often agree; returns how they ended."""
    world, dice = World(), random.Random(seed * 7 + 1)
    bus = FuzzBus(world, seed)
    line, _ = make_line(world, bus, kind=kind)
    bus.deliver = line.received
    ends: Counter[str] = Counter()

    def next_read() -> None:
        if ends.total() == reads:
            return
        request = any_read(dice)
        line.submit(request, lambda outcome: ended(request, outcome, retries))

    def ended(request: Request, outcome: Outcome, left: int) -> None:
        if left and outcome.status is Status.TIMEOUT:
            line.submit(request, lambda again: ended(request, again, left - 1))
            return
        right = outcome.status is not Status.OK or outcome.registers == right_registers(request)
        ends[str(outcome.status) if right else "WRONG"] += 1
        world.at(world.now + any_pause(dice), next_read)

    next_read()
    world.run(lambda: ends.total() == reads)
    return ends, bus


class UnitAndCrcOnly(BusLine):
    """What most engines do: any frame of the unit with a good CRC is the answer."""

    def _is_blocked(self, request: Request) -> bool:
        return False

    def _answers(self, head: bytes) -> bool:
        return self._asked is not None and len(head) == 3 and head[0] == self._asked.unit

    def _accept(self, frame: bytes, now: float) -> None:
        self._end(Outcome(Status.OK, struct.unpack(f">{frame[2] // 2}H", frame[3 : 3 + frame[2] // 2 * 2])))


class WithoutFence(BusLine):
    """Strict matching, but a request may go out while an answer of the same shape is outstanding."""

    def _is_blocked(self, request: Request) -> bool:
        return False


@pytest.mark.proof("bus_faults")
def test_no_wrong_value_on_disturbed_lines_and_more_right_ones_than_pymodbus(size: Size, proof: Proof) -> None:
    ours, beside, pymodbus = Totals(), Totals(), Totals()
    rounds, shared = size(small=2, large=620), size(small=2, large=20)
    for seed in range(1, rounds + 1):
        ended = fuzz(BusLine, seed)
        assert ended[0]["WRONG"] == 0, f"seed {seed}"
        ours.add(*ended)
        if seed <= shared:
            beside.add(*ended)
            pymodbus.add(*fuzz_pymodbus(seed, READS))
    assert ours.ends.total() == rounds * READS and ours.disturbed >= size(small=2_500, large=1_000_000)
    assert beside.right >= pymodbus.right + 0.05, (beside.ends, pymodbus.ends)
    assert pymodbus.ends["WRONG"] > 0, "then the fuzz disturbs nothing that matters"
    same = f"seeds 1-{shared}: ours {beside.told()}; pymodbus async {PYMODBUS} {pymodbus.told()}"
    proof(f"{ours.told()}; {same}", seed=f"1-{rounds}")


@pytest.mark.proof("bus_faults_retried")
def test_asking_again_brings_right_values_and_no_wrong_ones(size: Size, proof: Proof) -> None:
    """pymodbus asks three times more by itself; so do we here. Its retries bring right values and keep the wrong."""
    ours, pymodbus = Totals(), Totals()
    for seed in range(1, size(small=1, large=20) + 1):
        ours.add(*fuzz(BusLine, seed, retries=3))
        pymodbus.add(*fuzz_pymodbus(seed, READS, retries=3))
    assert ours.ends["WRONG"] == 0 and ours.right > pymodbus.right
    proof(f"three retries: {ours.told()}; pymodbus async {PYMODBUS}: {pymodbus.told()}")


class Totals:
    """Several runs of one engine."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.disturbed = self.seen = 0

    def add(self, ends: Counter[str], bus: FuzzBus) -> None:
        self.ends += ends
        self.disturbed, self.seen = self.disturbed + bus.disturbed, self.seen + bus.seen

    @property
    def right(self) -> float:
        return self.ends["ok"] / self.ends.total()

    def told(self) -> str:
        return (
            f"{self.ends.total():,} reads, {self.disturbed:,} answers disturbed, {self.right:.1%} right, "
            f"{self.ends['WRONG']} wrong"
        )


@pytest.mark.parametrize("kind", [UnitAndCrcOnly, WithoutFence])
def test_the_fuzz_would_see_a_wrong_value(kind: type[BusLine]) -> None:
    ends, _ = fuzz(kind, 1)
    assert ends["WRONG"] > 10, ends


def test_a_heartbeat_inside_an_answer_is_not_believed_by_a_chance_of_its_crc() -> None:
    assert fuzz(BusLine, 447)[0]["WRONG"] == 0


def test_same_seed_same_run() -> None:
    assert fuzz(BusLine, 5, 300)[0] == fuzz(BusLine, 5, 300)[0]
