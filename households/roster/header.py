"""Find the header of a roster under its title rows, one or two rows deep, columns in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.workbooks.read import MergedRange, SheetRow
from households.roster.columns import SERIAL, Synonyms, word_key

_SEARCHED_ROWS = 40
_FEWEST_FIELDS = 3
_FEWEST_TICKS = 2
"""One technology under 改造方式 is the first data row; a choice needs two."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header is and what its columns mean; rows and columns are 1-based.

    ``ticks`` holds columns that stand for one technology each (改造方式 over 集中供热 | 电代煤 …) and are marked
    with a tick; ``unknown`` the headings nobody knows; ``twice`` (column, title, field, first column).
    """

    first_row: int
    last_row: int
    columns: dict[int, str]
    ticks: dict[int, str] = field(default_factory=dict)
    unknown: dict[int, str] = field(default_factory=dict)
    twice: tuple[tuple[int, str, str, int], ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """The fields found, SERIAL left out."""
        found = set(self.columns.values()) | ({"technology"} if self.ticks else set())
        return frozenset(found - {SERIAL})

    @property
    def score(self) -> tuple[int, int]:
        """How much the header explains: fields, then tick columns; the best one wins."""
        return len(self.fields), len(self.ticks)


def find_header(rows: Sequence[SheetRow], synonyms: Synonyms, merged: Sequence[MergedRange] = ()) -> Header | None:
    """Return the header that explains most columns within the first 40 filled rows, or None.

    A header names at least three fields and among them the head's name or ID number. Two rows are taken
    together only where they explain more than either alone, so a title row above never joins the header.
    """
    filled = [row for row in rows[:400] if any(row.texts)][:_SEARCHED_ROWS]
    best: Header | None = None
    for position, row in enumerate(filled):
        alone = _header([row], synonyms, merged)
        for below in filled[position + 1 : position + 2]:
            both = _header([row, below], synonyms, merged)
            if both.score > max(alone.score, _header([below], synonyms, merged).score):
                alone = both
        if _is_header(alone) and (best is None or alone.score > best.score):
            best = alone
    return best


def _is_header(header: Header) -> bool:
    return len(header.fields) >= _FEWEST_FIELDS and bool(header.fields & {"head_name", "id_number"})


def _header(rows: Sequence[SheetRow], synonyms: Synonyms, merged: Sequence[MergedRange]) -> Header:
    header = Header(rows[0].row_no, rows[-1].row_no, {})
    headings = {column: levels for column, levels in _headings(rows, merged).items() if levels}
    ticks = {column: _ticked_technology(levels, synonyms) for column, levels in headings.items()}
    if sum(map(bool, ticks.values())) < _FEWEST_TICKS:
        ticks = {}
    twice: list[tuple[int, str, str, int]] = []
    first_of: dict[str, int] = {}
    for column, levels in headings.items():
        name, title = _meaning(levels, synonyms), "/".join(levels)
        if technology := ticks.get(column):
            header.ticks[column] = technology
        elif name is None:
            header.unknown[column] = title
        elif name in first_of:
            twice.append((column, title, name, first_of[name]))
        else:
            first_of[name] = column
            header.columns[column] = name
    return Header(header.first_row, header.last_row, header.columns, header.ticks, header.unknown, tuple(twice))


def _headings(rows: Sequence[SheetRow], merged: Sequence[MergedRange]) -> dict[int, list[str]]:
    """Column -> its headings from top to bottom; a merged top heading counts for every column it spans."""
    width = max(len(row.texts) for row in rows)
    headings: dict[int, list[str]] = {}
    for column in range(1, width + 1):
        levels: list[str] = []
        for row in rows:
            text = _text_at(row, column, merged).strip()
            if text and text not in levels:
                levels.append(text)
        headings[column] = levels
    return headings


def _text_at(row: SheetRow, column: int, merged: Sequence[MergedRange]) -> str:
    text = row.texts[column - 1] if column <= len(row.texts) else ""
    if text:
        return text
    for top, left, _bottom, right in merged:
        if top == row.row_no and left < column <= right and left <= len(row.texts):
            return row.texts[left - 1]
    return ""


def _ticked_technology(levels: Sequence[str], synonyms: Synonyms) -> str:
    """Technology of a tick column (改造方式 over 集中供热), or ''."""
    if len(levels) > 1 and synonyms.field_of(levels[0]) == "technology":
        return synonyms.technology_of(levels[-1]) or ""
    return ""


def _meaning(levels: Sequence[str], synonyms: Synonyms) -> str | None:
    """Field of a column: the lowest heading that is known decides."""
    names = (synonyms.field_of(text) for text in (*reversed(levels), "".join(levels)))
    return next((name for name in names if name), None)


def repeats_header(texts: Sequence[str], header: Header, synonyms: Synonyms) -> bool:
    """True for a header row printed again further down, as on every page of a long list."""
    filled = {column: text for column, text in enumerate(texts, 1) if word_key(text)}
    same = sum(
        synonyms.field_of(text) == header.columns.get(column, "")
        or synonyms.technology_of(text) == header.ticks.get(column, "")
        for column, text in filled.items()
    )
    return same >= 2 and same * 2 > len(filled)
