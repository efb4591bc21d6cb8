"""500 simulated houses in one process (20,000 with PORTAL_SIZE=large), dialled into one hub, swept, stored and judged.

The far end is `simulate_heaters`: boards of every bundled profile with a house each. What was stored of each heater is
held against its house at the moment of the reading; one value that is not the house's own ends the run. Every twentieth
line has two heaters, so that one process needs no more files than a system usually grants.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.acting import acting
from accounts.models import Area
from benchmarks.fleet_setting import VILLAGE, area_fields, child, free_port, hub, now, resident, worked_s, workers
from benchmarks.measuring import Result
from devices.hub_access import hub_client
from devices.models import Bus, DeviceModel, Heater, RegisterProfile, Supplier
from devices.protocol.points import MODES
from devices.protocol.profile_files import bundled_names, bundled_profile
from devices.protocol.profiles import Point
from devices.services.heaters import store_profile
from devices.simulator.fleet import Fleet, SimulatedHeater, load_fleet
from devices.simulator.house import House
from telemetry import queries
from telemetry.models import PollCycle
from telemetry.partitions import ensure_partitions

LARGE = os.environ.get("PORTAL_SIZE") == "large"
HOUSES, SWEEPS, PERIOD_S, WORKERS = (20_000, 2, 300, 2) if LARGE else (500, 2, 300, 1)
PACE, PER_TWENTY = 0.5, 19  # 400 dials a second
FIRST_ID = 861_990_100_000_000
# Tenths that noise can make (at most two sizes of it on either side, and rounding) and the time between two looks.
SLACK = {"supply_t": 15, "return_t": 15, "outdoor_t": 5, "room_t": 3, "set_room_t": 0, "energy_kwh": 8}
COLUMNS = {
    "supply_t": "supply_dc", "return_t": "return_dc", "outdoor_t": "outdoor_dc", "room_t": "room_dc",
    "set_room_t": "set_room_dc", "energy_kwh": "energy_dkwh",
}  # fmt: skip


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as folder:
        fleet = written(Path(folder) / "fleet.json")
        keys = register(fleet)
        ensure_partitions(now())
        with houses(Path(folder), fleet) as (process, line_hub, began), workers(WORKERS) as staff:
            size = f"{resident(process) / 2**20:,.0f} MB of houses, {resident(line_hub) / 2**20:,.0f} MB of hub"
            print(f"{HOUSES:,} houses on {len({one.line for one in fleet.heaters}):,} lines, {size}", flush=True)
            walls = [sweep(number, keys, began, staff, process) for number in range(1, SWEEPS + 1)]
    yield Result(f"{HOUSES:,} houses in one process, all right", min(walls), "their period", float(PERIOD_S))


def written(path: Path) -> Fleet:
    """The fleet's file, as a person would write one; twenty heaters on nineteen lines."""
    names, rows = bundled_names(), []
    for number in range(HOUSES):
        block, place = divmod(number, 20)
        line = block * PER_TWENTY + min(place, PER_TWENTY - 1)
        rows.append([number + 1, f"dtu:{FIRST_ID + line:015d}", 1 + place // PER_TWENTY, names[line % len(names)]])
    path.write_text(json.dumps({"seed": 7, "heartbeat_s": 60, "heaters": rows}))
    return load_fleet(path)


def register(fleet: Fleet) -> dict[int, SimulatedHeater]:
    """A row for each; key of the row → the simulated one."""
    with acting("benchmark"):
        for size in (2, 4, 6, 9, 12):
            Area.objects.get_or_create(code=VILLAGE[:size], defaults=area_fields(size))
        supplier = Supplier.objects.get_or_create(code="houses", defaults={"name": "示例厂"})[0]
        models = {name: model_of(store_profile(name=name, by=None), supplier) for name in bundled_names()}
        lines = sorted({one.line for one in fleet.heaters})
        made = Bus.objects.bulk_create([Bus(line=line, area_id=VILLAGE) for line in lines], batch_size=5000)
        buses = {bus.line: bus for bus in made}
        rows = Heater.objects.bulk_create(
            [
                Heater(
                    platform_no=f"S{one.index:07d}", area_id=VILLAGE, device_model=models[one.profile], unit=one.unit,
                    profile=models[one.profile].profile, bus=buses[one.line], factory_no=f"S-{one.index}",
                    installed_on=date(2020, 10, 1),
                )
                for one in fleet.heaters
            ],
            batch_size=5000,
        )  # fmt: skip
    return {row.pk: one for row, one in zip(rows, fleet.heaters, strict=True)}


def model_of(profile: RegisterProfile, supplier: Supplier) -> DeviceModel:
    fields: Any = {"name": "取暖器", "kind": "ashp", "profile": profile, "docking_confirmed_on": date(2020, 9, 1)}
    return DeviceModel.objects.get_or_create(supplier=supplier, model_no=profile.name, defaults=fields)[0]


@contextmanager
def houses(folder: Path, fleet: Fleet) -> Iterator[tuple[subprocess.Popen[str], subprocess.Popen[str], float]]:
    """One process of houses, all of its lines registered with one hub; the moment at which they began to live."""
    listen, control = free_port(), free_port()
    settings.HUB_CONTROL = f"127.0.0.1:{control}"
    lines = {one.line for one in fleet.heaters}
    words = [sys.executable, "manage.py", "simulate_heaters", "--fleet", str(folder / "fleet.json")]
    words += ["--listen-to", f"127.0.0.1:{listen}", "--pace", str(PACE), "--control-file", str(folder / "faults.json")]
    with hub(0, 1, listen, control) as line_hub:
        with hub_client() as client:
            client.claim(lines)
        began = time.time()
        with child(words, '"heaters_started"') as process:
            with hub_client() as client:
                while len(client.connected(lines, 60)) < len(lines):
                    if time.time() - began > 900:
                        raise SystemExit(f"Only {len(client.connected(lines, 60))} of {len(lines)} lines are there.")
                    time.sleep(1.0)
            print(f"dialled in within {time.time() - began:.0f} s", flush=True)
            yield process, line_hub, began


def sweep(
    number: int, keys: Mapping[int, SimulatedHeater], began: float, staff: list[subprocess.Popen[str]],
    process: subprocess.Popen[str],
) -> float:  # fmt: skip
    """One turn of all: seconds until the last was stored and judged. Ends the run where a value is not right."""
    from benchmarks.bench_fleet import hand_out

    shards, moment = queries.shards_of(VILLAGE), now()
    planned = [
        PollCycle(area_id=VILLAGE, shard=shard, cycle=number, period_s=PERIOD_S, planned_at=moment)
        for shard in range(shards)
    ]
    todo = [cycle.pk for cycle in PollCycle.objects.bulk_create(planned)]
    before, start = worked_s([process.pid]), time.perf_counter()
    hand_out(todo, shards, staff)
    wall = time.perf_counter() - start
    stored, checked = check(keys, began, moment, number)
    figures = f"{stored:,} of {len(keys):,} stored and judged in {wall:.1f} s, {checked:,} values are the houses' own"
    spent = 1e6 * (worked_s([process.pid]) - before) / max(stored, 1)
    print(f"sweep {number}: {figures}; {spent:.0f} µs a house, load {os.getloadavg()[0]:.2f}", flush=True)
    if stored < len(keys):
        raise SystemExit(f"{len(keys) - stored} houses were not heard.")
    return wall


def check(keys: Mapping[int, SimulatedHeater], began: float, since: object, turn: int) -> tuple[int, int]:
    """Readings since that moment, and values held against the houses."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT heater_id, date_part('epoch', at), running, mode, {', '.join(COLUMNS.values())} "
            "FROM telemetry_reading WHERE at >= %s", [since],
        )  # fmt: skip
        rows = cursor.fetchall()
    if len({row[0] for row in rows}) != len(rows):
        raise SystemExit("Some heaters have two readings of one turn.")
    return len(rows), sum(right(keys[row[0]], began, turn, row[1:]) for row in rows)


def right(one: SimulatedHeater, began: float, turn: int, row: tuple[Any, ...]) -> int:
    """How many values of a reading are those of its house; SystemExit with the first that is not. A slow point is read
    in some turns only and has no value in the others."""
    at, running, mode, *measured = row
    profile = bundled_profile(one.profile)
    house = House(one.seed, profile.kind, began, one.habit)
    house.advance(at)
    wanted = house.readings()
    found = dict(zip(COLUMNS, measured, strict=True)) | {"running": running, "mode": mode}
    asked = profile.points if (due := profile.due(turn)) is None else due
    wanted["mode"] = MODES.index(house.mode)
    for name, value in found.items():
        if name in asked and not fits(profile.points[name], wanted[name], value):
            raise SystemExit(f"{one.line}/{one.unit} ({one.profile}): {name} is {value}, its house says {wanted[name]}")
        if name not in asked and value is not None:
            raise SystemExit(f"{one.line}/{one.unit}: {name} is {value}, but its board was not asked for it")
    return sum(name in asked for name in found)


def fits(point: Point, wanted: int, value: int | bool | None) -> bool:
    """Within what noise, time and the register's own step can make; missing only where the range forbids it."""
    if value is None:
        return point.range is not None and not (point.range[0] * 10 <= wanted <= point.range[1] * 10)
    step = int(10 * point.scale) if point.shape == "measure" else 0
    return abs(int(value) - wanted) <= SLACK.get(point.name, 0) + step
