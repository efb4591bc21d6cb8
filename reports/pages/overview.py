"""The year overview: the same panels as on the workbench, and the two curves where time is the axis."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import requires
from core import clock
from core.together import asking, in_step, read
from households.models import Enrolment
from households.roster_queries import unreported
from reports.pages.home import unchanged
from reports.queries import curve as curves
from reports.queries import year as queries
from reports.queries.counties import length_below
from reports.queries.scope import scope_of


@require_GET
@requires("overview.view")
def overview(request: HttpRequest) -> HttpResponse:
    scope, context = scope_of(request), _head(request)
    late = unreported(scope.of_programme(Enrolment), scope.programme, context["today"]) if scope.programme else asking()
    curve, online = curves.curve(scope), curves.online_by_hour(scope, context["now"])
    year = queries.year(scope, context["today"])
    found = dict(zip(("year", "late_lists", "curve", "online"), read(in_step(year, late, curve, online)), strict=True))
    curve, heaters = found["curve"], found["year"].heaters if found["year"] else None
    found["shows_online"] = context["sees_heaters"] and heaters is not None and heaters.total > 0
    found["curve_rows"] = list(zip(curve.days, curve.planned, curve.finished, curve.accepted, strict=True))
    return render(request, "reports/overview.html", context | found)


@require_GET
@requires("overview.view")
def overview_part(request: HttpRequest) -> HttpResponse:
    context = _head(request)
    context["year"] = queries.year_of(scope_of(request), context["today"])
    return unchanged(request, render(request, "reports/parts/year_panels.html", context), context["now"])


@require_GET
@requires("overview.view")
def overview_curve(request: HttpRequest) -> JsonResponse:
    """Cumulative households: planned, finished, accepted."""
    curve = curves.curve_of(scope_of(request))
    series: list[dict[str, Any]] = [
        {"name": _("finished"), "token": "--brand", "values": curve.finished},
        {"name": _("accepted"), "token": "--tech-solar", "values": curve.accepted},
    ]
    if any(value is not None for value in curve.planned):
        series.append({"name": _("plan"), "token": "--ink-3", "values": curve.planned, "style": "dashed"})
    return JsonResponse({"times": curve.days, "panels": [{"unit": _("households"), "min": 0, "series": series}]})


@require_GET
@requires("devices.view")
def overview_online(request: HttpRequest) -> JsonResponse:
    """Share of heaters that answered, by hour."""
    hours = read(curves.online_by_hour(scope_of(request), clock.now()))
    times = [f"{timezone.localtime(at):%H:%M}" for at, _share in hours]
    line = {"name": _("on line"), "token": "--brand", "values": [share for _at, share in hours]}
    return JsonResponse({"times": times, "panels": [{"unit": "%", "max": 100, "series": [line]}]})


def _head(request: HttpRequest) -> dict[str, Any]:
    scope = scope_of(request)
    return {
        "now": clock.now(), "today": clock.today(), "sees_heaters": scope.user.has_right("devices.view"),
        "compares": length_below(scope.area_code) > 0,
    }  # fmt: skip
