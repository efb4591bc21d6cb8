"""A heating company's list of heat fees: header by synonyms, every cell as text, all problems with sheet and cell.

No Django: whose account a row is, and what it changes, is found by the caller. Source: Baiyin 2023, B-01, B-30, B-33.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeVar

from core.money import MoneyError, parse_yuan
from core.workbooks.read import ERROR_VALUE, FORMULA_NO_VALUE, NUMERIC_ID, Sheet, SheetRow, Workbook, cell_address

HEAD_ROWS = 20
MAX_ROWS = 100_000
MOST_FEN = 10**12
LONGEST = 80
RESIDENT, PUBLIC_BODY, BUSINESS = "resident", "public_body", "business"
#: Column → headings, bare of blanks and of what stands in brackets.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "account": ("用户编号", "户号", "用热户号", "供热户号", "用户号", "缴费户号", "热用户编号", "客户编号", "供热卡号"),
    "name": ("户名", "用户名称", "用户姓名", "姓名", "单位名称", "业主姓名", "热用户名称"),
    "kind": ("用户类别", "用户类型", "用户性质", "用热性质", "类别", "性质"),
    "compound": ("小区", "小区名称", "住宅小区", "所属小区"),
    "address": ("地址", "用热地址", "房号", "门牌号", "楼栋房号", "住址"),
    "phone": ("联系电话", "电话", "手机", "手机号"),
    "heated_m2": ("供热面积", "用热面积", "采暖面积", "计费面积", "收费面积", "面积"),
    "fee": ("应收热费", "应收", "应收金额", "应缴热费", "应缴金额", "热费"),
    "received": ("已收热费", "已收", "实收", "实收金额", "实收热费", "已缴热费", "已缴金额"),
    "channel": ("缴费渠道", "缴费方式", "支付方式", "收费方式", "收款方式", "渠道"),
    "paid_on": ("缴费日期", "收费日期", "收款日期", "缴费时间"),
    "dwelling": ("住宅编号", "档案编号"),
}  # fmt: skip
KINDS = {
    "": RESIDENT, "居民": RESIDENT, "住宅": RESIDENT, "居民用户": RESIDENT, "个人": RESIDENT,
    "机关": PUBLIC_BODY, "事业": PUBLIC_BODY, "机关事业": PUBLIC_BODY, "机关事业单位": PUBLIC_BODY, "行政": PUBLIC_BODY,
    "行政事业": PUBLIC_BODY, "行政事业单位": PUBLIC_BODY, "学校": PUBLIC_BODY, "公共机构": PUBLIC_BODY,
    "非居民": BUSINESS, "商业": BUSINESS, "企业": BUSINESS, "商铺": BUSINESS, "工商业": BUSINESS, "其他": BUSINESS,
}  # fmt: skip
CHANNELS = {
    "微信": "wechat", "微信支付": "wechat", "支付宝": "alipay", "甘快办": "gov_app", "政务平台": "gov_app",
    "政务app": "gov_app", "银行": "bank", "银行代扣": "bank", "银行代收": "bank", "转账": "bank", "对公转账": "bank",
    "现金": "counter", "营业厅": "counter", "柜台": "counter", "前台": "counter", "刷卡": "counter", "pos": "counter",
    "企业公众号": "online", "线上": "online", "公众号": "online", "小程序": "online", "app": "online", "其他": "other",
}  # fmt: skip
TOTAL_WORDS = ("合计", "总计", "小计", "本页小计", "制表", "制表人", "审核")
NEEDED = {"account", "fee"}
PROBLEM_CODES = (
    "NO_HEADER", "TOO_MANY_ROWS", "ACCOUNT_MISSING", "ACCOUNT_TWICE", "NUMBER_LOST_DIGITS", "FORMULA_WITHOUT_VALUE",
    "FEE_MISSING", "AMOUNT_UNREADABLE", "AMOUNT_NEGATIVE", "AREA_UNREADABLE", "KIND_UNKNOWN", "CHANNEL_UNKNOWN",
    "CHANNEL_MISSING", "DAY_UNREADABLE", "DAY_IN_FUTURE", "TEXT_TOO_LONG", "DWELLING_UNKNOWN", "OTHER_PROGRAMME",
    "FEE_BELOW_REDUCTIONS",
)  # fmt: skip
_BRACKETS = re.compile(r"[（(\[【].*?[）)\]】]")
_DATE = re.compile(r"(\d{4})\D{0,2}(\d{1,2})\D{1,2}(\d{1,2})\D*")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}.*$")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of the file that can't be taken: where, which code (PROBLEM_CODES), which value. `row` is its row."""

    where: str
    code: str
    value: str = ""
    row: tuple[str, int] = ("", 0)


