"""The household list: found rows, counted without reading them all.

Filters by place, route and stage are counted from `SummaryTotal`, which holds one row per village, route and stage, or
from the sums of whole towns where no village is asked for; any other filter is counted up to `COUNT_LIMIT` and no
further. Pages reach `PAGE_DEPTH` rows deep: a longer list is narrowed or exported, never leafed through
(docs/decisions/0030).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import EmptyResultSet
from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import F, Q, QuerySet, Sum
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from reports.models import DwellingSummary, SummaryTotal
from reports.queries.matching import IsAmong
from reports.queries.scope import Scope
from reports.stages import totals_in

COUNT_LIMIT = 10_000
PAGE_DEPTH = 10_000
SHALLOW = 4
FEW = 200
SUMMED_BY = frozenset({"town", "village", "technology", "year", "stage"})
NONE = "none"


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
    found = _sums(scope, used) if summed else rows.order_by().values("due_fen", "paid_fen")[: COUNT_LIMIT + 1]
    lines = _answers([(_VIEWS, _stages(scope)), (_SUMMED if summed else _COUNTED, found)])
    staged = [line for line in lines if line[0] is not None]
    count, due, paid = (sum(int(line[at] or 0) for line in lines) for at in (2, 3, 4))
    if not summed and count > COUNT_LIMIT:
        return Found(COUNT_LIMIT, None, None, exact=False), _views(staged)
    return Found(count, due, paid), _views(staged)


def found_by(scope: Scope, rows: QuerySet[DwellingSummary], used: dict[str, Any]) -> Found:
    """Count and sums of the filter whose non-empty values are `used`."""
    return figures(scope, rows, used)[0]


# stage (None: what the filter finds), excluded; found dwellings, due, paid; all dwellings, with missing, sent back
_VIEWS = "SELECT stage, excluded, 0, 0, 0, every, missing, failed FROM ({}) staged"
_SUMMED = "SELECT NULL, NULL::boolean, sum(dwellings), sum(due_fen), sum(paid_fen), 0, 0, 0 FROM ({}) found"
_COUNTED = "SELECT NULL, NULL::boolean, count(*), sum(due_fen), sum(paid_fen), 0, 0, 0 FROM ({}) found"


def _stages(scope: Scope) -> QuerySet[Any]:
    """Everything there is, per stage."""
    rows = scope.of_programme(scope.totals(DwellingSummary.view_right)).order_by().values("stage", "excluded")
    return rows.annotate(  # type: ignore[no-any-return]
        every=Sum("dwellings"), missing=Sum("with_missing"), failed=Sum("with_failed")
    )


def _sums(scope: Scope, used: dict[str, Any]) -> QuerySet[Any]:
    """The stored sums the filter keeps: of villages where it names some, else of whole towns where these are kept."""
    totals = SummaryTotal if "village" in used else scope.totals(DwellingSummary.view_right)
    kept = scope.of_programme(totals).order_by().filter(_condition(used))
    return kept.values("dwellings", "due_fen", "paid_fen")  # type: ignore[no-any-return]


def _condition(used: dict[str, Any]) -> Q:
    inside = SummaryTotal.objects.all().inside
    condition = inside([used["town"]] if "town" in used else []) & inside(used.get("village", []))
    if "technology" in used:
        condition &= Q(technology="" if used["technology"] == NONE else used["technology"])
    if "year" in used:
        condition &= Q(year=None if used["year"] == NONE else int(used["year"]))
    return condition & totals_in(used["stage"]) if "stage" in used else condition


def _answers(parts: list[tuple[str, QuerySet[Any]]]) -> list[tuple[Any, ...]]:
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


def _views(lines: list[tuple[Any, ...]]) -> dict[str, int]:
    active = [line for line in lines if not line[1]]
    return {
        "all": sum(int(line[5]) for line in lines),
        "missing": sum(int(line[6]) for line in active),
        "failed": sum(int(line[7]) for line in active),
    } | {line[0]: int(line[5]) for line in active}


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

    def page(self, number: Any) -> Page[Any]:
        """Deep pages choose their rows before anything is joined to them: what is skipped is skipped in the index.

        So do short finds: asked for a handful in the order of an index, the database reads along it until it met them,
        past every dwelling of the county where they lie at its end.
        """
        number = self.validate_number(number)
        if 0 < self._known <= FEW:
            return self._get_page(self._of_few(number), number, self)
        if number <= SHALLOW:
            return super().page(number)
        first = (number - 1) * self.per_page
        wanted = self.object_list.values("pk")[first : first + self.per_page]  # type: ignore[union-attr]
        return self._get_page(self.object_list.filter(pk__in=wanted), number, self)  # type: ignore[union-attr]

    def _of_few(self, number: int) -> QuerySet[Any]:
        rows: Any = self.object_list
        first = (number - 1) * self.per_page
        found = ArraySubquery(rows.order_by().values("pk"))
        return rows.filter(IsAmong(F("pk"), found))[first : first + self.per_page]  # type: ignore[no-any-return]


def paginator_for(found: Found) -> Callable[[Any, int], CountedPaginator]:
    return partial(CountedPaginator, known=found.count)
