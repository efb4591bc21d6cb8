"""Comparisons a document words: 大于 is strict, 不低于 is not (plain Python, no Django)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal

OPERATORS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
}


def holds(value: Decimal, comparison: str, limit: Decimal) -> bool:
    """Whether `value` stands to `limit` as asked. KeyError for a comparison that isn't one of `OPERATORS`."""
    return OPERATORS[comparison](value, limit)
