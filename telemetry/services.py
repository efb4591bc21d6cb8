"""What a turn of polls leaves behind: its cycle, its samples, the newest values. Alerts: `telemetry.alerting`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from django.db import connection, transaction

from devices.models import Heater
from devices.protocol.points import Quality
from telemetry import poller
from telemetry.alerting import judge_turn
from telemetry.holes import Hole
from telemetry.judging.quality import Circumstances, flags_of
from telemetry.models import FoundHole, LatestReading, PollCycle
from telemetry.poller import Outcome, Sample, Unit
from telemetry.surroundings import About, about

COLUMNS = ("heater_id", "at", *poller.columns(), "flags")
_TYPES = {
    "heater_id": "int8", "at": "timestamptz", "running": "bool", "fault": "int4", "power_w": "int4",
    "energy_dkwh": "int8", "changed_at": "timestamptz",
}  # fmt: skip
_VALUES = itemgetter(*poller.columns())
STAGED = (*COLUMNS, "changed_at")
STAGED_TYPES = [_TYPES.get(column, "int2") for column in STAGED]


def plan_cycle(*, area_id: str, shard: int, period_s: int, now: dt.datetime) -> PollCycle | None:
    """Write down that a shard is to be polled now; None when this turn was planned already."""
    cycle, made = PollCycle.objects.get_or_create(
        area_id=area_id,
        shard=shard,
        cycle=int(now.timestamp() // period_s),
        defaults={"period_s": period_s, "planned_at": now},
    )
    return cycle if made else None


def store_outcome(*, cycle: PollCycle, units: Sequence[Unit], outcome: Outcome, now: dt.datetime) -> None:
    """Keep everything a cycle brought, in one transaction; a second delivery of the same cycle changes nothing."""
    with transaction.atomic():
        known = about((unit.heater_id for unit in units), now)
        due_by = cycle.planned_at.timestamp() + cycle.period_s
        stored = store_samples([_row(sample, known.get(sample.heater_id), due_by) for sample in outcome.samples])
        _raise_misses(outcome.missed, now)
        _keep_holes(outcome.holes, now)
        judge_turn(units=units, outcome=outcome, known=known, now=now)
        PollCycle.objects.filter(pk=cycle.pk).update(
            finished_at=now, asked=len(units), answered=len(outcome.samples), stored=stored, outcome="stored"
        )


def close_cycle(*, cycle: PollCycle, outcome: str, now: dt.datetime) -> None:
    """End a turn that brought nothing (hub away, overrun): the gap stays visible, nothing is invented."""
    PollCycle.objects.filter(pk=cycle.pk).update(finished_at=now, outcome=outcome)


def expect_again(*, heater: Heater) -> None:
    """Somebody has just got an answer from this heater: poll it in the next turn, whatever the back-off says."""
    LatestReading.objects.filter(heater=heater).update(misses=0)


def forget_cycles(*, now: dt.datetime, kept_days: int = 7) -> int:
    """Drop the notes of old turns; what they brought are the readings."""
    return PollCycle.objects.filter(planned_at__lt=now - dt.timedelta(days=kept_days)).delete()[0]


def store_samples(rows: Sequence[tuple[Any, ...]]) -> int:
    """Stage rows in the order of `STAGED` by binary COPY, insert new readings, renew the newest value of each heater.

    Returns readings really added. Needs a transaction; the staging table lives as long as the connection.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy(f"COPY pg_temp.staged ({', '.join(STAGED)}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(STAGED_TYPES)
            for row in rows:
                copy.write_row(row)
        cursor.execute(_STORE)
        added = int(cursor.rowcount)
        cursor.execute(_RENEW_LATEST)
    return added


def _row(sample: Sample, known: About | None, due_by: float) -> tuple[Any, ...]:
    around = Circumstances(due_by, known is None or known.is_certified, known is not None and known.maintenance)
    before = known.before if known else None
    flags, changed = flags_of(sample.at, sample.values, sample.flags, before, around)
    return (sample.heater_id, _moment(sample.at), *_VALUES(sample.values), flags, _moment(changed))


def _moment(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, dt.UTC)


def _assignments() -> str:
    return ", ".join(f"{column} = EXCLUDED.{column}" for column in STAGED if column != "heater_id")


# Names of columns are our own constants. The default of a column that is added one day must not matter here, so the
# staging table has exactly the columns that are copied.
_STAGE = (
    "CREATE TEMP TABLE IF NOT EXISTS staged ON COMMIT DELETE ROWS AS "  # noqa: S608
    f"SELECT {', '.join(COLUMNS)}, at AS changed_at FROM telemetry_reading WITH NO DATA; TRUNCATE pg_temp.staged"
)
_STORE = (
    f"INSERT INTO telemetry_reading ({', '.join(COLUMNS)}) "  # noqa: S608
    f"SELECT {', '.join(COLUMNS)} FROM pg_temp.staged ON CONFLICT DO NOTHING"
)
_RENEW_LATEST = (
    f"INSERT INTO telemetry_latestreading AS latest ({', '.join(STAGED)}, asked_at, misses) "  # noqa: S608
    f"SELECT {', '.join(STAGED)}, at, 0 FROM pg_temp.staged "
    f"ON CONFLICT (heater_id) DO UPDATE SET {_assignments()}, asked_at = EXCLUDED.asked_at, misses = 0 "
    "WHERE latest.at IS NULL OR latest.at < EXCLUDED.at"
)


def _raise_misses(missed: dict[int, str], now: dt.datetime) -> None:
    """Count the misses; the last values stay with the time at which they were true. A flag tells those that answer with
    errors from the silent ones."""
    if not missed:
        return
    refused = sorted(heater for heater, reason in missed.items() if reason == poller.REFUSED)
    with connection.cursor() as cursor:
        cursor.execute(_MISS, {"all": sorted(missed), "refused": refused, "flag": int(Quality.REFUSED), "now": now})


_MISS = """
INSERT INTO telemetry_latestreading AS latest (heater_id, asked_at, misses, flags)
SELECT h, %(now)s, 1, CASE WHEN h = ANY(%(refused)s::bigint[]) THEN %(flag)s ELSE 0 END
FROM unnest(%(all)s::bigint[]) AS h ON CONFLICT (heater_id) DO UPDATE SET
    misses = latest.misses + 1, asked_at = EXCLUDED.asked_at, flags = latest.flags & ~%(flag)s | EXCLUDED.flags
"""


def _keep_holes(found: Mapping[int, set[Hole]], now: dt.datetime) -> None:
    """Remember holes for all heaters of the profile: the next turn reads around them."""
    if not found:
        return
    profiles = dict(Heater.objects.filter(pk__in=found).values_list("pk", "profile_id"))
    rows = [
        FoundHole(profile_id=profiles[heater], heater_id=heater, table=table, first=first, last=last, found_at=now)
        for heater, holes in found.items()
        for table, first, last in sorted(holes)
        if heater in profiles
    ]
    FoundHole.objects.bulk_create(rows, ignore_conflicts=True)
