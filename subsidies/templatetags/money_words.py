"""Words of the money room for its templates."""

from __future__ import annotations

from django.template import Library

from core.money import uppercase
from subsidies.wording import reason_sentence, source_name

register = Library()


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
