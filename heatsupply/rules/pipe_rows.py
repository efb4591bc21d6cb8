"""Pipe segments of a workbook: columns by their heads, every problem with its cell. No Django. Source: B-14, B-41."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from core.workbooks.read import Workbook, cell_address
from heatsupply.rules.sheet_rows import SHOWN, Bad, Heads, Line, Problem, lines_of, once

MAX_ROWS, FIRST_YEAR, LONGEST_CODE = 50_000, 1950, 40
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "code": ("管段编号", "管段号", "管线编号", "编号", "segment"),
    "level": ("管网级别", "级别", "管网类型", "管网等级", "level"),
    "length_m": ("长度", "管线长度", "管长", "长度m", "length"),
    "diameter_mm": ("管径", "公称直径", "管径mm", "diameter"),
    "year_laid": ("敷设年份", "建成年份", "投运年份", "敷设时间", "建成时间", "投运时间", "laid"),
    "conditions": ("状况", "隐患", "存在问题", "管道状况", "condition"),
    "line": ("坐标", "走向坐标", "course"),
}
HEADS = Heads(
    HEADINGS, needed=frozenset({"code", "length_m"}), whole=frozenset({"code"}),
    repeats=frozenset({"level", "year_laid"}),
)  # fmt: skip
LEVELS = {
    "": "primary", "一级": "primary", "一级管网": "primary", "一次网": "primary", "一次管网": "primary",
    "二级": "secondary", "二级管网": "secondary", "二次网": "secondary", "二次管网": "secondary",
    "共用": "shared", "红线内": "shared", "小区共用": "shared",
}  # fmt: skip
CONDITIONS = {"泄漏": "leaking", "泄露": "leaking", "漏": "leaking", "热损失大": "heat_loss", "热损大": "heat_loss",
              "保温破损": "heat_loss", "腐蚀": "corroded"}  # fmt: skip
GOOD = ("无", "完好", "良好", "正常")
PROBLEM_CODES = (
    "NO_HEADER", "TOO_MANY_ROWS", "CODE_MISSING", "CODE_TWICE", "NUMBER_LOST_DIGITS", "FORMULA_WITHOUT_VALUE",
    "MERGED_CELLS", "LEVEL", "LENGTH_M", "DIAMETER_MM", "YEAR_LAID", "CONDITIONS", "LINE", "OLDER_THAN_RENEWAL",
)  # fmt: skip
_SPLIT = re.compile(r"[、,，;；/\s]+")
_YEAR = re.compile(r"(\d{4})(?:年|[-./年]\d{1,2}.*)?")


@dataclass(frozen=True)
class PipeRow:
    """One piece of pipe: length in metres, diameter in millimetres, course in degrees.

    `given` names the columns the row says something in: what it leaves empty is not taken away from what is known.
    """

    code: str
    level: str
    length_m: Decimal
    diameter_mm: int | None
    year_laid: int | None
    conditions: tuple[str, ...]
    line: tuple[tuple[float, float], ...]
    sheet: str = ""
    row_no: int = 0
    given: frozenset[str] = frozenset()
    columns: Mapping[str, int] = field(default_factory=dict, compare=False)

    def problem(self, name: str, code: str, value: str = "") -> Problem:
        where = f"{self.sheet}!{cell_address(self.row_no, self.columns.get(name, 1))}"
        return Problem(where, code, value[:SHOWN], (self.sheet, self.row_no))


@dataclass(frozen=True, slots=True)
class PipeSheet:
    """Rows that can be understood and all problems; a row with a problem is not among the rows."""

    rows: tuple[PipeRow, ...]
    problems: tuple[Problem, ...]
    seen: int


def read_pipes(book: Workbook, this_year: int) -> PipeSheet:
    """The rows of every visible sheet that has a header; without any, the one problem NO_HEADER."""
    rows: list[PipeRow] = []
    problems: list[Problem] = []
    others: list[str] = []
    seen, headed = 0, False
    for line in lines_of(book, HEADS):
        headed = True
        if line is None:
            continue
        seen += 1
        if seen > MAX_ROWS:
            return PipeSheet((), (Problem(f"{line.sheet}!A{line.row_no}", "TOO_MANY_ROWS", str(MAX_ROWS)),), seen)
        made = _understand(line, this_year)
        rows += [made] if made else []
        others += [] if made else ["".join(line.values["code"].split())]
        problems += line.problems
    if not headed:
        return PipeSheet((), (Problem("", "NO_HEADER"),), 0)
    kept, twice = once(rows, lambda row: row.code, others, "code", "CODE_TWICE")
    return PipeSheet(kept, (*problems, *twice), seen)


def _understand(line: Line, this_year: int) -> PipeRow | None:
    """The row; None where anything is wrong with it, which the line then says."""
    made = PipeRow(
        line.tried("code", _code, ""), line.tried("level", _level, ""), line.tried("length_m", _length, Decimal(0)),
        line.tried("diameter_mm", _diameter, None), line.tried("year_laid", lambda text: _year(text, this_year), None),
        line.tried("conditions", _conditions, ()), line.tried("line", _course, ()), line.sheet, line.row_no,
        frozenset(name for name, text in line.values.items() if text), line.columns,
    )  # fmt: skip
    return None if line.problems else made


def _code(text: str) -> str:
    if not text or len(text) > LONGEST_CODE:
        raise Bad("CODE_MISSING", text)
    return text


def _level(text: str) -> str:
    if text not in LEVELS:
        raise Bad("LEVEL", text)
    return LEVELS[text]


def _length(text: str) -> Decimal:
    """Metres; “1.2km” is 1,200 of them."""
    bare = text.lower().replace(",", "").replace(" ", "")
    times = 1000 if bare.endswith(("km", "公里", "千米")) else 1
    bare = bare.removesuffix("km").removesuffix("公里").removesuffix("千米").removesuffix("米").removesuffix("m")
    try:
        value = Decimal(bare) * times
    except InvalidOperation:
        raise Bad("LENGTH_M", text) from None
    if not value.is_finite() or not Decimal("0.1") <= value < 10**6:
        raise Bad("LENGTH_M", text)
    return value.quantize(Decimal("0.1"))


def _diameter(text: str) -> int | None:
    bare = text.upper().replace(" ", "").removeprefix("DN").removeprefix("Φ").removesuffix("MM").removesuffix(".0")
    if not bare:
        return None
    if not (bare.isascii() and bare.isdigit() and len(bare) < 5 and 0 < int(bare) <= 3000):
        raise Bad("DIAMETER_MM", text)
    return int(bare)


def _year(text: str, this_year: int) -> int | None:
    """2003, 2003年, 2003.0, 2003-10-15, 2003年10月: the year of it."""
    if not text:
        return None
    found = _YEAR.fullmatch(text)
    if found is None or not FIRST_YEAR <= int(found[1]) <= this_year:
        raise Bad("YEAR_LAID", text)
    return int(found[1])


def _conditions(text: str) -> tuple[str, ...]:
    parts = [part for part in _SPLIT.split(text) if part and part not in GOOD]
    if any(part not in CONDITIONS for part in parts):
        raise Bad("CONDITIONS", text)
    return tuple(sorted({CONDITIONS[part] for part in parts}))


def _course(text: str) -> tuple[tuple[float, float], ...]:
    try:
        return read_line(text)
    except ValueError:
        raise Bad("LINE", text) from None


def read_line(text: str) -> tuple[tuple[float, float], ...]:
    """“104.1736,36.5448 104.1800,36.5450” (longitude, latitude, in degrees) as points; raises `ValueError`."""
    points = []
    for pair in text.replace("；", " ").replace(";", " ").replace("，", ",").split():
        lng, lat = (float(part) for part in pair.split(","))
        if not (-180 <= lng <= 180 and -90 <= lat <= 90):
            raise ValueError(text)
        points.append((lng, lat))
    if len(points) == 1 or len(points) > 500:
        raise ValueError(text)
    return tuple(points)
