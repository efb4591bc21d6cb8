"""Find the header of a roster under its title rows, one or two rows deep, columns in any order.

Two tables side by side have one header row but two headers: ``split`` parts them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.workbooks.read import MergedRange, SheetRow
from households.roster.columns import ASIDE, RELATION, Synonyms, heading_key, word_key

_SEARCHED_ROWS = 40
LEVELS = " / "
"""Between the levels of a heading, top to bottom; the lowest decides what a column means."""
_HEADER_ROWS = 2
"""A better header further down is the header of another table; the rows between belong to the first."""
_FEWEST_FIELDS = 3
_FEWEST_TICKS = 2
_LONG_NUMBER = re.compile(r"[0-9]{11}")
"""A phone or ID number: the row is a household and no second line of a header."""
_PLACES = ("town", "village", "group")
"""One technology under 改造方式 is the first data row; a choice needs two."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header is and what its columns mean; rows and columns are 1-based.

    ``ticks`` holds columns that stand for one technology each (改造方式 over 集中供热 | 电代煤 …) and are marked
    with a tick; ``flags`` those that stand for one beneficiary class each (是否低保); ``unknown`` the headings nobody
    knows; ``twice`` (column, title, field, first column); ``titles`` every column's heading, levels joined by
    ``LEVELS``.
    """

    first_row: int
    last_row: int
    columns: dict[int, str]
    ticks: dict[int, str] = field(default_factory=dict)
    flags: dict[int, str] = field(default_factory=dict)
    unknown: dict[int, str] = field(default_factory=dict)
    twice: tuple[tuple[int, str, str, int], ...] = ()
    titles: Mapping[int, str] = field(default_factory=dict)

    @property
    def own(self) -> frozenset[int]:
        """Columns that belong to this table."""
        return frozenset(
            (*self.columns, *self.ticks, *self.flags, *self.unknown, *(column for column, *_ in self.twice))
        )

    @property
    def titles_of_fields(self) -> frozenset[int]:
        """Columns whose heading says something a roster knows."""
        return frozenset((*self.columns, *self.ticks, *self.flags, *(column for column, *_ in self.twice)))

    @property
    def fields(self) -> frozenset[str]:
        """The fields found, without what is no part of a household."""
        found = set(self.columns.values()) | ({"technology"} if self.ticks else set())
        return frozenset(found - ASIDE)

    @property
    def score(self) -> tuple[int, int]:
        """How much the header explains: fields, then tick columns; the best one wins."""
        return len(self.fields), len(self.ticks)


def find_header(rows: Sequence[SheetRow], synonyms: Synonyms, merged: Sequence[MergedRange] = ()) -> Header | None:
    """Return the first header within the first 40 filled rows, or None; of neighbouring rows, what explains most.

    A header names at least three fields and among them the head's name or ID number. Two rows are taken
    together only where they explain more than either alone, so a title row above never joins the header.
    """
    filled = [row for row in rows[:400] if any(row.texts)][:_SEARCHED_ROWS]
    best: Header | None = None
    for position in range(len(filled)):
        if best and filled[position].row_no > best.first_row + _HEADER_ROWS:
            break
        found = header_at(filled[position : position + 2], synonyms, merged)
        if found and (best is None or found.score > best.score):
            best = found
    return best


def header_at(rows: Sequence[SheetRow], synonyms: Synonyms, merged: Sequence[MergedRange] = ()) -> Header | None:
    """The header that begins in the first of one or two rows, or None."""
    found = _header(rows[:1], synonyms, merged)
    if len(rows) > 1 and not any(map(_LONG_NUMBER.search, rows[1].texts)):
        both = _header(rows, synonyms, merged)
        if both.score > max(found.score, _header(rows[1:], synonyms, merged).score):
            found = both
    return found if is_header(found) else None


def header_by_hand(
    rows: Sequence[SheetRow], row_no: int, synonyms: Synonyms, merged: Sequence[MergedRange] = ()
) -> Header | None:
    """The header a person says begins in row ``row_no``, however little of it is known; None for a row of nothing."""
    position = next((place for place, row in enumerate(rows) if row.row_no == row_no), None)
    if position is None or not any(map(word_key, rows[position].texts)):
        return None
    both = rows[position : position + 2]
    found = _header(both[:1], synonyms, merged)
    if len(both) > 1 and not any(map(_LONG_NUMBER.search, both[1].texts)):
        deeper = _header(both, synonyms, merged)
        found = deeper if deeper.score > max(found.score, _header(both[1:], synonyms, merged).score) else found
    return found


def is_header(header: Header) -> bool:
    """At least three fields, among them the head's name or ID number."""
    return len(header.fields) >= _FEWEST_FIELDS and bool(header.fields & {"head_name", "id_number"})


def split(header: Header) -> list[Header]:
    """The tables that stand side by side under one header row; mostly one.

    A table begins where a field comes a second time. If a part is no header by itself or speaks of other things (the
    payee's name, number and card), the header stays whole and the second columns are reported as too many. A place
    named only in the left table counts for those to its right.
    """
    again = {column: (title, name) for column, title, name, _ in header.twice}
    parts: list[Header] = [Header(header.first_row, header.last_row, {})]
    for column in sorted(header.own):
        name = header.columns.get(column) or (again[column][1] if column in again else None)
        if name is not None and name in parts[-1].columns.values():
            parts.append(Header(header.first_row, header.last_row, {}))
        _put(parts[-1], column, name, header)
    if len(parts) < 2 or not all(is_header(part) and _alike(part, parts[0]) for part in parts):
        return [header]
    return [parts[0], *(_with_places(part, parts[0]) for part in parts[1:])]


