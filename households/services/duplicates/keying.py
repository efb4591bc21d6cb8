"""Keys of the duplicate search, kept in line with the register: span by span, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Max, Q

from households.duplicate_keys import Keys, keys_of, serial_key
from households.models import DuplicateKey, Dwelling
from households.serials import serials

SPAN = 10_000
"""Primary keys looked at by one statement; what of them is stale is made anew in one transaction."""
COLUMNS = [*Keys.__dataclass_fields__, "household", "place", "seen_version", "compared_at"]
Commit = Callable[[], AbstractContextManager[Any]]


def stale() -> Any:
    """Dwellings whose keys are missing or older than the register."""
    current = Q(
        duplicate_key__seen_version=F("version") + F("household__version"), duplicate_key__household=F("household")
    )
    return Dwelling.objects.filter(folded_into__isnull=True).exclude(current)


def refresh_keys(
    step: Callable[[int], None] = lambda _upto: None, *, commit: Commit = transaction.atomic, span: int = SPAN
) -> int:
    """Make the keys of every dwelling that changed since the last time; returns how many.

    `step` hears up to which primary key the register was looked through. What was made anew has to be compared.
    """
    done = 0
    for first, last in _spans(Dwelling, span):
        rows = list(stale().filter(pk__gt=first, pk__lte=last).select_related("household"))
        if rows:
            with commit():
                _store(rows)
            done += len(rows)
        step(last)
    with commit():
        _drop_folded()
    return done


def _spans(model: Any, span: int) -> Iterator[tuple[int, int]]:
    """(first excluded, last included) over all primary keys."""
    top = model.objects.aggregate(top=Max("pk"))["top"] or 0
    for first in range(0, top, span):
        yield first, min(first + span, top)


def _store(homes: list[Dwelling]) -> None:
    keys = [home.pk for home in homes]
    before = DuplicateKey.objects.filter(pk__in=keys).values_list("household_id", flat=True)
    touched = {*before, *(home.household_id for home in homes)}
    DuplicateKey.objects.bulk_create(
        [_key_row(home) for home in homes], update_conflicts=True, unique_fields=["dwelling"], update_fields=COLUMNS,
        batch_size=2_000,
    )  # fmt: skip
    name_leads(touched)


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


def name_leads(households: Collection[int]) -> None:
    """The first dwelling of each of these households carries the person's keys; a change of lead is compared again."""
    with connection.cursor() as cursor:
        cursor.execute(_LEADS, [list(households)])


def _drop_folded() -> None:
    """A dwelling folded into another has no keys, and no pair of its own waits for a decision."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLDED)
        touched = {household for (household,) in cursor.fetchall()}
        cursor.execute(_PAIRS_OF_FOLDED)
    if touched:
        name_leads(touched)


def refresh_heaters(*, commit: Commit = transaction.atomic, span: int = SPAN) -> int:
    """Bring the keys of heaters in line with what hangs where; returns how many changed.

    What the other rooms tell goes into a table of this connection, so that nothing grows with the register.
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS twin_serial (dwelling_id bigint PRIMARY KEY, key text)")
        cursor.execute("TRUNCATE twin_serial")
        for told in _batches(span):
            ids, keys = [one for one, _key in told], [key for _one, key in told]
            cursor.execute(_TOLD, [ids, keys])
    changed = 0
    for first, last in _spans(DuplicateKey, span):
        with commit(), connection.cursor() as cursor:
            cursor.execute(_HEATERS, [first, last])
            changed += cursor.rowcount
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE twin_serial")
    return changed


def _batches(size: int) -> Iterator[list[tuple[int, str]]]:
    """Serial numbers as keys, so many at a time; the first that is told of a dwelling counts."""
    told = iter(serials())
    while some := list(islice(told, size)):
        kept: dict[int, str] = {}
        for dwelling, number in some:
            kept.setdefault(dwelling, serial_key(number))
        yield list(kept.items())


_LEADS = """
    UPDATE households_duplicatekey k SET is_lead = (k.dwelling_id = f.first), compared_at = NULL FROM (
        SELECT household_id, min(dwelling_id) AS first FROM households_duplicatekey
        WHERE household_id = ANY(%s) GROUP BY household_id
    ) f WHERE f.household_id = k.household_id AND k.is_lead <> (k.dwelling_id = f.first)
"""
_FOLDED = """
    DELETE FROM households_duplicatekey k USING households_dwelling d
    WHERE d.id = k.dwelling_id AND d.folded_into_id IS NOT NULL RETURNING k.household_id
"""
_PAIRS_OF_FOLDED = """
    DELETE FROM households_duplicatepair p WHERE p.state = 'open'
    AND EXISTS (SELECT 1 FROM households_dwelling d
        WHERE d.id IN (p.first_id, p.second_id) AND d.folded_into_id IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM households_merge m WHERE m.pair_id = p.id)
"""
_TOLD = "INSERT INTO twin_serial SELECT * FROM unnest(%s::bigint[], %s::text[]) ON CONFLICT DO NOTHING"
_HEATERS = """
    UPDATE households_duplicatekey k SET heater_index = coalesce(s.key, ''), compared_at = NULL
    FROM households_duplicatekey one LEFT JOIN twin_serial s ON s.dwelling_id = one.dwelling_id
    WHERE k.dwelling_id = one.dwelling_id AND one.dwelling_id > %s AND one.dwelling_id <= %s
    AND one.heater_index <> coalesce(s.key, '')
"""
