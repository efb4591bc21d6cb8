"""Days of a plan: when a deadline comes round, who is reminded when, how late it is (plain Python, no Django)."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

ONCE, YEARLY, QUARTERLY, MONTHLY, WEEKLY = "once", "yearly", "quarterly", "monthly", "weekly"
RHYTHMS = (ONCE, YEARLY, QUARTERLY, MONTHLY, WEEKLY)
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
SUNDAY = 6


@dataclass(frozen=True)
class Written:
    """A day as a document writes it. `impossible`: the month has no such day, `day` is the month's last."""

    day: date
    impossible: bool


def read_day(text: str) -> Written | None:
    """A day written yyyy-mm-dd; 2022-04-31 becomes 30 April and is marked; None for anything that is no day.

    >>> read_day("2022-04-31")
    Written(day=datetime.date(2022, 4, 30), impossible=True)
    """
    found = _DAY.fullmatch(text.strip())
    if not found:
        return None
    year, month, day = (int(part) for part in found.groups())
    if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    last = monthrange(year, month)[1]
    return Written(date(year, month, min(day, last)), day > last)


_TYPED = (
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"),
    re.compile(r"(?:(?P<year>\d{4})[-./年])?(?P<month>\d{1,2})[-./月](?P<day>\d{1,2})日?"),
)


def typed_day(text: str, year: int) -> date | None:
    """A day as people type it, in `year` where they leave it out; None for anything that is no day.

    >>> typed_day("12-8", 2021) == typed_day("2021年12月8日", 1999) == typed_day("20211208", 1999)
    True
    """
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    found = next((match for pattern in _TYPED if (match := pattern.fullmatch(plain))), None)
    if found is None:
        return None
    try:
        return date(int(found["year"] or year), int(found["month"]), int(found["day"]))
    except ValueError:
        return None


_IN_TEXT = re.compile(r"(\d{4})[-年](\d{1,2})[-月](\d{1,2})日?")


def impossible_days(text: str) -> list[str]:
    """Days named in a text that their month doesn't have, as they stand there: "2022年4月31日"."""
    found = ((match.group(0), read_day("-".join(match.groups()))) for match in _IN_TEXT.finditer(text))
    return [words for words, written in found if written is None or written.impossible]


def occurrences(rhythm: str, first: date, last: date, *, due_on: date | None = None, day: str = "") -> Iterator[date]:
    """The days on which a deadline falls from `first` to `last`, both included, in order.

    Yearly needs `day` (MM-DD). A rhythm without a stated day falls on the last day of its week (Sunday), month or
    quarter. Nothing where the deadline has no day at all.
    """
    if rhythm == ONCE:
        yield from [due_on] if due_on and first <= due_on <= last else []
        return
    for one in _days(rhythm, first, last, day):
        if first <= one <= last:
            yield one


def _days(rhythm: str, first: date, last: date, day: str) -> Iterator[date]:
    if rhythm == WEEKLY:
        start = first + timedelta(days=SUNDAY - first.weekday())
        yield from (start + timedelta(weeks=n) for n in range((last - start).days // 7 + 1))
        return
    for year in range(first.year, last.year + 1):
        if rhythm == YEARLY:
            written = read_day(f"{year}-{day}")
            yield from [written.day] if written else []
        else:
            step = 1 if rhythm == MONTHLY else 3
            yield from (date(year, month, monthrange(year, month)[1]) for month in range(step, 13, step))


@dataclass(frozen=True)
class Standing:
    """How one occurrence stands on `today`."""

    due_on: date
    met_on: date | None
    today: date

    @property
    def late_days(self) -> int:
        """Days after the deadline: fixed once it was met, running while it wasn't."""
        return max(0, ((self.met_on or self.today) - self.due_on).days)

    @property
    def days_left(self) -> int | None:
        """Days that remain; None when it was met or is over."""
        left = (self.due_on - self.today).days
        return None if self.met_on or left < 0 else left

    @property
    def state(self) -> str:
        """met, met_late, overdue or open."""
        if self.met_on:
            return "met_late" if self.late_days else "met"
        return "overdue" if self.late_days else "open"


def reminder_due(standing: Standing, remind_days: Sequence[int]) -> int | None:
    """The smallest of `remind_days` that has begun (7 when five days are left), None before them."""
    left = standing.days_left
    begun = [] if left is None else [days for days in remind_days if left <= days]
    return min(begun, default=None)
