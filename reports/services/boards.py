"""Keep `BoardTotal` true: works by town and day, payments and waiting steps by village, heaters by village and state.

Works and payments of a place are counted anew whenever something in it was touched; heaters fall silent without a row
being written, so they are counted every `HEATERS_S` too. Boards read sums and cost the same for any number of homes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from core.areas import CODE_LENGTHS, TOWN, code_range
from devices.models import Heater
from reports.models import BoardTotal, RefreshMark
from telemetry.queries import poll_periods
from telemetry.states import fresh

Kind = BoardTotal.Kind
Places = Iterable[tuple[int, str]]
HEATERS_S = 30
MARK = "heaters"
TOWN_LENGTH = CODE_LENGTHS[TOWN]

_INSIDE = """unnest(%(programmes)s::bigint[], %(places)s::varchar[], %(lows)s::varchar[], %(highs)s::varchar[])
    AS p (programme_id, area_id, low, high)"""

_DROP = f"""
DELETE FROM reports_boardtotal b USING {_INSIDE}
WHERE b.kind = ANY(%(kinds)s) AND b.programme_id = p.programme_id AND b.area_id = p.area_id
"""  # noqa: S608 - no value from outside in it

_WORKS = f"""
INSERT INTO reports_boardtotal (programme_id, area_id, kind, day, number, fen)
SELECT p.programme_id, p.area_id, 'finished', i.installed_on, count(*), 0
FROM {_INSIDE}
JOIN retrofits_task t ON t.programme_id = p.programme_id AND t.area_id >= p.low AND t.area_id < p.high
JOIN retrofits_installation i ON i.task_id = t.id WHERE t.state <> 'withdrawn' GROUP BY 1, 2, 4
UNION ALL
SELECT p.programme_id, p.area_id, 'accepted', a.accepted_on, count(*), 0
FROM {_INSIDE}
JOIN retrofits_task t ON t.programme_id = p.programme_id AND t.area_id >= p.low AND t.area_id < p.high
JOIN retrofits_acceptance a ON a.task_id = t.id WHERE a.result = 'passed' GROUP BY 1, 2, 4
"""  # noqa: S608

_MONEY = f"""
INSERT INTO reports_boardtotal (programme_id, area_id, kind, day, number, fen)
SELECT p.programme_id, p.area_id, CASE WHEN l.state = 'paid' THEN 'arrived' ELSE 'waiting' END, NULL, count(*),
    sum(l.amount_fen)
FROM {_INSIDE}
JOIN subsidies_payoutline l ON l.area_id >= p.low AND l.area_id < p.high AND l.state IN ('planned', 'sent', 'paid')
JOIN subsidies_payoutbatch b ON b.id = l.batch_id AND b.programme_id = p.programme_id
GROUP BY 1, 2, 3
"""  # noqa: S608

_STEPS = f"""
INSERT INTO reports_boardtotal (programme_id, area_id, kind, day, number, fen)
SELECT p.programme_id, p.area_id, 'to_open', NULL::date, count(*), 0
FROM {_INSIDE}
JOIN households_dwelling d ON d.area_id >= p.low AND d.area_id < p.high
JOIN households_rosterrow r ON r.dwelling_id = d.id AND r.exclusion = ''
JOIN households_roster o ON o.id = r.roster_id AND o.programme_id = p.programme_id AND o.state = 'approved'
WHERE NOT EXISTS (SELECT FROM retrofits_task t WHERE t.roster_row_id = r.id) AND NOT EXISTS (
    SELECT FROM retrofits_task t
    WHERE t.dwelling_id = d.id AND t.programme_id = p.programme_id AND t.state <> 'withdrawn')
GROUP BY 1, 2
UNION ALL
SELECT p.programme_id, p.area_id, 'unjudged', NULL, count(*), 0
FROM {_INSIDE}
JOIN retrofits_task t ON t.programme_id = p.programme_id AND t.area_id >= p.low AND t.area_id < p.high
JOIN retrofits_acceptance a ON a.task_id = t.id AND a.result = 'passed'
WHERE t.state <> 'withdrawn' AND NOT EXISTS (
    SELECT FROM subsidies_entitlement e WHERE e.task_id = t.id AND e.state <> 'void')
GROUP BY 1, 2
"""  # noqa: S608

_DROP_TOWNS = f"""
DELETE FROM reports_towntotal b USING {_INSIDE} WHERE b.programme_id = p.programme_id AND b.area_id = p.area_id
"""  # noqa: S608

_TOWNS = f"""
INSERT INTO reports_towntotal (programme_id, area_id, technology, family, stage, excluded, year, contracted, claim,
    dwellings, due_fen, paid_fen, with_missing, with_failed)
