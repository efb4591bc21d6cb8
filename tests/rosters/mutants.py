"""Damage workbooks in their cells, their structure and their bytes; the same seed gives the same file."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.rosters.formats import Fault, Formula, Page, write_html, write_ods, write_xls
from tests.rosters.writing import SHORT, TITLE, short, write_xlsx

STRANGE: tuple[Any, ...] = (
    "", " ", "\u3000", "0", "-1", "1e400", "1E+17", "３７０", "=1+1", "#REF!", "小计", "合计", "身份证号", "a" * 4000,
    "\u202e张", "𠮷", "张\n三", "'", '"', "|", "2021-02-30", "一百二", "NaN", "∞", 0, -0.0, 1e300, 10**18, 0.3,
    45000.5, None,
    Fault(), Fault("#DIV/0!"), "99999999999999999999", "\x0b", "0x1F", "１２０㎡", "甲一村\u200b", "户主姓名",
    "注：", "签字：",
)  # fmt: skip
_WRITERS: dict[str, Callable[..., Path]] = {"xlsx": write_xlsx, "xls": write_xls, "ods": write_ods, "html": write_html}


def make_mutant(path: Path, chance: random.Random) -> str:
    """Write one damaged file and return what was done to it."""
    kind = chance.choice(["xlsx", "xlsx", "xlsx", "xls", "ods", "html", "csv"])
    page = Page(
        "名单", [TITLE, list(SHORT), *(short(n) for n in range(1, 9)), ["合计", "8户", "", 676]], [(1, 1, 1, 6)]
    )
    damage = chance.choice(["cells", "structure", "bytes"])
    if damage == "cells":
        page = _strange_cells(page, chance, simple=kind == "xls")
    _write(path, kind, page)
    if damage == "bytes" or (damage == "structure" and kind not in ("xlsx", "ods")):
        path.write_bytes(_strange_bytes(path.read_bytes(), chance))
    elif damage == "structure":
        path.write_bytes(_strange_structure(path.read_bytes(), chance))
    return f"{kind} {damage}"


def _write(path: Path, kind: str, page: Page) -> None:
    if kind == "csv":
        rows = [",".join("" if value is None else str(value) for value in row) for row in page.rows]
        path.write_bytes("\r\n".join(rows).encode("gb18030"))
    else:
        _WRITERS[kind](path, [page])


def _strange_cells(page: Page, chance: random.Random, *, simple: bool) -> Page:
    rows = [list(row) for row in page.rows]
    for _ in range(chance.randint(1, 25)):
        row = rows[chance.randrange(len(rows))]
        value = chance.choice(STRANGE)
        if not simple and chance.random() < 0.1:
            value = Formula("=A1", chance.choice([None, 5, "x"]))
        place = chance.randrange(len(row) + 2) if row else 0
        row[place : place + chance.choice([0, 1])] = [value]
    if chance.random() < 0.3:
        chance.shuffle(rows)
    merged = [_area(chance) for _ in range(chance.randint(0, 3))] if simple else []
    return Page(chance.choice(["名单", "甲一村", "x" * 31]), [_fit(row) for row in rows], merged)


def _fit(row: list[Any]) -> list[Any]:
    """An old workbook holds numbers as doubles and at most 8,000 characters in one record."""
    return [float(value) if isinstance(value, int) and abs(value) > 2**53 else value for value in row]


def _area(chance: random.Random) -> tuple[int, int, int, int]:
    top, left = chance.randint(1, 12), chance.randint(1, 6)
    return top, left, top + chance.randint(0, 60_000), left + chance.randint(0, 200)


def _strange_structure(content: bytes, chance: random.Random) -> bytes:
    old = zipfile.ZipFile(io.BytesIO(content))
    parts = {name: old.read(name) for name in old.namelist()}
    for _ in range(chance.randint(1, 4)):
        name = chance.choice([*parts, *(part for part in parts if "sheet1" in part or "content" in part)] or ["x"])
        parts[name] = chance.choice(_DAMAGES)(parts.get(name, b""), chance)
        if chance.random() < 0.15:
            parts.pop(name)
        if chance.random() < 0.1:
            parts[chance.choice(["xl/worksheets/sheet2.xml", "../../x", "a" * 200, "名"])] = b"<x/>"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", chance.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])) as new:
        for name, part in parts.items():
            new.writestr(name, part)
    return packed.getvalue()


def _drop_tag(part: bytes, chance: random.Random) -> bytes:
    tags = list(re.finditer(rb"<[^>]{1,300}>", part))
    if not tags:
        return part
    tag = chance.choice(tags)
    return part[: tag.start()] + chance.choice([b"", tag[0] * 3, b"<row>", b"</c>"]) + part[tag.end() :]


def _change_attribute(part: bytes, chance: random.Random) -> bytes:
    found = list(re.finditer(rb'="([^"]{0,80})"', part))
    if not found:
        return part
    one = chance.choice(found)
    value = chance.choice([b"", b"-1", b"A0", b"XFD1048576", b"ZZZZ9", b"4294967296", b"\xff", b"&bogus;", b"s", b"e"])
    return part[: one.start(1)] + value + part[one.end(1) :]


def _move_text(part: bytes, chance: random.Random) -> bytes:
    first, second = sorted((chance.randrange(len(part) + 1), chance.randrange(len(part) + 1)))
    return part[second:] + part[first:second] + part[:first]


def _strange_bytes(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 20)):
        place = chance.randrange(len(damaged) + 1)
        what = chance.randrange(4)
        if what == 0 and damaged:
            damaged[place % len(damaged)] = chance.randrange(256)
        elif what == 1:
            damaged[place:place] = chance.randbytes(chance.randint(1, 64))
        elif what == 2:
            del damaged[place : place + chance.randint(1, 200)]
        elif chance.random() < 0.2:
            del damaged[place:]
    return bytes(damaged)


_DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _drop_tag, _drop_tag, _change_attribute, _change_attribute, _move_text, _strange_bytes,
)  # fmt: skip
