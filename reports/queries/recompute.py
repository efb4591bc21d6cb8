"""What the rules say today about the facts of a day: zero, or a list of differences (each with both amounts)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from reports.links import address
from reports.queries.scope import Scope
from subsidies.models import Entitlement
from subsidies.rules.outcomes import Due, Outcome, Undefined
from subsidies.services.entitlements import recompute

AT_ONCE = 3000  # more are left to a job
CHUNK = 500
KEPT = 500  # differences that are listed; all are counted
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Differs:
    """One amount that the stored facts and the pinned version do not give again; None: undefined."""

    due: Entitlement
    stored_fen: int | None
    again_fen: int | None
    code: str

    @property
    def url(self) -> str:
        return address("subsidies:entitlement-detail", self.due.pk)

    @property
    def difference_fen(self) -> int | None:
        if self.stored_fen is None or self.again_fen is None:
            return None
        return self.again_fen - self.stored_fen


@dataclass(frozen=True)
class Recomputed:
    """All `count` amounts calculated until the end of `on`; `fen`: what is stored. `found` of them come out otherwise;
    `differences` are the first of these."""

    on: dt.date
    count: int
    fen: int
    found: int
    differences: list[Differs]

    def as_result(self) -> dict[str, Any]:
        """What a job keeps of it: ids and amounts, nobody's name."""
        rows = [[one.due.pk, one.again_fen, one.code] for one in self.differences]
        return {"on": self.on.isoformat(), "count": self.count, "fen": self.fen, "found": self.found, "rows": rows}


def assessed_until(scope: Scope, on: dt.date) -> Any:
    """Amounts calculated by the end of that day, where the person may trace money."""
    end = timezone.make_aware(dt.datetime.combine(on + dt.timedelta(days=1), dt.time()))
    rows = scope.of_programme(Entitlement, "audit.trace").filter(assessed_at__lt=end)
    return rows.select_related("policy", "dwelling", "household", "area").order_by("id")


def recomputed(scope: Scope, on: dt.date, *, progress: Progress | None = None) -> Recomputed:
    """Every stored amount computed anew from its own facts under its own version, in a bounded memory."""
    rows = assessed_until(scope, on)
    count, fen, found = rows.order_by().count(), 0, 0
    first: list[Differs] = []
    looked = 0
    for looked, due in enumerate(rows.iterator(chunk_size=CHUNK), 1):
        fen += due.amount_fen or 0
        if (one := differs(due, recompute)) is not None:
            found += 1
            if len(first) < KEPT:
                first.append(one)
        if progress and looked % CHUNK == 0:
            progress(looked, count)
    return Recomputed(on, looked, fen, found, first)


def from_result(scope: Scope, kept: dict[str, Any]) -> Recomputed:
    """What a job found, as far as the person may still see the amounts."""
    on = dt.date.fromisoformat(kept["on"])
    rows = assessed_until(scope, on).in_bulk([pk for pk, *_rest in kept["rows"]])
    shown = [
        Differs(rows[pk], rows[pk].amount_fen, fen, code) for pk, fen, code in kept["rows"] if pk in rows
    ]  # fmt: skip
    return Recomputed(on, kept["count"], kept["fen"], kept["found"], shown)


def differs(due: Entitlement, again: Callable[[Entitlement], Outcome]) -> Differs | None:
    """Facts or rules that can't be read any more are a difference too, and said as such."""
    try:
        outcome = again(due)
    except (KeyError, ValueError, TypeError) as error:
        return Differs(due, due.amount_fen, None, type(error).__name__)
    amount = amount_of(outcome)
    return None if amount == due.amount_fen else Differs(due, due.amount_fen, amount, outcome.code)


def amount_of(outcome: Outcome) -> int | None:
    """As it is stored: what is payable, 0 where nothing is, None where it is undefined."""
    if isinstance(outcome, Undefined):
        return None
    return outcome.payable_fen if isinstance(outcome, Due) and outcome.payable_fen > 0 else 0
