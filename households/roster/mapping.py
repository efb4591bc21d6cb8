"""From the rows of a sheet to mapped household rows, with every other row accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from core.workbooks.read import NUMERIC_ID, MergedRange, Sheet, SheetRow, Workbook, cell_address
from households.roster.bare import Bare
from households.roster.beside import MOST, joined, parts_beside
from households.roster.classify import (
    BLANK,
    DATA,
    HEADER,
    MEMBER,
    NOTE,
    SUBTOTAL,
    TITLE,
    TOTAL,
    classify_row,
    holds_id,
)
from households.roster.columns import ASIDE, Synonyms, shipped_synonyms
from households.roster.families import Families
from households.roster.header import Header, find_header, header_at, header_by_hand, repeats_header, split
from households.roster.header import assigned as with_assigned
from households.roster.normalise import LONG_NUMBERS, is_figure
from households.roster.places import place_named_in, place_of_sheet
from households.roster.rows import (
    FROM_ABOVE,
    FROM_EITHER,
    FROM_HEADING,
    Cells,
    Finding,
    ParsedSheet,
    RawRow,
    SkippedRow,
)
from households.roster.table import FILLED_DOWN, Table
from households.roster.totals import TotalsCheck

_SAMPLES, _SAMPLED_ROWS = 3, 60


Assigned = Mapping[str, Mapping[int, str]]
"""Sheet name -> column -> field, as a person assigned them; '' for a column that is not needed."""


def map_workbook(
    book: Workbook,
    *,
    synonyms: Synonyms | None = None,
    assigned: Assigned | None = None,
    header_rows: Mapping[str, int] | None = None,
) -> list[ParsedSheet]:
    """Map every sheet; hidden sheets are mapped too and reported, so that nothing comes in unseen.

    ``header_rows`` are rows a person picked as headers, by sheet.
    """
    given, picked = assigned or {}, header_rows or {}
    return [
        map_sheet(sheet, synonyms=synonyms, assigned=given.get(sheet.name), header_row=picked.get(sheet.name))
        for sheet in book.sheets
        if sheet.rows
    ]


def map_sheet(
    sheet: Sheet,
    *,
    synonyms: Synonyms | None = None,
    assigned: Mapping[int, str] | None = None,
    header_row: int | None = None,
    most: int = MOST,
) -> ParsedSheet:
    """Find the header of one sheet, map its rows and check its subtotals against them.

    A ``header_row`` picked by hand is believed, and no other header is looked for in the sheet. At most ``most`` tables
    are found beside each other where their headers are not in one row.
    """
    known = synonyms or shipped_synonyms()
    if header_row:
        header = header_by_hand(sheet.rows, header_row, known, sheet.merged)
    else:
        header = find_header(sheet.rows, known, sheet.merged)
    if header is None:
        return _without_header(sheet)
    if most > 1 and not header_row and (parts := parts_beside(sheet, header, known)):
        left, right = (map_sheet(part, synonyms=known, assigned=assigned, most=most // 2) for part in parts)
        return joined(left, right)
    if assigned:
        header = with_assigned(header, assigned)
    mapping = _SheetMapping(sheet, known, header, by_hand=bool(header_row))
    for position, row in enumerate(sheet.rows):
        mapping.take(row, sheet.rows[position : position + 2])
    return mapping.result()


@dataclass(slots=True)
class _SheetMapping:
    """Walks down one sheet."""

    sheet: Sheet
    known: Synonyms
    first: Header
    by_hand: bool = False
    tables: list[Table] = field(default_factory=list)
    rows: list[RawRow] = field(default_factory=list)
    skipped: list[SkippedRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    down: Mapping[tuple[int, int], str] = field(default_factory=dict)
    totals: list[TotalsCheck] = field(default_factory=list)
    columns: dict[int, str] = field(default_factory=dict)
    bare: Bare = field(init=False)
    bares: list[Bare] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.down = _filled_down(self.sheet.rows, self.sheet.merged)
        self._begin(self.first)

    def _begin(self, header: Header) -> None:
        self.bare = Bare(self.sheet.name, header)
        self.bares.append(self.bare)
        parts = split(header)
        counted = len(self.totals)
        named = [table.village for table in self.tables] or [place_of_sheet(self.sheet.name)]
        self.tables = [
            Table(
                counted + n,
                part,
                TotalsCheck(self.sheet.name, part),
                len(parts) == 1,
                Families(part, self.known),
                named[min(n, len(named)) - 1],
            )
            for n, part in enumerate(parts, 1)
        ]
        for table in self.tables:
            table.totals.beside = self.totals
            self.totals.append(table.totals)
            self.columns |= {c: name for c, name in _columns(table.header).items() if c not in self.columns}
        self.findings += [finding for table in self.tables for finding in _header_findings(self.sheet, table.header)]
        if len(parts) > 1:
            params: dict[str, str | int] = {"tables": len(parts)}
            self.findings.append(Finding("F_SIDE_BY_SIDE", self.sheet.name, header.last_row, params=params))

    def take(self, row: SheetRow, following: Sequence[SheetRow]) -> None:
        header = self.tables[0].header
        if row.row_no < header.first_row:
            self._leave_out(row, TITLE if any(row.texts) else BLANK)
        elif row.row_no <= header.last_row:
            self._leave_out(row, HEADER)
        elif self.tables[0].plainly_household(row):
            self._keep(self.tables[0], row, row)
        elif other := self._other_header(row, following):
            self._begin(other)
            self.findings.append(Finding("F_HEADER_AGAIN", self.sheet.name, row.row_no))
            self._leave_out(row, HEADER)
        else:
            self._take_parts(row)

    def _other_header(self, row: SheetRow, following: Sequence[SheetRow]) -> Header | None:
        """The header of another table further down, with other columns than the present one."""
        if self.by_hand or any(holds_id(row, table.header) for table in self.tables):
            return None
        if all(repeats_header(table.part(row).texts, table.header, self.known) for table in self.tables):
            return None
        return header_at(following, self.known, self.sheet.merged)

    def _take_parts(self, row: SheetRow) -> None:
        parts = [(table, table.part(row)) for table in self.tables]
        kinds = {
            table.number: self._kind(table, part) for table, part in parts if table.alone or not table.is_empty(part)
        }
        if DATA not in kinds.values():
            found = next((kind for kind in kinds.values() if kind != BLANK), "")
            self._leave_out(row, found or self._kind_of_no_table(row))
        for table, part in parts:
            kind = kinds.get(table.number, BLANK)
            if kind == DATA:
                self._keep(table, part, row)
            elif kind in (SUBTOTAL, TOTAL):
                table.totals.check(part, kind)
                table.above = ""
            if kind not in (DATA, BLANK) and DATA in kinds.values():
                if kind == NOTE:
                    self._begin_village([table], part)
                self.skipped.append(SkippedRow(self.sheet.name, row.row_no, kind, _told(part, kind), table.number))

    def _kind(self, table: Table, part: SheetRow) -> str:
        kind = classify_row(part, table.header, self.known)
        return MEMBER if kind == DATA and table.families.is_member(part) else kind

    def _keep(self, table: Table, part: SheetRow, whole: SheetRow) -> None:
        self.rows.append(self._raw_row(table, part, whole))
        table.totals.add_household(part)

    def _kind_of_no_table(self, row: SheetRow) -> str:
        """What a row says that holds nothing of any table's own columns: a signature, a place; never a household."""
        kind = classify_row(row, self.tables[0].header, self.known)
        return NOTE if kind == DATA else kind

    def _leave_out(self, row: SheetRow, kind: str) -> None:
        self.skipped.append(SkippedRow(self.sheet.name, row.row_no, kind, _told(row, kind)))
        if kind in (TITLE, NOTE):
            parts = [(table, table.part(row)) for table in self.tables]
            own = any(place_named_in(_joined(part)) for _table, part in parts[1:])
            for tables, part in [([table], part) for table, part in parts] if own else [(self.tables, row)]:
                self._begin_village(tables, part)

    def _begin_village(self, tables: Sequence[Table], row: SheetRow) -> None:
        """What a heading names holds for the rows below it in these tables; each of several may have one of its own."""
        if name := place_named_in(_joined(row)):
            column = next(c for c, cell in enumerate(row.texts, 1) if cell.strip())
            for table in tables:
                table.village, table.above = (name, cell_address(row.row_no, column)), ""
                table.totals.begin_section()

    def _raw_row(self, table: Table, part: SheetRow, whole: SheetRow) -> RawRow:
        cells: dict[str, str] = {}
        notes: dict[str, str] = {}
        texts, width = part.texts, len(part.texts)
        raw = {name: texts[place] if place < width else "" for name, place in table.places}
        if self.down:
            empty = [(name, place) for name, place in table.places if name in FILLED_DOWN and not raw[name]]
            raw |= {name: self.down.get((part.row_no, place + 1), "") for name, place in empty}
        if part.notes:
            notes |= {name: part.notes[place + 1] for name, place in table.places if place + 1 in part.notes}
        _add_ticked(part, table.header, raw, cells)
        if table.header.flags:
            if letters := table.letters.get("beneficiary_classes"):
                cells["beneficiary_classes"] = f"{letters}{part.row_no}"
            _add_flagged(part, table.header, self.known, raw, cells)
        if "village" not in raw:
            _name_village(table, raw, cells, notes)
        elif "village" in notes:
            table.above = ""  # an error stands there: nobody knows what it should say
        elif "village" in raw and (above := table.village_above(raw["village"])):
            notes["village"] = FROM_ABOVE + above
        places = Cells(table.letters, part.row_no, cells)
        extra = _extra(part, table.header) | table.families.remark(part)
        if table is self.tables[0]:
            self.bare.take(whole.texts, extra)
        return RawRow(self.sheet.name, part.row_no, raw, places, notes, extra, table.number)

    def result(self) -> ParsedSheet:
        findings = (
            *_sheet_findings(self.sheet),
            *self.findings,
            *_lost_digits(self.sheet.name, self.rows),
            *(finding for bare in self.bares for finding in bare.findings()),
            *(finding for totals in self.totals for finding in totals.findings),
        )
        return ParsedSheet(
            self.sheet.name,
            self.columns,
            self.first.last_row,
            tuple(self.rows),
            tuple(self.skipped),
            findings,
            self.first.titles,
            _samples(self.sheet, self.first),
        )


