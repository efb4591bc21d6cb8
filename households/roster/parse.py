"""A whole roster in one call: workbook in, mapped sheets, checked rows and findings out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.workbooks.read import Workbook
from households.roster.checks import review
from households.roster.columns import Synonyms
from households.roster.mapping import map_workbook
from households.roster.rows import CONFIRM, READY, STATES, Finding, ParsedRow, ParsedSheet, RosterContext


@dataclass(frozen=True, slots=True)
class ParsedRoster:
    """The full-file dry run: what every row would become, without touching the register."""

    sheets: tuple[ParsedSheet, ...]
    rows: tuple[ParsedRow, ...]
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by state, every state named."""
        found = Counter(row.state for row in self.rows)
        return {state: found[state] for state in STATES}

    def per_village(self) -> Counter[str]:
        """Village code -> households that would count (not merged, refused or excluded)."""
        return village_counts(self.rows)


def parse_roster(book: Workbook, context: RosterContext, *, synonyms: Synonyms | None = None) -> ParsedRoster:
    """Map and check a workbook read by ``core.workbooks.read.read_workbook``."""
    sheets = map_workbook(book, synonyms=synonyms)
    rows = review((raw for sheet in sheets for raw in sheet.rows), context, synonyms=synonyms)
    findings = [finding for sheet in sheets for finding in (*sheet.findings, *missing_columns(sheet, context))]
    if book.macros:
        findings.insert(0, macros_finding(sheets))
    if not rows:
        findings.append(Finding("F_NO_ROWS", sheets[0].name if sheets else ""))
    return ParsedRoster(tuple(sheets), tuple(rows), tuple(findings))


def macros_finding(sheets: Sequence[ParsedSheet]) -> Finding:
    """The file brought macros, which were not run."""
    return Finding("F_MACROS", sheets[0].name if sheets else "")


def missing_columns(sheet: ParsedSheet, context: RosterContext) -> list[Finding]:
    """Required fields for which a sheet with a header has no column.

    The village needs no column where a heading names it or only one is in scope.
    """
    if sheet.header_row is None:
        return []
    given = set(sheet.columns.values())
    if sheet.rows and all(row.raw.get("village") for row in sheet.rows):
        given.add("village")
    if sum(village.inside for village in context.villages) == 1:
        given.add("village")
    return [
        Finding("F_REQUIRED_COLUMN", sheet.name, sheet.header_row, params={"field": name})
        for name in context.required
        if name not in given
    ]


def village_counts(rows: Sequence[ParsedRow]) -> Counter[str]:
    """Village code -> rows that are READY or CONFIRM."""
    return Counter(str(row.values["village"]) for row in rows if row.state in (READY, CONFIRM))
