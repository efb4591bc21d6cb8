"""What pages and tasks ask of the readings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Min, QuerySet

from devices.models import Heater, RegisterProfile
from devices.protocol.profile_files import parse_profile
from devices.protocol.profiles import Profile
from programmes.models import Programme
from telemetry.models import LatestReading
from telemetry.poller import Unit

SHARDS = 4
FRESH_PERIODS = 3
_POINTS = 96


def poll_periods() -> dict[str, int]:
    """Area code → polling period in seconds; where programmes share a place the shortest one counts."""
    rows = Programme.objects.values("area_id").annotate(period=Min("poll_period_s"))
    return {row["area_id"]: row["period"] for row in rows}


def units_of(area_id: str, shard: int) -> list[Unit]:
    """The installed heaters of a shard with what the poller must know of each."""
    heaters = (
        Heater.objects.within(area_id)
        .filter(removed_on__isnull=True, poll_enabled=True)
        .extra(where=["devices_heater.bus_id %% %s = %s"], params=[SHARDS, shard])
        .values_list("pk", "bus__line", "unit", "profile_id", "latest__misses", "latest__asked_at")
    )
    return [
        Unit(pk, line, unit, profile_of(profile), misses or 0, asked.timestamp() if asked else 0.0)
        for pk, line, unit, profile, misses, asked in heaters
    ]


@lru_cache(maxsize=256)
def profile_of(profile_id: int) -> Profile:
    """The checked profile behind a row; a version is never edited, so it can be kept."""
    return parse_profile(RegisterProfile.objects.get(pk=profile_id).document, f"profile {profile_id}")


@dataclass(frozen=True)
class Evidence:
    """What the telemetry can say about one heater at the moment of acceptance."""

    platform_no: str
    at: dt.datetime | None
    age_s: int | None
    supply_dc: int | None
    room_dc: int | None
    readings_last_hour: int
    is_fresh: bool


def evidence_for(heater: Heater, now: dt.datetime) -> Evidence:
    """Whether data arrives from this heater (J-31): the newest reading and how many came in the last hour."""
    latest = LatestReading.objects.filter(heater=heater).first()
    at = latest.at if latest else None
    age = int((now - at).total_seconds()) if at else None
    return Evidence(
        platform_no=heater.platform_no,
        at=at,
        age_s=age,
        supply_dc=latest.supply_dc if latest else None,
        room_dc=latest.room_dc if latest else None,
        readings_last_hour=heater.readings.filter(at__gte=now - dt.timedelta(hours=1)).count(),
        is_fresh=age is not None and age <= FRESH_PERIODS * _period_at(heater.area_id),
    )


def series(heater: Heater, start: dt.datetime, end: dt.datetime, buckets: int = _POINTS) -> list[dict[str, Any]]:
    """Readings thinned to `buckets` equal spans: mean per span, None where nothing was said. Shape: at + columns."""
    width = (end - start) / buckets
    with connection.cursor() as cursor:
        cursor.execute(_SERIES, [start, width, heater.pk, start, end])
        found = {int(row[0]): row[1:] for row in cursor.fetchall()}
    names = ("supply_dc", "return_dc", "outdoor_dc", "room_dc", "set_room_dc", "power_w", "running")
    nothing: tuple[Any, ...] = (None,) * len(names)
    return [{"at": start + width * i, **dict(zip(names, found.get(i, nothing), strict=True))} for i in range(buckets)]


_SERIES = """
SELECT floor(extract(epoch FROM at - %s) / extract(epoch FROM %s::interval)) AS bucket,
    round(avg(supply_dc))::int, round(avg(return_dc))::int, round(avg(outdoor_dc))::int, round(avg(room_dc))::int,
    round(avg(set_room_dc))::int, round(avg(power_w))::int, bool_or(running)
FROM telemetry_reading WHERE heater_id = %s AND at >= %s AND at < %s GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True)
class Online:
    """Heaters by state: answered within three periods, silent, never heard."""

    total: int
    online: int
    never: int

    @property
    def silent(self) -> int:
        return self.total - self.online - self.never


def online_counts(heaters: QuerySet[Heater], now: dt.datetime, period_s: int) -> Online:
    """How many of these heaters are on line now."""
    since = now - dt.timedelta(seconds=FRESH_PERIODS * period_s)
    total = heaters.count()
    never = heaters.filter(latest__at__isnull=True).count()
    return Online(total, heaters.filter(latest__at__gte=since).count(), never)


def period_at(area_id: str) -> int:
    """Polling period of the programme that covers a place, in seconds."""
    return _period_at(area_id)


def _period_at(area_id: str) -> int:
    return min((s for code, s in poll_periods().items() if area_id.startswith(code)), default=300)
