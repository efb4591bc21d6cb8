"""What the parser does not tell about an OpenDocument spreadsheet: merged cells and rows hidden or filtered away.

Runs in the child process, after the guard has counted the bytes of every part and refused document types.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from typing import Any

from defusedxml import ElementTree

_TABLE, _ROW, _CELL, _COVERED = "table", "table-row", "table-cell", "covered-table-cell"
#: More merged ranges than any roster has; a hostile file may hold a million.
_MOST_RANGES = 20_000
Range = tuple[int, int, int, int]


@dataclass(slots=True)
class TableShape:
    """One sheet: merged ranges as 1-based (first row, first column, last row, last column), hidden rows counted."""

    merged: list[Range] = field(default_factory=list)
    hidden_rows: int = 0


def table_shapes(path: str) -> list[TableShape]:
    """The shape of every sheet, in the order of the file. A row or cell that is repeated is written once."""
    shapes: list[TableShape] = []
    with zipfile.ZipFile(path) as archive, archive.open("content.xml") as file:
        row_no = 0
        for event, element in ElementTree.iterparse(file, events=("start", "end")):
            name = element.tag.rpartition("}")[2]
            if event == "start" and name == _TABLE:
                shapes.append(TableShape())
                row_no = 0
            elif event == "end" and name == _ROW and shapes:
                _take_row(shapes[-1], element, row_no + 1)
                row_no += _number(element, "number-rows-repeated")
                element.clear()
            elif event == "end" and name == _TABLE:
                element.clear()
    return shapes


def _take_row(shape: TableShape, row: Any, row_no: int) -> None:
    if _said(row, "visibility") in ("collapse", "filter"):
        shape.hidden_rows += _number(row, "number-rows-repeated")
    column = 1
    for cell in row:
        if cell.tag.rpartition("}")[2] not in (_CELL, _COVERED):
            continue
        down, across = _number(cell, "number-rows-spanned"), _number(cell, "number-columns-spanned")
        if (down > 1 or across > 1) and len(shape.merged) < _MOST_RANGES:
            shape.merged.append((row_no, column, row_no + down - 1, column + across - 1))
        column += _number(cell, "number-columns-repeated")


def _number(element: Any, name: str) -> int:
    text = _said(element, name)
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 9 else 1


def _said(element: Any, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")
