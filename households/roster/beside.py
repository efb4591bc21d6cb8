"""Tables that stand side by side although their headers are not in one row: each is read as a sheet of its own.

Under one header row ``header.split`` parts the tables. Here one of them begins lower: behind its neighbour's title, or
because somebody pasted it there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from core.workbooks.read import Sheet, SheetRow
from households.roster.classify import BLANK
from households.roster.columns import Synonyms
from households.roster.header import Header, find_header, header_at
from households.roster.rows import Finding, ParsedSheet, SkippedRow

MOST = 8
"""Tables that are looked for in one sheet; whatever lies beyond is reported as columns without a heading."""
_SEARCHED = 400  # rows, as many as a header is looked for in
Inside = Callable[[int], bool]
"""Whether a 1-based column belongs to a part of the sheet."""


def parts_beside(sheet: Sheet, header: Header, known: Synonyms) -> tuple[Sheet, Sheet] | None:
    """The sheet in two, left and right, where columns outside of ``header`` hold a table with a header of its own."""
    first, last = min(header.titles_of_fields), max(header.titles_of_fields)
    if max(len(row.texts) for row in sheet.rows[:_SEARCHED]) > last:
        other = _header_in(sheet, header, known, lambda column: column > last)
        if other is not None:
            begin = min(other.titles_of_fields)
            return _cut(sheet, header, other, lambda column: column < begin)
    if first > 1:
        other = _header_in(sheet, header, known, lambda column: column < first)
        if other is not None:
            return _cut(sheet, header, other, lambda column: column < first)
    return None


def _header_in(sheet: Sheet, header: Header, known: Synonyms, inside: Inside) -> Header | None:
    """The header of a table that has these columns for itself; one that goes on beyond them is a table further down."""
    found = find_header([_only(row, inside) for row in sheet.rows[:_SEARCHED]], known, sheet.merged)
    if found is None or found.first_row == header.first_row:
        return None
    position = next(place for place, row in enumerate(sheet.rows) if row.row_no == found.first_row)
    whole = header_at(sheet.rows[position : position + 2], known, sheet.merged)
    return found if whole is None or all(map(inside, whole.titles_of_fields)) else None


def _cut(sheet: Sheet, one: Header, other: Header, left: Inside) -> tuple[Sheet, Sheet]:
    """Both parts keep every row and every address. A title above both headers speaks for the part where none stands."""
    titles = min(one.first_row, other.first_row)

    def part(inside: Inside) -> Sheet:
        rows = ((row, _only(row, inside)) for row in sheet.rows)
        return replace(
            sheet,
            rows=tuple(row if row.row_no < titles and not any(own.texts) else own for row, own in rows),
        )

    return part(left), part(lambda column: not left(column))


def _only(row: SheetRow, inside: Inside) -> SheetRow:
    texts = tuple(text if inside(column) else "" for column, text in enumerate(row.texts, 1))
    return SheetRow(row.row_no, texts, {column: note for column, note in row.notes.items() if inside(column)})


def joined(left: ParsedSheet, right: ParsedSheet) -> ParsedSheet:
    """One sheet again: tables counted on, rows in the order of the file, each row that is no household told once."""
    before = max([1, *(one.table for one in left.rows), *(one.table for one in left.skipped)])
    rows = (*left.rows, *(replace(one, table=one.table + before) for one in right.rows))
    skipped = (*left.skipped, *(replace(one, table=one.table + before) for one in right.skipped))
    again = set(left.findings)
    tables = len({one.table for one in rows})
    beside = Finding("F_SIDE_BY_SIDE", left.name, left.header_row or 0, params={"tables": max(tables, 2)})
    return ParsedSheet(
        left.name,
        {**right.columns, **left.columns},
        left.header_row,
        tuple(sorted(rows, key=lambda one: (one.row_no, one.table))),
        tuple(_told_once(skipped, {one.row_no for one in rows})),
        (*left.findings, *(one for one in right.findings if one not in again), beside),
        {**right.titles, **left.titles},
        {**right.samples, **left.samples},
    )


def _told_once(skipped: Sequence[SkippedRow], households: set[int]) -> Iterator[SkippedRow]:
    """Beside a household a row tells what it is to the other table, unless that is nothing; else the first counts."""
    by_row: dict[int, list[SkippedRow]] = {}
    for one in skipped:
        by_row.setdefault(one.row_no, []).append(one)
    for row_no in sorted(by_row):
        said = [one for one in by_row[row_no] if one.kind != BLANK]
        yield from said if row_no in households else (said or by_row[row_no])[:1]
