"""Words for what is wrong with a workbook of fees or pipes."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from core.workbooks.refusals import FILE_CODES
from heatsupply.rules.sheet_rows import Problem
from households.issue_wording import sentence, what_to_do

Words = str | Promise

NO_HEADER: dict[str, Words] = {
    "fees": gettext_lazy("no sheet has a heading row with account number (用户编号) and fee (应收热费)"),
    "pipes": gettext_lazy("no sheet has a heading row with segment number (管段编号) and length (长度)"),
}
PROBLEMS: dict[str, Words] = {
    "TOO_MANY_ROWS": gettext_lazy("more rows than are taken at once; split the file"),
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
    "MERGED_CELLS": gettext_lazy("one cell merged over several rows; write a number in each row"),
    "CODE_MISSING": gettext_lazy("the number of the segment is missing or too long"),
    "CODE_TWICE": gettext_lazy("this number stands in the file twice"),
    "LEVEL": gettext_lazy("no such level; write 一级, 二级 or 共用"),
    "LENGTH_M": gettext_lazy("a length in metres above zero is wanted"),
    "DIAMETER_MM": gettext_lazy("a diameter in millimetres is wanted"),
    "YEAR_LAID": gettext_lazy("a year from 1950 up to this one is wanted"),
    "CONDITIONS": gettext_lazy("no such condition; write 泄漏, 热损失大 or 腐蚀"),
    "LINE": gettext_lazy("points are written like 104.1736,36.5448 104.1800,36.5450"),
    "OLDER_THAN_RENEWAL": gettext_lazy("older than its renewal, which is recorded here; correct the year"),
}


def problem_words(one: Problem, *, place: bool = True) -> str:
    """Where, which value, what is wrong."""
    return told_words({"where": one.where, "code": one.code, "value": one.value}, place=place)


def told_words(one: dict[str, Any], *, kind: str = "fees", place: bool = True) -> str:
    """The same for a problem as it is kept with a file; a file that can't be read at all has the house's sentences."""
    said = f"“{one['value']}” " if one["value"] else ""
    where = f"{one['where']}：" if one["where"] and place else ""
    return f"{where}{said}{why_words(one, kind)}"


def why_words(one: dict[str, Any], kind: str) -> str:
    """What is wrong, without where and which value."""
    if one["code"] in FILE_CODES:
        return f"{sentence(one['code'], one.get('params', {}))} {what_to_do(one['code'])}"
    return str(NO_HEADER[kind] if one["code"] == "NO_HEADER" else PROBLEMS[one["code"]])
