"""Read a workbook as text: sheets, true row and column numbers, merged ranges, notes on suspect cells.

``read_events`` streams, ``read_workbook`` gathers. Neither opens a file the guard has not passed, and
parsers run in a child process with limits (``core.workbooks.child``), never in this one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from core.workbooks import child
from core.workbooks.guard import DEFAULT_LIMITS, Inspected, Limits, inspect_file
from core.workbooks.refusals import WorkbookRefused

NUMERIC_ID = child.NUMERIC_ID
"""A number of more than 15 digits: its tail is lost, the text shows it as the sheet does (3.70999E+17)."""
FORMULA_NO_VALUE = child.FORMULA_NO_VALUE
ERROR_VALUE = child.ERROR_VALUE
DATE_CELL = child.DATE_CELL
"""The sheet holds a date or time; the text is ISO. A door number "2-7" typed in a sheet becomes one."""

_WORDS_KEPT = 8192
MergedRange = tuple[int, int, int, int]
"""First row, first column, last row, last column, all 1-based and inclusive."""


@dataclass(frozen=True, slots=True)
class SheetStart:
    """A sheet begins; its rows follow until the next SheetStart."""

    name: str
    hidden: bool
    merged: tuple[MergedRange, ...]
    hidden_rows: int = 0


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: ``texts[0]`` is column A; ``notes`` maps a 1-based column to a note such as NUMERIC_ID."""

    row_no: int
    texts: tuple[str, ...]
    notes: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet held in memory."""

    name: str
    hidden: bool
    merged: tuple[MergedRange, ...]
    rows: tuple[SheetRow, ...]
    hidden_rows: int = 0


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook held in memory, with the kind it was read as (xlsx, xls, ods, csv, html).

    ``macros``: the file brings macros. They were not run, and what they would have changed is not in the values.
    """

    kind: str
    sheets: tuple[Sheet, ...]
    macros: bool = False


@lru_cache(maxsize=256)
def column_letters(column: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_address(row_no: int, column: int) -> str:
    """(57, 3) -> C57."""
    return f"{column_letters(column)}{row_no}"


def read_workbook(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Workbook:
    """Read the whole file; raises WorkbookRefused."""
    inspected = inspect_file(path, limits=limits)
    sheets: list[tuple[SheetStart, list[SheetRow]]] = []
    for event in read_events(inspected, limits=limits):
        if isinstance(event, SheetStart):
            sheets.append((event, []))
        else:
            sheets[-1][1].append(event)
    gathered = tuple(
        Sheet(start.name, start.hidden, start.merged, tuple(rows), start.hidden_rows) for start, rows in sheets
    )
    if inspected.pictures and not any(any(row.texts) for sheet in gathered for row in sheet.rows):
        raise WorkbookRefused("FILE_IMAGE")
    return Workbook(inspected.kind, gathered, inspected.macros)


def read_events(inspected: Inspected, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[SheetStart | SheetRow]:
    """Stream an inspected file as SheetStart and SheetRow; may raise WorkbookRefused after some rows."""
    return _child_events(inspected, limits)


def _child_events(inspected: Inspected, limits: Limits) -> Generator[SheetStart | SheetRow]:
    numbers = (limits.cells, limits.memory_bytes, limits.cpu_s)
    what = (str(inspected.path), inspected.kind, inspected.encoding)
    command = [sys.executable, "-I", child.__file__, *what, *map(str, numbers)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"LC_ALL": "C.UTF-8"},
    )
    watchdog = threading.Timer(limits.wall_s, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        yield from _events(process.stdout)
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _events(lines: IO[bytes]) -> Iterator[SheetStart | SheetRow]:
    seen: dict[str, str] = {}  # a word that comes again is kept once: villages, routes, marks fill most of a roster
    for line in lines:
        message = _message(line)
        if message[0] == "rows":
            if len(seen) > _WORDS_KEPT:
                seen.clear()
            for row_no, texts, notes in message[1]:
                texts = tuple(map(seen.setdefault, texts, texts))
                yield SheetRow(row_no, texts, {int(column): notes[column] for column in notes} if notes else {})
        elif message[0] == "sheet":
            yield SheetStart(message[1], message[2], tuple(tuple(merged) for merged in message[3]), message[4])
        elif message[0] == "refused":
            raise WorkbookRefused(message[1], **message[2])
        else:
            return
    # The child went without saying "end": killed by a limit of memory or time.
    raise WorkbookRefused("FILE_TOO_MUCH_WORK")


def _message(line: bytes) -> list[Any]:
    try:
        return list(json.loads(line))
    except ValueError as error:
        raise WorkbookRefused("FILE_TOO_MUCH_WORK") from error
