"""A fleet of 4,000 heaters that dial in (65,536 with PORTAL_SIZE=large): one sweep read, checked, stored and judged.

Everything is the portal's own: hubs with leases, `poll_shard` in two workers, PostgreSQL, alerts. The far end is a
small C program that plays the DTUs. Beside it the obvious way on a small sample: a Celery task per heater with
pymodbus and the ORM. Processor time counts hubs, workers and the database's backends, not the far end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from redis import Redis

from benchmarks.fleet_setting import (
    VILLAGE,
    Setting,
    backends,
    dialled_in,
    free_port,
    now,
    register,
    registers,
    worked_s,
    workers,
)  # fmt: skip
from benchmarks.measuring import Result
from benchmarks.native import image, lines_program, running
from devices.models import Heater
from telemetry import queries
from telemetry.models import PollCycle
from telemetry.partitions import ensure_partitions

LARGE = os.environ.get("PORTAL_SIZE") == "large"
HEATERS, SAMPLE, SWEEPS = (65_536, 1_000, 3) if LARGE else (4_000, 300, 2)
WORKERS, PERIOD_S = 2, 300
# Recorded with thingsboard-gateway 3.8.5 on the two cores of the design's measurements (DEVICES 2.3), not run here.
THINGSBOARD_S = {"one block tag": 802e-6, "twelve tags": 1987e-6}


def measure() -> Iterator[Result]:
    program = lines_program()
    if program is None:
        print("A C compiler is needed to play so many DTUs.", flush=True)
        return
    register(HEATERS)
    ensure_partitions(now())
    with dialled_in(program, HEATERS) as setting, workers(WORKERS) as staff:
        print(
            f"{HEATERS:,} lines on {len(setting.hubs)} hubs in {setting.dialled_s:.0f} s, "
            f"{setting.idle_bytes:,.0f} bytes per idle line", flush=True,
        )  # fmt: skip
        rounds = [sweep(number, setting, staff) for number in range(1, SWEEPS + 1)]
    whole = [one for one in rounds if one.stored >= 0.99 * HEATERS]
    if not whole:
        raise SystemExit("No sweep has heard 99 of 100 heaters: this machine has too much else to do.")
    wall, worked = min(one.wall_s for one in whole), HEATERS * min(one.worked_s / one.stored for one in whole)
    peer = peer_worked(program) / SAMPLE
    yield Result(f"{HEATERS:,} heaters: read, stored, judged", wall, "10 seconds", 10.0)
    yield Result("1,000 polls, processor time", 1000 * worked / HEATERS, "Celery task each, pymodbus, ORM", 1000 * peer)
    for name, seconds in THINGSBOARD_S.items():
        what = f"recorded ThingsBoard gateway, {name}, reading only"
        yield Result("1,000 polls, processor time", 1000 * worked / HEATERS, what, 1000 * seconds)


@dataclass(frozen=True)
class Sweep:
    """One turn of all heaters: readings stored, seconds by the clock, seconds of the portal's processor time."""

    stored: int
    wall_s: float
    worked_s: float


def sweep(number: int, setting: Setting, staff: list[subprocess.Popen[str]]) -> Sweep:
    """Every stored value is checked afterwards; heaters that were not heard are told, not hidden."""
    shards, moment = queries.shards_of(VILLAGE), now()
    planned = [
        PollCycle(area_id=VILLAGE, shard=shard, cycle=number, period_s=PERIOD_S, planned_at=moment)
        for shard in range(shards)
    ]
    todo = [cycle.pk for cycle in PollCycle.objects.bulk_create(planned)]
    before = parts(setting, staff)
    began = time.perf_counter()
    hand_out(todo, shards, staff)
    wall = time.perf_counter() - began
    spent = {name: after - before[name] for name, after in parts(setting, staff).items()}
    worked = sum(spent.values()) - spent["boards"]
    stored = check(moment)
    figures = f"{stored:,} stored and judged in {wall:.2f} s, {HEATERS - stored} unheard, "
    figures += f"{1e6 * worked / stored:.0f} µs of processor time each"
    each = ", ".join(f"{name} {1e6 * seconds / stored:.0f}" for name, seconds in spent.items())
    print(f"sweep {number}: {figures} ({each}), {shards} tasks, load {os.getloadavg()[0]:.2f}", flush=True)
    return Sweep(stored, wall, worked)


