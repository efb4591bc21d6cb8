"""Write small sheets in formats for which the portal has only readers: .xls (BIFF8), .ods, web pages.

A sheet is ``Page(name, rows, merged, hidden)``; a cell is text, a number, None, a `Formula`, or `Fault`.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from xml.sax.saxutils import quoteattr


@dataclass(frozen=True)
class Formula:
    """A formula; ``value`` is its stored result, None for a file that was never calculated."""

    text: str
    value: str | float | None = None


@dataclass(frozen=True)
class Fault:
    """A cell that shows an error."""

    text: str = "#N/A"


Cell = str | int | float | None | Formula | Fault
Area = tuple[int, int, int, int]
"""First row, first column, last row, last column; 1-based."""


@dataclass
class Page:
    name: str
    rows: Sequence[Sequence[Cell]]
    merged: list[Area] = field(default_factory=list)
    hidden: bool = False


# --- .xls -------------------------------------------------------------------------------------------------------

_SECTOR, _FREE, _END, _FAT = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def write_xls(path: Path, pages: Sequence[Page]) -> Path:
    """A BIFF8 workbook in a compound file, as Excel 97 to 2003 and WPS write it, with nothing but the cells."""
    path.write_bytes(compound_file({"Workbook": _workbook_stream(pages)}))
    return path


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _workbook_stream(pages: Sequence[Page]) -> bytes:
    bof = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    sheets = [_sheet_stream(page) for page in pages]
    heads = [struct.pack("<BB", page.hidden, 0) + _text8(page.name) for page in pages]
    start = len(bof) + sum(4 + 4 + len(head) for head in heads) + 4
    bounds = b""
    for head, sheet in zip(heads, sheets, strict=True):
        bounds += _record(0x0085, struct.pack("<I", start) + head)
        start += len(sheet)
    return bof + bounds + _record(0x000A, b"") + b"".join(sheets)


def _text8(text: str) -> bytes:
    return struct.pack("<BB", len(text), 1) + text.encode("utf-16-le")


def _sheet_stream(page: Page) -> bytes:
    width = max((len(row) for row in page.rows), default=0)
    out = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    out += _record(0x0200, struct.pack("<IIHHH", 0, len(page.rows), 0, width, 0))
    for row_no, row in enumerate(page.rows):
        for column, value in enumerate(row):
            out += _cell8(row_no, column, value)
    if page.merged:
        areas = b"".join(
            struct.pack("<HHHH", top - 1, low - 1, left - 1, right - 1) for top, left, low, right in page.merged
        )
        out += _record(0x00E5, struct.pack("<H", len(page.merged)) + areas)
    return out + _record(0x000A, b"")


def _cell8(row_no: int, column: int, value: Cell) -> bytes:
    place = struct.pack("<HHH", row_no, column, 0)
    if value is None or value == "":
        return b""
    if isinstance(value, Fault):
        return _record(0x0205, place + struct.pack("<BB", 0x2A, 1))
    if isinstance(value, Formula):
        raise TypeError("formulas are not written to .xls here")
    if isinstance(value, int | float):
        return _record(0x0203, place + struct.pack("<d", value))
    return _record(0x0204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))


def compound_file(streams: dict[str, bytes]) -> bytes:
    """An OLE compound file ([MS-CFB]) with streams padded to whole sectors, large enough not to be mini streams."""
    data, chains, entries, names = b"", [], [], list(streams)
    for content in streams.values():
        padded = content.ljust(max(4096, -(-len(content) // _SECTOR) * _SECTOR), b"\0")
        first = len(data) // _SECTOR
        chains.append((first, len(padded) // _SECTOR))
        entries.append((first, len(padded)))
        data += padded
    directory = [_entry("Root Entry", 5, _END, 0, 1 if names else _FREE)]
    for place, (name, (first, size)) in enumerate(zip(names, entries, strict=True), 1):
        directory.append(_entry(name, 2, first, size, right=place + 1 if place < len(names) else _FREE))
    packed = b"".join(directory)
    packed = packed.ljust(-(-len(packed) // _SECTOR) * _SECTOR, b"\0")
    chains.append((len(data) // _SECTOR, len(packed) // _SECTOR))
    data += packed
    return _with_fat(data, chains)


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE, right: int = _FREE) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    head = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw), kind, 1)
    return head + struct.pack("<III", _FREE, right, child) + b"\0" * 36 + struct.pack("<III", start, size, 0)


def _with_fat(data: bytes, chains: list[tuple[int, int]]) -> bytes:
    used = len(data) // _SECTOR
    fat_sectors = 1
    while fat_sectors * 128 < used + fat_sectors:
        fat_sectors += 1
    fat = [_FREE] * (fat_sectors * 128)
    for first, count in chains:
        for place in range(first, first + count):
            fat[place] = place + 1 if place + 1 < first + count else _END
    for place in range(used, used + fat_sectors):
        fat[place] = _FAT
    difat = [used + n for n in range(fat_sectors)] + [_FREE] * (109 - fat_sectors)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, fat_sectors, chains[-1][0], 0, 4096, _END, 0, _END, 0)
    return header + struct.pack("<109I", *difat) + data + struct.pack(f"<{len(fat)}I", *fat)


# --- .ods -------------------------------------------------------------------------------------------------------

_OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def write_ods(path: Path, pages: Sequence[Page]) -> Path:
    """An OpenDocument spreadsheet; formulas carry their stored value."""
    tables = "".join(_ods_table(page) for page in pages)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.2"'
        f' xmlns:office="{_OASIS}:office:1.0" xmlns:table="{_OASIS}:table:1.0" xmlns:text="{_OASIS}:text:1.0"'
        f' xmlns:style="{_OASIS}:style:1.0"><office:automatic-styles><style:style style:name="hid"'
        f' style:family="table"><style:table-properties table:display="false"/></style:style>'
        f"</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        f"</office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", '<?xml version="1.0"?><manifest/>')
        archive.writestr("content.xml", content)
    return path


def _ods_table(page: Page) -> str:
    style, covered = ' table:style-name="hid"' if page.hidden else "", _covered(page)
    rows = "".join(
        "<table:table-row>"
        + "".join(
            "<table:covered-table-cell/>"
            if (row_no, column) in covered
            else _ods_cell(value, _spans(page, row_no, column))
            for column, value in enumerate(row, 1)
        )
        + "</table:table-row>"
        for row_no, row in enumerate(page.rows, 1)
    )
    return f"<table:table table:name={quoteattr(page.name)}{style}>{rows}</table:table>"


def _covered(page: Page) -> set[tuple[int, int]]:
    """Cells that a merged cell covers, its own left out."""
    return {
        (row, column)
        for top, left, bottom, right in page.merged
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
        if (row, column) != (top, left)
    }


def _spans(page: Page, row_no: int, column: int) -> tuple[int, int]:
    for top, left, bottom, right in page.merged:
        if (top, left) == (row_no, column):
            return bottom - top + 1, right - left + 1
    return 1, 1


def _ods_cell(value: Cell, spans: tuple[int, int]) -> str:
    down, across = spans
    attributes = (
        f' table:number-rows-spanned="{down}" table:number-columns-spanned="{across}"' if spans != (1, 1) else ""
    )
    if value is None or value == "":
        return f"<table:table-cell{attributes}/>"
    if isinstance(value, Formula):
        attributes += f" table:formula={quoteattr('of:' + value.text)}"
        return _ods_cell_of(value.value if value.value is not None else "", attributes)
    return _ods_cell_of(value.text if isinstance(value, Fault) else value, attributes)


def _ods_cell_of(value: str | float, attributes: str) -> str:
    if isinstance(value, int | float):
        kind = f' office:value-type="float" office:value="{value}"'
    else:
        kind = ' office:value-type="string"'
    return f"<table:table-cell{attributes}{kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"


# --- web page under the name .xls ---------------------------------------------------------------------------------


def write_html(path: Path, pages: Sequence[Page], *, encoding: str = "gb2312") -> Path:
    """What office systems export as "Excel": one HTML table per page, spans instead of merged cells."""
    tables = "".join(_html_table(page) for page in pages)
    names = "".join(f"<x:ExcelWorksheet><x:Name>{escape(page.name)}</x:Name></x:ExcelWorksheet>" for page in pages)
    head = f'<meta http-equiv="Content-Type" content="text/html; charset={encoding}">'
    text = f"<html><head>{head}<!--[if gte mso 9]><xml>{names}</xml><![endif]--></head><body>{tables}</body></html>"
    path.write_bytes(text.encode("gb18030" if encoding == "gb2312" else encoding))
    return path


def _html_table(page: Page) -> str:
    covered = _covered(page)
    rows = ""
    for row_no, row in enumerate(page.rows, 1):
        cells = ""
        for column, value in enumerate(row, 1):
            if (row_no, column) not in covered:
                down, across = _spans(page, row_no, column)
                spans = (f" rowspan={down}" if down > 1 else "") + (f" colspan={across}" if across > 1 else "")
                cells += f"<td{spans}>{escape('' if value is None else str(value))}</td>"
        rows += f"<tr>{cells}</tr>\r\n"
    return f"<table border=1>{rows}</table>"
