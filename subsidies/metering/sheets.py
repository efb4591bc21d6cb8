"""Sheets of the power and gas companies: header by synonyms, every cell as text, all problems with sheet and cell.

No Django: who the rows belong to is found by the caller.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeVar

from core.seasons import Span
from core.workbooks.read import ERROR_VALUE, FORMULA_NO_VALUE, NUMERIC_ID, Sheet, SheetRow, Workbook, cell_address

HEAD_ROWS = 30
MAX_ROWS = 200_000
#: Column → headings, bare of blanks and of what stands in brackets.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "dwelling": ("住宅编号", "家庭编号", "户编号", "档案编号", "住房编号"),
    "account": ("户号", "用户编号", "用电户号", "客户编号", "用气户号", "燃气户号", "电力户号", "用户号", "客户号"),
    "meter": (
        "表号", "电表号", "电能表编号", "电能表号", "电表资产号", "资产编号", "表计编号", "表计资产号", "燃气表号",
        "表具编号", "气表号", "表具号", "出厂编号", "表钢号", "电表编号", "计量表号",
    ),
    "name": ("户名", "用户名称", "用电户名", "客户名称", "用户姓名", "姓名", "户主姓名"),
    "read_before": ("上次抄表日期", "上期抄表日期", "上次抄表", "上月抄表日期", "上次抄表日"),
    "first": ("起始日期", "开始日期", "起日期", "用电起始日期", "用气起始日期", "起始日"),
    "last": (
        "截止日期", "结束日期", "止日期", "本次抄表日期", "本期抄表日期", "抄表日期", "本次抄表", "抄表日",
        "终止日期", "截止日",
    ),
    "month": ("月份", "电费年月", "账期", "帐期", "抄表年月", "所属月份", "年月", "用气月份", "用电月份", "抄表月份"),
    "start": (
        "上次示数", "上期示数", "上月示数", "起码", "起度", "起示数", "期初示数", "起始示数", "上月表底", "上次读数",
        "上期读数", "上次表底", "期初表底", "上次指数",
    ),
    "end": (
        "本次示数", "本期示数", "本月示数", "止码", "止度", "止示数", "期末示数", "截止示数", "本月表底", "本次读数",
        "本期读数", "本次表底", "期末表底", "本次指数",
    ),
    "quantity": (
        "用电量", "电量", "抄见电量", "合计电量", "总电量", "总用电量", "结算电量", "用气量", "气量", "总用气量",
        "使用量", "用量", "本期用量", "结算气量", "采暖期用电量", "采暖季用电量", "采暖季用气量",
    ),
    "factor": ("倍率", "综合倍率", "表计倍率"),
    "tariff": ("时段", "电价时段", "峰谷时段", "峰谷标志", "示数类型"),
}  # fmt: skip
TARIFFS = {
    "峰": "PEAK", "高峰": "PEAK", "尖峰": "PEAK", "平": "FLAT", "平段": "FLAT", "谷": "OFF_PEAK", "低谷": "OFF_PEAK",
    "谷段": "OFF_PEAK", "总": "", "有功总": "", "有功（总）": "", "有功(总)": "", "正向有功总": "", "": "",
}  # fmt: skip
TOTAL_WORDS = ("合计", "总计", "小计", "本页小计", "制表", "制表人", "审核")
PROBLEM_CODES = (
    "WHO_MISSING", "NUMBER_LOST_DIGITS", "FORMULA_WITHOUT_VALUE", "DATE_UNREADABLE", "DAYS_MISSING",
    "DAYS_TURNED_ROUND", "FIGURE_UNREADABLE", "NOTHING_STATED", "FACTOR_UNREADABLE", "TARIFF_UNKNOWN", "NO_HEADER",
    "TOO_MANY_ROWS", "UNKNOWN_HOME", "SEVERAL_HOMES", "OTHER_HOME", "OUTSIDE", "FUTURE", "NAME_DIFFERS",
    "TWICE_IN_FILE", "SPAN_TOO_LONG",
)  # fmt: skip
_BRACKETS = re.compile(r"[（(\[【].*?[）)\]】]")
_DATE = re.compile(r"(\d{4})\D{0,2}(\d{1,2})\D{1,2}(\d{1,2})\D*")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}.*$")
LONGEST_DAYS = 366
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of the file that can't be taken: where, which code (PROBLEM_CODES), which value."""

    where: str
    code: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class StatedRow:
    """One row that can be understood. ``where`` is sheet and row; ``cells`` the address of each value."""

    sheet: str
    row_no: int
    span: Span
    dwelling: str = ""
    account: str = ""
    meter: str = ""
    name: str = ""
    start: Decimal | None = None
    end: Decimal | None = None
    quantity: Decimal | None = None
    factor: Decimal = Decimal(1)
    tariff: str = ""
    cells: dict[str, str] = field(default_factory=dict)

    def at(self, *names: str) -> str:
        """Sheet and cell of the first of these values that has a column; the row where none has."""
        found = next((self.cells[name] for name in names if name in self.cells), f"A{self.row_no}")
        return f"{self.sheet}!{found}"


