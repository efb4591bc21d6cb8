"""Parts of the heater page that refresh themselves, and the numbers of its chart. All are plain reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import requires
from telemetry import charts, registers, sheet
from telemetry.api import WORKBOOK
from telemetry.charts import SPANS, Span
from telemetry.views.heaters import EVERY_S, register_values
from telemetry.views.shown import Shown


@require_GET
@requires("devices.view")
def heater_now(request: HttpRequest, platform_no: str) -> HttpResponse:
    """The figures on top."""
    values = {"shown": Shown.of(request, platform_no), "every": EVERY_S}
    return render(request, "telemetry/part_now.html", values)


@require_GET
@requires("devices.view")
def heater_state(request: HttpRequest, platform_no: str) -> HttpResponse:
    """Alerts, registers and the quality of the line."""
    shown = Shown.of(request, platform_no)
    return render(
        request, "telemetry/part_state.html", {**register_values(shown), "link": registers.link_of(shown.heater)}
    )


@require_GET
@requires("devices.view")
def heater_commands(request: HttpRequest, platform_no: str) -> HttpResponse:
    """The newest commands; asks again every two seconds while one is under way."""
    return render(request, "telemetry/part_commands.html", {"shown": Shown.of(request, platform_no)})


@require_GET
@requires("devices.view")
def heater_series(request: HttpRequest, platform_no: str) -> JsonResponse:
    """JSON for `frontend/js/charts.js`; at most 2,000 points."""
    shown, span = Shown.of(request, platform_no), _span(request)
    if span.code == "season":
        return JsonResponse(charts.season_chart(shown.days, shown.season, shown.floor_c, shown.profile.medium))
    drawn = charts.track(shown.heater, span, shown.now, shown.period_s)
    return JsonResponse(charts.chart(shown.heater, drawn, shown.floor_c, medium=shown.profile.medium))


@require_GET
@requires("devices.view")
def heater_band(request: HttpRequest, platform_no: str) -> HttpResponse:
    """State band and quality strip under the chart; a season's by day."""
    if _span(request).code == "season":
        shown = Shown.of(request, platform_no)
        drawn = charts.season_band(shown.days, shown.season, shown.now, shown.heard_before_season)
        return render(request, "telemetry/part_band.html", {"band": drawn, "by_day": True})
    shown, drawn_track = _drawn(request, platform_no)
    heard_before = bool(drawn_track.buckets[0].n) or shown.heater.readings.filter(at__lt=drawn_track.start).exists()
    return render(request, "telemetry/part_band.html", {"band": charts.band(drawn_track, heard_before)})


@require_GET
@requires("devices.view")
def heater_table(request: HttpRequest, platform_no: str) -> HttpResponse:
    """The numbers behind the chart, newest first: a page of its own, and a fragment for htmx. A season's by day.
    `?format=xlsx`: the readings themselves as a workbook."""
    if request.GET.get("format") == "xlsx":
        return _workbook(Shown.of(request, platform_no), _span(request))
    shown, drawn = _drawn(request, platform_no)
    values: dict[str, Any] = {"shown": shown, "heater": shown.heater, "drawn": drawn, "rows": drawn.buckets[::-1]}
    if _span(request).code == "season":
        values |= {"rows": (), "days": shown.all_days}
    is_part = request.headers.get("HX-Request") == "true"
    return render(request, "telemetry/part_table.html" if is_part else "telemetry/heater_table.html", values)


def _workbook(shown: Shown, span: Span) -> HttpResponse:
    if span.code == "season":
        span = replace(span, code=f"season-{shown.season.year}", label=f"{span.label} {shown.season.label}")
        content = sheet.days_sheet(shown.heater, shown.all_days, span, shown.now)
    else:
        content = sheet.readings_sheet(shown.heater, shown.profile, span, shown.now)
    answer = HttpResponse(content, content_type=WORKBOOK)
    name = f"{shown.heater.platform_no}_{span.code}_{shown.now:%Y%m%d-%H%M}.xlsx"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _span(request: HttpRequest) -> Span:
    return SPANS.get(request.GET.get("period", ""), SPANS["24h"])


def _drawn(request: HttpRequest, platform_no: str) -> tuple[Shown, charts.Track]:
    """Buckets of a season are those of its last seven days: the hourly rows behind it know no states."""
    shown, span = Shown.of(request, platform_no), _span(request)
    span = SPANS["7d"] if span.code == "season" else span
    return shown, charts.track(shown.heater, span, shown.now, shown.period_s)
