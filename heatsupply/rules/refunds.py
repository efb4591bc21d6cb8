"""What a heating company owes for days without heat, and what a suspended user still pays. No Django, no clock.

Source: Baiyin 2023, clause B-32 (rule B-R1: fee × days / days of the season × share of the fault) and B-31 (rule B-R2).
Shares are a programme's own; where it names none, the answer is a question, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Literal

from core.money import round_half_up
from core.seasons import Span

Fault = Literal["late", "stopped", "insufficient"]
Cause = Literal["company", "user", "public_works", "force_majeure"]
Counting = Literal["full_days", "begun_days", "hours"]
Stretch = tuple[datetime, datetime]
"""From a moment up to another one."""
FAULTS: tuple[Fault, ...] = ("late", "stopped", "insufficient")
HOURS_OF_A_DAY = 24


class RefundError(ValueError):
    """A span, fee or share that can't be; the text says which and why."""


@dataclass(frozen=True)
class Terms:
    """A programme's terms: share of a day's fee by fault (0 to 1), the basic fee's share while suspended (None where
    nobody has decided it) and how parts of a day count.
    """

    shares: Mapping[Fault, Fraction]
    suspended_share: Fraction | None = None
    counting: Counting = "full_days"

    def __post_init__(self) -> None:
        named = {str(name): share for name, share in self.shares.items()} | {"suspended": self.suspended_share or 0}
        wrong = [
            f"{name} {float(share):g}" for name, share in named.items() if share is not None and not 0 <= share <= 1
        ]
        if wrong:
            raise RefundError(f"A share lies between 0 and 1: {', '.join(wrong)}.")


@dataclass(frozen=True)
class Outage:
    """Hours a home got too little or nothing within one season, by one fault and one cause."""

    fault: Fault
    cause: Cause
    hours: Fraction


@dataclass(frozen=True)
class Outcome:
    """`amount_fen` is None where a share is undecided; `reason` is the stable code that is shown and stored."""

    reason: str
    amount_fen: int | None
    days: Fraction = Fraction(0)


def refund(*, fee_fen: int, season: Span, outage: Outage, terms: Terms, paid: bool) -> Outcome:
    """What the company gives back (``OK_REFUND``) or takes off the unpaid fee (``DEDUCT_FROM_RECEIVABLE``).

    Zero with ``CAUSE_NOT_COMPANY``; undefined with ``SHARE_UNDECIDED``. Rounded half up once (E-B01 … E-B08).
    """
    if fee_fen < 0:
        raise RefundError(f"A season's fee is not negative, got {fee_fen} fen.")
    if outage.cause != "company":
        return Outcome("CAUSE_NOT_COMPANY", 0)
    share = terms.shares.get(outage.fault)
    if share is None:
        return Outcome("SHARE_UNDECIDED", None)
    days = days_of(outage.hours, terms.counting)
    if days > season.days:
        raise RefundError(f"{days} days are more than the {season.days} days of the season.")
    amount = round_half_up(fee_fen * days / season.days * share)
    return Outcome("OK_REFUND" if paid else "DEDUCT_FROM_RECEIVABLE", amount, days)


def refund_of_season(
    *, fee_fen: int, season: Span, outages: Iterable[Outage], terms: Terms, paid: bool
) -> list[Outcome]:
    """The refunds of several outages in order: never more than the fee together; the last one takes what is left."""
    left, found = fee_fen, list[Outcome]()
    for outage in outages:
        one = refund(fee_fen=fee_fen, season=season, outage=outage, terms=terms, paid=paid)
        if one.amount_fen is not None and one.amount_fen > left:
            one = Outcome(one.reason, left, one.days)
        left -= one.amount_fen or 0
        found.append(one)
    return found


def suspended_fee(*, fee_fen: int, terms: Terms) -> Outcome:
    """What a user who does not heat this season still pays for the shared plant (E-B09)."""
    if terms.suspended_share is None:
        return Outcome("SHARE_UNDECIDED", None)
    return Outcome("SUSPENSION_BASIC_FEE", round_half_up(fee_fen * terms.suspended_share))


def uncovered(span: Stretch, others: Iterable[Stretch]) -> list[Stretch]:
    """The parts of a stretch that none of the others holds."""
    start, end = span
    free = []
    for begun, over in sorted(others):
        free.append((start, min(begun, end)))
        start = max(start, over)
    return [(begun, over) for begun, over in [*free, (start, end)] if begun < over]


def together(stretches: Sequence[Stretch]) -> list[Stretch]:
    """The same moments, each once."""
    return [part for at, one in enumerate(stretches) for part in uncovered(one, stretches[:at])]


def further_days(hours: Fraction, before: Fraction, counting: Counting) -> Fraction:
    """The days that hours add to those refunded before: both count as one stretch would, no begun day twice."""
    return days_of(before + hours, counting) - days_of(before, counting)


def days_of(hours: Fraction, counting: Counting) -> Fraction:
    """Hours as days: only full ones (8.5 → 8), every begun one (8.5 → 9), or to the hour (8.5)."""
    if hours < 0:
        raise RefundError(f"An outage lasts no negative time, got {float(hours):g} h.")
    days = Fraction(hours) / HOURS_OF_A_DAY
    if counting == "hours":
        return days
    full = Fraction(days.numerator // days.denominator)
    return full if counting == "full_days" or full == days else full + 1