def parts(setting: Setting, staff: list[subprocess.Popen[str]]) -> dict[str, float]:
    """Processor seconds so far; the boards are the far end, which shares the cores but is no part of the portal."""
    return {
        "hubs": worked_s([one.pid for one in setting.hubs]),
        "workers": worked_s([one.pid for one in staff]),
        "database": worked_s(backends()),
        "boards": worked_s([one.pid for one in setting.boards]),
    }


def hand_out(todo: list[int], shards: int, staff: list[subprocess.Popen[str]]) -> None:
    """Each worker gets the next task when it has done one, as from a queue."""
    import selectors

    selector = selectors.DefaultSelector()
    for process in staff:
        selector.register(process.stdout, selectors.EVENT_READ, process)  # type: ignore[arg-type]
        give(process, todo, shards)
    busy = len(staff)
    while busy:
        for key, _ in selector.select(60):
            told = key.data.stdout.readline()
            if not told:
                raise SystemExit("A worker has died.")
            busy -= not give(key.data, todo, shards)


def give(process: subprocess.Popen[str], todo: list[int], shards: int) -> bool:
    if not todo:
        return False
    assert process.stdin
    process.stdin.write(f"{todo.pop()} {shards}\n")
    process.stdin.flush()
    return True


def check(since: object) -> int:
    """Readings of this turn: one of each heater that was heard, and all hold what the boards show."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT heater_id), count(DISTINCT (supply_dc, return_dc, outdoor_dc, room_dc, "
            "set_room_dc, running, mode, fault, power_w, energy_dkwh)), min(supply_dc) FROM telemetry_reading "
            "WHERE at >= %s",
            [since],
        )
        rows, heaters, kinds, supply = cursor.fetchone()
    if (rows, kinds) != (heaters, 1) or supply not in registers().values():
        raise SystemExit(f"{rows} readings of {heaters} heaters with {kinds} kinds of values, supply {supply}.")
    return int(rows)


def peer_worked(program: object) -> float:
    """Processor seconds of the peer's worker and backends for `SAMPLE` heaters."""
    import tempfile
    from pathlib import Path

    port = free_port()
    os.environ["BENCH_PORT"] = str(port)
    from benchmarks.fleet_peer import QUEUE, poll_heater

    heaters = list(Heater.objects.order_by("pk").values_list("pk", flat=True)[:SAMPLE])
    words = [sys.executable, "-m", "celery", "-A", "benchmarks.fleet_peer", "worker", "-c", "1", "-P", "solo"]
    words += ["-Q", QUEUE, "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR"]
    with tempfile.TemporaryDirectory() as folder, running(program, "answer", image(Path(folder), registers()), port):  # type: ignore[arg-type]
        env = os.environ | {"ROLE": "worker"}
        process = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL)
        try:
            with Redis.from_url(os.environ["REDIS_URL"]) as redis:
                since = wait_stored(poll_heater, heaters[:20], now())  # warm
                before = worked_s([process.pid, *backends()])
                wait_stored(poll_heater, heaters, since)
                worked = worked_s([process.pid, *backends()]) - before
                redis.delete(QUEUE)
        finally:
            process.terminate()
            process.wait()
    return worked


def wait_stored(task: object, heaters: list[int], since: object) -> object:
    """Ask for these heaters and wait for their readings; the moment after the last one."""
    moment = now()
    for heater in heaters:
        task.delay(heater)  # type: ignore[attr-defined]
    until = time.monotonic() + 120
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT count(*) FROM telemetry_reading WHERE at >= %s", [moment])
            if cursor.fetchone()[0] >= len(heaters):
                return now()
            time.sleep(0.2)
    raise SystemExit("The peer did not store its sample in two minutes.")
