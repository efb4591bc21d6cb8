"""The search behind the duplicate desk: what changed since the last time is compared with everything, in SQL.

Numbers are compared by keyed fingerprint; near names only among people who share a phone, a birthday or a village,
so that the work grows with the register and not with its square. A chunk of dwellings is one transaction: its pairs
are stored and it counts as compared, or neither; so a search that was stopped goes on where it stood.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from core import clock
from households.models import DuplicateKey
from households.services.duplicates.keying import Commit, refresh_heaters, refresh_keys

CHUNK = 5_000
CROWD = 50
"""A key shared by more entries than this is no evidence (a village agent's phone): left out and counted."""
NEAR = 0.6
"""Least trigram similarity of two names in pinyin."""
WEIGHTS = {
    "SAME_ID": 40, "SAME_HEATER": 30, "SAME_METER": 20, "SAME_HOUSE": 20, "SAME_CARD": 15, "NEAR_NAME": 10,
    "NAME_IN_VILLAGE": 2,
}  # fmt: skip
_EQUAL = {  # reason -> column, and whether the person's own row alone counts
    "SAME_ID": ("person_index", True),
    "SAME_CARD": ("card_index", True),
    "SAME_METER": ("meter_index", False),
    "SAME_HEATER": ("heater_index", False),
    "SAME_HOUSE": ("house_index", False),
}


@dataclass
class Search:
    """What a search did: keys made anew, dwellings compared, pairs seen, new, gone, and keys too crowded to count."""

    keyed: int = 0
    compared: int = 0
    pairs: int = 0
    new: int = 0
    gone: int = 0
    crowd: set[tuple[str, str]] = field(default_factory=set)

    @property
    def crowded(self) -> int:
        return len(self.crowd)


def search(
    *, since: dt.datetime | None = None, commit: Commit = transaction.atomic, chunk: int = CHUNK,
    step: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Search:  # fmt: skip
    """Keys, heaters, pairs of what changed; with `since` also of everything not compared since that moment."""
    found = Search()
    found.keyed = refresh_keys(lambda _upto: step(0, None), commit=commit)
    refresh_heaters(commit=commit)
    total = open_keys(since).count()
    while ids := list(open_keys(since).values_list("pk", flat=True)[:chunk]):
        with commit():
            _compare(ids, found)
        step(min(found.compared, total), total)
    return found


def open_keys(since: dt.datetime | None = None) -> Any:
    """Keys that have to be compared: changed ones, and with `since` those that were last compared before it."""
    older = Q(compared_at__lt=since) if since else Q()
    return DuplicateKey.objects.filter(Q(compared_at__isnull=True) | older)


def _compare(ids: list[int], found: Search, now: dt.datetime | None = None) -> None:
    """The pairs of these dwellings with everything, as they are now.

    A pair decided as different people opens again only when it shows a reason it did not have then. An open pair
    that shows none any more is taken off the desk.
    """
    moment = now or clock.now()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE twin_hit (first_id bigint, second_id bigint, reason text) ON COMMIT DROP")
        for reason, statement, more in _statements():
            cursor.execute(statement, {"ids": ids, "reason": reason, "crowd": CROWD, **more})
            found.crowd |= {(reason, key) for key in cursor.fetchone()[0] or ()}
        cursor.execute("ANALYZE twin_hit")
        cursor.execute(_PAIRS, {**_weights(), "now": moment})
        found.new += sum(inserted for (inserted,) in cursor.fetchall())
        cursor.execute(_CLOSE, {"ids": ids})
        found.gone += cursor.rowcount
        cursor.execute("SELECT count(*) FROM (SELECT DISTINCT first_id, second_id FROM twin_hit) found")
        found.pairs += cursor.fetchone()[0]
        cursor.execute("DROP TABLE twin_hit")
    found.compared += DuplicateKey.objects.filter(pk__in=ids).update(compared_at=moment)


def _weights() -> dict[str, int]:
    return {name.lower(): weight for name, weight in WEIGHTS.items()}


def _statements() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(reason, statement, further values) of every comparison."""
    for reason, (column, lead) in _EQUAL.items():
        yield reason, _pairs_by(column, lead), {}
    near = "similarity(m.name, k.pinyin) >= %(near)s"
    for column in ("phone_index", "birth_index"):
        yield "NEAR_NAME", _pairs_by(column, True, near), {"near": NEAR}
    yield "NAME_IN_VILLAGE", _pairs_by("pinyin", True, place=True), {}


def _pairs_by(column: str, lead: bool, more: str = "true", place: bool = False) -> str:
    """Pairs of the chunk's dwellings with other households that share a key; answers the keys too crowded to count.

    A crowd is counted no further than its limit and never joined, so the work is bounded by chunk × limit.
    """
    alone, by = "k.is_lead" if lead else "true", f"place_id, {column}" if place else column
    same = f"k.{column} = m.{column} AND k.{column} <> ''" + (" AND k.place_id = m.place_id" if place else "")
    return f"""
        WITH mine AS MATERIALIZED (
            SELECT dwelling_id, household_id, place_id, pinyin AS name, {column} FROM households_duplicatekey k
            WHERE dwelling_id = ANY(%(ids)s) AND {column} <> '' AND {alone}
        ), sized AS MATERIALIZED (
            SELECT m.*, (SELECT count(*) FROM (SELECT 1 FROM households_duplicatekey k
                WHERE {same} AND {alone} LIMIT %(crowd)s + 1) few) AS n
            FROM (SELECT DISTINCT {by} FROM mine) m
        ), stored AS (
            INSERT INTO twin_hit
            SELECT least(m.dwelling_id, k.dwelling_id), greatest(m.dwelling_id, k.dwelling_id), %(reason)s
            FROM sized s JOIN mine m USING ({by}) JOIN households_duplicatekey k ON {same} AND {alone}
            WHERE s.n BETWEEN 2 AND %(crowd)s AND m.household_id <> k.household_id AND {more}
        )
        SELECT array_agg({column}) FROM sized WHERE n > %(crowd)s
    """  # noqa: S608 - column names of this module


_PAIRS = """
    INSERT INTO households_duplicatepair AS kept
        (first_id, second_id, area_id, other_area_id, reasons, weight, state, found_at, words)
    SELECT h.first_id, h.second_id, a.area_id, b.area_id, h.reasons, h.weight, 'open', %(now)s, ''
    FROM (
        SELECT first_id, second_id, array_agg(reason ORDER BY reason) AS reasons, sum(CASE reason
            WHEN 'SAME_ID' THEN %(same_id)s WHEN 'SAME_HEATER' THEN %(same_heater)s
            WHEN 'SAME_METER' THEN %(same_meter)s WHEN 'SAME_HOUSE' THEN %(same_house)s
            WHEN 'SAME_CARD' THEN %(same_card)s WHEN 'NEAR_NAME' THEN %(near_name)s
            ELSE %(name_in_village)s END) AS weight
        FROM (SELECT DISTINCT first_id, second_id, reason FROM twin_hit) one GROUP BY first_id, second_id
    ) h
    JOIN households_dwelling a ON a.id = h.first_id JOIN households_dwelling b ON b.id = h.second_id
    ON CONFLICT (first_id, second_id) DO UPDATE SET
        reasons = excluded.reasons, weight = excluded.weight, area_id = excluded.area_id,
        other_area_id = excluded.other_area_id,
        state = CASE WHEN kept.state = 'different' AND kept.reasons @> excluded.reasons THEN 'different'
                     ELSE 'open' END
    WHERE kept.reasons <> excluded.reasons OR kept.area_id <> excluded.area_id
        OR kept.other_area_id <> excluded.other_area_id OR kept.state = 'merged'
    RETURNING (xmax = 0)::int
"""
_CLOSE = """
    DELETE FROM households_duplicatepair p WHERE p.state = 'open'
        AND (p.first_id = ANY(%(ids)s) OR p.second_id = ANY(%(ids)s))
        AND NOT EXISTS (SELECT 1 FROM twin_hit h WHERE h.first_id = p.first_id AND h.second_id = p.second_id)
        AND NOT EXISTS (SELECT 1 FROM households_merge m WHERE m.pair_id = p.id)
"""