@dataclass(frozen=True, slots=True)
class FeeRow:
    """One account of one season as the company states it: amounts in fen, area in m² with two decimals."""

    sheet: str
    row_no: int
    account: str
    fee_fen: int
    received_fen: int = 0
    kind: str = RESIDENT
    name: str = ""
    compound: str = ""
    address: str = ""
    phone: str = ""
    heated_m2: Decimal | None = None
    channel: str = ""
    paid_on: date | None = None
    dwelling: str = ""
    cells: dict[str, str] = field(default_factory=dict)

    def problem(self, name: str, code: str, value: str = "") -> Problem:
        where = f"{self.sheet}!{self.cells.get(name, f'A{self.row_no}')}"
        return Problem(where, code, value[:60], (self.sheet, self.row_no))


@dataclass(frozen=True, slots=True)
class FeeSheet:
    """Rows that can be understood and all problems; a row with a problem is not among the rows."""

    rows: tuple[FeeRow, ...]
    problems: tuple[Problem, ...]
    seen: int


class _Bad(Exception):
    def __init__(self, code: str, value: str) -> None:
        super().__init__(code)
        self.code, self.value = code, value


def read_fees(book: Workbook, today: date) -> FeeSheet:
    """The rows of every visible sheet that has a header; without any, the one problem NO_HEADER."""
    rows: list[FeeRow] = []
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
                return FeeSheet((), (Problem(f"{sheet.name}!A{row.row_no}", "TOO_MANY_ROWS"),), seen)
            made, wrong = _understand(sheet.name, row, head[1], today)
            rows += [made] if made else []
            problems += wrong
    if not headed:
        return FeeSheet((), (Problem("", "NO_HEADER"),), 0)
    kept, twice = _once(rows)
    return FeeSheet(tuple(kept), (*problems, *twice), seen)


def _once(rows: list[FeeRow]) -> tuple[list[FeeRow], list[Problem]]:
    """A number that stands in several rows is no account: none of them is taken."""
    places: dict[str, list[FeeRow]] = {}
    for row in rows:
        places.setdefault(row.account.upper(), []).append(row)
    kept = [found[0] for found in places.values() if len(found) == 1]
    twice = [row.problem("account", "ACCOUNT_TWICE") for found in places.values() if len(found) > 1 for row in found]
    return kept, twice


def find_header(sheet: Sheet) -> tuple[int, dict[int, str]] | None:
    """Number of the header row and what each 1-based column holds: an account and a fee at least."""
    for row in sheet.rows[:HEAD_ROWS]:
        columns: dict[int, str] = {}
        for number, text in enumerate(row.texts, 1):
            what = column_of(text)
            if what and what not in columns.values():
                columns[number] = what
        if set(columns.values()) >= NEEDED:
            return row.row_no, columns
    return None


@lru_cache(maxsize=1024)
def column_of(text: str) -> str:
    """What a heading means, "" for nothing we read."""
    words = "".join(unicodedata.normalize("NFKC", text).split())
    bare = _BRACKETS.sub("", words).split("/")[0].strip(":：*")
    return next((what for what, known in HEADINGS.items() if words in known or bare in known), "")


def _body(sheet: Sheet, head: int) -> Iterator[SheetRow]:
    for row in sheet.rows:
        filled = [text for text in row.texts if text.strip()]
        if row.row_no > head and filled and not _is_foot(filled):
            yield row


def _is_foot(filled: list[str]) -> bool:
    first = "".join(filled[0].split()).rstrip(":：")
    return first in TOTAL_WORDS or first.startswith(("制表", "审核", "填表"))


