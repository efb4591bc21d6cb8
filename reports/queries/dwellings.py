"""The household list: found rows, counted without reading them all.

Filters by place, route and stage are counted from `SummaryTotal`, which holds one row per village, route and stage;
any other filter is counted up to `COUNT_LIMIT` and no further. Pages reach `PAGE_DEPTH` rows deep: a longer list is
narrowed or exported, never leafed through (docs/decisions/0030).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from core.names import initials
from reports.models import DwellingSummary, SummaryTotal
from reports.queries.scope import Scope
from reports.stages import totals_in

COUNT_LIMIT = 10_000
PAGE_DEPTH = 10_000
SUMMED_BY = frozenset({"town", "village", "technology", "stage"})
FIRST_LETTERS = 12


@dataclass(frozen=True)
class Found:
    """How many dwellings a filter finds and what they add up to; `exact` is false beyond `COUNT_LIMIT`."""

    count: int
    due_fen: int | None
    paid_fen: int | None
    exact: bool = True

    @property
    def totals(self) -> list[tuple[Any, str, Any]]:
        if not self.exact:
            return []
        return [(_("due"), "money", self.due_fen), (_("paid"), "money", self.paid_fen)]


def summaries(scope: Scope) -> QuerySet[DwellingSummary]:
    """Every dwelling of the programme the person may see, village by village."""
    return scope.of_programme(DwellingSummary).order_by("area_id", "dwelling_no")


def matching(text: str) -> Q:
    """Number from its beginning, name, initials, or the last four characters of the identity number."""
    wanted = "".join(text.split())
    if not wanted:
        return Q()
    if wanted.isascii():
        return _by_keyboard(wanted)
    if len(wanted) < 3:  # too short for trigrams: from the beginning of the name
        return Q(head_name__startswith=wanted)
    return Q(head_name__contains=wanted)


def _by_keyboard(wanted: str) -> Q:
    condition = Q(dwelling_no__startswith=wanted.upper())
    if len(wanted) == 4:
        condition |= Q(id_number_tail=wanted.upper())
    if wanted.isalpha() and len(wanted) <= FIRST_LETTERS:
        condition |= Q(head_initials__startswith=wanted.lower())
    return condition


def first_letters(name: str) -> str:
    """Initials as the list searches them."""
    return initials(name)[:FIRST_LETTERS]


def found_by(scope: Scope, rows: QuerySet[DwellingSummary], used: dict[str, Any]) -> Found:
    """Count and sums of the filter whose non-empty values are `used`."""
    if set(used) <= SUMMED_BY:
        return _summed(scope, used)
    return _counted(rows)


def _summed(scope: Scope, used: dict[str, Any]) -> Found:
    totals = scope.of_programme(SummaryTotal)
    place = used.get("village") or used.get("town")
    totals = totals.within(place) if place else totals
    if "technology" in used:
        totals = totals.filter(technology=used["technology"])
    if "stage" in used:
        totals = totals.filter(totals_in(used["stage"]))
    sums = totals.aggregate(n=Sum("dwellings"), due=Sum("due_fen"), paid=Sum("paid_fen"))
    return Found(sums["n"] or 0, sums["due"] or 0, sums["paid"] or 0)


def _counted(rows: QuerySet[DwellingSummary]) -> Found:
    """Reads at most one row more than the limit."""
    some = rows.order_by().values("due_fen", "paid_fen")[: COUNT_LIMIT + 1]
    sums = some.aggregate(n=Count("*"), due=Sum("due_fen"), paid=Sum("paid_fen"))
    if sums["n"] > COUNT_LIMIT:
        return Found(COUNT_LIMIT, None, None, exact=False)
    return Found(sums["n"], sums["due"] or 0, sums["paid"] or 0)


class CountedPaginator(Paginator):  # type: ignore[type-arg]
    """Knows its count and goes only so deep."""

    def __init__(self, rows: Any, per_page: int, *, known: int) -> None:
        self._known = known
        super().__init__(rows, per_page)

    @cached_property
    def count(self) -> int:  # type: ignore[override]
        return self._known

    @cached_property
    def num_pages(self) -> int:  # type: ignore[override]
        return max(1, -(-min(self._known, PAGE_DEPTH) // self.per_page))


def paginator_for(found: Found) -> Callable[[Any, int], CountedPaginator]:
    return partial(CountedPaginator, known=found.count)


def view_counts(scope: Scope) -> dict[str, int]:
    """Numbers of the views above the list: all, per stage, with missing papers, with a payment sent back.

    Dwellings that are not to be converted count under "all" only, as in the filters behind the views.
    """
    rows = scope.of_programme(SummaryTotal).order_by().values("stage", "excluded")
    found = list(rows.annotate(n=Sum("dwellings"), missing=Sum("with_missing"), failed=Sum("with_failed")))
    active = [row for row in found if not row["excluded"]]
    return {
        "all": sum(row["n"] for row in found),
        "missing": sum(row["missing"] for row in active),
        "failed": sum(row["failed"] for row in active),
    } | {row["stage"]: row["n"] for row in active}
