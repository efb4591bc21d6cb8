"""A marked file comes back corrected: only what is faulty in its import is touched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from core.refusals import Refused
from core.workbooks.guard import Limits
from core.workbooks.read import Workbook, read_workbook
from core.workbooks.refusals import WorkbookRefused
from households.importing.marking import ColumnsMoved, ReturnedRow, changes_in, returned_rows
from households.models import ImportRow, RosterImport
from households.services.repairs import correct_rows

State = RosterImport.State
Reasons = list[dict[str, Any]]


def take_back(made: RosterImport, path: Path, *, commit: Callable[[], AbstractContextManager[Any]]) -> RosterImport:
    """Carry the corrections of a marked file into the import it was made from; `made` is void afterwards."""
    try:
        book = read_workbook(path, limits=Limits(allow_macros=True))
        rows = list(returned_rows(book))
        original = _original(made, rows, book)
        with commit():
            counts = _correct(made, original, rows)
            _end(made, State.VOID, corrects=original, counts=counts)
    except WorkbookRefused as refusal:
        _refuse(made, refusal.code, dict(refusal.values), commit)
    except ColumnsMoved:
        _refuse(made, "COLUMNS_MOVED", {}, commit)
    except Refused as refusal:
        _refuse(made, refusal.code, {}, commit)
    return RosterImport.objects.get(pk=made.pk)


def _original(made: RosterImport, rows: list[ReturnedRow], book: Workbook) -> RosterImport:
    """The import the marks name, if the person who sent the file may see it."""
    named = {row.import_id for row in rows}
    seen = RosterImport.objects.visible_to(made.uploaded_by)
    found = seen.filter(pk__in=named, programme=made.programme_id).first() if len(named) == 1 else None
    if found is None:
        raise Refused("MARKS_UNKNOWN", "")
    return found  # type: ignore[no-any-return]


def _correct(made: RosterImport, original: RosterImport, rows: list[ReturnedRow]) -> dict[str, Any]:
    """Cells of rows that are not faulty (any more) are counted and left alone."""
    by_place: dict[tuple[str, int], list[ImportRow]] = {}
    for row in original.rows.filter(kind="data").exclude(state=ImportRow.State.MERGED):
        by_place.setdefault((row.sheet, row.row_no), []).append(row)
    changes: dict[int, dict[str, str]] = {}
    ignored = 0
    for returned in rows:
        for row in by_place.get((returned.sheet, returned.row_no), ()):
            found = changes_in(row, returned)
            if found and row.state == ImportRow.State.FAULTY:
                changes[row.pk] = found
            else:
                ignored += len(found)
    done = correct_rows(roster_import=original, changes=changes, by=made.uploaded_by) if changes else 0
    return {"rows": len(rows), "corrected_rows": done, "cells": sum(map(len, changes.values())), "ignored": ignored}


def _refuse(
    made: RosterImport, code: str, params: dict[str, Any], commit: Callable[[], AbstractContextManager[Any]]
) -> None:
    with commit():
        _end(made, State.REFUSED, refusal=[{"code": code, "params": params, "sheet": ""}])


def _end(made: RosterImport, state: str, **fields: Any) -> None:
    locked = RosterImport.objects.select_for_update().get(pk=made.pk)
    if locked.state != State.PARSING:
        return
    for name, value in {"state": state, **fields}.items():
        setattr(locked, name, value)
    locked.save(update_fields=["state", *fields])
