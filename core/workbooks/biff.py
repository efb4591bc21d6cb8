"""Which cells of an old .xls workbook show an error such as #N/A: the parser gives them out as empty.

Reads just enough of the two layers, the compound file ([MS-CFB] 2.2, 2.3, 2.6) and the records of its workbook
stream ([MS-XLS] 2.4.28 BoundSheet8, 2.4.24 BoolErr, 2.4.127 Formula). A file it can't follow gives no cells: the
parser, which comes next, has the last word on damaged files.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_END_OF_CHAIN = 0xFFFFFFFA
_BOUND_SHEET, _BOOL_ERR, _FORMULA, _EOF = 0x0085, 0x0205, 0x0006, 0x000A
_BOF = (0x0809, 0x0409, 0x0209)
_DIRECTORY_ENTRY = 128
Cells = set[tuple[int, int]]


def error_cells(path: str) -> dict[str, Cells]:
    """Sheet name -> (row, column), 1-based, of its error cells."""
    try:
        stream = workbook_stream(Path(path).read_bytes())
        return {name: set(_sheet_errors(stream, start)) for name, start in _sheets(stream)}
    except (struct.error, ValueError, IndexError):
        return {}


def workbook_stream(content: bytes) -> bytes:
    """The stream "Workbook" (or "Book") of a compound file; ValueError when there is none of ordinary size."""
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    fat_count, directory_start = struct.unpack_from("<I", content, 44)[0], struct.unpack_from("<I", content, 48)[0]
    if size not in (512, 4096):
        raise ValueError("sector size")
    fat_sectors = _fat_sectors(content, size, fat_count)
    fat = [entry for sector in fat_sectors for (entry,) in struct.iter_unpack("<I", _sector(content, size, sector))]
    directory = _chain(content, size, fat, directory_start)
    for position in range(0, len(directory) - _DIRECTORY_ENTRY + 1, _DIRECTORY_ENTRY):
        entry = directory[position : position + _DIRECTORY_ENTRY]
        name = entry[: max(0, min(64, struct.unpack_from("<H", entry, 64)[0]) - 2)].decode("utf-16-le", "replace")
        if name in ("Workbook", "Book"):
            start, length = struct.unpack_from("<II", entry, 116)
            return _chain(content, size, fat, start)[:length]
    raise ValueError("no workbook")


def _fat_sectors(content: bytes, size: int, count: int) -> list[int]:
    sectors = list(struct.unpack_from("<109I", content, 76))
    following = struct.unpack_from("<I", content, 68)[0]
    while following < _END_OF_CHAIN and len(sectors) < count:
        *more, following = struct.unpack(f"<{size // 4}I", _sector(content, size, following))
        sectors += more
    return [sector for sector in sectors[:count] if sector < _END_OF_CHAIN]


def _sector(content: bytes, size: int, number: int) -> bytes:
    found = content[(number + 1) * size : (number + 2) * size]
    return found.ljust(size, b"\0")


def _chain(content: bytes, size: int, fat: list[int], start: int) -> bytes:
    pieces: list[bytes] = []
    number = start
    while number < _END_OF_CHAIN:
        if len(pieces) > len(content) // size:
            raise ValueError("circular chain")
        pieces.append(_sector(content, size, number))
        number = fat[number]
    return b"".join(pieces)


def _records(stream: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """(kind, body) of the records of one substream; charts inside a sheet are substreams of their own."""
    depth = 0
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        depth += (kind in _BOF) - (kind == _EOF)
        if depth == 1:
            yield kind, stream[position + 4 : position + 4 + length]
        elif depth <= 0:
            return
        position += 4 + length


def _sheets(stream: bytes) -> Iterator[tuple[str, int]]:
    for kind, body in _records(stream, 0):
        if kind == _BOUND_SHEET:
            start, length, wide = struct.unpack_from("<I2xBB", body)
            yield body[8 : 8 + length * (2 if wide & 1 else 1)].decode("utf-16-le" if wide & 1 else "latin-1"), start


def _sheet_errors(stream: bytes, start: int) -> Iterator[tuple[int, int]]:
    for kind, body in _records(stream, start):
        shows_error = (kind == _BOOL_ERR and body[7] == 1) or (
            kind == _FORMULA and body[6] == 2 and body[12:14] == b"\xff\xff"
        )
        if shows_error:
            row, column = struct.unpack_from("<HH", body)
            yield row + 1, column + 1
