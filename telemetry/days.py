"""A heater by day, from closed hours: ranges of water and room, hours on, energy. A day nobody heard is not there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from core.seasons import SeasonRule, Span
from devices.models import Heater
from telemetry.partitions import bounds_of


@dataclass(frozen=True)
class Day:
    """A local day: `hours` that were heard; tenths of a degree and of a kWh, None where nothing spoke."""

    day: dt.date
    hours: int = 0
    supply_min_dc: int | None = None
    supply_avg_dc: int | None = None
    supply_max_dc: int | None = None
    room_min_dc: int | None = None
    room_avg_dc: int | None = None
    room_max_dc: int | None = None
    outdoor_avg_dc: int | None = None
    minutes_on: int | None = None
    energy_dkwh: int | None = None

    @property
    def hours_on(self) -> Decimal | None:
        return None if self.minutes_on is None else (Decimal(self.minutes_on) / 60).quantize(Decimal("0.1"))

    @property
    def energy_kwh(self) -> Decimal | None:
        return None if self.energy_dkwh is None else Decimal(self.energy_dkwh) / 10


@dataclass(frozen=True)
class Stretch(Span):
    """The days of a season that are shown, at most the newest 366; `year` is that of the season's first day."""

    year: int

    @property
    def label(self) -> str:
        """``2021-2022``, whatever part of it is over."""
        return f"{self.year}-{self.year + 1}"

    @property
    def each_day(self) -> list[dt.date]:
        return [self.first_day + dt.timedelta(days=n) for n in range(self.days)][-366:]


def seasons_of(rule: SeasonRule, first: dt.date, last: dt.date) -> list[Stretch]:
    """Seasons of a heater that could be heard from `first` to `last`, newest first. The newest goes on to `last`, also
    beyond its last day; those before it end with theirs."""
    newest = rule.latest(last)
    before = [rule.season(year) for year in range(newest.year - 1, rule.latest(first).year - 1, -1)]
    return [
        Stretch(newest.first_day, last, newest.year),
        *(Stretch(one.first_day, one.last_day, one.year) for one in before if first <= one.last_day),
    ]


def days_of(heater: Heater, span: Span, now: dt.datetime) -> dict[dt.date, Day]:
    """The days of the span, up to now, that were heard. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, [heater.pk, bounds_of(span.first_day)[0], bounds_of(span.last_day)[1], now])
        return {row[0]: Day(*row) for row in cursor.fetchall()}


def newest_first(found: Mapping[dt.date, Day], span: Span) -> list[Day]:
    """Every day of the span back from its last; one nobody heard of stands there without a number."""
    return [found.get(day) or Day(day) for day in (span.last_day - dt.timedelta(days=n) for n in range(span.days))]


def energy_of(days: Iterable[Day]) -> Decimal | None:
    """kWh the counter added on these days; None where it never said anything."""
    known = [day.energy_dkwh for day in days if day.energy_dkwh is not None]
    return Decimal(sum(known)) / 10 if known else None


_DAYS = """
SELECT (hour AT TIME ZONE 'Asia/Shanghai')::date, count(*)::int, min(supply_min_dc), round(avg(supply_avg_dc))::int,
    max(supply_max_dc), min(room_min_dc), round(avg(room_avg_dc))::int, max(room_max_dc),
    round(avg(outdoor_avg_dc))::int, sum(minutes_on)::int, sum(energy_dkwh)::bigint
FROM telemetry_hourlyrollup WHERE heater_id = %s AND hour >= %s AND hour < %s AND hour <= %s GROUP BY 1
"""
