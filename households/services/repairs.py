"""Repair the rows of an import, one cell or one group at a time. The file's own text is never lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from households.importing.checked import CONFIRMABLE, problems_of
from households.models import ImportRow, RepairStep, RosterImport
from households.queries import Repair
from households.roster.columns import FIELDS
from households.services.imports import lock_for_review
from households.services.rechecking import LEFT_OUT, recheck, touch
from households.services.repair_steps import recorded

State = ImportRow.State
Kind = RepairStep.Kind
_CELL_MAX = 500


@transaction.atomic
def correct_row(*, row: ImportRow, version: int, changes: dict[str, str], by: User) -> ImportRow:
    """Replace cells of one row by what a person typed, and check it and its relatives again.

    Raises Refused: ROW_CHANGED (conflict) when somebody saved first, NOT_IN_REVIEW, ROW_CLOSED, UNKNOWN_COLUMN.
    """
    roster_import = lock_for_review(row.roster_import_id)
    locked = _locked_row(row, version)
    with recorded(roster_import, [locked], Kind.CORRECT, by):
        _correct(locked, changes, by)
    recheck(roster_import, [locked])
    return _fresh(locked)


@transaction.atomic
def confirm_row(*, row: ImportRow, version: int, code: str, by: User) -> ImportRow:
    """Set one warning aside after looking. Raises Refused: NOT_CONFIRMABLE, and as `correct_row`."""
    roster_import = lock_for_review(row.roster_import_id)
    locked = _locked_row(row, version)
    if code not in CONFIRMABLE or code not in locked.issue_codes:
        raise Refused("NOT_CONFIRMABLE", _("This can't be confirmed; the cell has to be corrected."))
    with recorded(roster_import, [locked], Kind.CONFIRM, by):
        touch(locked, by, confirmed=sorted({*locked.confirmed, code}))
    recheck(roster_import, [locked])
    return _fresh(locked)


@transaction.atomic
def leave_out_row(*, row: ImportRow, version: int, by: User) -> ImportRow:
    """The row is not taken; its relatives are checked without it."""
    roster_import = lock_for_review(row.roster_import_id)
    locked = _locked_row(row, version)
    with recorded(roster_import, [locked], Kind.LEAVE_OUT, by):
        touch(locked, by, kind=LEFT_OUT, state=State.SKIPPED)
    recheck(roster_import, [locked])
    return _fresh(locked)


@transaction.atomic
def undo_row(*, row: ImportRow, version: int, by: User) -> ImportRow:
    """Back to what the file says: corrections, confirmations and leaving-out are taken back."""
    roster_import = lock_for_review(row.roster_import_id)
    locked = _locked_row(row, version, closed=(State.APPLIED,))
    if locked.kind not in ("data", LEFT_OUT):
        raise Refused("ROW_CLOSED", _("Row %(row)s can't be changed any more."), conflict=True, row=locked.row_no)
    with recorded(roster_import, [locked], Kind.TO_FILE, by):
        touch(locked, None, corrections={}, confirmed=[], kind="data")
    recheck(roster_import, [locked])
    return _fresh(locked)


@transaction.atomic
def repair_group(*, roster_import: RosterImport, repair: Repair, by: User) -> int:
    """Apply one proposal to all rows it was shown for; rows somebody changed meanwhile stay as they are."""
    locked_import = lock_for_review(roster_import.pk)
    versions = {item.row_id: item for item in repair.items}
    rows = list(locked_import.rows.select_for_update().filter(pk__in=versions, state=State.FAULTY))
    rows = [row for row in rows if row.version == versions[row.pk].version]
    with recorded(locked_import, rows, Kind.GROUP, by):
        for row in rows:
            if repair.proposal_kind == "confirm":
                touch(row, by, confirmed=sorted({*row.confirmed, repair.code}))
            else:
                _correct(row, {repair.column: versions[row.pk].proposal}, by)
    recheck(locked_import, rows)
    return len(rows)


@transaction.atomic
def correct_rows(*, roster_import: RosterImport, changes: Mapping[int, dict[str, str]], by: User) -> int:
    """Replace cells of many faulty rows at once: row id -> field -> text. Rows mended meanwhile stay as they are."""
    locked_import = lock_for_review(roster_import.pk)
    rows = list(locked_import.rows.select_for_update().filter(pk__in=changes, state=State.FAULTY))
    with recorded(locked_import, rows, Kind.FILE, by):
        for row in rows:
            _correct(row, changes[row.pk], by)
    recheck(locked_import, rows)
    return len(rows)


def _locked_row(row: ImportRow, version: int, closed: Iterable[str] = (State.APPLIED, State.SKIPPED)) -> ImportRow:
    locked = ImportRow.objects.select_for_update().get(pk=row.pk)
    if locked.version != version:
        raise Refused(
            "ROW_CHANGED",
            _("Row %(row)s was changed meanwhile by somebody else. Look at both values and save again."),
            conflict=True,
            row=locked.row_no,
        )
    if locked.state in closed:
        raise Refused("ROW_CLOSED", _("Row %(row)s can't be changed any more."), conflict=True, row=locked.row_no)
    return locked


def _correct(row: ImportRow, changes: dict[str, str], by: User) -> None:
    unknown = set(changes) - set(FIELDS)
    if unknown or not changes:
        raise Refused("UNKNOWN_COLUMN", _("There is no such column."))
    if any(len(text) > _CELL_MAX for text in changes.values()):
        raise Refused("CELL_TOO_LONG", _("At most %(limit)s characters fit into a cell."), limit=_CELL_MAX)
    touch(row, by, corrections={**row.corrections, **{name: text.strip() for name, text in changes.items()}})


def _fresh(row: ImportRow) -> ImportRow:
    return ImportRow.objects.select_related("village", "edited_by").get(pk=row.pk)


def blocking_problems(row: ImportRow) -> list[Any]:
    """The problems a row waits for."""
    return [problem for problem in problems_of(row) if problem.blocks(row.confirmed)]
