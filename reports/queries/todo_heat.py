"""What heat supply lets wait: fuel that runs short or is not reported (B-06), companies at risk without a plan (B-24),
clean-coal points with little left (J-48) or whose coal has not been tested lately (J-61)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.together import Reading, sums_in, sums_of
from heatsupply.models.owned import MANAGE, OWN
from heatsupply.queries.coal import is_low, is_test_due, open_points
from heatsupply.queries.networks import low_stocks, without_plan, without_stock
from reports.links import address
from reports.queries.scope import Scope

Days = Reading[list[dict[str, Any]]]
SELL, TEST = "coal.sell", "samples.record"


def warnings(right: str) -> Callable[[Scope], Days]:
    """All lines in one statement, for the county and for the company itself."""

    def reading(scope: Scope) -> Days:
        if not scope.area_code:
            return []
        fuel = sums_of(low_stocks(scope.user, scope.area_code, right), n=Count("id"))
        silent = sums_of(without_stock(scope.user, scope.area_code, right), n=Count("id"))
        plans = sums_of(without_plan(scope.user, scope.area_code, clock.today(), right), n=Count("id"))
        yield [fuel, silent, plans]
        low, unknown, bare = (sums_in(one)["n"] or 0 for one in (fuel, silent, plans))
        lines = []
        if low:
            words = ngettext("%(n)d stock below a week", "%(n)d stocks below a week", low) % {"n": low}
            lines.append(_line("alert-triangle", _("Fuel runs short"), words, low))
        for icon, title, n in (
            ("clipboard-check", _("Fuel stock to report"), unknown),
            ("file-text", _("Contingency plans to write"), bare),
        ):
            if n:
                words = ngettext("%(n)d company", "%(n)d companies", n) % {"n": n}
                lines.append(_line(icon, title, words, n))
        return lines

    return reading


def coal_stock(scope: Scope) -> Days:
    """Points with nothing left to sell or less than a week's, for those who keep them."""
    if not scope.area_code:
        return []
    points = open_points(scope.user, scope.area_code, SELL, clock.today())
    yield [points]
    return _points("alert-triangle", _("Clean coal runs short"), sum(map(is_low, points)))


def coal_tests(scope: Scope) -> Days:
    """Points none of whose coal was sampled within the programme's days, for those who record tests."""
    if not scope.area_code:
        return []
    today = clock.today()
    points = open_points(scope.user, scope.area_code, TEST, today)
    yield [points]
    return _points("clipboard-check", _("Clean coal to be tested"), sum(is_test_due(one, today) for one in points))


def _points(icon: str, title: str, n: int) -> list[dict[str, Any]]:
    words = ngettext("%(n)d supply point", "%(n)d supply points", n) % {"n": n}
    return [_line(icon, title, words, n, "heat:coal-list")] if n else []


def _line(icon: str, title: str, detail: str, count: int, page: str = "heat:home") -> dict[str, Any]:
    return {"icon": icon, "title": title, "detail": detail, "url": address(page), "count": count}


SOURCES: tuple[tuple[str, Callable[[Scope], Days]], ...] = (
    (MANAGE, warnings(MANAGE)), (OWN, warnings(OWN)), (SELL, coal_stock), (TEST, coal_tests),
)  # fmt: skip
