"""A heating company's list of heat fees: header by synonyms, every cell as text, all problems with sheet and cell.

No Django: whose account a row is, and what it changes, is found by the caller. Source: Baiyin 2023, B-01, B-30, B-33.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from core.money import MoneyError, parse_yuan
from core.workbooks.read import Workbook, cell_address
from heatsupply.rules.sheet_rows import SHOWN, Bad, Heads, Line, Problem, lines_of, once

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
PROBLEM_CODES = (
    "NO_HEADER", "TOO_MANY_ROWS", "ACCOUNT_MISSING", "ACCOUNT_TWICE", "NUMBER_LOST_DIGITS", "FORMULA_WITHOUT_VALUE",
    "MERGED_CELLS",
    "FEE_MISSING", "AMOUNT_UNREADABLE", "AMOUNT_NEGATIVE", "AREA_UNREADABLE", "KIND_UNKNOWN", "CHANNEL_UNKNOWN",
    "CHANNEL_MISSING", "DAY_UNREADABLE", "DAY_IN_FUTURE", "TEXT_TOO_LONG", "DWELLING_UNKNOWN", "OTHER_PROGRAMME",
    "FEE_BELOW_REDUCTIONS",
)  # fmt: skip
HEADS = Heads(
    HEADINGS, frozenset({"account", "fee"}), frozenset({"account", "dwelling"}), frozenset({"compound", "kind"})
)
_DATE = re.compile(r"(\d{4})\D{0,2}(\d{1,2})\D{1,2}(\d{1,2})\D*")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}.*$")


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
    columns: Mapping[str, int] = field(default_factory=dict)

    def problem(self, name: str, code: str, value: str = "") -> Problem:
        where = f"{self.sheet}!{cell_address(self.row_no, self.columns.get(name, 1))}"
        return Problem(where, code, value[:SHOWN], (self.sheet, self.row_no))


@dataclass(frozen=True, slots=True)
class FeeSheet:
    """Rows that can be understood and all problems; a row with a problem is not among the rows."""

    rows: tuple[FeeRow, ...]
    problems: tuple[Problem, ...]
    seen: int


def read_fees(book: Workbook, today: date) -> FeeSheet:
    """The rows of every visible sheet that has a header; without any, the one problem NO_HEADER."""
    rows: list[FeeRow] = []
    problems: list[Problem] = []
    others: list[str] = []
    seen, headed = 0, False
    for line in lines_of(book, HEADS):
        headed = True
        if line is None:
            continue
        seen += 1
        if seen > MAX_ROWS:
            return FeeSheet((), (Problem(f"{line.sheet}!A{line.row_no}", "TOO_MANY_ROWS", str(MAX_ROWS)),), seen)
        made = _understand(line, today)
        rows += [made] if made else []
        others += [] if made else ["".join(line.values["account"].split()).upper()]
        problems += line.problems
    if not headed:
        return FeeSheet((), (Problem("", "NO_HEADER"),), 0)
    kept, twice = once(rows, lambda row: row.account.upper(), others, "account", "ACCOUNT_TWICE")
    return FeeSheet(kept, (*problems, *twice), seen)


def _understand(line: Line, today: date) -> FeeRow | None:
    """The row; None where anything is wrong with it, which the line then says."""
    account, fee_fen = line.tried("account", _account, ""), line.tried("fee", _fee, 0)
    received, channel = line.tried("received", _amount, 0), line.tried("channel", _channel, "")
    kind, heated_m2 = line.tried("kind", _kind, RESIDENT), line.tried("heated_m2", _area, None)
    paid_on = line.tried("paid_on", lambda text: _day(text, today), None)
    texts = {name: line.tried(name, _text, "") for name in ("name", "compound", "address", "phone", "dwelling")}
    if received and "channel" in line.columns and not line.values["channel"]:
        line.wrong("channel", "CHANNEL_MISSING")
    if line.problems:
        return None
    return FeeRow(line.sheet, line.row_no, account, fee_fen, received, kind, heated_m2=heated_m2, channel=channel,
                  paid_on=paid_on, columns=line.columns, **texts)  # fmt: skip


def _account(text: str) -> str:
    bare = "".join(text.split())
    if not bare:
        raise Bad("ACCOUNT_MISSING", "")
    return _text(bare)


def _text(text: str) -> str:
    if len(text) > LONGEST:
        raise Bad("TEXT_TOO_LONG", text)
    return text


def _fee(text: str) -> int:
    if not text:
        raise Bad("FEE_MISSING", "")
    return _amount(text)


def _amount(text: str) -> int:
    """Yuan as typed, into fen; an empty cell and a dash are nothing received."""
    if text in ("", "-", "—", "/"):
        return 0
    try:
        fen = parse_yuan(text)
    except MoneyError:
        raise Bad("AMOUNT_UNREADABLE", text) from None
    if fen < 0:
        raise Bad("AMOUNT_NEGATIVE", text)
    if fen > MOST_FEN:
        raise Bad("AMOUNT_UNREADABLE", text)
    return fen


def _area(text: str) -> Decimal | None:
    bare = text.lower().replace(",", "").removesuffix("m2").removesuffix("平方米").removesuffix("㎡").strip()
    if not bare:
        return None
    try:
        value = Decimal(bare)
    except InvalidOperation:
        raise Bad("AREA_UNREADABLE", text) from None
    if not value.is_finite() or not 0 < value < 10**7:
        raise Bad("AREA_UNREADABLE", text)
    return value.quantize(Decimal("0.01"))


def _kind(text: str) -> str:
    if text not in KINDS:
        raise Bad("KIND_UNKNOWN", text)
    return KINDS[text]


def _channel(text: str) -> str:
    bare = "".join(text.split()).lower()
    if bare and bare not in CHANNELS:
        raise Bad("CHANNEL_UNKNOWN", text)
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
        raise Bad("DAY_UNREADABLE", text)
    if day > today:
        raise Bad("DAY_IN_FUTURE", text)
    return day
