"""Alerts in the database: what the judging decided is opened, cleared and remembered. Rules: `telemetry.judging`."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from devices.models import Heater
from devices.protocol.points import MODES
from telemetry import poller
from telemetry.judging.disuse import gave_no_heat
from telemetry.judging.engine import Key, Pending, Verdict, judge
from telemetry.judging.facts import Facts, Hour
from telemetry.judging.rules import OF_A_LINE, OF_A_TURN, OF_AN_HOUR, Rule
from telemetry.models import Alert, Mark
from telemetry.poller import Outcome, Sample, Unit
from telemetry.surroundings import About, about

_DEFROST = MODES.index("defrost")
_TAKEN = ("supply_dc", "return_dc", "room_dc", "outdoor_dc", "set_room_dc", "running", "fault")
HOURS_MARK = "judged"
SETTLED_S = 600  # a turn that began in the hour may end a little after it
LEARN_DAYS = 14
AT_ONCE = 2_000


def judge_turn(*, units: Sequence[Unit], outcome: Outcome, known: Mapping[int, About], now: dt.datetime) -> None:
    """Judge what a turn brought: answers by their values, silence by how long it has lasted."""
    _judge(_facts_of_turn(units, outcome, known, now), known, OF_A_TURN, now)


def _facts_of_turn(
    units: Sequence[Unit], outcome: Outcome, known: Mapping[int, About], now: dt.datetime
) -> list[Facts]:
    samples = {sample.heater_id: sample for sample in outcome.samples}
    dead = _silent_lines(units, outcome, known)
    first = {unit.line: unit.heater_id for unit in sorted(units, key=lambda unit: -unit.unit)}
    return [
        _spoke(unit, samples[unit.heater_id], known[unit.heater_id])
        if unit.heater_id in samples
        else _missed(unit, outcome.missed.get(unit.heater_id, ""), dead, first, now.timestamp())
        for unit in units
        if unit.heater_id in known
    ]


def _silent_lines(units: Sequence[Unit], outcome: Outcome, known: Mapping[int, About]) -> set[str]:
    """Lines that are away, and those with several heaters of which every one has been silent for long enough.

    That is a cable or a power cut, not as many broken heaters. A line with one heater can't be told from its heater.
    """
    away = poller.silent_lines(units, outcome)
    heard = away | {unit.line for unit in units if outcome.missed.get(unit.heater_id, poller.REFUSED) == poller.REFUSED}
    mute = {known[unit.heater_id].bus_id: unit.line for unit in units
            if unit.heater_id in known and unit.line not in heard}  # fmt: skip
    if not mute:
        return away
    with connection.cursor() as cursor:
        cursor.execute(_ALL_SILENT, [list(mute), poller.SUSPECT_AFTER])
        return away | {mute[bus] for (bus,) in cursor.fetchall()}


_ALL_SILENT = """
SELECT h.bus_id FROM devices_heater h LEFT JOIN telemetry_latestreading l ON l.heater_id = h.id
WHERE h.bus_id = ANY(%s) AND h.removed_on IS NULL AND h.poll_enabled
GROUP BY 1 HAVING count(*) > 1 AND min(COALESCE(l.misses, 0)) >= %s
"""


def _spoke(unit: Unit, sample: Sample, about: About) -> Facts:
    values: dict[str, Any] = {name: sample.values[name] for name in _TAKEN}
    return Facts(
        heater=unit.heater_id, at=sample.at, line=unit.line, unit=unit.unit, medium=unit.profile.medium,
        defrosting=sample.values["mode"] == _DEFROST, floor_dc=about.rules.floor_dc, in_season=about.rules.in_season,
        maintenance=about.maintenance, vacant=about.vacant, **values,
    )  # fmt: skip


def _missed(unit: Unit, reason: str, dead: set[str], first: Mapping[str, int], at: float) -> Facts:
    return Facts(
        heater=unit.heater_id, at=at, answered=False, misses=unit.misses + 1, reason=reason, line=unit.line,
        unit=unit.unit, line_dead=unit.line in dead, stands_for_line=first[unit.line] == unit.heater_id,
    )  # fmt: skip


def judge_hours(*, now: dt.datetime) -> int:
    """Judge the last closed hour of every heater once it is settled; returns how many. Twice changes nothing."""
    hour = (now - dt.timedelta(seconds=3600 + SETTLED_S)).replace(minute=0, second=0, microsecond=0)
    if Mark.objects.filter(name=HOURS_MARK, at__gte=hour).exists():
        return 0
    rows = list(_hours([], hour, hour).items())
    for start in range(0, len(rows), AT_ONCE):
        chunk = dict(rows[start : start + AT_ONCE])
        with transaction.atomic():
            known = about(chunk, now)
            _judge(_facts_of_hours(chunk, known, hour), known, OF_AN_HOUR, now)
    Mark.objects.update_or_create(name=HOURS_MARK, defaults={"at": hour})
    return len(rows)


def _facts_of_hours(chunk: Mapping[int, list[Hour]], known: Mapping[int, About], hour: dt.datetime) -> list[Facts]:
    """Only where the heater gave no heat, in season, is its past looked at: there it must be compared."""
    asked = [pk for pk, hours in chunk.items() if pk in known and gave_no_heat(hours[-1]) and _matters(known[pk])]
    past = _hours(asked, hour - dt.timedelta(days=LEARN_DAYS), hour) if asked else {}
    end = hour.timestamp() + 3600
    return [
        Facts(
            heater=pk, at=end, hours=tuple(past.get(pk, hours)), in_season=known[pk].rules.in_season,
            maintenance=known[pk].maintenance, vacant=known[pk].vacant,
        )
        for pk, hours in chunk.items()
        if pk in known
    ]  # fmt: skip


def _matters(about: About) -> bool:
    return about.rules.in_season and not about.vacant


def _hours(heaters: list[int], first: dt.datetime, last: dt.datetime) -> dict[int, list[Hour]]:
    """Closed hours of these heaters (of all where none is named), oldest first. Where a heater has no sensor outdoors,
    the middle one of its village speaks for it."""
    with connection.cursor() as cursor:
        cursor.execute(_HOURS, {"heaters": heaters, "all": not heaters, "first": first, "last": last})
        found: dict[int, list[Hour]] = defaultdict(list)
        for heater, at, *values in cursor.fetchall():
            found[heater].append(Hour(at.timestamp(), *values))
    return found


_HOURS = """
WITH rows AS (
    SELECT r.*, h.area_id FROM telemetry_hourlyrollup r JOIN devices_heater h ON h.id = r.heater_id
    WHERE r.hour >= %(first)s AND r.hour <= %(last)s AND h.removed_on IS NULL
        AND (%(all)s OR r.heater_id = ANY(%(heaters)s))
), villages AS (
    SELECT h.area_id, r.hour, percentile_disc(0.5) WITHIN GROUP (ORDER BY r.outdoor_avg_dc) AS outdoor
    FROM telemetry_hourlyrollup r JOIN devices_heater h ON h.id = r.heater_id
    WHERE r.hour >= %(first)s AND r.hour <= %(last)s AND r.outdoor_avg_dc IS NOT NULL
        AND h.area_id IN (SELECT area_id FROM rows WHERE outdoor_avg_dc IS NULL)
    GROUP BY 1, 2
)
SELECT heater_id, hour, n, COALESCE(wanted, 0), flagged, minutes_on, energy_dkwh, COALESCE(room_last_dc, room_avg_dc),
    COALESCE(outdoor_avg_dc, outdoor), starts
