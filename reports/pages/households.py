"""The household list: every dwelling of the programme, found by address, summed over the filter."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.access import get_visible_or_404, requires
from core import clock
from core.tables import BulkAction, Column, View, build_table, render_table
from reports.filters import HouseholdFilter
from reports.links import address
from reports.models import DwellingSummary
from reports.queries import dwellings
from reports.queries.scope import scope_of
from reports.services.deeds import DEEDS

Stage = DwellingSummary.Stage
ROUTES = {
    "ELECTRIC": "elec", "GAS": "gas", "CENTRAL": "grid", "WASTE_HEAT": "waste", "SOLAR": "solar", "BIOMASS": "bio",
}  # fmt: skip
COLD_DC = 160
SILENT_AFTER = dt.timedelta(minutes=30)
DEED_BUTTONS = (
    ("enrol", gettext_lazy("Put forward for a programme"), "plus"),
    ("exclude", gettext_lazy("Exclude"), "x"),
    ("recheck", gettext_lazy("Look for double entries"), "copy"),
)
BEFORE_WORKS = frozenset({Stage.REGISTERED, Stage.LISTED})


@dataclass(frozen=True)
class Route:
    """What `{% tech %}` draws: colour family and the programme's own name of the route."""

    route: str
    name: str


@dataclass(frozen=True)
class Room:
    """The last column: a temperature, or why there is none. `kind`: ok, cold, silent, none, later."""

    kind: str
    celsius: float | None = None
    since: dt.datetime | None = None


def route_of(family: str, name: str) -> Route | None:
    return Route(ROUTES.get(family, family), name) if family else None


def room_of(row: DwellingSummary, now: dt.datetime) -> Room:
    """Not networked, not installed yet, silent, cold or warm: five different things."""
    if not row.heater_no:
        return Room("later" if row.stage in BEFORE_WORKS else "none")
    if row.heard_at is None or now - row.heard_at > SILENT_AFTER:
        return Room("silent", since=row.heard_at)
    if row.room_dc is None:
        return Room("unknown")
    return Room("cold" if row.room_dc < COLD_DC else "ok", row.room_dc / 10)


def columns(routes: dict[str, str], now: dt.datetime) -> tuple[Column, ...]:
    return (
        Column("dwelling_no", gettext_lazy("Number"), kind="id", link=True),
        Column("head_name", gettext_lazy("Head of household")),
        Column(
            "id_number", gettext_lazy("Identity number"), kind="masked_id", priority=3,
            value=lambda row: row.dwelling.household.id_number,
        ),
        Column("area.name", gettext_lazy("Village")),
        Column(
            "technology", gettext_lazy("Route"), template="reports/parts/cell_route.html",
            value=lambda row: route_of(row.family, routes.get(row.technology, row.technology)),
        ),
        Column("heated_area_m2", gettext_lazy("Heated area/m²"), kind="number", priority=2),
        Column("stage", gettext_lazy("Stage"), template="reports/parts/cell_stage.html"),
        Column("missing_papers", gettext_lazy("Papers"), template="reports/parts/cell_papers.html", priority=2),
        Column("due_fen", gettext_lazy("Due/CNY"), kind="money"),
        Column("paid_fen", gettext_lazy("Paid/CNY"), kind="money", template="reports/parts/cell_paid.html"),
        Column(
            "room_dc", gettext_lazy("Room"), template="reports/parts/cell_room.html",
            value=lambda row: room_of(row, now),
        ),
        Column("changed_at", gettext_lazy("Changed"), kind="when", order_by="changed_at", priority=2),
    )  # fmt: skip


@require_GET
@requires("households.view")
def household_list(request: HttpRequest) -> HttpResponse:
    """Everything stands in the address; htmx gets the table alone."""
    scope = scope_of(request)
    rows = dwellings.summaries(scope).select_related("area", "dwelling__household")
    filters = HouseholdFilter(request.GET, rows, scope=scope, request=request)
    found, counts = dwellings.figures(scope, filters.qs, filters.used)
    table = build_table(
        request,
        rows,
        columns(dict(scope.routes), clock.now()),
        filterset=lambda *_args, **_more: filters,  # type: ignore[arg-type]
        unit=_("households") if found.exact else _("households and more"),
        row_url=lambda row: reverse("reports:household-detail", args=[row.dwelling_no]),
        peek_url=lambda row: reverse("reports:household-peek", args=[row.dwelling_no]),
        views=_views(counts),
        bulk=_bulk(request),
        paginator=dwellings.paginator_for(found),
        totals=found.totals,
        empty=_empty(request),
    )
    context = {
        "may_enter": scope.programme is not None and request.user.has_right("households.edit"),
        "may_import": request.user.has_right("rosters.import"),
        "too_long": found.count > dwellings.PAGE_DEPTH or not found.exact,
        "depth": dwellings.PAGE_DEPTH,
    }
    return render_table(request, "reports/household_list.html", table, context)


@require_GET
@requires("households.view")
def household_peek(request: HttpRequest, dwelling_no: str) -> HttpResponse:
    """The summary of a row: for htmx the side panel alone, otherwise a page of its own."""
    scope, now = scope_of(request), clock.now()
    routes = dict(scope.routes)
    rows = dwellings.summaries(scope).select_related("area", "dwelling__household")
    row = get_visible_or_404(rows, request.user, dwelling_no=dwelling_no)
    context = {
        "row": row,
        "route": route_of(row.family, routes.get(row.technology, row.technology)),
        "room": room_of(row, now),
    }
    template = "reports/parts/peek.html" if request.headers.get("HX-Target") == "peek" else "reports/peek.html"
    response = render(request, template, context)
    patch_vary_headers(response, ("HX-Target",))
    return response


def _views(counts: dict[str, int]) -> list[View]:
    return [
        View(_("All"), "", counts["all"]),
        View(_("To be installed"), "stage=listed", counts.get(Stage.LISTED, 0)),
        View(_("To be accepted"), "stage=installed", counts.get(Stage.INSTALLED, 0)),
        View(_("To be put right"), "stage=rectify", counts.get(Stage.RECTIFY, 0)),
        View(_("Papers missing"), "missing=any", counts["missing"]),
        View(_("Sent back by the bank"), "returned=yes", counts["failed"]),
    ]


def _bulk(request: HttpRequest) -> list[BulkAction]:
    """What this person may do to many: take them out, and the deeds of `services.deeds`."""
    url, user = reverse("reports:selection-create"), request.user
    offered = [
        ("ledgers.export", _("Export as Excel"), url, "file-spreadsheet"),
        *((DEEDS[code].right, title, f"{url}?deed={code}", icon) for code, title, icon in DEED_BUTTONS),
    ]
    return [
        BulkAction(title, where, icon=icon, exports=where == url)
        for right, title, where, icon in offered
        if user.has_right(right)  # type: ignore[union-attr]
    ]


def _empty(request: HttpRequest) -> tuple[Any, ...]:
    words = (_("No households yet"), _("A roster brings them in."))
    if request.user.has_right("rosters.import"):  # type: ignore[union-attr]
        return (*words, address("households:import-list"), _("Import a roster"))
    return words
