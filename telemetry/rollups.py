"""Hourly rows: made of the readings of closed hours, or taken over from a former platform; kept for ever."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.translation import gettext as _

from core.refusals import Refused
from devices.models import Heater
from telemetry.models import HourlyRollup, Mark
from telemetry.states import DEFAULT_PERIOD_S

MARK = "rolled up"
AGAIN_HOURS, LONGEST_DAYS = 3, 8
MOST_KW = 30  # more than any heater of a household draws: a counter that runs quicker has leapt


def roll_up_hours(*, now: dt.datetime, periods: dict[str, int] | None = None, back_hours: int = AGAIN_HOURS) -> int:
    """Make or renew the hourly rows up to the last closed hour; returns how many.

    The last hours are looked at again (a turn may end late); after a stop it goes on where it ended, eight days back at
    most, a day at a time. `periods`: area code → polling period, to tell how many readings were due.
    """
    end = now.replace(minute=0, second=0, microsecond=0)
    start = _start(end, back_hours)
    made = 0
    while start < end:
        until = min(end, start + dt.timedelta(days=1))
        made += _roll_up(start, until, periods or {})
        start = until
    Mark.objects.update_or_create(name=MARK, defaults={"at": end})
    return made


def _start(end: dt.datetime, back_hours: int) -> dt.datetime:
    mark, longest = Mark.objects.filter(name=MARK).first(), end - dt.timedelta(days=LONGEST_DAYS)
    return min(end - dt.timedelta(hours=back_hours), max(mark.at, longest) if mark else longest)


def _roll_up(start: dt.datetime, end: dt.datetime, periods: dict[str, int]) -> int:
    values = {
        "start": start, "end": end, "codes": list(periods), "periods": list(periods.values()),
        "usual": DEFAULT_PERIOD_S, "most": MOST_KW * 10,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ROLL_UP, values)
        return int(cursor.rowcount)


_RENEWED = (
    "n", "supply_min_dc", "supply_avg_dc", "supply_max_dc", "supply_last_dc", "return_avg_dc", "room_min_dc",
    "room_avg_dc", "room_max_dc", "room_last_dc", "outdoor_avg_dc", "minutes_on", "starts", "flagged", "wanted",
    "energy_dkwh", "energy_last_dkwh", "counter_breaks",
)  # fmt: skip

# What a counter added: between two readings, and since the end of the last hour before. Lower than before: it began
# anew at nought. More than the strongest heater could draw: a leap. Neither is believed for more than is possible.
_ROLL_UP = f"""
WITH said AS MATERIALIZED (
    SELECT *, date_trunc('hour', at) AS hour, lag(running) OVER (PARTITION BY heater_id ORDER BY at) AS ran
    FROM telemetry_reading WHERE at >= %(start)s AND at < %(end)s
), stood AS (
    SELECT heater_id, at, energy_dkwh FROM said WHERE energy_dkwh IS NOT NULL
    UNION ALL
    SELECT h.heater_id, p.hour, p.energy_last_dkwh FROM (SELECT DISTINCT heater_id FROM said) h CROSS JOIN LATERAL (
        SELECT hour, energy_last_dkwh FROM telemetry_hourlyrollup
        WHERE heater_id = h.heater_id AND hour < %(start)s AND energy_last_dkwh IS NOT NULL ORDER BY hour DESC LIMIT 1
    ) p
), stepped AS (
    SELECT heater_id, at, energy_dkwh AS now, lag(energy_dkwh) OVER w AS before,
        5 + %(most)s * extract(epoch FROM at - lag(at) OVER w) / 3600 AS most
    FROM stood WINDOW w AS (PARTITION BY heater_id ORDER BY at)
), used AS (
    SELECT heater_id, date_trunc('hour', at) AS hour,
        sum(CASE WHEN now - before BETWEEN 0 AND most THEN now - before WHEN now < before AND now <= most THEN now END)
            AS energy_dkwh,
        count(*) FILTER (WHERE now < before OR now - before > most) AS counter_breaks,
        (array_agg(now ORDER BY at DESC))[1] AS energy_last_dkwh
    FROM stepped WHERE at >= %(start)s GROUP BY 1, 2
), hours AS (
    SELECT heater_id, hour, count(*) AS n, min(supply_dc) AS supply_min_dc, round(avg(supply_dc)) AS supply_avg_dc,
        max(supply_dc) AS supply_max_dc,
        (array_agg(supply_dc ORDER BY at DESC) FILTER (WHERE supply_dc IS NOT NULL))[1] AS supply_last_dc,
        round(avg(return_dc)) AS return_avg_dc, min(room_dc) AS room_min_dc, round(avg(room_dc)) AS room_avg_dc,
        max(room_dc) AS room_max_dc,
        (array_agg(room_dc ORDER BY at DESC) FILTER (WHERE room_dc IS NOT NULL))[1] AS room_last_dc,
        round(avg(outdoor_dc)) AS outdoor_avg_dc,
        round(60.0 * count(*) FILTER (WHERE running) / NULLIF(count(running), 0)) AS minutes_on,
        CASE WHEN count(running) > 0 THEN count(*) FILTER (WHERE running AND NOT ran) END AS starts,
        count(*) FILTER (WHERE flags & ~32 <> 0) AS flagged
    FROM said GROUP BY 1, 2
), places AS (
    SELECT code, 3600 / COALESCE((
        SELECT min(p.period) FROM unnest(%(codes)s::text[], %(periods)s::int[]) p(code, period)
        WHERE starts_with(a.code, p.code)), %(usual)s) AS wanted
    FROM (SELECT DISTINCT area_id AS code FROM devices_heater) a
)
INSERT INTO telemetry_hourlyrollup AS r (heater_id, hour, {", ".join(_RENEWED)})
SELECT heater_id, hour, {", ".join("COALESCE(counter_breaks, 0)" if c == "counter_breaks" else c for c in _RENEWED)}
FROM hours LEFT JOIN used USING (heater_id, hour)
    LEFT JOIN devices_heater d ON d.id = heater_id LEFT JOIN places ON places.code = d.area_id
ON CONFLICT (heater_id, hour) DO UPDATE SET {", ".join(f"{c} = EXCLUDED.{c}" for c in _RENEWED)}
WHERE r.n IS DISTINCT FROM EXCLUDED.n
"""  # noqa: S608 - names of columns are our own constants


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