def _name_village(table: Table, raw: dict[str, str], cells: dict[str, str], notes: dict[str, str]) -> None:
    """The village the last heading named, for a row without a cell for it."""
    name, place = table.village
    if not name:
        table.nameless = True
        return
    raw["village"], cells["village"] = "" if table.nameless else name, place
    notes["village"] = FROM_EITHER + name if table.nameless else FROM_HEADING


def _samples(sheet: Sheet, header: Header) -> dict[int, tuple[str, ...]]:
    """Up to three different values of each column, from the first rows below the header."""
    found: dict[int, dict[str, None]] = {column: {} for column in header.titles}
    below = (row for row in sheet.rows if row.row_no > header.last_row)
    for row in islice(below, _SAMPLED_ROWS):
        for column, values in found.items():
            text = row.texts[column - 1].strip() if column <= len(row.texts) else ""
            if text and len(values) < _SAMPLES:
                values[text[:60]] = None
    return {column: tuple(values) for column, values in found.items()}


def _columns(header: Header) -> dict[int, str]:
    named = {column: name for column, name in header.columns.items() if name not in ASIDE}
    return named | dict.fromkeys(header.ticks, "technology") | dict.fromkeys(header.flags, "beneficiary_classes")


def _without_header(sheet: Sheet) -> ParsedSheet:
    skipped = tuple(
        SkippedRow(sheet.name, row.row_no, NOTE if any(row.texts) else BLANK, _joined(row)) for row in sheet.rows
    )
    finding = Finding("F_NO_HEADER", sheet.name, params={"rows": len(sheet.rows)})
    return ParsedSheet(sheet.name, {}, None, (), skipped, (finding, *_sheet_findings(sheet)))


