"""Readings in and out: 2,000 heaters over one day, 8,000 with PORTAL_SIZE=middle, 20,000 over two days with large.

Figures are processor time of this process and of its database server, so that others' work on the machine does not
count; the server may not share a question out, so that all of it is seen. Each is taken in rounds with its peer beside
it and the median of the rounds' ratios counts. Writing: the path of a poll turn (binary COPY into the partitioned table
and the newest values) beside Django's `bulk_create` of the readings alone. Newest of all: the table kept for it beside
LATERAL and DISTINCT ON over the readings. One heater's day: the 95th percentile beside the goal of 3 ms. Stops with an
error when a poll takes more than 130 bytes on disk, index included.
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import connection, transaction

from accounts.acting import acting
from accounts.models import Area
from benchmarks.measuring import Result, processor_s, timed
from devices.models import Bus, DeviceModel, Heater, RegisterProfile, Supplier
from telemetry import poller, services
from telemetry.models import Reading
from telemetry.partitions import bounds_of, ensure_partitions, name_of

SIZES = {"middle": (8_000, 1), "large": (20_000, 2)}
HEATERS, DAYS = SIZES.get(os.environ.get("PORTAL_SIZE", ""), (2_000, 1))
BATCH, ROUNDS, ASKED = 1_000, 5, 200
DAY = dt.date(2031, 1, 15)
MOST_BYTES, GOAL_S = 130, 0.003


def measure() -> Iterator[Result]:
    with acting("bench"):
        keys = _heaters()
    start = bounds_of(DAY)[0]
    for day in range(-1, DAYS + 1):
        ensure_partitions(start + dt.timedelta(days=day), ahead_days=1)
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    seeding = timed(lambda: _fill(keys, start))
    rows = HEATERS * 288 * DAYS
    print(f"{rows:,} readings of {HEATERS:,} heaters seeded in {seeding:.0f} s")
    yield from _writing(keys, start + dt.timedelta(days=DAYS))
    yield from _newest(start)
    yield _one_day(keys, start)
    _weigh()


def _heaters() -> list[int]:
    area, _made = Area.objects.get_or_create(code="37", defaults={"level": "province", "name": "示例省"})
    supplier = Supplier.objects.create(code="bench", name="示例厂")
    profile = RegisterProfile.objects.create(name="bench", version=1, document="", sha256="")
    model = DeviceModel.objects.create(supplier=supplier, name="示例", model_no="B", kind="ashp", profile=profile)
    lines = Bus.objects.bulk_create([Bus(line=f"dtu:b{n}", area=area) for n in range(HEATERS // 200)])
    made = Heater.objects.bulk_create(
        [
            Heater(
                platform_no=f"B{n}", area=area, device_model=model, profile=profile, factory_no=f"B{n}",
                bus=lines[n // 200], unit=n % 200 + 1, installed_on=DAY,
            )
            for n in range(HEATERS)
        ],
        batch_size=1000,
    )  # fmt: skip
    return [heater.pk for heater in made]


def _fill(keys: Sequence[int], start: dt.datetime) -> None:
    """A day as polls leave it: all heaters of a turn, then those of the next."""
    with connection.cursor() as cursor:
        for day in range(DAYS):
            cursor.execute(_FILL, [start + dt.timedelta(days=day), list(keys)])
        cursor.execute("INSERT INTO telemetry_latestreading (heater_id, misses, flags) SELECT unnest(%s), 0, 0", [keys])
        cursor.execute(_LATEST, [start + dt.timedelta(days=DAYS, minutes=-15)])
        cursor.execute("ANALYZE telemetry_reading, telemetry_latestreading")


_FILL = """
INSERT INTO telemetry_reading (heater_id, at, supply_dc, return_dc, outdoor_dc, room_dc, set_room_dc, running, mode,
    fault, power_w, energy_dkwh, flags)
SELECT h, %s::timestamptz + turn * interval '5 minutes' + h %% 240 * interval '1 second', 400 + turn %% 50, 350, -50,
    190, 200, true, 1, 0, 1500, 10000 + turn, 0
