"""Columns without a heading: a remark written beside the list, a column somebody added in a hurry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.workbooks.read import cell_address, column_letters
from households.roster.header import Header
from households.roster.rows import Finding


class Bare:
    """What stands in such columns of one table is kept with its row under the column's letters, and told."""

    def __init__(self, sheet: str, header: Header) -> None:
        self._sheet, self._row_no = sheet, header.last_row
        self._width = max(header.titles, default=0)
        self._between = [column for column in range(1, self._width) if column not in header.titles]
        self._cells: Counter[int] = Counter()

    def take(self, texts: Sequence[str], extra: dict[str, str]) -> None:
        """Add the texts of one household's row to what is kept with it."""
        if not self._between and len(texts) <= self._width:
            return
        for column in (*self._between, *range(self._width + 1, len(texts) + 1)):
            if column <= len(texts) and texts[column - 1].strip():
                extra[column_letters(column)] = texts[column - 1]
                self._cells[column] += 1

    def findings(self) -> list[Finding]:
        """One for each column that holds something."""
        return [
            Finding("F_UNTITLED_COLUMN", self._sheet, self._row_no, cell_address(self._row_no, column),
                    {"column": column_letters(column), "cells": cells})
            for column, cells in sorted(self._cells.items())
        ]  # fmt: skip
