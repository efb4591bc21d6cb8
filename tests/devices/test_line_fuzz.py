"""Thousands of reads on disturbed lines: no wrong value, ever; and proof that the test would see one."""

from __future__ import annotations

import random
import struct
from collections import Counter

import pytest

from devices.line.busline import BusLine
from devices.line.rules import Outcome, Status
from devices.protocol.crc import sealed
from devices.protocol.frames import Request, exception_answer
from tests.devices.virtual import World, make_line, right_answer, right_registers
from tests.plugins.proofs import Proof, Size

READS = 6000
DISTURBED = 0.14
# A foreign frame comes from a unit nobody asks. One that names a unit we are just waiting for, in the shape we
# wait for, can't be told from an answer by anybody: RTU has nothing to tell it by (docs/devices.md, "Not covered").
STRANGER = 7
KINDS = ("silent", "late", "late", "late", "damaged", "truncated", "noise", "heartbeat", "split", "other_unit",
         "short", "exception", "echo", "inside")  # fmt: skip


class FuzzBus:
    """A far end that answers in order, as a bus does, and disturbs some answers; values are never touched."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice = world, random.Random(seed)
        self.free_at = 0.0
        self.disturbed = self.seen = 0
        self.line: BusLine

    def __call__(self, request: Request) -> None:
        dice, answer = self.dice, right_answer(request)
        self.seen += 1
        sends, delay = [(0.0, answer)], dice.uniform(0.01, 0.2)
        if dice.random() < DISTURBED:
            self.disturbed += 1
            kind = dice.choice(KINDS)
            delay = dice.uniform(0.25, 2.5) if kind == "late" else delay
            sends = self.disturb(kind, request, answer)
        due = max(self.world.now + delay, self.free_at)
        for extra, data in sends:
            due += extra
            self.world.at(due, lambda data=data: self.line.received(data))
        self.free_at = due

    def disturb(self, kind: str, request: Request, answer: bytes) -> list[tuple[float, bytes]]:
        dice = self.dice
        cut, spot = dice.randrange(1, len(answer)), dice.randrange(len(answer))
        noise = dice.randbytes(dice.randrange(1, 9))
        return {
            "silent": [],
            "late": [(0.0, answer)],
            "damaged": [(0.0, answer[:spot] + bytes([answer[spot] ^ 1 << dice.randrange(8)]) + answer[spot + 1 :])],
            "truncated": [(0.0, answer[:cut])],
            "noise": [(0.0, noise + answer + noise[::-1])],
            "heartbeat": [(0.0, dice.choice([b"ping", b"\x01\x03\x04", b"www.usr.cn"]) + answer)],
            "split": [(0.0, answer[:cut]), (0.03, answer[cut:])],
            "other_unit": [(0.0, sealed(bytes([STRANGER]) + answer[1:-2])), (0.02, answer)],
            "short": [
                (0.0, right_answer(Request(request.unit, request.code, request.addr, max(1, request.count - 1))))
            ],
            "exception": [(0.0, exception_answer(request.unit, request.code, dice.choice([1, 2, 4, 6])))],
            "echo": [(0.0, request.frame + answer)],
            "inside": [(0.0, answer[:cut] + b"ping" + answer[cut:])],
        }[kind]


def fuzz(kind: type[BusLine], seed: int, reads: int = READS) -> tuple[Counter[str], FuzzBus]:
    """Reads of three units with lengths that often agree; returns how they ended."""
    world, dice = World(), random.Random(seed * 7 + 1)
    bus = FuzzBus(world, seed)
    bus.line, _ = make_line(world, bus, kind=kind)
    ends: Counter[str] = Counter()

    def next_read() -> None:
        if ends.total() == reads:
            return
        request = Request(
            dice.choice([1, 2, 3]), dice.choice([3, 3, 4]), dice.randrange(0, 900), dice.choice([2, 4, 4, 6])
        )
        bus.line.submit(request, lambda outcome: ended(request, outcome))

    def ended(request: Request, outcome: Outcome) -> None:
        right = outcome.status is not Status.OK or outcome.registers == right_registers(request)
        ends[str(outcome.status) if right else "WRONG"] += 1
        world.at(world.now + dice.choice([0.0, 0.0, 0.05, 0.3]), next_read)

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
        self._part = b""
        self._forget_asked()
        self._end(Outcome(Status.OK, struct.unpack(f">{frame[2] // 2}H", frame[3 : 3 + frame[2] // 2 * 2])))


class WithoutFence(BusLine):
    """Strict matching, but a request may go out while an answer of the same shape is outstanding."""

    def _is_blocked(self, request: Request) -> bool:
        return False


@pytest.mark.proof("line-fuzz")
def test_no_wrong_value_on_disturbed_lines(size: Size, proof: Proof) -> None:
    ends: Counter[str] = Counter()
    disturbed = seen = 0
    rounds = size(small=18_000, large=1_002_000) // READS
    for seed in range(1, rounds + 1):
        more, bus = fuzz(BusLine, seed)
        ends += more
        disturbed, seen = disturbed + bus.disturbed, seen + bus.seen
    assert ends["WRONG"] == 0
    assert ends.total() == rounds * READS and disturbed >= 0.1 * seen
    assert ends["ok"] >= 0.85 * ends.total(), ends
    proof(f"{ends.total()} reads, {disturbed / seen:.1%} disturbed, {ends['ok']} right, 0 wrong", seed=f"1-{rounds}")


@pytest.mark.parametrize("kind", [UnitAndCrcOnly, WithoutFence])
def test_the_fuzz_would_see_a_wrong_value(kind: type[BusLine]) -> None:
    ends, _ = fuzz(kind, 1)
    assert ends["WRONG"] > 10, ends


def test_same_seed_same_run() -> None:
    assert fuzz(BusLine, 5, 300)[0] == fuzz(BusLine, 5, 300)[0]