def _told(row: SheetRow, kind: str) -> str:
    """What is kept of a row that is no household: nothing of people who are not asked for."""
    return "" if kind == MEMBER else _joined(row)


def _joined(row: SheetRow) -> str:
    return " ".join(text.strip() for text in row.texts if text.strip())[:200]


def _filled_down(rows: Sequence[SheetRow], merged: Iterable[MergedRange]) -> dict[tuple[int, int], str]:
    """(row, column) -> text of the merged cell that covers it from above."""
    texts = {row.row_no: row.texts for row in rows}
    last = rows[-1].row_no
    covered: dict[tuple[int, int], str] = {}
    for top, left, bottom, _right in merged:
        source = texts.get(top, ())
        if bottom > top and left <= len(source):
            for row_no in range(top + 1, min(bottom, last) + 1):
                covered[row_no, left] = source[left - 1]
    return covered


def _add_ticked(row: SheetRow, header: Header, raw: dict[str, str], cells: dict[str, str]) -> None:
    if not header.ticks or "technology" in raw:
        return
    texts = dict(enumerate(row.texts, 1))
    ticked = {c: word for c, word in header.ticks.items() if texts.get(c, "").strip().lower() not in _NO}
    raw["technology"] = "、".join(ticked.values())
    cells["technology"] = cell_address(row.row_no, next(iter(ticked or header.ticks)))


