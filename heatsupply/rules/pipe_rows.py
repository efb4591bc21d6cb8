"""Pipe segments from a sheet: columns by their headings, every problem with its cell. No Django. Source: B-14, B-41."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

HEAD_ROWS, MAX_ROWS, FIRST_YEAR = 10, 5_000, 1950
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "code": ("管段编号", "管段号", "编号", "segment"),
    "level": ("管网级别", "级别", "管网类型", "level"),
    "length_m": ("长度", "长度(米)", "长度（米）", "长度m", "length"),
    "diameter_mm": ("管径", "管径(毫米)", "管径（毫米）", "管径mm", "diameter"),
    "year_laid": ("敷设年份", "建成年份", "投运年份", "敷设时间", "laid"),
    "conditions": ("状况", "隐患", "存在问题", "condition"),
    "line": ("坐标", "走向坐标", "course"),
}
LEVELS = {
    "": "primary", "一级": "primary", "一级管网": "primary", "一次网": "primary", "二级": "secondary",
    "二级管网": "secondary", "二次网": "secondary", "共用": "shared", "红线内": "shared", "小区共用": "shared",
}  # fmt: skip
CONDITIONS = {"泄漏": "leaking", "泄露": "leaking", "漏": "leaking", "热损失大": "heat_loss", "热损大": "heat_loss",
              "保温破损": "heat_loss", "腐蚀": "corroded"}  # fmt: skip
NEEDED = ("code", "length_m")


@dataclass(frozen=True)
class PipeRow:
    code: str
    level: str
    length_m: Decimal
    diameter_mm: int | None
    year_laid: int | None
    conditions: tuple[str, ...]
    line: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Problem:
    """`code`: NO_HEADER, TOO_MANY_ROWS, CODE_MISSING, CODE_TWICE, or the name of a column that can't be read."""

    code: str
    row_no: int
    text: str = ""


@dataclass
class Table:
    rows: list[PipeRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_pipes(lines: Iterable[tuple[int, Sequence[str]]], this_year: int) -> Table:
    """Rows of a sheet given as (row number, cells)."""
    table, columns, seen = Table(), dict[str, int](), set[str]()
    for row_no, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            columns = _columns(cells)
            if not columns and row_no > HEAD_ROWS:
                break
        elif len(table.rows) >= MAX_ROWS:
            table.problems.append(Problem("TOO_MANY_ROWS", row_no, str(MAX_ROWS)))
            break
        else:
            _take(table, seen, row_no, {name: _cell(cells, at) for name, at in columns.items()}, this_year)
    if not columns:
        table.problems.append(Problem("NO_HEADER", 1))
    return table


def _columns(cells: Sequence[str]) -> dict[str, int]:
    """Column by name; empty unless the needed ones are there."""
    bare = [cell.strip().lower().replace(" ", "") for cell in cells]
    found = {name: bare.index(word) for name, known in HEADINGS.items() for word in reversed(known) if word in bare}
    return found if all(name in found for name in NEEDED) else {}


def _cell(cells: Sequence[str], at: int) -> str:
    return cells[at].strip() if at < len(cells) else ""


def _take(table: Table, seen: set[str], row_no: int, said: Mapping[str, str], this_year: int) -> None:
    values, wrong = dict[str, object](), list[Problem]()
    for name, read in READERS.items():
        try:
            values[name] = read(said.get(name, ""), this_year)
        except (ValueError, InvalidOperation):
            wrong.append(Problem(name.upper(), row_no, said.get(name, "")[:40]))
    code = said["code"]
    if not code or len(code) > 40:
        wrong.append(Problem("CODE_MISSING", row_no, code[:40]))
    elif code in seen:
        wrong.append(Problem("CODE_TWICE", row_no, code))
    seen.add(code)
    table.problems += wrong
    if not wrong:
        table.rows.append(PipeRow(code=code, **values))  # type: ignore[arg-type]


def _level(text: str, _year: int) -> str:
    if text not in LEVELS:
        raise ValueError(text)
    return LEVELS[text]


def _length(text: str, _year: int) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or not 0 < value < 10**6:
        raise ValueError(text)
    return value


def _diameter(text: str, _year: int) -> int | None:
    value = int(text.upper().removeprefix("DN")) if text else None
    if value is not None and not 0 < value <= 3000:
        raise ValueError(text)
    return value


def _year(text: str, this_year: int) -> int | None:
    value = int(text.removesuffix("年")[:4]) if text else None
    if value is not None and not FIRST_YEAR <= value <= this_year:
        raise ValueError(text)
    return value


def _conditions(text: str, _year: int) -> tuple[str, ...]:
    parts = [part for part in text.replace("，", "、").replace(",", "、").split("、") if part not in ("", "无", "完好")]
    if any(part not in CONDITIONS for part in parts):
        raise ValueError(text)
    return tuple(sorted({CONDITIONS[part] for part in parts}))


def read_line(text: str, _year: int = 0) -> tuple[tuple[float, float], ...]:
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


READERS = {"level": _level, "length_m": _length, "diameter_mm": _diameter, "year_laid": _year,
           "conditions": _conditions, "line": read_line}  # fmt: skip
