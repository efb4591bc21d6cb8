"""The household list: found rows, counted without reading them all.

Filters by place, route and stage are counted from `SummaryTotal`, which holds one row per village, route and stage;
any other filter is counted up to `COUNT_LIMIT` and no further. Pages reach `PAGE_DEPTH` rows deep: a longer list is
narrowed or exported, never leafed through (docs/decisions/0030).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from reports.models import DwellingSummary, SummaryTotal
from reports.queries.scope import Scope
from reports.stages import totals_in

COUNT_LIMIT = 10_000
PAGE_DEPTH = 10_000
SUMMED_BY = frozenset({"town", "village", "technology", "stage"})


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


def figures(scope: Scope, rows: QuerySet[DwellingSummary], used: dict[str, Any]) -> tuple[Found, dict[str, int]]:
    """What the filter (its non-empty values `used`) finds, and the numbers of the views above it, in one statement.

    Views: all, per stage, with missing papers, with a payment sent back. Dwellings that are not to be converted count
    under "all" only, as in the filters behind the views.
    """
    summed = set(used) <= SUMMED_BY
    found = _totals(scope, used) if summed else rows.order_by().values("due_fen", "paid_fen")[: COUNT_LIMIT + 1]
    lines = _answers((_SUMS if summed else _COUNTED, found), (_VIEWS, scope.of_programme(SummaryTotal)))
    count, due, paid = next((line[2:5] for line in lines if line[0] is None), (0, 0, 0))
    views = _views([line for line in lines if line[0] is not None])
    if not summed and count > COUNT_LIMIT:
        return Found(COUNT_LIMIT, None, None, exact=False), views
    return Found(int(count or 0), int(due or 0), int(paid or 0)), views


def found_by(scope: Scope, rows: QuerySet[DwellingSummary], used: dict[str, Any]) -> Found:
    """Count and sums of the filter whose non-empty values are `used`."""
    return figures(scope, rows, used)[0]


# stage (None: what the filter finds), excluded, dwellings, due, paid, with missing papers, sent back
_SUMS = "SELECT NULL, NULL::boolean, sum(dwellings), sum(due_fen), sum(paid_fen), NULL, NULL FROM ({}) found"
_COUNTED = "SELECT NULL, NULL::boolean, count(*), sum(due_fen), sum(paid_fen), NULL, NULL FROM ({}) found"
_VIEWS = """SELECT stage, excluded, sum(dwellings), NULL, NULL, sum(with_missing), sum(with_failed)
    FROM ({}) every GROUP BY stage, excluded"""


def _answers(*parts: tuple[str, QuerySet[Any]]) -> list[tuple[Any, ...]]:
    """All parts in one statement; a part that can find nothing (no right, no programme) has no line."""
    statements: list[str] = []
    values: list[Any] = []
    for wrapping, rows in parts:
        with suppress(EmptyResultSet):
            statement, given = rows.query.sql_with_params()
            statements.append(wrapping.format(statement))
            values += given
    if not statements:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), values)
        return cursor.fetchall()


def _totals(scope: Scope, used: dict[str, Any]) -> QuerySet[SummaryTotal]:
    totals = scope.of_programme(SummaryTotal)
    place = used.get("village") or used.get("town")
    totals = totals.within(place) if place else totals
    if "technology" in used:
        totals = totals.filter(technology=used["technology"])
    return totals.filter(totals_in(used["stage"])) if "stage" in used else totals  # type: ignore[no-any-return]


def _views(lines: list[tuple[Any, ...]]) -> dict[str, int]:
    active = [line for line in lines if not line[1]]
    return {
        "all": sum(int(line[2]) for line in lines),
        "missing": sum(int(line[5]) for line in active),
        "failed": sum(int(line[6]) for line in active),
    } | {line[0]: int(line[2]) for line in active}


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
