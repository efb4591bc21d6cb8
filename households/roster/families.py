"""Lists with a row for every person: which rows are heads, and so households, and which are members of theirs."""

from __future__ import annotations

from core.workbooks.read import SheetRow
from households.roster.columns import RELATION, Synonyms
from households.roster.header import Header

_OF_A_HOME = frozenset({"heated_area_m2", "technology"})


class Families:
    """Judges the rows of one table by the column 与户主关系, in their order.

    A row is a member only below a head, and only if it says nothing of a home of its own.
    """

    def __init__(self, header: Header, known: Synonyms) -> None:
        self._known = known
        self._relation = next((column for column, name in header.columns.items() if name == RELATION), 0)
        self._home = [*(column for column, name in header.columns.items() if name in _OF_A_HOME), *header.ticks]
        self._below_head = False

    @property
    def listed(self) -> bool:
        """Whether the table has such a column at all."""
        return bool(self._relation)

    def is_member(self, row: SheetRow) -> bool:
        """Whether the row, the next one of its table, is another member of the household above."""
        relation = _text(row, self._relation)
        if not relation:
            return False
        if self._known.is_head(relation):
            self._below_head = True
            return False
        return self._below_head and not any(_text(row, column) for column in self._home)

    def remark(self, row: SheetRow) -> dict[str, str]:
        """The relation of a household's row that is not simply the head's, to be kept with the row."""
        relation = _text(row, self._relation)
        return {"与户主关系": relation} if relation and not self._known.is_head(relation) else {}


def _text(row: SheetRow, column: int) -> str:
    return row.texts[column - 1].strip() if 0 < column <= len(row.texts) else ""
