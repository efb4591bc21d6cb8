"""The search behind the duplicate desk: keys of what changed, then pairs by equal keys, all of it in SQL.

Numbers are compared by keyed fingerprint; near names only among people who share a phone, a birthday or a village,
so that the work grows with the register and not with its square.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q

from core import clock
from households.duplicate_keys import Keys, keys_of, serial_key
from households.models import DuplicateKey, Dwelling
from households.serials import serials

CHUNK = 2_000
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
_COLUMNS = [*Keys.__dataclass_fields__, "household", "place", "seen_version"]


@dataclass(frozen=True)
class Search:
    """What a search did: keys made anew, pairs found, new, gone, and keys too crowded to mean anything."""

    keyed: int
    pairs: int
    new: int
    gone: int
    crowded: int


def stale() -> Any:
    """Dwellings whose keys are missing or older than the register."""
    current = Q(
        duplicate_key__seen_version=F("version") + F("household__version"), duplicate_key__household=F("household")
    )
    return Dwelling.objects.filter(folded_into__isnull=True).exclude(current)


def refresh_keys(step: Callable[[int], None] = lambda _done: None, chunk: int = CHUNK) -> int:
    """Make the keys of every dwelling that changed since the last time; each chunk is its own transaction."""
    done, last = 0, 0
    while rows := list(stale().filter(pk__gt=last).select_related("household").order_by("pk")[:chunk]):
        with transaction.atomic():
            DuplicateKey.objects.bulk_create(
                [_key_row(home) for home in rows], update_conflicts=True, unique_fields=["dwelling"],
                update_fields=_COLUMNS,
            )  # fmt: skip
        done, last = done + len(rows), rows[-1].pk
        step(done)
    return done


def _key_row(home: Dwelling) -> DuplicateKey:
    family = home.household
    keys = keys_of(
        id_number=family.id_number, bank_card=family.bank_card, phone=family.phone, head_name=family.head_name,
        village=home.area_id[:12], door_no=home.door_no,
        meter_no="" if home.meter_is_individual is False else home.meter_no,
    )  # fmt: skip
    return DuplicateKey(
        dwelling=home, household=family, place_id=home.area_id, seen_version=home.version + family.version,
        **asdict(keys),
    )  # fmt: skip


def refresh_heaters() -> int:
    """Bring the keys of heaters in line with what hangs where; returns how many changed."""
    now: dict[int, str] = {}
    for dwelling, number in serials():
        now.setdefault(dwelling, serial_key(number))
    kept = dict(DuplicateKey.objects.exclude(heater_index="").values_list("dwelling_id", "heater_index"))
    changed = [key for key in now.keys() | kept.keys() if now.get(key, "") != kept.get(key, "")]
    for part in _parts(sorted(changed)):
        rows = list(DuplicateKey.objects.filter(pk__in=part))
        for row in rows:
            row.heater_index = now.get(row.pk, "")
        DuplicateKey.objects.bulk_update(rows, ["heater_index"])
    return len(changed)


def _parts(keys: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


@transaction.atomic
def find_pairs(now: dt.datetime | None = None) -> tuple[int, int, int, int]:
    """Compare all keys and store the pairs; returns pairs found, new, gone, and crowded keys.

    A pair decided as different people opens again only when it shows a reason it did not have then. An open pair
    that shows none any more is taken off the desk.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEADS)
        cursor.execute(_GONE)
        cursor.execute("CREATE TEMP TABLE twin_hit (first_id bigint, second_id bigint, reason text) ON COMMIT DROP")
        crowded = sum(_collect(cursor, *one) for one in _statements())
        cursor.execute(_PAIRS, {**_weights(), "now": now or clock.now()})
        new = sum(inserted for (inserted,) in cursor.fetchall())
        cursor.execute(_CLOSE)
        gone = cursor.rowcount
        cursor.execute("SELECT count(*) FROM (SELECT DISTINCT first_id, second_id FROM twin_hit) found")
        found = cursor.fetchone()[0]
        cursor.execute("DROP TABLE twin_hit")
    return found, new, gone, crowded


def search(step: Callable[[int], None] = lambda _done: None) -> Search:
    """Keys, heaters, pairs."""
    keyed = refresh_keys(step)
    refresh_heaters()
    return Search(keyed, *find_pairs())


def _weights() -> dict[str, int]:
    return {name.lower(): weight for name, weight in WEIGHTS.items()}


def _statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for reason, (column, lead) in _EQUAL.items():
        yield _pairs_by(column, lead), {"reason": reason, "crowd": CROWD}
    near = "similarity(a.pinyin, b.pinyin) >= %(near)s"
    for column in ("phone_index", "birth_index"):
        yield _pairs_by(column, True, near), {"reason": "NEAR_NAME", "crowd": CROWD, "near": NEAR}
    yield _pairs_by("pinyin", True, "a.place_id = b.place_id", "place_id, pinyin"), {
        "reason": "NAME_IN_VILLAGE", "crowd": CROWD,
    }  # fmt: skip


def _collect(cursor: Any, statement: str, values: dict[str, Any]) -> int:
    cursor.execute(statement, values)
    return int(cursor.fetchone()[0])


def _pairs_by(column: str, lead: bool, more: str = "true", group: str = "") -> str:
    """Pairs of different households that share a key, into `twin_hit`; answers how many keys were too crowded.

    Only keys that stand twice are joined, so the join is as small as its result.
    """
    alone = "is_lead" if lead else "true"
    by = group or column
    return f"""
        WITH shared AS (
            SELECT {by}, count(*) AS n FROM households_duplicatekey
            WHERE {column} <> '' AND {alone} GROUP BY {by} HAVING count(*) > 1
        ), a AS (
            SELECT k.dwelling_id, k.household_id, k.place_id, k.pinyin, k.{column} AS shared_key
            FROM households_duplicatekey k JOIN shared s USING ({by}) WHERE s.n <= %(crowd)s AND {alone}
        ), stored AS (
            INSERT INTO twin_hit
            SELECT a.dwelling_id, b.dwelling_id, %(reason)s FROM a JOIN a b
            ON b.shared_key = a.shared_key AND a.dwelling_id < b.dwelling_id AND a.household_id <> b.household_id
            WHERE {more}
        )
        SELECT count(*) FROM shared WHERE n > %(crowd)s
    """  # noqa: S608 - column names of this module


_LEADS = """
    UPDATE households_duplicatekey k SET is_lead = (k.dwelling_id = f.first) FROM (
        SELECT household_id, min(dwelling_id) AS first FROM households_duplicatekey GROUP BY household_id
    ) f WHERE f.household_id = k.household_id AND k.is_lead <> (k.dwelling_id = f.first)
"""
_GONE = """
    DELETE FROM households_duplicatekey k USING households_dwelling d
    WHERE d.id = k.dwelling_id AND d.folded_into_id IS NOT NULL
"""
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
    DELETE FROM households_duplicatepair p WHERE p.state = 'open' AND NOT EXISTS (
        SELECT 1 FROM twin_hit h WHERE h.first_id = p.first_id AND h.second_id = p.second_id)
        AND NOT EXISTS (SELECT 1 FROM households_merge m WHERE m.pair_id = p.id)
"""
