"""From a stored workbook to checked rows: the same road for the browser, the command and a single form."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from accounts.models import Area
from core.files import open_file
from core.workbooks.guard import Limits
from core.workbooks.read import Workbook, read_workbook
from core.workbooks.refusals import WorkbookRefused
from households.importing.checked import CheckedRow, Problem
from households.importing.context import roster_context, synonyms_for
from households.importing.register import check_against_register
from households.models import RosterImport
from households.roster.checks import review
from households.roster.doubts import Doubt, doubts_of
from households.roster.mapping import Assigned, map_workbook
from households.roster.parse import macros_finding, missing_columns
from households.roster.rows import Finding, ParsedSheet, RawRow
from programmes.models import Programme

MAX_ROWS = 120_000
#: A workbook with macros is read for its values; the macros are never run.
_LIMITS = Limits(allow_macros=True)
_REFUSING = ("F_NO_HEADER", "F_NO_ROWS", "F_REQUIRED_COLUMN")


@dataclass(frozen=True, slots=True)
class ReadRoster:
    """A whole file: mapped sheets, findings, household rows checked; `row_count` counts every row of the file.

    `doubts` are columns a person has to confirm first; `refusals` why the file can't be taken as it is.
    """

    sheets: Sequence[ParsedSheet]
    findings: Sequence[Finding]
    raws: Sequence[RawRow]
    rows: Sequence[CheckedRow]
    row_count: int
    doubts: Sequence[Doubt] = ()
    refusals: Sequence[dict[str, Any]] = ()


class RosterRefused(Exception):
    """The file can't be taken; `reasons` are all of them, as {code, params, sheet}."""

    def __init__(self, reasons: list[dict[str, Any]]) -> None:
        super().__init__([reason["code"] for reason in reasons])
        self.reasons = reasons


def check_rows(raws: Iterable[RawRow], programme: Programme, area: Area, *, on: date) -> list[CheckedRow]:
    """Every check there is, over rows in the order of the file."""
    parsed = review(raws, roster_context(programme, area, on=on), synonyms=synonyms_for(programme, area))
    rows = [CheckedRow(row, [Problem.of(issue) for issue in row.issues]) for row in parsed]
    check_against_register(rows, area)
    return rows


def read_roster(
    path: Path,
    programme: Programme,
    area: Area,
    *,
    on: date,
    assigned: Assigned | None = None,
    strict: bool = True,
    header_rows: Mapping[str, int] | None = None,
) -> ReadRoster:
    """Open, map and check a file; raises RosterRefused with every reason.

    `assigned` is what a person said about columns, `header_rows` which row of a sheet holds the headings. A file with
    doubtful columns is returned unchecked, for its `doubts` to be confirmed. Without `strict` only a file that can't
    be read at all is refused: the rest is told.
    """
    context, synonyms = roster_context(programme, area, on=on), synonyms_for(programme, area)
    book = _opened(path)
    if header_rows:
        _refuse_header_rows(book, header_rows)
    sheets = map_workbook(book, synonyms=synonyms, assigned=assigned, header_rows=header_rows)
    macros = book.macros
    del book  # its texts live on in the rows; what is no household's goes
    missing = {sheet.name: missing_columns(sheet, context) for sheet in sheets}
    findings = [finding for sheet in sheets for finding in (*sheet.findings, *missing[sheet.name])]
    if macros:
        findings.insert(0, macros_finding(sheets))
    count = sum(len(sheet.rows) + len(sheet.skipped) for sheet in sheets)
    doubts = [
        doubt
        for sheet in sheets
        if sheet.rows
        for doubt in doubts_of(sheet, [str(f.params["field"]) for f in missing[sheet.name]], synonyms, on=on)
        if doubt.column not in (assigned or {}).get(sheet.name, {})
    ]
    refusals = _refusals(sheets, findings, count)
    if refusals and (strict or not any(sheet.rows for sheet in sheets) or count > MAX_ROWS) and not doubts:
        raise RosterRefused(refusals)
    raws = [raw for sheet in sheets for raw in sheet.rows]
    rows = [] if strict and doubts else check_rows(raws, programme, area, on=on)
    return ReadRoster(sheets, findings, raws, rows, count, doubts, refusals)


def _refuse_header_rows(book: Workbook, header_rows: Mapping[str, int]) -> None:
    """A picked row that is not there, or holds nothing, is told; it is never replaced by a guess."""
    filled = {sheet.name: {row.row_no for row in sheet.rows if any(row.texts)} for sheet in book.sheets}
    wrong = [(name, row_no) for name, row_no in header_rows.items() if row_no not in filled.get(name, ())]
    if wrong:
        sheets = "、".join(filled)
        raise RosterRefused(
            [
                {"code": "HEADER_ROW_UNKNOWN", "params": {"name": name, "row": row_no, "sheets": sheets}, "sheet": ""}
                for name, row_no in wrong
            ]
        )


def header_rows(roster_import: RosterImport) -> dict[str, int]:
    """Sheet -> the row people picked as its header."""
    return dict(roster_import.mapping.get("header_rows", {}))


def assigned_columns(roster_import: RosterImport) -> dict[str, dict[int, str]]:
    """Sheet -> column -> field, as people assigned them for this file."""
    stored = roster_import.mapping.get("assigned", {})
    return {sheet: {int(column): name for column, name in columns.items()} for sheet, columns in stored.items()}


def _opened(path: Path) -> Workbook:
    try:
        return read_workbook(path, limits=_LIMITS)
    except WorkbookRefused as refusal:
        raise RosterRefused([{"code": refusal.code, "params": dict(refusal.values), "sheet": ""}]) from refusal


def _refusals(sheets: Sequence[ParsedSheet], findings: Sequence[Finding], count: int) -> list[dict[str, Any]]:
    """A file without a usable list is refused with all reasons; a sheet of explanations beside a list is not."""
    usable = any(sheet.rows for sheet in sheets)
    codes = {"F_REQUIRED_COLUMN"} if usable else set(_REFUSING)
    reasons = [_reason(finding) for finding in findings if finding.code in codes]
    if not usable and not reasons:
        reasons.append({"code": "F_NO_ROWS", "params": {}, "sheet": sheets[0].name if sheets else ""})
    if count > MAX_ROWS:
        reasons.append({"code": "TOO_MANY_ROWS", "params": {"rows": count, "limit": MAX_ROWS}, "sheet": ""})
    return reasons


def _reason(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "params": dict(finding.params), "sheet": finding.sheet}


@contextmanager
def opened_copy(stored_name: str) -> Iterator[Path]:
    """The plain content of a stored file in a private folder, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="roster-") as folder:
        path = Path(folder) / "roster"
        with open_file(stored_name) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield path
