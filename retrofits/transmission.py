"""“Data transmission confirmed” (J-31) as numbers: first message, completeness, plausible values. Knows no table.

The clause names neither a window nor a share; 48 h, 95 % and ten reads at the door are the portal's proposal and
programme data (`settings.transmission`): {window_hours, completeness_percent, site_reads, demonstration: {…}}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

PROVISIONAL, CONFIRMED, NOT_CONFIRMED = "provisional", "confirmed", "not_confirmed"
WATER_DC = (-100, 1000)  # flow and return, tenths of a degree: −10 … 100 ℃
ROOM_DC = (-200, 500)


@dataclass(frozen=True)
class Rules:
    """`window` to be filled, share of its polls that have to be good, good reads that suffice at the door."""

    window: timedelta
    needed_percent: Decimal
    site_reads: int
    period_s: int

    @property
    def expected(self) -> int:
        """Polls that a whole window holds."""
        return max(1, int(self.window.total_seconds()) // max(1, self.period_s))


@dataclass(frozen=True)
class Window:
    start: datetime
    end: datetime

    def is_full(self, now: datetime) -> bool:
        return now >= self.end


def rules_of(settings: Mapping[str, Any], *, period_s: int, is_demonstration: bool) -> Rules:
    """A programme's rules; the demonstration's own values go first where it is one."""
    said = settings.get("transmission") or {}
    own = said.get("demonstration") or {} if is_demonstration else {}
    minutes = own.get("window_minutes") or float(said.get("window_hours", 48)) * 60
    return Rules(
        timedelta(minutes=float(minutes)), Decimal(str(said.get("completeness_percent", 95))),
        int(own.get("site_reads") or said.get("site_reads", 10)), period_s,
    )  # fmt: skip


def window_of(first_message: datetime, asked_at: datetime, rules: Rules) -> Window:
    """The last full window before the visit, or the one that begins with the first message."""
    start = max(first_message, asked_at - rules.window)
    return Window(start, start + rules.window)


def completeness(good: int, rules: Rules) -> Decimal:
    """Good polls as a share of those a window holds, in percent, never rounded up, at most 100."""
    share = Decimal(100 * good) / rules.expected
    return min(Decimal(100), share.quantize(Decimal("0.01"), rounding=ROUND_DOWN))


def verdict(window: Window, good: int, rules: Rules, *, now: datetime) -> str:
    """provisional while the window fills; then confirmed from the needed share on, else not confirmed."""
    if not window.is_full(now):
        return PROVISIONAL
    return CONFIRMED if completeness(good, rules) >= rules.needed_percent else NOT_CONFIRMED
