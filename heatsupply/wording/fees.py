"""Words for codes of the fees: what a rule answered, how an amount came about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.money import format_yuan

Words = str | Promise

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
    "settled_before": gettext_lazy("of these, hours settled with another fault"),
    "counting": gettext_lazy("parts of a day"),
    "days": gettext_lazy("days that count"),
    "share": gettext_lazy("share of the fee"),
    "basic_fee": gettext_lazy("basic fee while suspended"),
    "amount": gettext_lazy("amount"),
    "left": gettext_lazy("limited to what is left of the fee"),
}
MONEY = ("fee", "basic_fee", "amount", "left")


def reason_words(code: str) -> str:
    return str(REASONS.get(code, code))


def step_words(steps: Iterable[list[Any]]) -> list[tuple[str, str]]:
    """(label, value) pairs of a line's stored steps."""
    return [(str(STEPS.get(name, name)), _value(name, value)) for name, value in steps]


def _value(name: str, value: Any) -> str:
    if name in MONEY:
        return _("%(yuan)s CNY") % {"yuan": format_yuan(int(value))}
    return str(COUNTINGS.get(value, value)) if name == "counting" else str(value)