FROM generate_series(0, 287) AS turn, unnest(%s::bigint[]) AS h ORDER BY turn, h
"""
_LATEST = """
UPDATE telemetry_latestreading l SET at = r.at, supply_dc = r.supply_dc, room_dc = r.room_dc
FROM (SELECT DISTINCT ON (heater_id) * FROM telemetry_reading WHERE at >= %s ORDER BY heater_id, at DESC) r
WHERE r.heater_id = l.heater_id
"""


def _writing(keys: Sequence[int], start: dt.datetime) -> Iterator[Result]:
    """Every round writes turns of its own; each turn is one transaction, as a shard's turn is."""
    turns = iter(range(10_000))
    moments = (start + dt.timedelta(seconds=30 * turn) for turn in turns)
    chosen = list(keys[:BATCH])

    def ours() -> None:
        at = next(moments)
        rows = [(key, at, *_SAID, 0, at) for key in chosen]
        with transaction.atomic():
            services.store_samples(rows)

    def peer() -> None:
        at, names = next(moments), list(poller.columns())
        values = dict(zip(names, _SAID, strict=True))
        with transaction.atomic():
            Reading.objects.bulk_create([Reading(heater_id=key, at=at, **values) for key in chosen])

    for work in (ours, peer):
        work()
    result = _beside(f"{BATCH:,} readings and newest values stored", ours, "bulk_create", peer)
    ours_n, peer_n = (f"{BATCH / seconds:,.0f}" for seconds in (result.ours_s, result.peer_s))
    print(f"{ours_n} a second of one core with newest values; bulk_create {peer_n}")
    yield result


_SAID = (401, 351, -49, 191, 200, 1, 0, 10300, True, 1500)


def _newest(start: dt.datetime) -> Iterator[Result]:
    since = start + dt.timedelta(days=DAYS, minutes=-15)
    ours = _asking("SELECT heater_id, at, supply_dc, room_dc FROM telemetry_latestreading WHERE at IS NOT NULL")
    yield _beside(f"newest of all {HEATERS:,}", ours, "LATERAL", _asking(_LATERAL))
    yield _beside(f"newest of all {HEATERS:,}", ours, "DISTINCT ON, last 15 min", _asking(_DISTINCT, since))
    yield _beside(f"newest of all {HEATERS:,}", ours, "DISTINCT ON", _asking(_DISTINCT, start))


_LATERAL = """
SELECT h.id, r.at, r.supply_dc, r.room_dc FROM devices_heater h CROSS JOIN LATERAL (
    SELECT at, supply_dc, room_dc FROM telemetry_reading WHERE heater_id = h.id ORDER BY at DESC LIMIT 1) r
"""
_DISTINCT = """
SELECT DISTINCT ON (heater_id) heater_id, at, supply_dc, room_dc FROM telemetry_reading
WHERE at >= %s ORDER BY heater_id, at DESC
"""


def _asking(sql: str, *values: Any) -> Callable[[], None]:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            if len(cursor.fetchall()) < HEATERS:
                raise SystemExit(f"fewer than {HEATERS} heaters: {sql}")

    return work


def _one_day(keys: Sequence[int], start: dt.datetime) -> Result:
    times = []
    for key in list(keys)[:: max(1, HEATERS // ASKED)]:
        with connection.cursor() as cursor:
            times.append(_spent(lambda: cursor.execute(_DAY, [key, start, start + dt.timedelta(days=1)])))  # noqa: B023
            if len(cursor.fetchall()) != 288:
                raise SystemExit(f"heater {key} has no whole day")
    times.sort()
    return Result("24 h of one heater, 288 rows, p95", times[int(len(times) * 0.95)], "goal", GOAL_S)


_DAY = """
SELECT at, supply_dc, return_dc, outdoor_dc, room_dc, set_room_dc, running, fault FROM telemetry_reading
WHERE heater_id = %s AND at >= %s AND at < %s ORDER BY at
"""


def _beside(what: str, ours: Callable[[], None], name: str, peer: Callable[[], None]) -> Result:
    """Ours and the peer by turns; of the rounds the one with the middle ratio."""
    rounds = [Result(what, _spent(ours), name, _spent(peer)) for _ in range(ROUNDS)]
    middle = statistics.median_low(result.ratio for result in rounds)
    return next(result for result in rounds if result.ratio == middle)


def _spent(work: Callable[[], object]) -> float:
    """Processor seconds of this process and its database server."""
    before = processor_s()
    work()
    return processor_s() - before


def _weigh() -> None:
    """Bytes on disk of a day, its indexes included, over its readings."""
    table = name_of(DAY)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_total_relation_size('{table}'), pg_relation_size('{table}'), count(*) FROM {table}")
        total, heap, rows = cursor.fetchone()
    print(f"{total / rows:.1f} bytes per poll ({heap / rows:.1f} heap), limit {MOST_BYTES}")
    if total / rows > MOST_BYTES:
        raise SystemExit(f"A poll takes {total / rows:.1f} bytes; the limit is {MOST_BYTES}.")