@dataclass(frozen=True, slots=True)
class Stated:
    """Every row below a header is in exactly one of the two lists (a row's several problems stand one by one)."""

    rows: tuple[StatedRow, ...]
    problems: tuple[Problem, ...]
    seen: int


class _Bad(Exception):
    def __init__(self, code: str, value: str) -> None:
        super().__init__(code)
        self.code, self.value = code, value


def read_stated(book: Workbook) -> Stated:
    """The rows of every visible sheet that has a header. A book without any has the one problem NO_HEADER."""
    rows: list[StatedRow] = []
    problems: list[Problem] = []
    seen, headed = 0, False
    for sheet in book.sheets:
        head = None if sheet.hidden else find_header(sheet)
        if head is None:
            continue
        headed = True
        for row in _body(sheet, head[0]):
            seen += 1
            if seen > MAX_ROWS:
                return Stated(tuple(rows), (*problems, Problem(f"{sheet.name}!A{row.row_no}", "TOO_MANY_ROWS")), seen)
            made, wrong = _understand(sheet.name, row, head[1])
            rows += [made] if made else []
            problems += wrong
    return Stated(tuple(rows), tuple(problems), seen) if headed else Stated((), (Problem("", "NO_HEADER"),), 0)


def find_header(sheet: Sheet) -> tuple[int, dict[int, str]] | None:
    """Number of the header row and what each 1-based column holds: somebody, some days, and something stated."""
    for row in sheet.rows[:HEAD_ROWS]:
        columns: dict[int, str] = {}
        for number, text in enumerate(row.texts, 1):
            what = column_of(text)
            if what and what not in columns.values():
                columns[number] = what
        if _is_header(set(columns.values())):
            return row.row_no, columns
    return None


def _is_header(found: set[str]) -> bool:
    who = found & {"dwelling", "account", "meter"}
    when = found & {"last", "month"}
    what = "quantity" in found or {"start", "end"} <= found
    return bool(who and when and what)


@lru_cache(maxsize=4096)
def column_of(text: str) -> str:
    """What a heading means, "" for nothing we read."""
    words = "".join(unicodedata.normalize("NFKC", text).split())
    bare = _BRACKETS.sub("", words).strip(":：*")
    return next((what for what, known in HEADINGS.items() if words in known or bare in known), "")


def _body(sheet: Sheet, head: int) -> Iterator[SheetRow]:
    for row in sheet.rows:
        filled = [text for text in row.texts if text.strip()]
        if row.row_no > head and filled and not _is_foot(filled):
            yield row


def _is_foot(filled: list[str]) -> bool:
    first = "".join(filled[0].split()).rstrip(":：")
    return first in TOTAL_WORDS or first.startswith(("制表", "审核", "填表"))


def _understand(sheet: str, row: SheetRow, columns: dict[int, str]) -> tuple[StatedRow | None, list[Problem]]:
    """The row, or everything that is wrong with it."""
    values, cells, problems = _values(sheet, row, columns)

    def tried(name: str, read: Callable[[str], _T]) -> _T | None:
        try:
            return read(values.get(name, ""))
        except _Bad as bad:
            problems.append(Problem(f"{sheet}!{cells.get(name, f'A{row.row_no}')}", bad.code, bad.value[:60]))
            return None

    figures = {"quantity": tried("quantity", _figure), "start": tried("start", _counter), "end": tried("end", _counter)}
    factor, tariff = tried("factor", _factor), tried("tariff", _tariff)
    days = {name: tried(name, _day) for name in ("read_before", "first", "last")}
    month = tried("month", _month)
    where = f"{sheet}!A{row.row_no}"
    if not any(values.get(name) for name in ("dwelling", "account", "meter")):
        problems.append(Problem(where, "WHO_MISSING"))
    if problems:
        return None, problems
    span = _span(days, month)
    if isinstance(span, str):
        return None, [Problem(f"{sheet}!{cells.get('last', cells.get('month', f'A{row.row_no}'))}", span)]
    if figures["quantity"] is None and (figures["start"] is None or figures["end"] is None):
        return None, [Problem(f"{sheet}!{cells.get('end', cells.get('quantity', f'A{row.row_no}'))}", "NOTHING_STATED")]
    assert factor is not None and tariff is not None
    texts = {name: values.get(name, "") for name in ("dwelling", "account", "meter", "name")}
    made = StatedRow(
        sheet, row.row_no, span, **texts, start=figures["start"], end=figures["end"], quantity=figures["quantity"],
        factor=factor, tariff=tariff, cells=cells,
    )  # fmt: skip
    return made, []


