"""What heaters did between two moments, for acceptance and operating subsidies: energy, hours run, how complete it is.

Everything is summed from the hourly rows. An hour nobody heard of adds nothing, and the completeness says so; a sum is
never raised for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from devices.models import Heater
from telemetry import partitions, queries


@dataclass(frozen=True)
class Use:
    """One heater from `first` up to `end`. None where no reading said anything about it.

    `got` of `wanted` polls were answered; `counter_breaks`: how often its counter began anew or leapt.
    """

    heater: int
    first: dt.datetime
    end: dt.datetime
    energy_kwh: Decimal | None
    hours_run: Decimal | None
    hours_heard: int
    got: int
    wanted: int
    counter_breaks: int
    room_avg_c: Decimal | None
    outdoor_avg_c: Decimal | None

    @property
    def complete_percent(self) -> Decimal | None:
        """How many of the polls due were answered; None where none was due."""
        if not self.wanted:
            return None
        return (Decimal(100) * min(self.got, self.wanted) / self.wanted).quantize(Decimal("0.1"))


def use_between(heaters: Iterable[int], first: dt.datetime, end: dt.datetime) -> dict[int, Use]:
    """Use of each heater from `first` up to, not with, `end` (whole hours). Two queries; also for those never heard."""
    keys = list(heaters)
    found = _asked(_USE, keys, first, end)
    return {pk: _use(pk, first, end, found.get(pk), due) for pk, due in _due(keys, first, end).items()}


def _use(heater: int, first: dt.datetime, end: dt.datetime, row: Any, due: Due) -> Use:
    """Hours without a row were due as well: at the period that holds today, while the heater was there."""
    if row is None:
        return Use(heater, first, end, None, None, 0, 0, due.hours * due.per_hour, 0, None, None)
    energy, minutes, hours, got, wanted, breaks, room, outdoor = row
    missing = max(0, due.hours - hours) * due.per_hour
    return Use(
        heater, first, end, _tenth(energy, 10), _tenth(minutes, 60), hours, got, wanted + missing, breaks,
        _tenth(room, 10), _tenth(outdoor, 10),
    )  # fmt: skip


def days_run(heater: int, first: dt.date, last: dt.date) -> int:
    """On how many days from `first` to `last` the heater gave heat in at least one hour."""
    rows = _rows(_DAYS_RUN, [heater], partitions.bounds_of(first)[0], partitions.bounds_of(last)[1])
    return int(rows[0][0])


def _tenth(value: Any, divisor: int) -> Decimal | None:
    return None if value is None else (Decimal(value) / divisor).quantize(Decimal("0.1"))


@dataclass(frozen=True)
class Day:
    """How complete one day of a heater is."""

    day: dt.date
    got: int
    wanted: int

    @property
    def percent(self) -> Decimal:
        return (Decimal(100) * min(self.got, self.wanted) / self.wanted).quantize(Decimal("0.1"))


def completeness(heater: int, first: dt.date, last: dt.date) -> list[Day]:
    """Each day from `first` to `last`: readings that came of those due. A day nobody heard of has none of its polls."""
    start, end = partitions.bounds_of(first)[0], partitions.bounds_of(last)[1]
    found = {row[0]: row[1:] for row in _rows(_DAYS, [heater], start, end)}
    per_hour = _due([heater], start, end)[heater].per_hour
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    return [_day(day, found.get(day, (0, 0, 0)), per_hour) for day in days]


def _day(day: dt.date, row: tuple[int, int, int], per_hour: int) -> Day:
    hours, got, wanted = row
    return Day(day, got, wanted + (24 - hours) * per_hour)


def _asked(sql: str, heaters: list[int], first: dt.datetime, end: dt.datetime) -> dict[int, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in _rows(sql, heaters, first, end)}


def _rows(sql: str, heaters: list[int], first: dt.datetime, end: dt.datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"heaters": heaters, "first": first, "end": end})
        return list(cursor.fetchall())


@dataclass(frozen=True)
class Due:
    """Hours in which a heater hung there, and how many polls each of them should bring."""

    hours: int
    per_hour: int


def _due(heaters: list[int], first: dt.datetime, end: dt.datetime) -> dict[int, Due]:
    periods = queries.poll_periods()
    rows = Heater.objects.filter(pk__in=heaters).values_list("pk", "area_id", "installed_on", "removed_on")
    return {
        pk: Due(_hours_there(first, end, came, went), 3600 // queries.period_within(periods, area))
        for pk, area, came, went in rows
    }


def _hours_there(first: dt.datetime, end: dt.datetime, came: dt.date, went: dt.date | None) -> int:
    start = max(first, partitions.bounds_of(came)[0])
    until = min(end, partitions.bounds_of(went)[1]) if went else end
    return max(0, int((until - start).total_seconds() // 3600))


# Rows of a former platform say nothing of how many readings were due: as many as came.
_USE = """
SELECT heater_id, sum(energy_dkwh), sum(minutes_on), count(*), sum(least(n, COALESCE(wanted, n))),
    sum(COALESCE(wanted, n)), sum(counter_breaks), avg(room_avg_dc), avg(outdoor_avg_dc)
FROM telemetry_hourlyrollup WHERE heater_id = ANY(%(heaters)s) AND hour >= %(first)s AND hour < %(end)s
GROUP BY heater_id
"""
_DAYS = """
SELECT (hour AT TIME ZONE 'Asia/Shanghai')::date, count(*)::int, sum(least(n, COALESCE(wanted, n)))::int,
    sum(COALESCE(wanted, n))::int
FROM telemetry_hourlyrollup WHERE heater_id = ANY(%(heaters)s) AND hour >= %(first)s AND hour < %(end)s GROUP BY 1
"""
_DAYS_RUN = """
SELECT count(DISTINCT (hour AT TIME ZONE 'Asia/Shanghai')::date)
FROM telemetry_hourlyrollup
WHERE heater_id = ANY(%(heaters)s) AND hour >= %(first)s AND hour < %(end)s AND minutes_on > 0
"""
