"""Measured values against a tolerance, exactly: 2 mm is within 2 mm, 2.1 mm and 2.01 mm are not. Knows no table.

An item may name `min`, `max` (as text or number), `exclusive` (the limits themselves do not count as within), `about`
(a target that is shown and never fails: “左右”, A-22), `unit` and `tool` (how it is measured).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

TOO_LOW, TOO_HIGH = "TOO_LOW", "TOO_HIGH"
PLACES_MAX = 3  # digits after the point that a tool of the building site can show


def read_number(text: str) -> Decimal | None:
    """What somebody typed as a number (half- or full-width comma or point), never rounded; None when it is none."""
    try:
        value = Decimal(text.strip().replace("，", ".").replace(",", "."))
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value) >= 10_000:
        return None
    exponent = value.as_tuple().exponent
    return value if isinstance(exponent, int) and exponent >= -PLACES_MAX else None


def judge(value: Decimal, item: Mapping[str, Any]) -> str:
    """TOO_LOW, TOO_HIGH, or "" when the value lies within the item's limits."""
    low, high = limits(item)
    strict = bool(item.get("exclusive"))
    if low is not None and (value <= low if strict else value < low):
        return TOO_LOW
    if high is not None and (value >= high if strict else value > high):
        return TOO_HIGH
    return ""


def limits(item: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """The least and the most, None where the item has no such limit."""
    return _limit(item.get("min")), _limit(item.get("max"))


def standard(item: Mapping[str, Any]) -> str:
    """The limits as a sign, e.g. “≥ 6 · ≤ 8 个/㎡”, “≈ 10 mm”; "" when there is none."""
    least, most = (">", "<") if item.get("exclusive") else ("≥", "≤")
    low, high = limits(item)
    parts = [f"{sign} {value}" for sign, value in ((least, low), (most, high)) if value is not None]
    if item.get("about") is not None:
        parts.append(f"≈ {item['about']}")
    return f"{' · '.join(parts)} {item.get('unit', '')}".strip() if parts else ""


def _limit(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