FROM rows LEFT JOIN villages USING (area_id, hour) ORDER BY heater_id, hour
"""


def judge_lines(*, foreign: Mapping[int, int], now: dt.datetime, duplicates: Mapping[int, float] | None = None) -> None:
    """Judge the lines by how many frames nobody of ours asked for came since the last look (bus → count), and by how
    many seconds ago a second gateway with their id was turned away (bus → seconds)."""
    twins = duplicates or {}
    rows = Heater.objects.filter(bus__in=foreign, removed_on__isnull=True).order_by("bus_id", "unit").distinct("bus_id")
    heaters = {pk: (bus, line) for pk, bus, line in rows.values_list("pk", "bus_id", "bus__line")}
    at = now.timestamp()
    with transaction.atomic():
        known = about(heaters, now)
        facts = [
            Facts(pk, at, line=line, foreign=foreign[bus], duplicate_s=twins.get(bus))
            for pk, (bus, line) in heaters.items()
        ]
        _judge(facts, known, OF_A_LINE, now)


def _judge(batch: Sequence[Facts], known: Mapping[int, About], rules: Sequence[Rule], now: dt.datetime) -> None:
    """One pass: what is open and pending is read, the rules speak, the differences are written."""
    memory = _Memory(known, [rule.kind for rule in rules])
    verdict = judge(batch, memory.is_open, memory.pending, lambda facts: known[facts.heater].rules.limits, rules)
    _open(verdict, known, now)
    memory.clear(verdict, now)
    _remember(verdict)


class _Memory:
    """Open alerts and pending conditions of a batch. An open alert of a line stands for all heaters on it."""

    def __init__(self, known: Mapping[int, About], kinds: list[str]) -> None:
        self._bus = {pk: about.bus_id for pk, about in known.items()}
        buses = set(self._bus.values()) if Alert.Kind.LINE_SILENT in kinds else ()
        asked = {"heaters": list(known), "kinds": list(kinds), "buses": list(buses), "of_line": Alert.Kind.LINE_SILENT}
        self._open: dict[tuple[int, str], int] = {}
        self.pending: dict[Key, Pending] = {}
        with connection.cursor() as cursor:
            cursor.execute(_OPEN, asked)
            for pk, heater, kind, bus in cursor.fetchall():
                self._open[self._place(heater, kind, bus)] = pk
            cursor.execute(_PENDING, asked)
            for heater, kind, since, seen in cursor.fetchall():
                self.pending[heater, kind] = Pending(since, seen)

    def _place(self, heater: int, kind: str, bus: int) -> tuple[int, str]:
        return (-bus, kind) if kind == Alert.Kind.LINE_SILENT else (heater, kind)

    def _of(self, key: Key) -> tuple[int, str]:
        return self._place(*key, self._bus[key[0]])

    def is_open(self, key: Key) -> bool:
        return bool(self._open) and self._of(key) in self._open

    def clear(self, verdict: Verdict, now: dt.datetime) -> None:
        over = {self._open[self._of(key)] for key in verdict.cleared}
        if over:
            Alert.objects.filter(pk__in=over, cleared_at__isnull=True).update(cleared_at=now)


_OPEN = """
SELECT a.id, a.heater_id, a.kind, h.bus_id FROM telemetry_alert a JOIN devices_heater h ON h.id = a.heater_id
WHERE a.cleared_at IS NULL AND a.kind = ANY(%(kinds)s) AND a.heater_id = ANY(%(heaters)s)
UNION SELECT a.id, a.heater_id, a.kind, h.bus_id FROM telemetry_alert a JOIN devices_heater h ON h.id = a.heater_id
WHERE a.cleared_at IS NULL AND a.kind = %(of_line)s AND h.bus_id = ANY(%(buses)s::bigint[])
"""
_PENDING = """
SELECT heater_id, kind, date_part('epoch', since), date_part('epoch', seen) FROM telemetry_alertwatch
WHERE heater_id = ANY(%(heaters)s) AND kind = ANY(%(kinds)s)
"""


def _open(verdict: Verdict, known: Mapping[int, About], now: dt.datetime) -> None:
    Alert.objects.bulk_create(
        [
            Alert(heater_id=heater, area_id=known[heater].area_id, kind=kind, opened_at=now, evidence=evidence)
            for (heater, kind), evidence in verdict.opened.items()
        ],
        ignore_conflicts=True,  # one open alert per heater and kind: the constraint is the memory
    )


def _remember(verdict: Verdict) -> None:
    with connection.cursor() as cursor:
        if verdict.waiting:
            rows = [(*key, one.since, one.seen) for key, one in verdict.waiting.items()]
            cursor.execute(_WAIT, list(map(list, zip(*rows, strict=True))))
        if verdict.dropped:
            cursor.execute(_DROP, list(map(list, zip(*verdict.dropped, strict=True))))


_WAIT = """
INSERT INTO telemetry_alertwatch (heater_id, kind, since, seen)
SELECT h, k, to_timestamp(s), to_timestamp(t)
FROM unnest(%s::bigint[], %s::text[], %s::float8[], %s::float8[]) AS w(h, k, s, t)
ON CONFLICT (heater_id, kind) DO UPDATE SET since = EXCLUDED.since, seen = EXCLUDED.seen
"""
_DROP = """
DELETE FROM telemetry_alertwatch w USING unnest(%s::bigint[], %s::text[]) AS d(h, k)
WHERE w.heater_id = d.h AND w.kind = d.k
"""


def clear_of_removed(*, now: dt.datetime) -> int:
    """A heater that was taken away has no more alerts."""
    rows = Alert.objects.filter(cleared_at__isnull=True, heater__removed_on__isnull=False)
    return Alert.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(cleared_at=now)
