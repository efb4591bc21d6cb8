"""What lists of heating companies have in common: heads by their words, rows below them, problems by sheet and cell.

No Django. Heads may stand in two rows. A block merged downwards says the same in each of its rows where the column is
one of places and classes, and is a problem in each of them where it is one of numbers. Sums, signatures and empty rows
are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, TypeVar

from core.workbooks.read import ERROR_VALUE, FORMULA_NO_VALUE, NUMERIC_ID, Sheet, SheetRow, Workbook, cell_address

HEAD_ROWS = 20
SHOWN = 60
"""Letters of a cell that a problem quotes."""
SUMS = ("合计", "总计", "小计", "本页小计")
FOOTS = ("制表", "审核", "填表", "单位负责人", "说明", "备注:", "注:")
_BRACKETS = re.compile(r"[（(\[【].*?[）)\]】]")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of a file that can't be taken: where ("热费!F4"), which code, which value; `row` is (sheet, number)."""

    where: str
    code: str
    value: str = ""
    row: tuple[str, int] = ("", 0)


class Bad(Exception):
    """What a reader of one cell raises: code and value."""

    def __init__(self, code: str, value: str = "") -> None:
        super().__init__(code)
        self.code, self.value = code, value


@dataclass(frozen=True)
class Heads:
    """Columns of a list by the words above them; without `needed` ones a row is no heading row."""

    words: Mapping[str, tuple[str, ...]]
    needed: frozenset[str]
    whole: frozenset[str] = frozenset()
    """Columns of numbers that lose digits when the sheet takes them for a number."""
    repeats: frozenset[str] = frozenset()
    """Columns in which a block merged downwards says the same for each of its rows."""

    def column_of(self, text: str) -> str:
        """What a heading means, "" for nothing we read."""
        words = "".join(unicodedata.normalize("NFKC", text).split()).lower()
        bare = _BRACKETS.sub("", words).split("/")[0].strip(":*")
        return next((what for what, known in self.words.items() if words in known or bare in known), "")

    def find(self, sheet: Sheet) -> tuple[int, dict[int, str]] | None:
        """Number of the (last) heading row, and what each 1-based column holds."""
        texts = {row.row_no: row.texts for row in sheet.rows[: 2 * HEAD_ROWS]}
        for row in sheet.rows[:HEAD_ROWS]:
            last = max((one[2] for one in sheet.merged if one[0] == row.row_no), default=row.row_no)
            last = min(last, row.row_no + 2)
            columns = self._columns([texts.get(number, ()) for number in range(row.row_no, last + 1)])
            if self.needed <= set(columns.values()):
                return last, columns
        return None

    def _columns(self, rows: Sequence[Sequence[str]]) -> dict[int, str]:
        """What the columns hold; of two heads above a column the lower one speaks."""
        columns: dict[int, str] = {}
        for at in range(max(map(len, rows), default=0)):
            said = [row[at] for row in reversed(rows) if at < len(row) and row[at].strip()]
            what = next((name for name in map(self.column_of, said) if name), "")
            if what and what not in columns.values():
                columns[at + 1] = what
        return columns


@dataclass(slots=True)
class Line:
    """One row below the heads: its cells by column name, and the problems found in it so far."""

    sheet: str
    row_no: int
    values: dict[str, str]
    columns: Mapping[str, int]
    problems: list[Problem] = field(default_factory=list)

    def where(self, name: str) -> str:
        return f"{self.sheet}!{cell_address(self.row_no, self.columns.get(name, 1))}"

    def wrong(self, name: str, code: str, value: str = "") -> None:
        """Note it; of one cell only the first thing is said."""
        where = self.where(name)
        if all(one.where != where for one in self.problems):
            self.problems.append(Problem(where, code, value[:SHOWN], (self.sheet, self.row_no)))

    def tried(self, name: str, read: Callable[[str], _T], otherwise: _T) -> _T:
        """The cell as `read` understands it; what it raises is noted."""
        try:
            return read(self.values.get(name, ""))
        except Bad as bad:
            self.wrong(name, bad.code, bad.value)
            return otherwise


def lines_of(book: Workbook, heads: Heads) -> Iterator[Line | None]:
    """Rows of every visible sheet that has a heading row; None once for each such sheet, before its rows."""
    for sheet in book.sheets:
        head = None if sheet.hidden else heads.find(sheet)
        if head is None:
            continue
        yield None
        columns = {name: number for number, name in head[1].items()}
        merged = _merged(sheet, head[1], head[0])
        for row in _body(sheet, head[0]):
            yield _line(sheet.name, row, columns, heads, merged.get(row.row_no, {}))


class Row(Protocol):
    """A row that was understood."""

    def problem(self, name: str, code: str, value: str = "") -> Problem: ...


_R = TypeVar("_R", bound=Row)


def once(
    rows: Sequence[_R], key: Callable[[_R], str], others: Iterable[str], name: str, code: str
) -> tuple[tuple[_R, ...], tuple[Problem, ...]]:
    """(rows whose key stands in the file once, a problem for each other one): of two nobody knows which is right.

    `others` are the keys of rows that are faulty anyway.
    """
    keys = [key(row) for row in rows]
    seen = Counter([*keys, *others])
    pairs = list(zip(keys, rows, strict=True))
    twice = tuple(row.problem(name, code) for said, row in pairs if seen[said] > 1)
    return tuple(row for said, row in pairs if seen[said] == 1), twice


def is_sum(row: SheetRow) -> bool:
    """A sum or signature, not a row of the list."""
    first = next(("".join(text.split()) for text in row.texts if text.strip()), "")
    return first.rstrip(":：").endswith(SUMS) or first.replace("：", ":").startswith(FOOTS)


def _body(sheet: Sheet, head: int) -> Iterator[SheetRow]:
    for row in sheet.rows:
        if row.row_no > head and any(text.strip() for text in row.texts) and not is_sum(row):
            yield row


def _line(sheet: str, row: SheetRow, columns: Mapping[str, int], heads: Heads, merged: Mapping[str, str]) -> Line:
    made = Line(sheet, row.row_no, {}, columns)
    for name, number in columns.items():
        text = row.texts[number - 1] if number <= len(row.texts) else ""
        made.values[name] = clean(text) or (merged.get(name, "") if name in heads.repeats else "")
        note = row.notes.get(number)
        if note == NUMERIC_ID and name in heads.whole:
            made.wrong(name, "NUMBER_LOST_DIGITS")
        elif note in (FORMULA_NO_VALUE, ERROR_VALUE):
            made.wrong(name, "FORMULA_WITHOUT_VALUE", text)
        elif merged.get(name) and name not in heads.repeats:
            made.wrong(name, "MERGED_CELLS", merged[name])
    return made


@lru_cache(maxsize=8192)
def clean(text: str) -> str:
    """Half-width, without blanks around."""
    return unicodedata.normalize("NFKC", text).strip()


def _merged(sheet: Sheet, columns: Mapping[int, str], head: int) -> dict[int, dict[str, str]]:
    """Row → column → what a block says that is merged downwards over this row."""
    texts = {row.row_no: row.texts for row in sheet.rows} if sheet.merged else {}
    found: dict[int, dict[str, str]] = {}
    for first, column, last, right in sheet.merged:
        above = texts.get(first, ())
        said = clean(above[column - 1]) if column <= len(above) else ""
        if first <= head or first == last or column != right or column not in columns or not said:
            continue
        for row_no in range(first, min(last, first + len(texts)) + 1):
            found.setdefault(row_no, {})[columns[column]] = said
    return found
