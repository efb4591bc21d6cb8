"""Facts a person stated: read from what was typed, and laid beside what the registers hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.money import MoneyError, parse_yuan
from core.refusals import Refused
from core.seasons import Season, Span
from subsidies.fact_sources import SOURCES, Shape
from subsidies.models import StatedFact
from subsidies.rules.facts import Decision, Facts, Usage
from subsidies.value_words import money_fault

_NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
_YEAR = re.compile(r"(19|20)\d{2}")
_FLAGS = {"是": True, "yes": True, "true": True, "1": True, "否": False, "no": False, "false": False, "0": False}
Value = str | int | bool
#: What proves a household's own money, by the code policies name (Q20).
OWN_FUNDS = {
    "PAID_TO_TOWN": _("paid to the town"), "PAID_TO_SUPPLIER": _("paid to the supplier"),
    "ESCROW": _("held in trust"), "OTHER_PAPER": _("another paper"),
}  # fmt: skip


def read_value(name: str, text: str) -> Value:
    """What was typed, as it is kept. Raises Refused FACT_VALUE saying which form is expected."""
    shape = SOURCES[name].stated
    assert shape is not None
    return _READERS[shape](text.strip())


def with_stated(facts: Facts, stated: Mapping[str, StatedFact], season: Season | None) -> Facts:
    """The facts with what was stated, wherever the registers hold nothing."""
    for name, row in stated.items():
        if row.value is not None:
            facts = _LAID[SOURCES[name].stated or "code"](facts, name, row, season)
    return facts


def _year(text: str) -> str:
    if not _YEAR.fullmatch(text.removesuffix("年")):
        raise Refused("FACT_VALUE", _("“%(text)s” is not a year; write it like 2019."), text=text[:40])
    return text.removesuffix("年")


def _evidence(text: str) -> str:
    """The code or its words, in either language."""
    known = {code: code for code in OWN_FUNDS} | {str(words): code for code, words in OWN_FUNDS.items()}
    if text not in known:
        words = _("“%(text)s” does not say what proves the own funds; write one of: %(known)s.")
        raise Refused("FACT_VALUE", words, text=text[:40], known="、".join(str(one) for one in OWN_FUNDS.values()))
    return known[text]


def _number(text: str) -> str:
    plain = text.replace(",", "")
    if not _NUMBER.fullmatch(plain):
        words = _("“%(text)s” is not a number; write it like 12.5.")
        raise Refused("FACT_VALUE", words, text=text[:40])
    return plain


def _money(text: str) -> int:
    try:
        fen = parse_yuan(text)
    except MoneyError as error:
        raise Refused("FACT_VALUE", money_fault(error, text)) from None
    if fen < 0:
        raise Refused("FACT_VALUE", _("An amount is not negative."))
    return fen


def _flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise Refused("FACT_VALUE", _("Answer with yes or no."))
    return _FLAGS[text.lower()]


def _code(text: str) -> str:
    if not _CODE.fullmatch(text.upper()):
        words = _("“%(text)s” is not a code; write it as the policy does, like AIR_HEAT_PUMP.")
        raise Refused("FACT_VALUE", words, text=text[:40])
    return text.upper()


def _lay_number(facts: Facts, name: str, row: StatedFact, season: Season | None) -> Facts:
    if name in facts.quantities:
        return facts
    return replace(facts, quantities={**facts.quantities, name: Decimal(row.value)})


def _lay_money(facts: Facts, name: str, row: StatedFact, season: Season | None) -> Facts:
    return replace(facts, **{f"{name}_fen": row.value})


def _lay_plain(facts: Facts, name: str, row: StatedFact, season: Season | None) -> Facts:
    return facts if getattr(facts, name) not in (None, "", False) else replace(facts, **{name: row.value})


def _lay_usage(facts: Facts, name: str, row: StatedFact, season: Season | None) -> Facts:
    """The whole season's: a statement has no days of its own."""
    if season is None or any(one.energy == name for one in facts.usage):
        return facts
    days = Span(season.first_day, season.last_day)
    return replace(facts, usage=(*facts.usage, Usage(name, days, Decimal(row.value))))


def _lay_decision(facts: Facts, name: str, row: StatedFact, season: Season | None) -> Facts:
    return replace(facts, decision=Decision(row.value, row.document_no))


def _lay_evidence(facts: Facts, name: str, row: StatedFact, season: Season | None) -> Facts:
    """Whatever proves them: they are in place."""
    return replace(facts, own_funds_in_place=True, own_funds_evidence=str(row.value))


_READERS: Mapping[Shape, Callable[[str], Value]] = {
    "number": _number, "usage": _number, "money": _money, "decision": _money, "flag": _flag, "code": _code,
    "year": _year, "evidence": _evidence,
}  # fmt: skip
_LAID: Mapping[Shape, Callable[[Facts, str, StatedFact, Any], Facts]] = {
    "number": _lay_number, "usage": _lay_usage, "money": _lay_money, "decision": _lay_decision, "flag": _lay_plain,
    "code": _lay_plain, "year": _lay_number, "evidence": _lay_evidence,
}  # fmt: skip
