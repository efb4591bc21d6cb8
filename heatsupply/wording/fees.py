"""Words for codes of the fees: what is wrong with a row of a file, what a rule answered, how an amount came about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.money import format_yuan
from heatsupply.rules.fee_rows import Problem

Words = str | Promise

PROBLEMS: dict[str, Words] = {
    "NO_HEADER": gettext_lazy("no sheet has a heading row with account number (用户编号) and fee (应收热费)"),
    "TOO_MANY_ROWS": gettext_lazy("too many rows; split the file"),
    "ACCOUNT_MISSING": gettext_lazy("the account number is missing"),
    "ACCOUNT_TWICE": gettext_lazy("the account number stands in several rows"),
    "NUMBER_LOST_DIGITS": gettext_lazy("the sheet has lost the last digits of the number; format the column as text"),
    "FORMULA_WITHOUT_VALUE": gettext_lazy("a formula without a value, or an error"),
    "FEE_MISSING": gettext_lazy("the fee of the season is missing"),
    "AMOUNT_UNREADABLE": gettext_lazy("not an amount in yuan with at most two decimals"),
    "AMOUNT_NEGATIVE": gettext_lazy("an amount below zero"),
    "AREA_UNREADABLE": gettext_lazy("not a heated area in m²"),
    "KIND_UNKNOWN": gettext_lazy("unknown class of user; write 居民, 机关事业单位 or 非居民"),
    "CHANNEL_UNKNOWN": gettext_lazy("unknown channel; write 微信, 支付宝, 甘快办, 线上, 银行, 营业厅 or 其他"),
    "CHANNEL_MISSING": gettext_lazy("something was received, but not how"),
    "DAY_UNREADABLE": gettext_lazy("not a day; write it like 2022-11-30"),
    "DAY_IN_FUTURE": gettext_lazy("a day in the future"),
    "TEXT_TOO_LONG": gettext_lazy("longer than 80 characters"),
    "DWELLING_UNKNOWN": gettext_lazy("no dwelling of that number in the company's place"),
    "OTHER_PROGRAMME": gettext_lazy("the account belongs to another programme"),
    "FEE_BELOW_REDUCTIONS": gettext_lazy("the fee is less than what was refunded or deducted already"),
}
REASONS: dict[str, Words] = {
    "OK_REFUND": gettext_lazy("refunded: the fee was paid"),
    "DEDUCT_FROM_RECEIVABLE": gettext_lazy("deducted from the unpaid fee"),
    "CAUSE_NOT_COMPANY": gettext_lazy("nothing is due: not the company's fault"),
    "DAYS_ALREADY_COUNTED": gettext_lazy("these days were settled with another fault"),
    "SUSPENSION_BASIC_FEE": gettext_lazy("suspended: only the basic fee is due"),
    "COUNTER": gettext_lazy("counter line"),
}
COUNTINGS: dict[str, Words] = {
    "full_days": gettext_lazy("full days only"),
    "begun_days": gettext_lazy("every begun day"),
    "hours": gettext_lazy("to the hour"),
}
STEPS: dict[str, Words] = {
    "fee": gettext_lazy("fee of the season"),
    "season_days": gettext_lazy("days of the season"),
    "hours": gettext_lazy("hours affected within the season"),
    "counting": gettext_lazy("parts of a day"),
    "days": gettext_lazy("days that count"),
    "share": gettext_lazy("share of the fee"),
    "basic_fee": gettext_lazy("basic fee while suspended"),
    "amount": gettext_lazy("amount"),
    "left": gettext_lazy("limited to what is left of the fee"),
}
MONEY = ("fee", "basic_fee", "amount", "left")


def problem_words(one: Problem) -> str:
    """Where, which value, what is wrong."""
    said = f"“{one.value}” " if one.value else ""
    where = f"{one.where}：" if one.where else ""
    return f"{where}{said}{PROBLEMS[one.code]}"


def reason_words(code: str) -> str:
    return str(REASONS.get(code, code))


def step_words(steps: Iterable[list[Any]]) -> list[tuple[str, str]]:
    """(label, value) pairs of a line's stored steps."""
    return [(str(STEPS.get(name, name)), _value(name, value)) for name, value in steps]


def _value(name: str, value: Any) -> str:
    if name in MONEY:
        return _("%(yuan)s CNY") % {"yuan": format_yuan(int(value))}
    return str(COUNTINGS.get(value, value)) if name == "counting" else str(value)
