"""Words of the money room for its templates."""

from __future__ import annotations

from django.template import Library
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.money import format_yuan, uppercase
from subsidies.fact_sources import SOURCES
from subsidies.models import StatedFact
from subsidies.wording import name_of, reason_sentence, source_name

register = Library()
KINDS = {
    "CONVERSION": gettext_lazy("equipment and works"),
    "EFFICIENCY": gettext_lazy("building efficiency"),
    "RUNNING": gettext_lazy("running"),
}


@register.filter
def source(code: str) -> str:
    """A funding source in words."""
    return source_name(code)


@register.filter
def reason(code: str) -> str:
    """A reason code in words."""
    return reason_sentence(code)


@register.filter
def capitals(fen: int | None) -> str:
    """The amount in financial capitals, as vouchers write it; "" without an amount."""
    return "" if fen is None else uppercase(fen)


@register.filter
def kind_words(kind: str) -> str:
    """A benefit kind in words; one only this policy knows stays its code."""
    return str(KINDS.get(kind, kind))


@register.filter
def fact_name(code: str) -> str:
    """A fact of the rules in words."""
    return name_of(code)


@register.filter
def fact_value(row: StatedFact) -> str:
    """What was stated, as people read it."""
    if row.value is None:
        return _("holds no longer")
    if SOURCES[row.name].stated in ("money", "decision"):
        return format_yuan(int(row.value))
    return str(row.value) if not isinstance(row.value, bool) else _("yes") if row.value else _("no")
