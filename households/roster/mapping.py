"""From the rows of a sheet to mapped household rows, with every other row accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.workbooks.read import MergedRange, Sheet, SheetRow, Workbook, cell_address
from households.roster.classify import BLANK, DATA, NOTE, SUBTOTAL, TITLE, TOTAL, classify_row
from households.roster.columns import SERIAL, Synonyms, shipped_synonyms
from households.roster.header import Header, find_header
from households.roster.rows import Finding, ParsedSheet, RawRow, SkippedRow
from households.roster.totals import TotalsCheck

_FILLED_DOWN = ("town", "village", "group")
"""Only place names are taken from a vertically merged cell; a merged amount would be a guess."""


def map_workbook(book: Workbook, *, synonyms: Synonyms | None = None) -> list[ParsedSheet]:
    """Map every sheet; hidden sheets are mapped too and reported, so that nothing comes in unseen."""
    return [map_sheet(sheet, synonyms=synonyms) for sheet in book.sheets if sheet.rows]


def map_sheet(sheet: Sheet, *, synonyms: Synonyms | None = None) -> ParsedSheet:
    """Find the header of one sheet, map its rows and check its subtotals against them."""
    known = synonyms or shipped_synonyms()
    header = find_header(sheet.rows, known, sheet.merged)
    if header is None:
        return _without_header(sheet)
    totals = TotalsCheck(sheet.name, header)
    rows: list[RawRow] = []
    skipped: list[SkippedRow] = []
    down = _filled_down(sheet.rows, sheet.merged)
    for row in sheet.rows:
        kind = _kind(row, header, known)
        if kind == DATA:
            rows.append(_raw_row(sheet.name, row, header, down))
            totals.add_household(row)
        else:
            skipped.append(SkippedRow(sheet.name, row.row_no, kind, _joined(row)))
            if kind in (SUBTOTAL, TOTAL):
                totals.check(row, kind)
    findings = (*_header_findings(sheet, header), *totals.findings)
    columns = {column: name for column, name in header.columns.items() if name != SERIAL}
    columns |= dict.fromkeys(header.ticks, "technology")
    return ParsedSheet(sheet.name, columns, header.last_row, tuple(rows), tuple(skipped), findings)


def _without_header(sheet: Sheet) -> ParsedSheet:
    skipped = tuple(
        SkippedRow(sheet.name, row.row_no, NOTE if any(row.texts) else BLANK, _joined(row)) for row in sheet.rows
    )
    finding = Finding("F_NO_HEADER", sheet.name, params={"rows": len(sheet.rows)})
    hidden = (Finding("F_HIDDEN_SHEET", sheet.name),) if sheet.hidden else ()
    return ParsedSheet(sheet.name, {}, None, (), skipped, (finding, *hidden))


def _kind(row: SheetRow, header: Header, synonyms: Synonyms) -> str:
    if row.row_no < header.first_row:
        return TITLE if any(row.texts) else BLANK
    if row.row_no <= header.last_row:
        return "header"
    return classify_row(row, header, synonyms)


def _joined(row: SheetRow) -> str:
    return " ".join(text.strip() for text in row.texts if text.strip())[:200]


def _filled_down(rows: Sequence[SheetRow], merged: Iterable[MergedRange]) -> dict[tuple[int, int], str]:
    """(row, column) -> text of the merged cell that covers it from above."""
    texts = {row.row_no: row.texts for row in rows}
    covered: dict[tuple[int, int], str] = {}
    for top, left, bottom, _right in merged:
        source = texts.get(top, ())
        if bottom > top and left <= len(source):
            for row_no in range(top + 1, min(bottom, len(rows)) + 1):
                covered[row_no, left] = source[left - 1]
    return covered


def _raw_row(sheet: str, row: SheetRow, header: Header, down: Mapping[tuple[int, int], str]) -> RawRow:
    raw: dict[str, str] = {}
    cells: dict[str, str] = {}
    notes: dict[str, str] = {}
    for column, name in header.columns.items():
        if name == SERIAL:
            continue
        text = row.texts[column - 1] if column <= len(row.texts) else ""
        if not text and name in _FILLED_DOWN:
            text = down.get((row.row_no, column), "")
        raw[name], cells[name] = text, cell_address(row.row_no, column)
        if column in row.notes:
            notes[name] = row.notes[column]
    _add_ticked(row, header, raw, cells)
    return RawRow(sheet, row.row_no, raw, cells, notes, _extra(row, header))


def _add_ticked(row: SheetRow, header: Header, raw: dict[str, str], cells: dict[str, str]) -> None:
    ticked = {
        c: t for c, t in header.ticks.items() if c <= len(row.texts) and row.texts[c - 1].strip() not in ("", "0")
    }
    if header.ticks and "technology" not in raw:
        raw["technology"] = "、".join(ticked.values())
        cells["technology"] = cell_address(row.row_no, next(iter(ticked or header.ticks)))


def _extra(row: SheetRow, header: Header) -> dict[str, str]:
    found = {title: row.texts[column - 1] for column, title in header.unknown.items() if column <= len(row.texts)}
    return {title: text for title, text in found.items() if text}


def _header_findings(sheet: Sheet, header: Header) -> list[Finding]:
    findings = [Finding("F_HIDDEN_SHEET", sheet.name)] if sheet.hidden else []
    row_no = header.last_row
    for column, title in header.unknown.items():
        findings.append(Finding("F_UNKNOWN_COLUMN", sheet.name, row_no, cell_address(row_no, column), {"title": title}))
    for column, title, name, first in header.twice:
        params: dict[str, str | int] = {"title": title, "field": name, "first": cell_address(row_no, first)}
        findings.append(Finding("F_COLUMN_TWICE", sheet.name, row_no, cell_address(row_no, column), params))
    return findings
