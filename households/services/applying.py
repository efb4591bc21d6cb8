"""Store the ready rows of an import: all in one transaction, each exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import connection

from accounts.acting import acting
from accounts.models import User
from core import clock
from households.importing.checked import CheckedRow, fill, raw_row
from households.importing.reading import check_rows
from households.models import ImportRow, RosterImport
from households.services.imports import close_when_done, lock_import
from households.services.storing import RegisterWriter

State = ImportRow.State
_REGISTER_LOCK = 0x686F757365  # "house": whoever adds to the register does so alone


def lock_register() -> None:
    """Held until the transaction ends, so that two imports can't both find a person unknown."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_REGISTER_LOCK])


def apply_ready_rows(
    import_id: int, *, by: User, step: Callable[[int, int], None] = lambda _done, _total: None
) -> Counter[str]:
    """Store every ready row; returns rows by outcome. Call it inside the transaction that ends the job.

    Rows are checked once more under the register's lock; one that has become faulty meanwhile stays for a person.
    """
    locked = lock_import(import_id)
    if locked.state != RosterImport.State.REVIEW:
        return Counter()
    lock_register()
    rows = list(locked.rows.select_for_update().filter(state=State.READY).order_by("pk"))
    with acting(by, reason=f"roster import {import_id}"):
        ready = _still_ready(locked, rows)
        step(0, len(ready))
        outcomes = _store(locked, ready, by)
        close_when_done(locked)
    step(len(ready), len(ready))
    return outcomes


def _still_ready(roster_import: RosterImport, rows: list[ImportRow]) -> list[tuple[ImportRow, CheckedRow]]:
    checked = check_rows([raw_row(row) for row in rows], roster_import.programme, roster_import.area, on=clock.today())
    ready: list[tuple[ImportRow, CheckedRow]] = []
    for row, result in zip(rows, checked, strict=True):
        if result.state(row.confirmed) == State.READY:
            ready.append((row, result))
        else:
            fill(row, result).save(update_fields=["values", "issues", "issue_codes", "keys_index", "state"])
    return ready


def _store(roster_import: RosterImport, ready: list[tuple[ImportRow, CheckedRow]], by: User) -> Counter[str]:
    writer = RegisterWriter(roster_import.programme, [result for _row, result in ready], by, roster_import)
    stored = writer.write([row.confirmed for row, _result in ready])
    for (row, _result), place in zip(ready, stored, strict=True):
        row.state, row.outcome, row.dwelling = State.APPLIED, place.outcome, place.dwelling
        row.version += 1
    rows = [row for row, _result in ready]
    ImportRow.objects.bulk_update(rows, ["state", "outcome", "dwelling", "version"], batch_size=500)
    return Counter(str(row.outcome) for row in rows)


def summary(outcomes: Counter[str]) -> dict[str, Any]:
    """Rows by outcome with every outcome named."""
    return {outcome.value: outcomes[outcome.value] for outcome in ImportRow.Outcome}
