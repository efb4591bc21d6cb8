"""A season of readings: what lies inside, what is missing, where counters must be read. No Django, exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from itertools import pairwise

from core.seasons import Season, Span, months_of

DAY = timedelta(days=1)
THOUSANDTH = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Inside:
    """Use inside a season. ``estimated``: a line ran over the season's edge and was divided by its days."""

    total: Fraction
    estimated: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days a line speaks of, with the counter before and after them where it was read."""

    span: Span
    start: Decimal | None = None
    end: Decimal | None = None
    meter: str = ""


def inside(lines: Iterable[tuple[Span, Decimal]], season: Span) -> Inside:
    """Sum of the lines' use inside the season, by days where a line runs over its edge. Never rounded."""
    total, estimated = Fraction(0), False
    for span, quantity in lines:
        days = span.overlap(season)
        if days is not None:
            total += Fraction(quantity) * Fraction(days.days, span.days)
            estimated = estimated or (days != span and quantity > 0)
    return Inside(total, estimated)


def gaps(stretches: Iterable[Stretch], window: Span) -> tuple[Span, ...]:
    """Days of the window between lines that no line covers. Before the first and after the last line nothing is missing
    by this rule: metering began and ends there. A counter that stands where it stood proves that nothing was used."""
    found: list[Span] = []
    before: Stretch | None = None
    for one in sorted(stretches, key=lambda stretch: stretch.span):
        if before is not None and one.span.first_day > before.span.last_day + DAY and not _stood(before, one):
            missing = Span(before.span.last_day + DAY, one.span.first_day - DAY).overlap(window)
            found += [missing] if missing else []
        if before is None or one.span.last_day > before.span.last_day:
            before = one
    return tuple(found)


def _stood(before: Stretch, after: Stretch) -> bool:
    return before.end is not None and before.end == after.start and before.meter == after.meter


def edges(season: Season, until: date) -> tuple[date, ...]:
    """Days at whose end counters are read: the day before the season, the end of each month, the season's last day."""
    ends = (season.first_day - DAY, *(month.last_day for month in months_of(season)))
    return tuple(day for day in ends if day <= until)


def lines_between(points: Sequence[tuple[date, Decimal]]) -> tuple[tuple[Span, Decimal, Decimal], ...]:
    """(days, reading before, reading after) between readings taken at the end of a day; two of one day give nothing."""
    ordered = sorted(points)
    return tuple(
        (Span(day + DAY, last), before, after) for (day, before), (last, after) in pairwise(ordered) if last > day
    )


def divide(quantity: Decimal, parts: Sequence[int]) -> tuple[Decimal, ...]:
    """A shared meter's use by parts, to thousandths; the last takes the rest, so that the shares add up exactly."""
    whole = sum(parts)
    if whole <= 0 or any(part < 0 for part in parts):
        raise ValueError("parts must not be negative and must not all be 0")
    shares = [(quantity * part / whole).quantize(THOUSANDTH, ROUND_DOWN) for part in parts[:-1]]
    return (*shares, quantity - sum(shares, Decimal(0)))
