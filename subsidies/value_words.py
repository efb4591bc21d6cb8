"""Values of facts in words: who, where, with what. A value only one policy knows stays its code."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.money import MoneyError
from programmes.models import Technology

VALUES: Mapping[str, str] = {
    "HOUSEHOLD": gettext_noop("a household"),
    "VENUE": gettext_noop("a public venue"),
    "URBAN": gettext_noop("urban"),
    "RURAL": gettext_noop("rural"),
    "STORAGE_ELECTRIC": gettext_noop("electric storage heating"),
    "BLOCK_AIR_SOURCE": gettext_noop("block heating by air source"),
    "BLOCK_GROUND_SOURCE": gettext_noop("block heating by ground source"),
    "BLOCK_SEWAGE_SOURCE": gettext_noop("block heating by sewage source"),
    "BLOCK_GAS_BOILER": gettext_noop("block heating by gas boiler"),
    "BLOCK_ELECTRIC_BOILER": gettext_noop("block heating by electric boiler"),
    "AIR_HEAT_PUMP": gettext_noop("air-source heat pump"),
    "GROUND_HEAT_PUMP": gettext_noop("ground-source heat pump"),
    "AIR_HEATER": gettext_noop("heat-pump air heater"),
    "MINIMUM_LIVING": gettext_noop("on minimum living allowance"),
    "LOW_INCOME": gettext_noop("low income"),
    "DESTITUTE": gettext_noop("destitute"),
    "REGISTERED_POOR": gettext_noop("registered poor"),
    "MARTYR_FAMILY": gettext_noop("families of martyrs"),
}
_FAMILIES = dict(Technology.Family.choices)


def value_words(code: str) -> str:
    """A value of a fact in words."""
    if code in _FAMILIES:
        return str(_FAMILIES[code])
    return _(VALUES[code]) if code in VALUES else code


#: What is wrong with an amount somebody typed, by `MoneyError.code`.
AMOUNT_FAULTS: Mapping[str, str] = {
    "NOT_AN_AMOUNT": gettext_noop("“%(text)s” is not an amount; write it like 1,234.50 or 1.2万."),
    "COMMAS": gettext_noop("“%(text)s”: the commas do not separate thousands; write 1,234,567.89."),
    "PARTS_OF_A_FEN": gettext_noop("“%(text)s” has parts of a fen; an amount has at most two decimals of a yuan."),
    "TOO_LARGE": gettext_noop("“%(text)s” is larger than any amount this programme can hold."),
    "TOO_LONG": gettext_noop("“%(text)s” … has more characters than any amount."),
}


def money_fault(error: MoneyError, text: str) -> str:
    """The same in the reader's language."""
    return _(AMOUNT_FAULTS[error.code]) % {"text": text.strip()[:40]}