def _understand(sheet: str, row: SheetRow, columns: dict[int, str], today: date) -> tuple[FeeRow | None, list[Problem]]:
    """The row, or everything that is wrong with it."""
    values, cells, problems = _values(sheet, row, columns)

    def tried(name: str, read: Callable[[str], _T], otherwise: _T) -> _T:
        try:
            return read(values.get(name, ""))
        except _Bad as bad:
            where = f"{sheet}!{cells.get(name, f'A{row.row_no}')}"
            problems.append(Problem(where, bad.code, bad.value[:60], (sheet, row.row_no)))
            return otherwise

    account, fee_fen = tried("account", _account, ""), tried("fee", _fee, 0)
    received, channel = tried("received", _amount, 0), tried("channel", _channel, "")
    kind, heated_m2 = tried("kind", _kind, RESIDENT), tried("heated_m2", _area, None)
    paid_on = tried("paid_on", lambda text: _day(text, today), None)
    texts = {name: tried(name, _text, "") for name in ("name", "compound", "address", "phone", "dwelling")}
    made = FeeRow(sheet, row.row_no, account, fee_fen, received, kind, heated_m2=heated_m2, channel=channel,
                  paid_on=paid_on, cells=cells, **texts)  # fmt: skip
    if (
        received
        and not channel
        and "channel" in cells
        and not any(p.where.endswith(cells["channel"]) for p in problems)
    ):
        problems.append(made.problem("channel", "CHANNEL_MISSING"))
    return (None if problems else made), problems


def _values(sheet: str, row: SheetRow, columns: dict[int, str]) -> tuple[dict[str, str], dict[str, str], list[Problem]]:
    values, cells, problems = {}, {}, []
    for number, name in columns.items():
        text = row.texts[number - 1] if number <= len(row.texts) else ""
        values[name], cells[name] = unicodedata.normalize("NFKC", text).strip(), cell_address(row.row_no, number)
        note, where = row.notes.get(number), f"{sheet}!{cells[name]}"
        if note == NUMERIC_ID and name in ("account", "dwelling"):
            problems.append(Problem(where, "NUMBER_LOST_DIGITS", "", (sheet, row.row_no)))
        elif note in (FORMULA_NO_VALUE, ERROR_VALUE):
            problems.append(Problem(where, "FORMULA_WITHOUT_VALUE", "", (sheet, row.row_no)))
    return values, cells, problems


def _account(text: str) -> str:
    bare = "".join(text.split())
    if not bare:
        raise _Bad("ACCOUNT_MISSING", "")
    return _text(bare)


def _text(text: str) -> str:
    if len(text) > LONGEST:
        raise _Bad("TEXT_TOO_LONG", text)
    return text


def _fee(text: str) -> int:
    if not text:
        raise _Bad("FEE_MISSING", "")
    return _amount(text)


def _amount(text: str) -> int:
    """Yuan as typed, into fen; an empty cell and a dash are nothing received."""
    if text in ("", "-", "—", "/"):
        return 0
    try:
        fen = parse_yuan(text)
    except MoneyError:
        raise _Bad("AMOUNT_UNREADABLE", text) from None
    if fen < 0:
        raise _Bad("AMOUNT_NEGATIVE", text)
    if fen > MOST_FEN:
        raise _Bad("AMOUNT_UNREADABLE", text)
    return fen


def _area(text: str) -> Decimal | None:
    bare = text.lower().replace(",", "").removesuffix("m2").removesuffix("平方米").removesuffix("㎡").strip()
    if not bare:
        return None
    try:
        value = Decimal(bare)
    except InvalidOperation:
        raise _Bad("AREA_UNREADABLE", text) from None
    if not value.is_finite() or not 0 < value < 10**7:
        raise _Bad("AREA_UNREADABLE", text)
    return value.quantize(Decimal("0.01"))


def _kind(text: str) -> str:
    if text not in KINDS:
        raise _Bad("KIND_UNKNOWN", text)
    return KINDS[text]


def _channel(text: str) -> str:
    bare = "".join(text.split()).lower()
    if bare and bare not in CHANNELS:
        raise _Bad("CHANNEL_UNKNOWN", text)
    return CHANNELS.get(bare, "")


def _day(text: str, today: date) -> date | None:
    """2022-11-30, 2022/11/30, 2022年11月30日, 20221130; a time of day is left out."""
    bare = _TIME.sub("", text)
    if not bare:
        return None
    found = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", bare) or _DATE.fullmatch(bare)
    try:
        day = date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise _Bad("DAY_UNREADABLE", text)
    if day > today:
        raise _Bad("DAY_IN_FUTURE", text)
    return day
