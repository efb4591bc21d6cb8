"""Numbers of a plan in templates: quantities without idle zeros, units in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from core.templatetags.portal_figures import grouped
from programmes.models import Unit
from programmes.queries import TargetLine, TargetTable

register = template.Library()


@register.filter
def quantity(value: Decimal | int | None) -> str:
    """1233.90 as 1,233.9, 820.00 as 820; a dash where nothing is stated, never 0 for nothing."""
    if value is None:
        return "—"
    number = Decimal(value).normalize()
    exponent = number.as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    return grouped(number, places)


@register.filter
def unit_name(code: str) -> Any:
    """The unit's word in the language in use."""
    return Unit(code).label if code in Unit.values else code


@register.filter
def numbers_of(line: TargetLine, table: TargetTable) -> list[str]:
    """A line's numbers in the order of the table's columns."""
    keys = [*(route.pk for route in table.routes), *([None] if table.plain else [])]
    return [quantity(line.by_route.get(key)) for key in keys]


@register.filter
def wan_yuan(fen: int | None) -> str:
    """Planned money in 10,000 yuan, as the documents print it."""
    return quantity(None if fen is None else Decimal(fen) / 1_000_000)
