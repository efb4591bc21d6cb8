"""Check changed rows of an import again, with every row a problem of theirs also belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.models import User
from core import clock
from households.importing.checked import fill, raw_row
from households.importing.reading import check_rows
from households.models import ImportRow, RosterImport

State = ImportRow.State
LEFT_OUT = "left_out"
"""Kind of a household row that a person left out."""


def touch(row: ImportRow, by: User | None, **fields: Any) -> None:
    """Write these fields of a row, one version on; `by` is who edited it, None for nobody."""
    fields |= {"version": row.version + 1, "edited_by": by}
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))


def recheck(roster_import: RosterImport, changed: Sequence[ImportRow]) -> None:
    """Check the changed rows and all rows related to them, before and after, in the order of the file."""
    related = _relatives(roster_import, changed)
    _check_and_save(roster_import, related)
    found = _relatives(roster_import, [row for row in related if row.pk in {one.pk for one in changed}])
    if {row.pk for row in found} - {row.pk for row in related}:
        _check_and_save(roster_import, found)


def _check_and_save(roster_import: RosterImport, rows: Sequence[ImportRow]) -> None:
    """Write what is new; a row that already stands in the register is only looked at."""
    taking_part = [row for row in rows if row.state != State.SKIPPED or row.kind == "data"]
    checked = check_rows(
        [raw_row(row) for row in taking_part], roster_import.programme, roster_import.area, on=clock.today()
    )
    for row, result in zip(taking_part, checked, strict=True):
        if row.state != State.APPLIED:
            fill(row, result).save(update_fields=_CHECKED_FIELDS)


_CHECKED_FIELDS = ("values", "issues", "issue_codes", "keys_index", "village", "technology", "state")


def _relatives(roster_import: RosterImport, rows: Sequence[ImportRow]) -> list[ImportRow]:
    """`rows` and everything connected with them by a shared number or door: a problem of two rows belongs to both."""
    known = {row.pk: row for row in rows}
    keys = {key for row in rows for key in row.keys_index}
    asked: set[str] = set()
    while wanted := keys - asked:
        asked |= wanted
        sharing = roster_import.rows.select_for_update().filter(keys_index__overlap=sorted(wanted))
        sharing = sharing.exclude(kind=LEFT_OUT)
        # Two questions: the index of keys holds what is not stored yet, that of states finds what is.
        for row in (*sharing.exclude(state=State.APPLIED), *sharing.filter(state=State.APPLIED)):
            known.setdefault(row.pk, row)
            keys |= set(row.keys_index)
    return sorted(known.values(), key=lambda row: row.pk)  # keys were given in the order of the file