def _values(sheet: str, row: SheetRow, columns: dict[int, str]) -> tuple[dict[str, str], dict[str, str], list[Problem]]:
    values, cells, problems = {}, {}, []
    for number, name in columns.items():
        text = row.texts[number - 1] if number <= len(row.texts) else ""
        values[name] = "".join(unicodedata.normalize("NFKC", text).split()) if name != "last" else text.strip()
        cells[name] = cell_address(row.row_no, number)
        note = row.notes.get(number)
        if note == NUMERIC_ID and name in ("dwelling", "account", "meter"):
            problems.append(Problem(f"{sheet}!{cells[name]}", "NUMBER_LOST_DIGITS", text[:60]))
        elif note in (FORMULA_NO_VALUE, ERROR_VALUE):
            problems.append(Problem(f"{sheet}!{cells[name]}", "FORMULA_WITHOUT_VALUE", text[:60]))
    return values, cells, problems


def _span(days: Mapping[str, date | None], month: Span | None) -> Span | str:
    """The days a row speaks of, or the code of what is wrong with them."""
    last, first = days["last"], days["first"]
    if days["read_before"] is not None:
        first = days["read_before"] + timedelta(days=1)
    if last is None or first is None:
        return month or "DAYS_MISSING"
    if first > last:
        return "DAYS_TURNED_ROUND"
    span = Span(first, last)
    return span if span.days <= LONGEST_DAYS else "SPAN_TOO_LONG"


def _figure(text: str) -> Decimal | None:
    bare = text.replace(",", "").replace("，", "").lower().removesuffix("kwh").removesuffix("度").removesuffix("m3")
    if bare in ("", "-", "—", "/"):
        return None
    try:
        value = Decimal(bare)
    except InvalidOperation:
        raise _Bad("FIGURE_UNREADABLE", text) from None
    if not value.is_finite() or abs(value) >= 10**10:
        raise _Bad("FIGURE_UNREADABLE", text)
    return value.quantize(Decimal("0.001"))


def _counter(text: str) -> Decimal | None:
    value = _figure(text)
    if value is not None and value < 0:
        raise _Bad("FIGURE_UNREADABLE", text)
    return value


def _factor(text: str) -> Decimal:
    value = _figure(text)
    if value is None:
        return Decimal(1)
    if not 0 < value <= 10_000:
        raise _Bad("FACTOR_UNREADABLE", text)
    return value


def _tariff(text: str) -> str:
    if text not in TARIFFS:
        raise _Bad("TARIFF_UNKNOWN", text)
    return TARIFFS[text]


def _day(text: str) -> date | None:
    """2021-11-30, 2021/11/30, 2021.11.30, 2021年11月30日, 20211130; a time of day is left out."""
    bare = _TIME.sub("", unicodedata.normalize("NFKC", text).strip())
    if not bare:
        return None
    found = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", bare) or _DATE.fullmatch(bare)
    try:
        return date(*(int(part) for part in found.groups())) if found else _no_day(text)
    except ValueError:
        return _no_day(text)


def _no_day(text: str) -> date:
    raise _Bad("DATE_UNREADABLE", text)


def _month(text: str) -> Span | None:
    """202111, 2021-11, 2021年11月; a date cell of its first day."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{4})\D{0,2}(\d{1,2})(?:月份?|\D?0?1(?:日|[T ]?00:00.*)?)?", text)
    if not found or not 1 <= int(found[2]) <= 12 or not 2000 <= int(found[1]) <= 2100:
        raise _Bad("DATE_UNREADABLE", text)
    year, month = int(found[1]), int(found[2])
    return Span(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
