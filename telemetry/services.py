"""The only part of telemetry that writes: cycles, samples, newest values, alerts, hourly rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from core.refusals import Refused
from devices.models import Heater
from telemetry import poller
from telemetry.models import Alert, HourlyRollup, LatestReading, PollCycle
from telemetry.poller import Outcome, Sample, Unit

COLUMNS = ("heater_id", "at", *poller.columns(), "flags")
SILENT_AFTER = poller.SUSPECT_AFTER


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
        stored = _store_samples(outcome.samples)
        _raise_misses(outcome.missed, now)
        _judge(units, outcome, now)
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


def _store_samples(samples: Sequence[Sample]) -> int:
    """Stage by COPY, insert new readings, renew the newest value of each heater. Returns readings really added."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE staged (LIKE telemetry_reading INCLUDING DEFAULTS) ON COMMIT DROP")
        # Names of columns are our own constants.
        names = ", ".join(COLUMNS)
        with cursor.copy(f"COPY staged ({names}) FROM STDIN") as copy:
            for sample in samples:
                copy.write_row(_row(sample))
        cursor.execute(
            f"INSERT INTO telemetry_reading ({names}) SELECT {names} FROM staged ON CONFLICT DO NOTHING"  # noqa: S608
        )
        added = int(cursor.rowcount)
        cursor.execute(_RENEW_LATEST)
    return added


def _row(sample: Sample) -> tuple[Any, ...]:
    at = dt.datetime.fromtimestamp(sample.at, dt.UTC)
    return (sample.heater_id, at, *(sample.values[column] for column in poller.columns()), sample.flags)


def _assignments() -> str:
    kept = ", ".join(f"{column} = EXCLUDED.{column}" for column in COLUMNS if column != "heater_id")
    return f"{kept}, asked_at = EXCLUDED.asked_at, misses = 0"


_RENEW_LATEST = (
    f"INSERT INTO telemetry_latestreading AS latest ({', '.join(COLUMNS)}, asked_at, misses) "  # noqa: S608
    f"SELECT {', '.join(COLUMNS)}, at, 0 FROM staged "
    f"ON CONFLICT (heater_id) DO UPDATE SET {_assignments()} WHERE latest.at IS NULL OR latest.at < EXCLUDED.at"
)


def _raise_misses(missed: dict[int, str], now: dt.datetime) -> None:
    """Count the misses; the last values stay with the time at which they were true."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO telemetry_latestreading AS latest (heater_id, asked_at, misses, flags) "
            "SELECT unnest(%s::bigint[]), %s, 1, 0 ON CONFLICT (heater_id) "
            "DO UPDATE SET misses = latest.misses + 1, asked_at = EXCLUDED.asked_at",
            [sorted(missed), now],
        )


def _judge(units: Sequence[Unit], outcome: Outcome, now: dt.datetime) -> None:
    """Open and clear alerts in one pass: silent units, silent lines, faults. Silence knows no season."""
    dead_lines = poller.silent_lines(units, outcome)
    first_on_line = {unit.line: unit.heater_id for unit in sorted(units, key=lambda u: -u.unit)}
    wanted: dict[tuple[int, str], dict[str, Any]] = {}
    for unit in units:
        reason = outcome.missed.get(unit.heater_id)
        if reason is None or unit.misses + 1 < SILENT_AFTER:
            continue
        evidence = {"misses": unit.misses + 1, "reason": reason, "line": unit.line, "unit": unit.unit}
        if unit.line not in dead_lines:
            wanted[unit.heater_id, Alert.Kind.UNIT_SILENT] = evidence
        elif first_on_line[unit.line] == unit.heater_id:
            wanted[unit.heater_id, Alert.Kind.LINE_SILENT] = evidence
    for sample in outcome.samples:
        if sample.values["fault"]:
            wanted[sample.heater_id, Alert.Kind.FAULT] = {"fault": sample.values["fault"]}
    _open_alerts(wanted, now)
    _clear_alerts(outcome.samples, now)


def _open_alerts(wanted: dict[tuple[int, str], dict[str, Any]], now: dt.datetime) -> None:
    areas = dict(Heater.objects.filter(pk__in={heater for heater, _kind in wanted}).values_list("pk", "area_id"))
    Alert.objects.bulk_create(
        [
            Alert(heater_id=heater, area_id=areas[heater], kind=kind, opened_at=now, evidence=evidence)
            for (heater, kind), evidence in wanted.items()
        ],
        ignore_conflicts=True,  # one open alert per heater and kind: the constraint is the memory
    )


def _clear_alerts(samples: Iterable[Sample], now: dt.datetime) -> None:
    answered = [sample.heater_id for sample in samples]
    healthy = [sample.heater_id for sample in samples if sample.values["fault"] == 0]
    silence = Q(kind=Alert.Kind.UNIT_SILENT, heater_id__in=answered)
    fault = Q(kind=Alert.Kind.FAULT, heater_id__in=healthy)
    # A line is back as soon as any unit on it answers, also when the unit that stands for it is dead.
    line = Q(kind=Alert.Kind.LINE_SILENT, heater__bus__in=Heater.objects.filter(pk__in=answered).values("bus"))
    Alert.objects.filter(silence | fault | line, cleared_at__isnull=True).update(cleared_at=now)


@transaction.atomic
def acknowledge_alerts(*, alerts: Iterable[Alert], by: User, now: dt.datetime) -> int:
    """Somebody has seen these. Whether they are over is another question, answered by the heaters.

    Those already acknowledged keep their first name and time. Returns how many were new.
    """
    rows = Alert.objects.select_for_update().filter(pk__in=[alert.pk for alert in alerts], acknowledged_at__isnull=True)
    fresh = list(rows.order_by("pk").values_list("pk", flat=True))
    return Alert.objects.filter(pk__in=fresh).update(acknowledged_at=now, acknowledged_by=by)


def roll_up_hours(*, now: dt.datetime, back_hours: int = 3) -> int:
    """Make or renew the hourly rows of the last closed hours; returns how many."""
    end = now.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(_ROLL_UP, [end - dt.timedelta(hours=back_hours), end])
        return int(cursor.rowcount)


@dataclass(frozen=True)
class HourSaid:
    """What a heater did in one hour by another platform's records; temperatures in tenths of a degree, None unknown."""

    hour: dt.datetime
    readings: int
    minutes_on: int | None
    energy_dkwh: int | None
    room_avg_dc: int | None
    outdoor_avg_dc: int | None


