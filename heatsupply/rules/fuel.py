"""Clean coal and fuel stock. No Django, no clock. Source: Jincheng 2020, clause J-46; Baiyin 2023, clause B-06."""

from __future__ import annotations

from decimal import Decimal

MOST_SULPHUR_PERCENT = Decimal("0.5")
MOST_ASH_PERCENT = Decimal(16)
LOW_STOCK_DAYS = 7  # UX page 38


def coal_faults(
    sulphur_percent: Decimal,
    ash_percent: Decimal,
    *,
    most_sulphur: Decimal = MOST_SULPHUR_PERCENT,
    most_ash: Decimal = MOST_ASH_PERCENT,
) -> tuple[str, ...]:
    """Why a batch may not be sold, as codes; the limits themselves pass."""
    faults = {
        "SULPHUR_ABOVE_LIMIT": sulphur_percent > most_sulphur,
        "ASH_ABOVE_LIMIT": ash_percent > most_ash,
    }
    return tuple(code for code, found in faults.items() if found)


def days_left(stock_t: Decimal, used_t_per_day: Decimal) -> int | None:
    """Full days the stock lasts; None where nothing is used or the use is unknown."""
    return int(stock_t / used_t_per_day) if used_t_per_day > 0 else None


def is_low(stock_t: Decimal, used_t_per_day: Decimal) -> bool:
    days = days_left(stock_t, used_t_per_day)
    return days is not None and days < LOW_STOCK_DAYS