SELECT p.programme_id, p.area_id, technology, family, stage, excluded, year, contracted, claim, sum(dwellings),
    sum(due_fen), sum(paid_fen), sum(with_missing), sum(with_failed)
FROM {_INSIDE}
JOIN reports_summarytotal t ON t.programme_id = p.programme_id AND t.area_id >= p.low AND t.area_id < p.high
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""  # noqa: S608

PAID_PLACES = """
SELECT DISTINCT b.programme_id, l.area_id FROM subsidies_payoutline l
JOIN subsidies_payoutbatch b ON b.id = l.batch_id JOIN subsidies_entitlement n ON n.id = l.entitlement_id
WHERE n.dwelling_id = ANY(%(ids)s)
"""

_HEATERS = """
WITH fresh AS (
    SELECT * FROM unnest(%(areas)s::varchar[], %(kinds)s::varchar[], %(numbers)s::int[]) AS f (area_id, kind, number)
), gone AS (
    DELETE FROM reports_boardtotal b WHERE b.kind = ANY(%(all)s) AND NOT EXISTS (
        SELECT 1 FROM fresh f WHERE f.area_id = b.area_id AND f.kind = b.kind)
)
INSERT INTO reports_boardtotal AS old (programme_id, area_id, kind, day, number, fen)
SELECT NULL, area_id, kind, NULL, number, 0 FROM fresh
ON CONFLICT ON CONSTRAINT board_total_once DO UPDATE SET number = excluded.number WHERE old.number <> excluded.number
"""
HEATER_KINDS = [Kind.HEATERS, Kind.ONLINE, Kind.NEVER, Kind.FAULTS]


def sum_up(places: Places) -> None:
    """Works of the towns, payments and waiting steps of the villages of these (programme, place) pairs, anew."""
    villages = sorted(set(places))
    _renew(_towns_of(villages), [Kind.FINISHED, Kind.ACCEPTED], _DROP, _WORKS)
    _renew(villages, [Kind.WAITING, Kind.ARRIVED], _DROP, _MONEY)
    _renew(villages, [Kind.TO_OPEN, Kind.TO_ASSESS], _DROP, _STEPS)


def sum_towns(places: Places) -> None:
    """`TownTotal` of the towns in which these (programme, place) pairs lie, from the sums of their villages."""
    _renew(_towns_of(places), [], _DROP_TOWNS, _TOWNS)


def _towns_of(places: Places) -> list[tuple[int, str]]:
    return sorted({(programme, code[:TOWN_LENGTH]) for programme, code in places})


def _renew(places: list[tuple[int, str]], kinds: list[Any], drop: str, write: str) -> None:
    ranges = [code_range(code) for _programme, code in places]
    values = {
        "programmes": [programme for programme, _code in places], "places": [code for _programme, code in places],
        "lows": [low for low, _high in ranges], "highs": [high for _low, high in ranges],
        "kinds": [str(kind) for kind in kinds],
    }  # fmt: skip
    if places:
        with connection.cursor() as cursor:
            cursor.execute(drop, values)
            cursor.execute(write, values)


def paid_places(ids: list[int]) -> set[tuple[int, str]]:
    """(programme, village) of the payments of these dwellings; a home that moved was paid somewhere else."""
    with connection.cursor() as cursor:
        cursor.execute(PAID_PLACES, {"ids": ids})
        return set(cursor.fetchall())


def count_heaters(*, now: dt.datetime, touched: bool) -> bool:
    """Heaters by village and state, if something was `touched` or the last count is `HEATERS_S` old."""
    mark, _made = RefreshMark.objects.get_or_create(name=MARK)
    if not touched and mark.refreshed_at and abs((now - mark.refreshed_at).total_seconds()) < HEATERS_S:
        return False
    rows = [(row["area_id"], str(kind), row[kind]) for row in _by_village(now) for kind in HEATER_KINDS if row[kind]]
    areas, kinds, numbers = ([row[at] for row in rows] for at in range(3))
    with connection.cursor() as cursor:
        everything = [str(kind) for kind in HEATER_KINDS]
        cursor.execute(_HEATERS, {"areas": areas, "kinds": kinds, "numbers": numbers, "all": everything})
    mark.refreshed_at = now
    mark.save()
    return True


def _by_village(now: dt.datetime) -> Any:
    online = fresh(now, poll_periods())
    rows = Heater.objects.filter(removed_on__isnull=True).order_by().values("area_id")
    return rows.annotate(
        heaters=Count("pk"), online=Count("pk", filter=online), never=Count("pk", filter=Q(latest__at__isnull=True)),
        faults=Count("pk", filter=online & Q(latest__fault__gt=0)),
    )  # fmt: skip
