"""The background half of an import: read the file, keep every row, say where each went."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from itertools import islice
from typing import Any

from accounts.models import Area
from core import clock
from households.importing.checked import fill, stored_raw
from households.importing.marking import is_marked
from households.importing.reading import (
    ReadRoster,
    RosterRefused,
    assigned_columns,
    header_rows,
    opened_copy,
    read_roster,
)
from households.models import ImportRow, RosterImport
from households.services.belt import belt
from households.services.bulk import TOGETHER, reserve_ids, send_rows, stamped, uncollected
from households.services.corrections import take_back
from programmes.models import Programme

State = RosterImport.State
Commit = Callable[[], AbstractContextManager[Any]]


def parse_import(import_id: int, *, commit: Commit = nullcontext) -> RosterImport:
    """Read and store; `commit` opens the transaction (a job passes its lease-guarded one). Safe to run again."""
    found = RosterImport.objects.select_related("file", "programme", "area").get(pk=import_id)
    if found.state != State.PARSING:
        return found
    try:
        with opened_copy(found.file.stored_name) as path:
            if is_marked(path):
                return take_back(found, path, commit=commit)
            assigned = assigned_columns(found)
            picked = header_rows(found)
            with uncollected():
                roster = read_roster(
                    path, found.programme, found.area, on=clock.today(), assigned=assigned, header_rows=picked
                )
    except RosterRefused as refusal:
        with commit():
            RosterImport.objects.filter(pk=import_id, state=State.PARSING).update(
                state=State.REFUSED, refusal=refusal.reasons
            )
        return RosterImport.objects.get(pk=import_id)
    with commit(), uncollected():
        _store(import_id, roster)
    return RosterImport.objects.get(pk=import_id)


def _store(import_id: int, roster: ReadRoster) -> None:
    locked = RosterImport.objects.select_for_update().get(pk=import_id)
    if locked.state != State.PARSING:
        return
    locked.mapping = {**locked.mapping, "sheets": [_sheet(sheet, roster) for sheet in roster.sheets]}
    locked.samples = {sheet.name: {str(c): texts for c, texts in sheet.samples.items()} for sheet in roster.sheets}
    locked.counts = {"rows": roster.row_count}
    if roster.doubts:
        locked.state = State.MAPPING
    else:
        keys = reserve_ids(ImportRow, len(roster.rows) + sum(len(sheet.skipped) for sheet in roster.sheets))
        locked.counts["faulty_at_first"] = _insert(_rows(import_id, roster), iter(keys))
        locked.state = State.REVIEW
    locked.save(update_fields=["mapping", "samples", "counts", "state"])


def _insert(rows: Iterator[ImportRow], keys: Iterator[int]) -> int:
    """Insert some at a time, while the next ones are made; returns how many are faulty."""
    faulty = 0
    with belt() as running:
        while piece := list(islice(rows, TOGETHER)):
            for row, key in zip(piece, keys, strict=False):
                row.pk = key
            send_rows(running, ImportRow, piece)
            faulty += sum(row.state == ImportRow.State.FAULTY for row in piece)
    return faulty


def _rows(import_id: int, roster: ReadRoster) -> Iterator[ImportRow]:
    blank = stamped(ImportRow, roster_import_id=import_id, kind="data")
    letters: dict[tuple[Any, ...], str] = {}
    for raw, checked in zip(roster.raws, roster.rows, strict=True):
        row = blank()
        row.sheet, row.row_no, row.table_no, row.raw = raw.sheet, raw.row_no, raw.table, stored_raw(raw, letters)
        yield fill(row, checked)
    for sheet in roster.sheets:
        for skipped in sheet.skipped:
            yield ImportRow(
                roster_import_id=import_id, sheet=skipped.sheet, row_no=skipped.row_no, kind=skipped.kind,
                table_no=skipped.table, state=ImportRow.State.SKIPPED, raw={"text": skipped.text},
            )  # fmt: skip


def _sheet(sheet: Any, roster: ReadRoster) -> dict[str, Any]:
    """How one sheet was understood: columns by number, header row, findings such as a wrong subtotal."""
    findings = [asdict(finding) for finding in roster.findings if finding.sheet == sheet.name]
    return {
        "name": sheet.name,
        "header_row": sheet.header_row,
        "columns": {str(column): name for column, name in sheet.columns.items()},
        "titles": {str(column): title for column, title in sheet.titles.items()},
        "doubts": [asdict(doubt) for doubt in roster.doubts if doubt.sheet == sheet.name],
        "findings": findings,
    }


def dry_run(path: Any, programme: Programme, area: Area, *, header_rows: Mapping[str, int] | None = None) -> ReadRoster:
    """The same reading and checking without keeping anything; what is doubtful is told, not asked."""
    return read_roster(path, programme, area, on=clock.today(), strict=False, header_rows=header_rows)
