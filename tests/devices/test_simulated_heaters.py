"""Simulated heaters through the real hub: the demonstration's fleet, a serial pseudo-terminal, faults, docking test."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.hub.client import HubClient, SweepRequest
from devices.protocol.decoder import Decoded, decode
from devices.protocol.encoder import encode_write, read_back
from devices.protocol.planner import merge_results, plan
from devices.protocol.points import MODES, Quality
from devices.protocol.profile_files import bundled_names, bundled_profile
from devices.simulator.buses import DialledIn
from devices.simulator.faults import FAULTS, FaultSwitches, switch
from devices.simulator.fleet import Fleet, SimulatedFleet, SimulatedHeater, load_fleet, numbered_fleet
from devices.simulator.house import House, outdoor_temp_c
from tests.devices.hubs import Events, running_fleet, running_hub

JANUARY = 1_611_000_000.0  # 2021-01-18, evening in Shanxi
DEMO = Path("presets/jincheng_2020/fleet.yaml")


@contextmanager
def heaters(
    tmp_path: Path, *, lines: tuple[str, ...], faults: Path | None = None
) -> Iterator[tuple[HubClient, Events]]:
    """Two units on each line, of the three bundled profiles in turn."""
    names = bundled_names()
    fleet = Fleet(
        tuple(
            SimulatedHeater(i + 1, line, unit, names[i % 3], i)
            for i, (line, unit) in enumerate((line, unit) for line in lines for unit in (1, 2))
        )
    )
    simulated = SimulatedFleet(fleet, FaultSwitches(faults), lambda: JANUARY, pace=0)
    with (
        running_hub(serial_folder=tmp_path) as (hub, client, events),
        running_fleet(simulated, hub.listen_port, tmp_path),
    ):
        for line in lines:
            if line.startswith("dtu:"):
                events.wait("dtu_registered", line=line)
        yield client, events


def poll(client: HubClient, line: str, unit: int, profile_name: str) -> Decoded:
    profile = bundled_profile(profile_name)
    results = list(client.sweep([SweepRequest(line, unit, plan(profile))], 10))
    return decode(profile, merge_results((r.block, r.registers) for r in results if r.registers is not None))


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return f"127.0.0.1:{door.getsockname()[1]}"


@pytest.mark.parametrize("line", ["dtu:861990000000018", "serial:serial0", "tcp:"])
def test_a_heater_is_read_written_and_read_back(tmp_path: Path, line: str) -> None:
    line = f"tcp:{free_address()}" if line == "tcp:" else line
    with heaters(tmp_path, lines=(line,)) as (client, _):
        name = bundled_names()[0]
        before = poll(client, line, 1, name)
        assert before.quality is Quality.GOOD and before.values["outdoor_t"] is not None
        profile = bundled_profile(name)
        assert client.write(line, encode_write(profile, 1, "set_room_t", 225)).ok
        place = read_back(profile, "set_room_t")
        assert place and client.read(line, 1, place).ok
        assert poll(client, line, 1, name).values["set_room_t"] == 225
        assert client.write(line, encode_write(profile, 1, "running", 0)).ok
        assert poll(client, line, 1, name).values["running"] == 0


def test_every_profile_reads_what_the_house_has(tmp_path: Path) -> None:
    lines = ("dtu:861990000000018", "dtu:861990000000026")
    with heaters(tmp_path, lines=lines) as (client, _):
        for number, (line, unit) in enumerate((line, unit) for line in lines for unit in (1, 2)):
            name = bundled_names()[number % 3]
            values = poll(client, line, unit, name).values
            house = House(number, bundled_profile(name).kind, JANUARY)
            assert abs(values["room_t"] - 10 * house.room_c) < 5
            assert abs(values["outdoor_t"] - 10 * house.outdoor_c) < 8
            assert abs(values["energy_kwh"] - 10 * house.energy_kwh) <= 1
            assert MODES[values["mode"]] == "heat" and values["fault"] == 0


def test_unplugging_is_seen_and_plugging_in_heals(tmp_path: Path) -> None:
    control, line = tmp_path / "faults.json", "dtu:861990000000018"
    switch(control, f"{line}/1", "unplugged")
    switch(control, f"{line}/2", "sensor:room_t")
    with heaters(tmp_path, lines=(line,), faults=control) as (client, _):
        names = bundled_names()
        blocks = plan(bundled_profile(names[0]))
        assert {r.error for r in client.sweep([SweepRequest(line, 1, blocks)], 10)} == {"timeout"}
        broken = poll(client, line, 2, names[1])
        assert broken.values["room_t"] is None and broken.flags == {"room_t": Quality.SENSOR_BROKEN}
        switch(control, f"{line}/1", None)
        healed = (poll(client, line, 1, names[0]) for _ in range(50))
        assert any(one.quality is Quality.GOOD for one in healed)


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"unplugged", "late"}))
def test_no_fault_makes_a_wrong_value(tmp_path: Path, fault: str) -> None:
    control, line, name = tmp_path / "faults.json", "dtu:861990000000018", bundled_names()[0]
    with heaters(tmp_path, lines=(line,), faults=control) as (client, _):
        right = poll(client, line, 1, name).values["set_room_t"]
        switch(control, f"{line}/1", fault)
        assert {poll(client, line, 1, name).values["set_room_t"] for _ in range(3)} <= {right, None}


def test_two_hubs_can_not_hold_one_serial_port(tmp_path: Path) -> None:
    line = "serial:serial0"
    with heaters(tmp_path, lines=(line,)) as (client, _), running_hub(serial_folder=tmp_path) as (_, second, _):
        assert poll(client, line, 1, bundled_names()[0]).quality is Quality.GOOD
        results = list(second.sweep([SweepRequest(line, 1, plan(bundled_profile(bundled_names()[0])))], 5))
        assert {r.error for r in results} == {"offline"}
        assert "lock" in second.lines([line])[0]["trouble"]


def test_the_demonstration_fleet_is_annex_1() -> None:
    fleet = load_fleet(DEMO)
    assert [h.index for h in fleet.heaters] == list(range(1, 186))
    assert sum(h.line.startswith("serial:") for h in fleet.heaters) == 5
    assert all(luhn(h.line.removeprefix("dtu:")) for h in fleet.heaters if h.line.startswith("dtu:"))
    assert {h.profile for h in fleet.heaters} <= set(bundled_names())


def luhn(digits: str) -> bool:
    doubled = [sum(divmod(2 * int(d), 10)) if i % 2 else int(d) for i, d in enumerate(reversed(digits))]
    return len(digits) == 15 and sum(doubled) % 10 == 0


def test_numbered_heaters_have_different_ids() -> None:
    fleet = numbered_fleet(500, bundled_names()[0], seed=3)
    assert len({h.line for h in fleet.heaters}) == 500 and all(luhn(h.line[4:]) for h in fleet.heaters)


def test_a_house_cools_when_switched_off_and_warms_when_switched_on() -> None:
    house = House(1, "ashp", JANUARY)
    house.running, house.room_c = False, 20.0
    house.advance(JANUARY + 6 * 3600)
    cooled, energy = house.room_c, house.energy_kwh
    assert cooled < 18.5
    house.running = True
    house.advance(JANUARY + 12 * 3600)
    assert house.room_c > cooled and house.energy_kwh > energy
    assert -15 < outdoor_temp_c(JANUARY) < 5 < outdoor_temp_c(JANUARY + 180 * 86400)


def test_a_stop_is_heard_in_the_moment_the_hub_goes() -> None:
    """The portal stops both at once; a swallowed stop kept the heaters dialling until they were killed."""

    async def story() -> None:
        loop = asyncio.get_running_loop()
        dialled: asyncio.Future[asyncio.StreamWriter] = loop.create_future()
        server = await asyncio.start_server(lambda _reader, writer: dialled.set_result(writer), "127.0.0.1", 0)
        bus = SimulatedFleet(numbered_fleet(1, bundled_names()[0], 1), FaultSwitches(None), lambda: JANUARY).buses
        line = DialledIn(next(iter(bus.values())), b"1", b"ping")
        gone = asyncio.Event()
        task = asyncio.create_task(line._session(*server.sockets[0].getsockname(), gone))
        (await dialled).close()
        await gone.wait()  # the line is broken, the session hasn't run since
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        server.close()

    asyncio.run(story())
