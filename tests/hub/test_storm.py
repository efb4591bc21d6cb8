"""All lines drop and dial in again at once, in the middle of a sweep: right values or none, caps and lease hold."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any

import pytest

from devices.hub.client import BlockResult, HubClient, SweepRequest
from devices.hub.server import Hub
from devices.line.rules import LineRules
from devices.protocol.frames import Block
from tests.devices.hubs import SECRET, Events, running_hub
from tests.hub.storm import FIRST_ID, Storm, storm, values_of
from tests.plugins.proofs import Proof, Size
from tests.until import until

BLOCKS = (Block("h", 100, 4), Block("h", 300, 6))
STORMS, LEASE_S = 2, 3.0


class LeaseRow:
    """The row in the database, for one holder at a time, on the wall's clock."""

    def __init__(self) -> None:
        self.holder, self.token, self.until, self.lock = "", 0, 0.0, threading.Lock()

    def taken_by(self, name: str) -> int | None:
        with self.lock:
            now = time.monotonic()
            if name != self.holder and now < self.until:
                return None
            self.token += name != self.holder
            self.holder, self.until = name, now + LEASE_S
            return self.token


class Watch(Events):
    """Sees how full the door is whenever somebody has entered; runs in the hub's own thread."""

    def __init__(self) -> None:
        super().__init__()
        self.hub: Hub | None = None
        self.waiting = self.inside = 0

    def __call__(self, event: str, fields: dict[str, Any]) -> None:
        super().__call__(event, fields)
        if self.hub:
            self.waiting = max(self.waiting, self.hub.door.pending.total())
            self.inside = max(self.inside, self.hub.door.open.total())


def wrong(results: list[BlockResult]) -> list[BlockResult]:
    """Values that are not those of that line's board."""
    numbers = {f"dtu:{FIRST_ID + number:015d}": number for number in range(len(results))}
    return [
        one
        for one in results
        if one.registers is not None and one.registers != values_of(numbers[one.line], one.block.read(1))
    ]


def sweep(hub: Hub, count: int, token: int) -> list[BlockResult]:
    asked = [SweepRequest(f"dtu:{FIRST_ID + number:015d}", 1, BLOCKS) for number in range(count)]
    with HubClient("127.0.0.1", hub.control_port, SECRET, token=lambda: token) as client:
        return list(client.sweep(asked, 60))


def swept_while_striking(hub: Hub, dtus: Storm, count: int, token: int) -> list[BlockResult]:
    """A sweep; when some of it is done every line breaks."""
    found: list[list[BlockResult]] = []
    thread = threading.Thread(target=lambda: found.append(sweep(hub, count, token)))
    before = answered(hub)
    thread.start()
    until(lambda: answered(hub) > before + count // 10, seconds=20, every_s=0.002, what="a sweep is under way")
    dtus.loop.call_soon_threadsafe(dtus.strike)
    thread.join(90)
    return found[0]


def answered(hub: Hub) -> int:
    return sum(line.bus.stats.ok for line in list(hub.lines.by_name.values()))


def registered(hub: Hub) -> int:
    return int(hub.door.counters["registered"])


def all_there(hub: Hub, dtus: Storm, count: int, before: int) -> bool:
    """Every DTU has registered anew since the hub had registered ``before``, and its line has settled.

    On a busy machine one may register twice.
    """
    there = sum(line.bus.phase.value in ("idle", "waiting") for line in list(hub.lines.by_name.values()))
    return there == count == dtus.renewed and registered(hub) >= before + count


@pytest.mark.proof("reconnect_storm")
def test_all_lines_drop_and_dial_in_again_at_once(size: Size, proof: Proof) -> None:
    count, cap = size(small=140, large=3000), size(small=30, large=500)
    row, watch = LeaseRow(), Watch()
    # The boards share one interpreter with the hub: thousands of them answer slowly.
    rules = LineRules(timeout_s=0.5 * size(small=1, large=10), settle_s=0.2, late_s=2.0)
    limits = {
        "rules": rules, "max_pending_per_address": cap, "max_lines_per_address": count, "lease_s": LEASE_S,
        "lease_every_s": 0.3, "fence_s": 0.5, "log": watch,
    }  # fmt: skip
    with (
        running_hub(**limits, take_lease=lambda: row.taken_by("first")) as (hub, _, _),
        running_hub(take_lease=lambda: row.taken_by("second"), lease_every_s=0.1, wait=False) as (other, _, said),
        storm(hub.listen_port, count, seed=5) as dtus,
    ):
        watch.hub = hub
        until(lambda: all_there(hub, dtus, count, 0), seconds=60, what="all have dialled in")
        results, recovered = sweep(hub, count, row.token), []
        assert len(results) == 2 * count and not any(one.error for one in results)
        for _strike in range(STORMS):
            before = registered(hub)
            struck = swept_while_striking(hub, dtus, count, row.token)
            began = time.monotonic()
            assert len(struck) == 2 * count, "exactly one result for each block"
            assert any(one.error == "offline" for one in struck), "the storm came too late"
            back = partial(all_there, hub, dtus, count, before)
            until(back, seconds=size(small=60, large=90), what="all are back")
            recovered.append(time.monotonic() - began)
            results += struck + (calm := sweep(hub, count, row.token))
            assert [one for one in calm if one.error] == []
        assert wrong(results) == []
        assert (hub.lease_lost, row.holder, row.token, other.listen_port) == (False, "first", 1, 0)
        assert said.wait("hub_waits_for_lease")
        assert watch.waiting <= cap and watch.inside <= count
        assert hub.door.counters["refused_cap"] and hub.door.counters["replaced_half_open"]
        drained = sum(line.bus.stats.drained_bytes for line in hub.lines.by_name.values())
        assert drained, "nothing was replayed"
    proof(
        f"{STORMS} storms over {count:,} lines, {dtus.dials:,} dials, {hub.door.counters['refused_cap']:,} refused by "
        f"the cap of {cap}, all back in {max(recovered):.1f} s, {len(results):,} blocks asked, 0 wrong values"
    )