@transaction.atomic
def take_over_hours(*, heater: Heater, hours: Iterable[HourSaid]) -> int:
    """Keep hours that another platform recorded; hours known already stay as they are. Returns how many were given.

    Raises `Refused` HOUR_IMPOSSIBLE for anything but whole hours, 0 to 60 minutes and energy that is not negative.
    """
    given = list(hours)
    for one in given:
        if one.hour != one.hour.replace(minute=0, second=0, microsecond=0) or not _possible(one):
            raise Refused("HOUR_IMPOSSIBLE", _("The hour of %(hour)s can't have been like that."), hour=one.hour)
    rows = (
        HourlyRollup(
            heater=heater, hour=one.hour, n=one.readings, minutes_on=one.minutes_on, energy_dkwh=one.energy_dkwh,
            room_avg_dc=one.room_avg_dc, outdoor_avg_dc=one.outdoor_avg_dc,
        )
        for one in given
    )  # fmt: skip
    HourlyRollup.objects.bulk_create(rows, batch_size=2_000, ignore_conflicts=True)
    return len(given)


def _possible(one: HourSaid) -> bool:
    return one.readings > 0 and 0 <= (one.minutes_on or 0) <= 60 and (one.energy_dkwh or 0) >= 0


_ROLL_UP = """
INSERT INTO telemetry_hourlyrollup AS r (heater_id, hour, n, supply_min_dc, supply_avg_dc, supply_max_dc, room_min_dc,
    room_avg_dc, room_max_dc, outdoor_avg_dc, minutes_on, energy_dkwh)
SELECT heater_id, date_trunc('hour', at), count(*), min(supply_dc), round(avg(supply_dc)), max(supply_dc), min(room_dc),
    round(avg(room_dc)), max(room_dc), round(avg(outdoor_dc)),
    round(60.0 * count(*) FILTER (WHERE running) / NULLIF(count(running), 0)), max(energy_dkwh) - min(energy_dkwh)
FROM telemetry_reading WHERE at >= %s AND at < %s
GROUP BY 1, 2
ON CONFLICT (heater_id, hour) DO UPDATE SET n = EXCLUDED.n, supply_min_dc = EXCLUDED.supply_min_dc,
    supply_avg_dc = EXCLUDED.supply_avg_dc, supply_max_dc = EXCLUDED.supply_max_dc, room_min_dc = EXCLUDED.room_min_dc,
    room_avg_dc = EXCLUDED.room_avg_dc, room_max_dc = EXCLUDED.room_max_dc, outdoor_avg_dc = EXCLUDED.outdoor_avg_dc,
    minutes_on = EXCLUDED.minutes_on, energy_dkwh = EXCLUDED.energy_dkwh
WHERE r.n IS DISTINCT FROM EXCLUDED.n
"""