_YES = frozenset({"是", "有", "√", "✓", "✔", "☑", "1", "y", "yes", "对", "v"})
_NO = frozenset({"", "否", "无", "不是", "没有", "非", "×", "✗", "✘", "x", "0", "n", "no", "-", "—", "/"})


def _add_flagged(row: SheetRow, header: Header, known: Synonyms, raw: dict[str, str], cells: dict[str, str]) -> None:
    """Yes-or-no columns as the words of their classes, beside a column of classes; other texts stay as they are."""
    words, places = [raw.get("beneficiary_classes", "")], [cells.get("beneficiary_classes", "")]
    for column, code in header.flags.items():
        text = row.texts[column - 1].strip() if column <= len(row.texts) else ""
        answer = text.lower()
        if answer not in _NO:
            words.append(known.class_word(code) if answer in _YES else text)
            places.append(cell_address(row.row_no, column))
    first = cell_address(row.row_no, next(iter(header.flags)))
    raw["beneficiary_classes"] = "、".join(filter(None, words))
    cells["beneficiary_classes"] = next(filter(None, places[1:] if words[1:] else places), first)


def _extra(row: SheetRow, header: Header) -> dict[str, str]:
    found = {title: row.texts[column - 1] for column, title in header.unknown.items() if column <= len(row.texts)}
    return {title: text for title, text in found.items() if text}


def _sheet_findings(sheet: Sheet) -> list[Finding]:
    findings = [Finding("F_HIDDEN_SHEET", sheet.name)] if sheet.hidden else []
    if sheet.hidden_rows:
        findings.append(Finding("F_HIDDEN_ROWS", sheet.name, params={"rows": sheet.hidden_rows}))
    return findings


def _header_findings(sheet: Sheet, header: Header) -> list[Finding]:
    findings = []
    row_no = header.last_row
    for column, title in header.unknown.items():
        findings.append(Finding("F_UNKNOWN_COLUMN", sheet.name, row_no, cell_address(row_no, column), {"title": title}))
    for column, title, name, first in header.twice:
        params: dict[str, str | int] = {"title": title, "field": name, "first": cell_address(row_no, first)}
        findings.append(Finding("F_COLUMN_TWICE", sheet.name, row_no, cell_address(row_no, column), params))
    return findings


def _lost_digits(sheet: str, rows: Iterable[RawRow]) -> list[Finding]:
    """One finding for each column whose numbers the spreadsheet program rounded."""
    lost: Counter[str] = Counter()
    for row in rows:
        for name in LONG_NUMBERS:
            text = row.raw.get(name, "")
            if (not text.isdigit() and is_figure(text)) or (row.notes and row.notes.get(name) == NUMERIC_ID):
                lost[name] += 1
    return [Finding("F_LOST_PRECISION", sheet, params={"field": name, "cells": n}) for name, n in lost.items()]
