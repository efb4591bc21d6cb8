"""What heat supply lets wait: fuel that lasts less than a week (B-06), companies at risk without a plan (B-24)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.together import Reading, sums_in, sums_of
from heatsupply.models.owned import MANAGE, OWN
from heatsupply.queries.networks import low_stocks, without_plan
from reports.links import address
from reports.queries.scope import Scope

Days = Reading[list[dict[str, Any]]]


def warnings(right: str) -> Callable[[Scope], Days]:
    """Both lines in one statement, for the county and for the company itself."""

    def reading(scope: Scope) -> Days:
        if not scope.area_code:
            return []
        fuel = sums_of(low_stocks(scope.user, scope.area_code, right), n=Count("id"))
        plans = sums_of(without_plan(scope.user, scope.area_code, clock.today(), right), n=Count("id"))
        yield [fuel, plans]
        low, bare = sums_in(fuel)["n"], sums_in(plans)["n"]
        lines = []
        if low:
            words = ngettext("%(n)d stock below a week", "%(n)d stocks below a week", low) % {"n": low}
            lines.append(_line("alert-triangle", _("Fuel runs short"), words, low))
        if bare:
            words = ngettext("%(n)d company", "%(n)d companies", bare) % {"n": bare}
            lines.append(_line("file-text", _("Contingency plans to write"), words, bare))
        return lines

    return reading


def _line(icon: str, title: str, detail: str, count: int) -> dict[str, Any]:
    return {"icon": icon, "title": title, "detail": detail, "url": address("heat:home"), "count": count}


SOURCES: tuple[tuple[str, Callable[[Scope], Days]], ...] = ((MANAGE, warnings(MANAGE)), (OWN, warnings(OWN)))
