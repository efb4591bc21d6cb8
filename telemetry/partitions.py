"""Daily partitions of the readings: made ahead, and on demand by the writer; days are those of Asia/Shanghai."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from django.db import connection, transaction

ZONE = ZoneInfo("Asia/Shanghai")
AHEAD_DAYS = 3
KEPT_DAYS = 45  # the least that must stay: evidence of acceptance and of operating subsidies is looked up in it
_NAME = re.compile(r"telemetry_reading_(\d{8})")
_LOCK = 0x7E1E


def ensure_partitions(now: dt.datetime, ahead_days: int = AHEAD_DAYS) -> list[str]:
    """Make the partitions of today and the next days; returns the names of those that were missing.

    Safe to call from several processes at once. Readings that waited in the default partition move along.
    """
    today = day_of(now)
    days = [today + dt.timedelta(days=offset) for offset in range(-1, ahead_days + 1)]
    existing = existing_partitions()
    missing = [day for day in days if name_of(day) not in existing]
    return [name for day in missing if (name := _make(day))]


def existing_partitions() -> set[str]:
    """Names of the daily partitions there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'telemetry_reading'::regclass"
        )
        return {row[0] for row in cursor.fetchall()}


def drop_before(day: dt.date, now: dt.datetime) -> list[str]:
    """Drop the partitions of days before `day`; the hourly rows stay. Returns their names.

    Days of the last 45 are never dropped, whatever is asked.
    """
    least = day_of(now) - dt.timedelta(days=KEPT_DAYS)
    old = sorted(name for name in existing_partitions() if (found := _day_in(name)) and found < min(day, least))
    for name in old:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {name}")
    return old


def _day_in(name: str) -> dt.date | None:
    """The day in a partition's name; None for the default partition and anything else."""
    found = _NAME.fullmatch(name)
    return dt.datetime.strptime(found[1], "%Y%m%d").date() if found else None


def day_of(now: dt.datetime) -> dt.date:
    """The day of a moment, as partitions are cut."""
    return now.astimezone(ZONE).date()


def name_of(day: dt.date) -> str:
    return f"telemetry_reading_{day:%Y%m%d}"


def bounds_of(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """First moment of the day and of the next one."""
    start = dt.datetime.combine(day, dt.time(), ZONE)
    return start, start + dt.timedelta(days=1)


def _make(day: dt.date) -> str:
    """Create one partition beside the parent, move what the default holds of that day, attach it."""
    name, (start, end) = name_of(day), bounds_of(day)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if name in existing_partitions():
            return ""
        cursor.execute("LOCK TABLE telemetry_reading_default IN ACCESS EXCLUSIVE MODE")
        # Names are built from a date, values are passed: nothing in this SQL comes from outside.
        cursor.execute(f"CREATE TABLE {name} (LIKE telemetry_reading INCLUDING DEFAULTS)")
        cursor.execute(
            f"WITH moved AS (DELETE FROM telemetry_reading_default WHERE at >= %s AND at < %s RETURNING *) "  # noqa: S608
            f"INSERT INTO {name} SELECT * FROM moved",
            [start, end],
        )
        cursor.execute(
            f"ALTER TABLE telemetry_reading ATTACH PARTITION {name} FOR VALUES FROM ('{start.isoformat()}') "
            f"TO ('{end.isoformat()}')"
        )
    return name
