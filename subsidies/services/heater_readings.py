"""Readings taken from the heaters' own energy counters at the season's edges and at the ends of its months."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from core.seasons import Season
from devices.models import Heater
from households.models import Dwelling, MeterReading
from programmes.models import Programme
from subsidies.metering.season import edges, lines_between
from subsidies.reading_reach import RECORD
from subsidies.services.readings import Entry, Recorded, record_readings

ZONE = ZoneInfo("Asia/Shanghai")
#: How many days before an edge a counter may have been heard last; its own day is kept, nothing is moved.
NEAR_DAYS = 3
AT_ONCE = 500
#: Only heaters that burn nothing: the counter of a gas heater says nothing about m³.
CARRIER = "electricity"


def take_from_heaters(
    *, programme: Programme, area_code: str, season: Season, by: User | str, until: dt.date | None = None,
    now: dt.datetime | None = None,
) -> Recorded:  # fmt: skip
    """Lines between the counter's readings of every heater below a place. What is there already stays.

    A home with several heaters or with one that was exchanged in the season is left out: whose counter it is can't be
    told. Raises Refused SEASON_AHEAD.
    """
    today = until or clock.today()
    days = edges(season, today)
    if len(days) < 2:
        raise Refused("SEASON_AHEAD", _("The season %(season)s has not begun."), season=season.label)
    heaters = _heaters(by, area_code, season)
    done = Recorded()
    for start in range(0, len(heaters), AT_ONCE):
        part = heaters[start : start + AT_ONCE]
        entries = _entries(part, _counters([heater.pk for heater in part], days))
        more = record_readings(programme=programme, entries=entries, by=by, today=today, now=now)
        done.rows += more.rows
        done.known += more.known
    return done


def _heaters(by: User | str, area_code: str, season: Season) -> list[Heater]:
    """The one heater of each home where `by` records readings."""
    homes = Dwelling.objects.visible_to(by, RECORD) if isinstance(by, User) else Dwelling.objects.all()
    rows = Heater.objects.within(area_code).filter(
        dwelling__in=homes.within(area_code), installed_on__lte=season.last_day
    )
    by_home: dict[int, list[Heater]] = defaultdict(list)
    for heater in rows.exclude(removed_on__lt=season.first_day).select_related("dwelling").order_by("pk"):
        by_home[heater.dwelling_id].append(heater)  # type: ignore[index]
    return [heaters[0] for heaters in by_home.values() if len(heaters) == 1 and heaters[0].removed_on is None]


def _counters(heaters: Sequence[int], days: Sequence[dt.date]) -> dict[int, list[tuple[dt.date, Decimal]]]:
    """The last counter of each heater at or shortly before the end of each day; one query for each day."""
    found: dict[int, list[tuple[dt.date, Decimal]]] = defaultdict(list)
    for day in days:
        for heater, at, dkwh in _last_counters(heaters, day):
            point = (at.astimezone(ZONE).date(), Decimal(dkwh) / 10)
            if point not in found[heater]:
                found[heater].append(point)
    return found


def _last_counters(heaters: Sequence[int], day: dt.date) -> Iterable[tuple[int, dt.datetime, int]]:
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), ZONE)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (heater_id) heater_id, at, energy_dkwh FROM telemetry_reading "
            "WHERE heater_id = ANY(%s) AND at >= %s AND at < %s AND energy_dkwh IS NOT NULL "
            "ORDER BY heater_id, at DESC",
            [list(heaters), end - dt.timedelta(days=NEAR_DAYS + 1), end],
        )
        return list(cursor.fetchall())


def _entries(heaters: Iterable[Heater], counters: dict[int, list[tuple[dt.date, Decimal]]]) -> list[Entry]:
    return [
        Entry(heater.dwelling, CARRIER, span, MeterReading.Source.TELEMETRY, before, after, meter=heater.platform_no)
        for heater in heaters
        for span, before, after in lines_between(counters.get(heater.pk, ()))
        if heater.dwelling is not None
    ]