def _alike(one: Header, other: Header) -> bool:
    own, others = one.fields - set(_PLACES), other.fields - set(_PLACES)
    return len(own & others) * 3 >= max(len(own), len(others)) * 2


def _put(part: Header, column: int, name: str | None, whole: Header) -> None:
    if name is not None:
        part.columns[column] = name
    elif column in whole.ticks:
        part.ticks[column] = whole.ticks[column]
    elif column in whole.flags:
        part.flags[column] = whole.flags[column]
    else:
        part.unknown[column] = whole.unknown[column]


def _with_places(part: Header, left: Header) -> Header:
    shared = {c: name for c, name in left.columns.items() if name in _PLACES and name not in part.columns.values()}
    return replace(part, columns={**part.columns, **shared})


def _header(rows: Sequence[SheetRow], synonyms: Synonyms, merged: Sequence[MergedRange]) -> Header:
    header = Header(rows[0].row_no, rows[-1].row_no, {})
    headings = {column: levels for column, levels in _headings(rows, merged).items() if levels}
    ticks = {column: _ticked_technology(levels, synonyms) for column, levels in headings.items()}
    if sum(map(bool, ticks.values())) < _FEWEST_TICKS:
        ticks = {}
    twice: list[tuple[int, str, str, int]] = []
    first_of: dict[str, int] = {}
    for column, levels in headings.items():
        name, title = _meaning(levels, synonyms), LEVELS.join(levels)
        if technology := ticks.get(column):
            header.ticks[column] = technology
        elif name is None and (code := synonyms.class_column(levels[-1])):
            header.flags[column] = code
        elif name is None:
            header.unknown[column] = title
        elif name in first_of:
            used = _better(column, first_of[name], headings, synonyms)
            left = column if used != column else first_of[name]
            header.columns.pop(left, None)
            header.columns[used] = name
            first_of[name] = used
            other = _second_meaning(headings, left, used, synonyms)
            if other and other not in first_of:
                first_of[other], header.columns[left] = left, other
            else:
                twice.append((left, LEVELS.join(headings[left]), name, used))
        else:
            first_of[name] = column
            header.columns[column] = name
    if "account_holder" in first_of and RELATION in first_of:  # how the payee is related, not a list of persons
        column = first_of[RELATION]
        header.unknown[column] = LEVELS.join(headings[column])
        del header.columns[column]
    titles = {column: LEVELS.join(levels) for column, levels in headings.items()}
    return replace(header, twice=tuple(twice), titles=titles)


def _second_meaning(headings: Mapping[int, Sequence[str]], left: int, used: int, synonyms: Synonyms) -> str:
    """户名 beside 户主姓名 is whose account it is; two columns of one heading are two tables side by side."""
    own, other = headings[left][-1], headings[used][-1]
    return synonyms.second_meaning(own) if heading_key(own) != heading_key(other) else ""


def assigned(header: Header, fields: Mapping[int, str]) -> Header:
    """The header after a person said what some columns mean; '' says that a column is not needed.

    A field so assigned leaves the column it was read from before, and that column becomes unknown.
    """
    taken = set() if len(split(header)) > 1 else {name for name in fields.values() if name}
    kept = {c: name for c, name in header.columns.items() if c not in fields and name not in taken}
    given = {c: name for c, name in fields.items() if name and c in header.titles}
    first_of = {name: c for c, name in reversed(kept.items())}
    again = {c: name for c, name in given.items() if name in first_of}
    columns = kept | {c: name for c, name in given.items() if c not in again}
    twice = tuple(one for one in header.twice if one[0] not in fields and one[2] not in taken)
    twice += tuple((c, header.titles[c], name, first_of[name]) for c, name in again.items())
    ticks = {} if "technology" in taken else header.ticks
    flags = {c: code for c, code in header.flags.items() if c not in fields and "beneficiary_classes" not in taken}
    known = {*columns, *ticks, *flags, *(c for c, *_ in twice)}
    unknown = {c: title for c, title in header.titles.items() if c not in known}
    return replace(header, columns=columns, unknown=unknown, twice=twice, ticks=ticks, flags=flags)


def _better(column: int, first: int, headings: Mapping[int, Sequence[str]], synonyms: Synonyms) -> int:
    """Which of two columns of one meaning is used: the better word (取暖面积 before 建筑面积), else the first."""
    return min(first, column, key=lambda place: (synonyms.rank(headings[place][-1]), place))


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
    """The word for the technology of a tick column (改造方式 over 集中供热), or ''."""
    ticked = len(levels) > 1 and synonyms.field_of(levels[0]) == "technology" and synonyms.technology_of(levels[-1])
    return levels[-1] if ticked else ""


def _meaning(levels: Sequence[str], synonyms: Synonyms) -> str | None:
    """Field of a column: all levels together (收款人信息 over 姓名), else the lowest heading that is known."""
    names = (synonyms.field_of(text) for text in ("".join(levels), *reversed(levels)))
    return next((name for name in names if name), None)


def repeats_header(texts: Sequence[str], header: Header, synonyms: Synonyms) -> bool:
    """True for a header row printed again further down, as on every page of a long list."""
    filled = {column: text for column, text in enumerate(texts, 1) if word_key(text)}
    same = sum(
        synonyms.field_of(text) == header.columns.get(column, "")
        or (column in header.ticks and synonyms.technology_of(text) == synonyms.technology_of(header.ticks[column]))
        for column, text in filled.items()
    )
    return same >= 2 and same * 2 > len(filled)
