"""Whom a turn asks for what, in its two rounds; and what a dead unit may cost."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from devices.hub.client import BlockResult, HubRefused, SweepRequest
from devices.protocol.points import Quality
from devices.protocol.profile_files import bundled_profile
from devices.simulator.house import House
from devices.simulator.slave import Slave
from telemetry import poller
from tests.devices.hubs import RawDtu, running_hub
from tests.devices.virtual import right_answer

PROFILE = bundled_profile("linshi-ashp-08")
LINE = "dtu:861990000000018"
JANUARY = 1_611_000_000.0


def unit(number: int = 1, misses: int = 0, **more: object) -> poller.Unit:
    return replace(poller.Unit(100 + number, LINE, number, PROFILE, misses), **more)  # type: ignore[arg-type]


def answers(request: SweepRequest, *, lost: int | None = None, error: str = "timeout") -> list[BlockResult]:
    """What a healthy board says; block number ``lost`` (or all, -1) got no answer."""
    slave = Slave(request.unit, PROFILE, House(1, PROFILE.kind, JANUARY), lambda: JANUARY)
    results = []
    for number, block in enumerate(request.blocks):
        asked = block.read(request.unit)
        good = number != lost and lost != -1
        registers = asked.registers(slave.answer(asked)) if good else None
        reason = "" if good else error
        results.append(BlockResult(request.line, request.unit, block, registers, reason, 0, 40.0, JANUARY))
    return results


def test_a_healthy_unit_is_read_in_one_round() -> None:
    one = unit()
    (request,) = poller.requests([one])
    results = answers(request)
    assert len(request.blocks) > 1 and poller.again([one], results) == []
    (sample,) = poller.understand([one], results).samples
    assert sample.values["supply_dc"] is not None and sample.flags == 0 and sample.at == JANUARY


def test_what_got_lost_is_asked_for_once_more_and_only_that() -> None:
    one = unit()
    (request,) = poller.requests([one])
    results = answers(request, lost=1)
    (second,) = poller.again([one], results)
    assert second.blocks == request.blocks[1:2] and not second.spare
    (sample,) = poller.understand([one], [*results, *answers(second)]).samples
    assert sample.flags == 0, "complete after the second round"
    (partial,) = poller.understand([one], [*results, *answers(second, lost=0)]).samples
    assert partial.flags & Quality.PARTIAL and None in partial.values.values()


@pytest.mark.parametrize(("misses", "error"), [(1, "timeout"), (2, "timeout"), (0, "refused"), (0, "offline")])
def test_a_second_round_is_for_the_first_miss_and_for_lost_answers_only(misses: int, error: str) -> None:
    one = unit(misses=misses)
    (request,) = poller.requests([one])
    assert poller.again([one], answers(request, lost=-1, error=error)) == []


def test_a_suspect_is_asked_for_one_register_and_read_as_soon_as_it_answers() -> None:
    one = unit(misses=5)
    (probe,) = poller.requests([one])
    assert probe.spare and [block.count for block in probe.blocks] == [1]
    (full,) = poller.again([one], answers(probe))
    assert full.blocks == poller.blocks_of(one, 0) and not full.spare
    assert len(poller.understand([one], [*answers(probe), *answers(full)]).samples) == 1
    silent = poller.understand([one], answers(probe, lost=-1))
    assert silent.missed == {101: "timeout"} and not silent.samples


def test_a_suspect_that_answers_one_register_only_has_said_nothing_worth_storing() -> None:
    one = unit(misses=5)
    (probe,) = poller.requests([one])
    (full,) = poller.again([one], answers(probe))
    outcome = poller.understand([one], [*answers(probe), *answers(full, lost=-1)])
    assert outcome.samples == [] and outcome.missed == {101: "timeout"}


def test_a_suspect_that_was_not_asked_is_no_miss() -> None:
    one = unit(misses=5)
    (probe,) = poller.requests([one])
    outcome = poller.understand([one], answers(probe, lost=-1, error="spared"))
    assert outcome.spared == {101} and outcome.missed == {}


def test_after_an_outage_the_first_polls_are_spread_and_after_small_troubles_not() -> None:
    away = [unit(line=f"dtu:{n:015d}", misses=1 + n % 9) for n in range(poller.OUTAGE_LINES)]
    fine = [unit(line=f"dtu:{10**9 + n:015d}") for n in range(poller.OUTAGE_LINES)]
    asked = poller.requests([*away, *fine], 0, 60.0)
    pauses = sorted(one.after_s for one in asked[: len(away)])
    assert {one.after_s for one in asked[len(away) :]} == {0.0}, "who answered last time is asked at once"
    thirds = [sum(20 * n <= pause < 20 * (n + 1) for pause in pauses) for n in range(3)]
    assert pauses[-1] < 60 and min(thirds) > len(away) // 5, "all over the minute"
    again = {one.line: one.after_s for one in poller.requests(away, 7, 60.0)}
    assert again == {one.line: one.after_s for one in asked[: len(away)]}, "the same line at the same place"
    for few in ([*away[1:], *fine], [*away, *fine, unit(line="dtu:1")]):  # too few lines, or less than half of all
        assert {one.after_s for one in poller.requests(few, 0, 60.0)} == {0.0}
    neighbours = [unit(line=one.line, number=2) for one in away]
    assert poller.lines_away([*away, *neighbours]) == set(), "a line of which one unit answers is there"


def test_who_rests_is_asked_as_soon_as_the_line_is_back() -> None:
    dead, alone = unit(1, misses=9, asked_at=1000.0), unit(2, misses=9, asked_at=1000.0, line="dtu:2")
    assert poller.resting([dead, alone, unit(3)], 1100.0) == [dead, alone]
    assert poller.returned([dead, alone], {LINE: 1050.0, "dtu:2": 990.0}) == [dead], "the other was asked since"
    assert poller.returned([dead, alone], {}) == []
    (probe,) = poller.requests(poller.returned([dead], {LINE: 1050.0}))
    assert probe.spare, "one register first"


def test_a_line_that_shall_wait_keeps_no_other_waiting_and_ends_with_the_sweep() -> None:
    with running_hub(window=1) as (hub, client, events):
        for n in (18, 26):
            RawDtu(hub.listen_port, f"8619900000000{n}".encode())
        events.wait("dtu_registered", count=2)
        block, other = poller.probe_of(unit()), "dtu:861990000000026"
        began = time.time()
        later, first = SweepRequest(LINE, 1, (block,), after_s=0.3), SweepRequest(other, 1, (block,))
        found = list(client.sweep([later, first], 10))
        assert [(one.line, one.error) for one in found] == [(other, ""), (LINE, "")]
        assert found[1].at - began >= 0.29
        never = list(client.sweep([replace(later, after_s=500.0), first], 0.5))
        assert [(one.line, one.error) for one in never] == [(other, ""), (LINE, "expired")]
        since = client.connected([LINE, "dtu:000000000000000"])
        assert list(since) == [LINE] and began - 60 < since[LINE] <= time.time()
        with pytest.raises(HubRefused, match="after_ms"):
            client._ask({"op": "sweep", "plans": [], "requests": [], "after_ms": {LINE: -1}}, 5)


def test_slow_points_are_asked_in_each_nth_turn() -> None:
    slow = replace(PROFILE.points["energy_kwh"], every=12)
    other = replace(PROFILE, points=PROFILE.points | {"energy_kwh": slow}, digest="another")
    one = unit(profile=other)
    (request,) = poller.requests([one], turn=24)
    assert request.blocks == poller.blocks_of(unit(), 0)
    (quick,) = poller.requests([one], turn=25)
    assert sum(block.count for block in quick.blocks) < sum(block.count for block in request.blocks)
    (sample,) = poller.understand([one], answers(quick), turn=25).samples
    assert sample.values["energy_dkwh"] is None and sample.flags == 0


def test_dead_units_get_a_tenth_of_a_lines_time_and_the_living_theirs() -> None:
    """Ten seconds to begin with, then a tenth: here the start is used up, and the living unit is read all the same."""
    with running_hub() as (hub, client, events):
        dtu = RawDtu(hub.listen_port, b"861990000000018", lambda q: right_answer(q) if q.unit == 1 else b"")
        events.wait("dtu_registered")
        block = poller.probe_of(unit())
        dead = [SweepRequest(LINE, number, (block,), spare=True) for number in range(2, 8)]
        hub.lines.find(LINE).spare_s = 9.9
        results = list(client.sweep([*dead, SweepRequest(LINE, 1, (block,))], 10))
        errors = [result.error for result in results]
        assert errors.count("spared") >= 4 and errors.count("timeout") >= 1 and errors.count("") == 1
        assert sum(request.unit != 1 for request in dtu.requests) == errors.count("timeout")


@pytest.mark.parametrize(
    ("used_s", "since_s", "allowed"), [(0, 0, True), (10.1, 0, False), (10.1, 60, True), (100, 600, False)]
)
def test_the_share_of_dead_units_grows_with_time(used_s: float, since_s: float, allowed: bool) -> None:
    from devices.hub.lines import Line
    from devices.line.busline import BusLine

    line = Line("dtu:1", BusLine())
    line.spare_s, line.spare_since = used_s, 1000.0
    assert line.has_spare_time(1000.0 + since_s) is allowed
