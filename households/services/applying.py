"""Store the ready rows of an import: piece by piece, each piece one transaction, each row exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.acting import acting
from accounts.models import User
from core import clock
from households.importing.checked import CheckedRow, fill, raw_row
from households.importing.reading import check_rows
from households.importing.register import Register, check_against_register
from households.models import ImportRow, RosterImport, ValueConflict
from households.services.belt import belt
from households.services.bulk import insert_rows, send_changes, uncollected
from households.services.imports import close_when_done, lock_import
from households.services.opened_rows import Ahead, OpenedRow
from households.services.storing import RegisterWriter, Stored

State = ImportRow.State
Step = Callable[[int, int], None]
Commit = Callable[[], AbstractContextManager[Any]]
PIECE = 5_000
_REGISTER_LOCK = 0x686F757365  # "house": whoever adds to the register does so alone


def lock_register() -> None:
    """Held until the transaction ends, so that two imports can't both find a person unknown."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_REGISTER_LOCK])


def apply_ready_rows(
    import_id: int,
    *,
    by: User,
    step: Step = lambda _done, _total: None,
    commit: Commit = nullcontext,
    piece: int = PIECE,
) -> Counter[str]:
    """Store every ready row; returns rows by outcome.

    `commit` opens the transaction of each piece (a job passes its lease-guarded one; without it the caller's counts).
    Killed between two pieces, the next run goes on with what is still ready. Rows are compared with the register once
    more under its lock; one that has become faulty meanwhile stays for a person.
    """
    outcomes: Counter[str] = Counter()
    pieces = list(_pieces(import_id, piece))
    total = sum(map(len, pieces))
    ahead = Ahead()
    for keys, following in zip_longest(pieces, pieces[1:], fillvalue=()):
        step(sum(outcomes.values()), total)
        with commit(), acting(by, reason=f"roster import {import_id}"), uncollected():
            outcomes += apply_piece(import_id, keys, by, ahead, following)
    step(sum(outcomes.values()), total)
    return outcomes


def finish_apply(import_id: int, *, by: User) -> None:
    """Close the import once nothing ready or faulty is left. Inside the transaction that ends the job."""
    with acting(by, reason=f"roster import {import_id}"):
        close_when_done(lock_import(import_id))


def apply_piece(
    import_id: int, keys: Sequence[int], by: User, ahead: Ahead, following: Sequence[int] = ()
) -> Counter[str]:
    """Store those of these rows that are still ready, inside the caller's transaction; open the `following` ahead."""
    locked = lock_import(import_id)
    if locked.state != RosterImport.State.REVIEW:
        return Counter()
    lock_register()
    rows = [
        one for one in ahead.current(keys) if one.row.state == State.READY and one.row.roster_import_id == import_id
    ]
    ready, register = _still_ready(locked, rows)
    writer = RegisterWriter(locked.programme, [result for _row, result in ready], by, locked, register)
    writer.write_known([row.confirmed for row, _result in ready])
    with belt() as running:
        ahead.ask(running, following)
        stored = writer.write_new(running)
        send_changes(running, ImportRow, _applied(ready, stored), _APPLIED)
        ahead.open()  # while the database still writes
    insert_rows(ValueConflict, _conflicts(ready, stored))
    return Counter(str(row.outcome) for row, _result in ready)


def _pieces(import_id: int, size: int) -> Iterator[list[int]]:
    """Ready rows in the order of the file, cut so that rows about one person or one door stay together."""
    rows = ImportRow.objects.filter(roster_import_id=import_id, state=State.READY).order_by("pk")
    together = _together(rows)
    groups: dict[int, list[int]] = {}
    for key in rows.values_list("pk", flat=True).iterator(chunk_size=10_000):
        groups.setdefault(together.get(key, key), []).append(key)
    piece: list[int] = []
    for members in groups.values():
        piece += members
        if len(piece) >= size:
            yield piece
            piece = []
    if piece:
        yield piece


#: Two ready rows name one person or one door only where somebody agreed to it.
_AGREED = ["W_SECOND_DWELLING", "W_SAME_DOOR"]


def _together(rows: QuerySet[ImportRow]) -> dict[int, int]:
    """Row -> the first row of its group, for rows that somebody said may share a person or a door."""
    agreed = rows.filter(confirmed__overlap=_AGREED).values_list("keys_index", flat=True)
    shared = sorted({key for keys in agreed for key in keys})
    found: dict[int, int] = {}
    leader: dict[str, int] = {}
    for row, keys in rows.filter(keys_index__overlap=shared).values_list("pk", "keys_index") if shared else ():
        found[row] = own = next((leader[one] for one in keys if one in leader), row)
        leader |= dict.fromkeys(keys, own)
    return found


def _still_ready(
    roster_import: RosterImport, rows: Sequence[OpenedRow]
) -> tuple[list[tuple[ImportRow, CheckedRow]], Register]:
    """Rows the register agrees to now, as understood when they were last checked; and what the register holds."""
    routes = set(roster_import.programme.technologies.values_list("code", flat=True))
    register = check_against_register([one.checked for one in rows], roster_import.area)
    ready: list[tuple[ImportRow, CheckedRow]] = []
    for one in rows:
        if one.checked.state(one.row.confirmed) == State.READY and one.row.technology in routes:
            ready.append((one.row, one.checked))
        else:
            _check_anew(roster_import, ImportRow.objects.get(pk=one.row.pk))
    return ready, register


def _check_anew(roster_import: RosterImport, row: ImportRow) -> None:
    """From the file's text again, so that the page can say which cell it is about."""
    result = check_rows([raw_row(row)], roster_import.programme, roster_import.area, on=clock.today())[0]
    fill(row, result).save(
        update_fields=["values", "issues", "issue_codes", "keys_index", "village", "technology", "state"]
    )


_APPLIED = ("state", "outcome", "dwelling", "applied_at", "written", "before", "version")


def _applied(ready: Sequence[tuple[ImportRow, CheckedRow]], stored: Sequence[Stored]) -> list[ImportRow]:
    """The rows with what became of them."""
    now = clock.now()
    for (row, _result), place in zip(ready, stored, strict=True):
        row.state, row.outcome, row.dwelling_id, row.applied_at = State.APPLIED, place.outcome, place.dwelling.pk, now
        row.written, row.before = sorted(place.before), _replaced(place)
        row.version += 1
    return [row for row, _result in ready]


def _replaced(place: Stored) -> dict[str, Any] | None:
    """Only what was something before: a new household has nothing to be brought back."""
    found = {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in place.before.items()
        if value not in (None, "", [])
    }
    return found or None


def _conflicts(ready: Sequence[tuple[ImportRow, CheckedRow]], stored: Sequence[Stored]) -> list[ValueConflict]:
    """What rows state otherwise than a person typed."""
    return [
        ValueConflict(
            roster_import_id=row.roster_import_id, row_id=row.pk, dwelling=place.dwelling,
            area_id=place.dwelling.area_id, field=name, given=str(result.values[name]),
        )
        for (row, result), place in zip(ready, stored, strict=True)
        for name in sorted(result.hand_kept)
    ]  # fmt: skip


def summary(outcomes: Counter[str]) -> dict[str, Any]:
    """Rows by outcome with every outcome named."""
    return {outcome.value: outcomes[outcome.value] for outcome in ImportRow.Outcome}
