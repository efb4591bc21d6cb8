"""From a stored workbook to checked rows: the same road for the browser, the command and a single form."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from accounts.models import Area
from core.files import open_file
from core.workbooks.guard import Limits
from core.workbooks.read import read_workbook
from core.workbooks.refusals import WorkbookRefused
from households.importing.checked import CheckedRow, Problem
from households.importing.context import roster_context, synonyms_for
from households.importing.register import check_against_register
from households.roster.checks import review
from households.roster.mapping import map_workbook
from households.roster.parse import missing_columns
from households.roster.rows import Finding, ParsedSheet, RawRow
from programmes.models import Programme

MAX_ROWS = 120_000
_REFUSING = ("F_NO_HEADER", "F_NO_ROWS", "F_REQUIRED_COLUMN")


@dataclass(frozen=True, slots=True)
class ReadRoster:
    """A whole file: mapped sheets, findings, household rows checked; `row_count` counts every row of the file."""

    sheets: Sequence[ParsedSheet]
    findings: Sequence[Finding]
    raws: Sequence[RawRow]
    rows: Sequence[CheckedRow]
    row_count: int


class RosterRefused(Exception):
    """The file can't be taken; `reasons` are all of them, as {code, params, sheet}."""

    def __init__(self, reasons: list[dict[str, Any]]) -> None:
        super().__init__([reason["code"] for reason in reasons])
        self.reasons = reasons


def check_rows(raws: Iterable[RawRow], programme: Programme, area: Area, *, on: date) -> list[CheckedRow]:
    """Every check there is, over rows in the order of the file."""
    parsed = review(raws, roster_context(programme, area, on=on), synonyms=synonyms_for(programme))
    rows = [CheckedRow(row, [Problem.of(issue) for issue in row.issues]) for row in parsed]
    check_against_register(rows, area)
    return rows


def read_roster(path: Path, programme: Programme, area: Area, *, on: date) -> ReadRoster:
    """Open, map and check a file; raises RosterRefused with every reason."""
    context = roster_context(programme, area, on=on)
    try:
        book = read_workbook(path, limits=Limits())
    except WorkbookRefused as refusal:
        raise RosterRefused([{"code": refusal.code, "params": dict(refusal.values), "sheet": ""}]) from refusal
    sheets = map_workbook(book, synonyms=synonyms_for(programme))
    findings = [finding for sheet in sheets for finding in (*sheet.findings, *missing_columns(sheet, context))]
    count = sum(len(sheet.rows) + len(sheet.skipped) for sheet in sheets)
    _refuse_useless(sheets, findings, count)
    raws = [raw for sheet in sheets for raw in sheet.rows]
    return ReadRoster(sheets, findings, raws, check_rows(raws, programme, area, on=on), count)


def _refuse_useless(sheets: Sequence[ParsedSheet], findings: Sequence[Finding], count: int) -> None:
    """A file without a usable list is refused with all reasons; a sheet of explanations beside a list is not."""
    usable = any(sheet.rows for sheet in sheets)
    codes = {"F_REQUIRED_COLUMN"} if usable else set(_REFUSING)
    reasons = [_reason(finding) for finding in findings if finding.code in codes]
    if not usable and not reasons:
        reasons.append({"code": "F_NO_ROWS", "params": {}, "sheet": sheets[0].name if sheets else ""})
    if count > MAX_ROWS:
        reasons.append({"code": "TOO_MANY_ROWS", "params": {"rows": count, "limit": MAX_ROWS}, "sheet": ""})
    if reasons:
        raise RosterRefused(reasons)


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
