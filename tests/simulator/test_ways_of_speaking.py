"""DTUs of every manner through the real hub, what lines do wrong by themselves, and how people heat."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from devices.hub.client import HubClient, SweepRequest
from devices.protocol import ddp
from devices.protocol.planner import plan
from devices.protocol.profile_files import bundled_profile
from devices.simulator.faults import ALL_FAULTS, OF_THE_LINE, FaultSwitches, known_fault
from devices.simulator.fleet import MODES, Fleet, SimulatedFleet, numbered_fleet
from devices.simulator.house import House
from tests.devices.hubs import Events, running_fleet, running_hub
from tests.until import until

JANUARY = 1_611_000_000.0  # 2021-01-18, evening in Shanxi
PROFILE = "linshi-ashp-08"


def fleet(modes: tuple[str, ...], faults: FaultSwitches, heartbeat_s: float = 30.0) -> SimulatedFleet:
    made = numbered_fleet(len(modes), PROFILE, 1, modes=modes)
    return SimulatedFleet(Fleet(made.heaters, heartbeat_s, modes), faults, lambda: JANUARY, pace=0)


def test_every_manner_of_speaking_is_understood(tmp_path: Path) -> None:
    modes = tuple(MODES)
    simulated = fleet(modes, FaultSwitches(None), heartbeat_s=0.05)
    blocks = plan(bundled_profile(PROFILE))
    with running_hub() as (hub, client, events), running_fleet(simulated, hub.listen_port, tmp_path):
        for line in simulated.buses:
            events.wait("dtu_registered", line=line)
        for _ in range(3):
            results = list(client.sweep([SweepRequest(line, 1, blocks) for line in simulated.buses], 10))
            assert len(results) == len(modes) * len(blocks) and {r.error for r in results} == {""}
        until(lambda: all(entry["heartbeats"] for entry in client.lines()), what="each has been heard while idle")


@pytest.mark.parametrize(
    ("fault", "event"),
    [
        ("never_registers", {"event": "dtu_turned_away", "why": "register_timeout"}),
        ("unknown_id", {"event": "dtu_registered", "line": "dtu:stranger-0001"}),
        ("redial", {"event": "dtu_registered", "count": 2}),
        ("outage", {"event": "dtu_gone"}),
        ("duplicate_id", {"event": "duplicate_dtu_id"}),
        ("half_open", {"event": "dtu_silent"}),
        ("reset_in_answer", {"event": "dtu_gone"}),
        ("auto_query", {}),
    ],
)
def test_what_a_line_does_wrong_is_seen_by_its_name(tmp_path: Path, fault: str, event: dict[str, object]) -> None:
    switches = FaultSwitches(None)
    simulated = fleet(("imei",), switches, heartbeat_s=0.05)
    (line,) = simulated.buses
    limits = {"register_s": 0.2, "silent_s": 0.3, "housekeeping_s": 0.05}
    with running_hub(**limits) as (hub, client, events):
        if event.get("why") or event.get("line"):
            switches.active[line] = fault
        with running_fleet(simulated, hub.listen_port, tmp_path):
            if line not in switches.active:
                events.wait("dtu_registered", line=line)
                assert {r.error for r in client.sweep([SweepRequest(line, 1, plan(bundled_profile(PROFILE)))], 5)} == {
                    ""
                }
                switches.active[line] = fault
            if fault == "reset_in_answer":
                assert "offline" in {
                    r.error for r in client.sweep([SweepRequest(line, 1, plan(bundled_profile(PROFILE)))], 5)
                }
            if fault == "auto_query":
                _until_foreign(client, line)
            else:
                wanted = {key: value for key, value in event.items() if key not in ("event", "count")}
                _wait(events, str(event["event"]), int(str(event.get("count", 1))), wanted)


def _wait(events: Events, event: str, count: int, fields: dict[str, object]) -> None:
    events.wait(event, count, **fields)


def _until_foreign(client: HubClient, line: str) -> None:
    until(lambda: client.lines([line])[0]["foreign"] > 0, what="the unasked answer is counted")


def test_answers_replayed_after_an_outage_are_drained(tmp_path: Path) -> None:
    from devices.line.rules import LineRules

    switches = FaultSwitches(None)
    simulated = fleet(("imei",), switches, heartbeat_s=0.3)
    (line,) = simulated.buses
    bus = simulated.buses[line]
    rules = LineRules(timeout_s=0.15, settle_s=0.3, late_s=0.5)
    with running_hub(rules=rules) as (hub, client, events):
        bus.held = [bus.slaves[1].answer(plan(bundled_profile(PROFILE))[0].read(1))] * 3
        with running_fleet(simulated, hub.listen_port, tmp_path):
            events.wait("dtu_registered", line=line)
            results = list(client.sweep([SweepRequest(line, 1, plan(bundled_profile(PROFILE)))], 5))
            assert {r.error for r in results} == {""}
            (seen,) = client.lines([line])
            assert seen["foreign"] == 0 and seen["late"] == 0, "drained, or thrown away with the registration"


def test_a_fault_with_a_chance_strikes_the_same_answers_again() -> None:
    def strikes(seed: int) -> list[str]:
        switches = FaultSwitches(None, seed)
        switches.active["dtu:1/1"] = "bad_crc@0.2"
        return [switches.strikes("dtu:1/1") for _ in range(500)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 60 < sum(map(bool, strikes(1))) < 140


def test_a_fault_everywhere_leaves_those_with_one_of_their_own() -> None:
    switches = FaultSwitches(None)
    switches.active.update({"*": "bad_crc", "dtu:1/1": "late"})
    assert (switches.strikes("dtu:1/1"), switches.strikes("dtu:2/1")) == ("late", "bad_crc")
    assert switches.strikes("dtu:2", *OF_THE_LINE) == "", "a heater's fault is no line's"
    switches.active["*"] = "redial"
    assert {switches.strikes(f"dtu:{n}", *OF_THE_LINE) for n in range(9)} == {"redial"}
    switches.active["*"] = "sensor:room_t"
    assert switches.broken_sensors("dtu:2/1") == {"room_t"} and not switches.broken_sensors("dtu:1/1")


def test_the_mobile_network_takes_its_time_and_keeps_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def sent(seed: int) -> list[float]:
        times: list[float] = []
        loop = SimpleNamespace(time=lambda: 0.0, call_at=lambda at, *_rest: times.append(at))
        monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
        made = replace(numbered_fleet(1, PROFILE, 1), rtt_s=10.0)
        (bus,) = SimulatedFleet(made, FaultSwitches(None, seed), lambda: JANUARY).buses.values()
        for _ in range(20):
            bus.received(plan(bundled_profile(PROFILE))[0].read(1).frame)
        return times

    assert sent(1) == sent(1) != sent(2)
    assert sent(1) == sorted(sent(1)) and 5 < sent(1)[0] < 16 and 15 < sent(1)[-1] < 25, "20 polls take 2 s on the bus"


@pytest.mark.parametrize("text", ["bad_crc@", "bad_crc@2", "bad_crc@x", "sensor:room_t@0.1", "nonsense", ""])
def test_a_fault_that_means_nothing_is_not_known(text: str) -> None:
    assert not known_fault(text)
    assert all(known_fault(name) and known_fault(f"{name}@0.5") for name in ALL_FAULTS)


def house(habit: str, days: float = 3.0) -> tuple[House, list[tuple[float, float, bool]]]:
    """(hour of the day, room temperature, running) every half hour of some cold days."""
    one, seen = House(3, "ashp", JANUARY, habit), []
    for step in range(int(days * 48)):
        one.advance(JANUARY + 1800.0 * step)
        seen.append(((one.epoch_s / 3600 + 8) % 24, one.room_c, one.running))
    return one, seen


def test_a_house_heated_with_coal_is_warm_while_its_heater_is_off_and_a_cold_one_is_not() -> None:
    _, stove = house("stove")
    _, cold = house("cold")
    last = stove[-48:]
    assert not any(running for _, _, running in last) and min(room for _, room, _ in last) > 10
    assert max(room for hour, room, _ in last if hour > 18) > 16
    assert not any(running for _, _, running in cold[1:]) and cold[-1][1] < 8 < last[-1][1]


def test_thrifty_people_switch_off_at_night_and_a_command_in_between_holds() -> None:
    one, seen = house("thrifty")
    assert {running for hour, _, running in seen[1:] if hour > 23 or hour < 5} == {False}
    assert {running for hour, _, running in seen[1:] if 9 < hour < 21} == {True}
    one.advance(one.epoch_s + 3600)
    one.running = not one.running
    switched = one.running
    one.advance(one.epoch_s + 600)
    assert one.running is switched


def test_ddp_frames_survive_any_cut_and_foreign_bytes() -> None:
    packed = ddp.frame(ddp.DATA, "13912345678", b"\x01\x03{\x7b") + b"junk{" + ddp.frame(ddp.REGISTER, "13912345678")
    for cut in range(len(packed)):
        stream = ddp.Unwrapper()
        assert stream.feed(packed[:cut]) + stream.feed(packed[cut:]) == [
            (ddp.DATA, b"\x01\x03{\x7b"),
            (ddp.REGISTER, b""),
        ]


def test_twenty_thousand_heaters_are_made_in_one_process_within_bounds() -> None:
    """A twentieth of them here: what one takes is what counts."""
    import tracemalloc

    tracemalloc.start()
    made = SimulatedFleet(numbered_fleet(1000, PROFILE, 1, modes=tuple(MODES)), FaultSwitches(None), lambda: JANUARY)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(made.buses) == 1000 and size / 1000 < 4096
