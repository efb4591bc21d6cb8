"""One table of a sheet: its columns, its part of each row, the village its last heading named."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.workbooks.read import SheetRow, column_letters
from households.roster.columns import ASIDE, SERIAL
from households.roster.families import Families
from households.roster.header import Header
from households.roster.totals import TotalsCheck

FILLED_DOWN = ("town", "village", "group")
"""Only place names are taken from a vertically merged cell; a merged amount would be a guess."""

_DITTO = frozenset({"", "同上", "〃", "″", "''", '"'})


@dataclass(slots=True)
class Table:
    """One of the tables that stand side by side, or the only one; counted from 1 over the whole sheet."""

    number: int
    header: Header
    totals: TotalsCheck
    alone: bool
    families: Families
    village: tuple[str, str] = ("", "")
    """The village the last heading above its rows named, and that heading's cell."""
    nameless: bool = False
    """Rows of it stood before any village was named: the lines that name one may stand below their rows."""
    above: str = ""
    """The village the last row wrote in its own cell, as far as no heading or total ended it."""
    letters: dict[str, str] = field(init=False)
    places: list[tuple[str, int]] = field(init=False)
    """Field and 0-based position of every column that is kept."""
    ids: list[int] = field(init=False)

    def __post_init__(self) -> None:
        columns = [(column, name) for column, name in self.header.columns.items() if name not in ASIDE]
        self.letters = {name: column_letters(column) for column, name in columns}
        self.places = [(name, column - 1) for column, name in columns]
        self.ids = [column - 1 for column, name in columns if name == "id_number"]

    def plainly_household(self, row: SheetRow) -> bool:
        """As ``holds_id``, for the many rows whose number begins as such: no need to ask what else they may be."""
        texts = row.texts
        return (
            self.alone
            and not self.families.listed
            and any(texts[place][:6].isdigit() and len(texts[place]) >= 6 for place in self.ids if place < len(texts))
        )

    def village_above(self, written: str) -> str:
        """The village of the rows above, or of the heading or sheet they are under, for a row that leaves its own cell
        blank; what it writes holds from here.
        """
        if written.strip() in _DITTO:
            return self.above or self.village[0]
        self.above = written
        return ""

    def part(self, row: SheetRow) -> SheetRow:
        """The row as this table sees it."""
        if self.alone:
            return row
        own = self.header.own
        texts = tuple(text if column in own else "" for column, text in enumerate(row.texts, 1))
        return SheetRow(row.row_no, texts, {column: note for column, note in row.notes.items() if column in own})

    def is_empty(self, row: SheetRow) -> bool:
        """Whether a row holds nothing of this table but the place it shares with its neighbour and a number."""
        for column in self.header.own:
            text = row.texts[column - 1].strip() if column <= len(row.texts) else ""
            name = self.header.columns.get(column)
            counts = not text.isdigit() if name == SERIAL else name not in FILLED_DOWN
            if counts and (text or column in row.notes):
                return False
        return True
