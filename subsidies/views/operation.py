"""Claim × running hours × temperature: who claimed and never ran, who ran and did not claim, where meter and heater
disagree. And the season's settling, which makes instalments and proposes clawbacks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.models import AccessLog
from accounts.records import ScopedQuerySet
from core import clock
from core.tables import Column, View, build_table, render_table
from core.workbooks import write
from jobs.services import enqueue
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme
from subsidies.models import OperationCheck
from subsidies.reading_filters import OperationFilter
from subsidies.reading_tasks import OPERATION, SETTLE
from subsidies.views.reading_imports import year_of
from subsidies.views.readings import FIGURE, plain, years

VIEW, ASSESS, EXPORT = "entitlements.view", "entitlements.assess", "ledgers.export"
EXPORT_ROWS = 20_000
Verdict = OperationCheck.Verdict
COLUMNS = (
    Column("dwelling.dwelling_no", gettext_lazy("Dwelling"), kind="id", order_by="dwelling__dwelling_no",
           template="subsidies/operation_home.html"),
    Column("dwelling.household.head_name", gettext_lazy("Head of household")),
    Column("area.name", gettext_lazy("Village"), order_by="area_id", priority=3),
    Column("season", gettext_lazy("Season"), order_by="season", priority=2),
    Column("claimed", gettext_lazy("Claimed use"), kind="number", order_by="claimed",
           template="subsidies/operation_claim.html"),
    Column("heater_kwh", gettext_lazy("Heater/kWh"), kind="number", order_by="heater_kwh", priority=2,
           value=lambda row: plain(row.heater_kwh), template=FIGURE),
    Column("hours_on", gettext_lazy("Hours on"), kind="number", order_by="hours_on",
           template="subsidies/operation_hours.html"),
    Column("room_dc", gettext_lazy("Room"), kind="degrees", order_by="room_dc", priority=2),
    Column("outdoor_dc", gettext_lazy("Outdoors"), kind="degrees", order_by="outdoor_dc", priority=3),
    Column("heater_no", gettext_lazy("Heater"), template="subsidies/operation_heater.html", priority=2),
    Column("verdict", gettext_lazy("Finding"), kind="status", order_by="verdict"),
)  # fmt: skip


@requires(VIEW)
@require_GET
def operation_list(request: HttpRequest) -> HttpResponse:
    """The cross-check of the chosen programme and place; finding and season stand in the address."""
    programme = chosen_programme(request)
    rows = _rows(request, programme)
    table = build_table(
        request, rows.select_related("area", "dwelling__household", "entitlement"), COLUMNS, filterset=OperationFilter,
        unit=_("dwellings"), views=_views(rows), default_sort="dwelling.dwelling_no",
        empty=(_("Nothing is compared yet"), _("Start the comparison of a season with the button above.")),
    )  # fmt: skip
    context = {
        "years": years(clock.today()),
        "may_check": programme is not None and request.user.has_right(ASSESS, programme.area_id),  # type: ignore[union-attr]
        "may_export": EXPORT in request.user.rights,  # type: ignore[union-attr]
        "query": request.GET.urlencode(),
    }
    return render_table(request, "subsidies/operation_list.html", table, context)


@requires(ASSESS)
@require_POST
def operation_check(request: HttpRequest) -> HttpResponse:
    """Compare a season anew, in the background."""
    programme = _whole(request)
    enqueue(kind=OPERATION, args={"programme_id": programme.pk, "year": year_of(request)}, by=request.user,  # type: ignore[arg-type]
            area=programme.area_id)  # fmt: skip
    messages.success(request, _("The comparison runs in the background; its end shows in the tray above."))
    return redirect("subsidies:operation-list")


@requires(ASSESS)
@require_POST
def season_settle(request: HttpRequest) -> HttpResponse:
    """Running totals less what is due already: instalments, and cases for what was overpaid."""
    programme = _whole(request)
    enqueue(kind=SETTLE, args={"programme_id": programme.pk, "year": year_of(request)}, by=request.user,  # type: ignore[arg-type]
            area=programme.area_id)  # fmt: skip
    messages.success(request, _("The season is being settled; the end shows in the tray above."))
    return redirect("subsidies:reading-list")


@requires(EXPORT)
@require_GET
def operation_export(request: HttpRequest) -> HttpResponse:
    """The list as it is filtered, as a workbook; the taking is written down."""
    rows = _rows(request, chosen_programme(request)).select_related("area", "dwelling__household")
    found = OperationFilter(request.GET, queryset=rows, request=request).qs.order_by("dwelling__dwelling_no")
    title = str(_("Claims and heaters"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "operation.xlsx"
        query = {str(_("Filter")): request.GET.urlencode() or "—", str(_("Who")): str(request.user)}
        ledger = write.LedgerWriter(path, _columns(), titles=[title], query=query, sheet_name=title[:30])
        written = ledger.write(_cells(found[:EXPORT_ROWS]))
        content = path.read_bytes()
    AccessLog.objects.create(
        user=request.user, kind="export", object_table=OperationCheck._meta.db_table, object_pk="",
        reason="operation_check", area_id=chosen_area_code(request) or None, row_count=written.rows,
        request_id="", content_sha256=written.rows_sha256,
    )  # fmt: skip
    response = HttpResponse(content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response["Content-Disposition"] = f'attachment; filename="operation-{clock.today():%Y%m%d}.xlsx"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _rows(request: HttpRequest, programme: Programme | None) -> ScopedQuerySet:
    rows = OperationCheck.objects.visible_to(request.user).within(chosen_area_code(request))
    return rows.filter(programme=programme) if programme else rows.none()


def _whole(request: HttpRequest) -> Programme:
    """The chosen programme, for deeds over all of it."""
    programme = chosen_programme(request)
    if programme is None or not request.user.has_right(ASSESS, programme.area_id):  # type: ignore[union-attr]
        raise Http404
    return programme


def _views(rows: ScopedQuerySet) -> list[View]:
    counts = rows.aggregate(all=Count("pk"), **{code: Count("pk", filter=Q(verdict=code)) for code in Verdict.values})
    shown = (Verdict.NEVER_RAN, Verdict.NOT_CLAIMED, Verdict.DISAGREE, Verdict.NO_DATA, Verdict.AGREE)
    lists = [View(Verdict(code).label, f"verdict={code}", counts[code]) for code in shown]
    return [View(_("All"), "", counts["all"]), *lists]


def _columns() -> list[write.Column]:
    decimal, text = write.DECIMAL, write.TEXT
    return [
        write.Column("home", str(_("Dwelling")), text, width=24),
        write.Column("head", str(_("Head of household")), text),
        write.Column("area", str(_("Village")), text), write.Column("season", str(_("Season")), text),
        write.Column("energy", str(_("Energy")), text), write.Column("claimed", str(_("Claimed use")), decimal),
        write.Column("kwh", str(_("Heater/kWh")), decimal), write.Column("hours", str(_("Hours on")), decimal),
        write.Column("room", str(_("Room")), decimal, "℃"), write.Column("outdoor", str(_("Outdoors")), decimal, "℃"),
        write.Column("heater", str(_("Heater")), text), write.Column("finding", str(_("Finding")), text, width=26),
    ]  # fmt: skip


def _cells(rows: Any) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {
            "home": row.dwelling.dwelling_no, "head": row.dwelling.household.head_name, "area": row.area.name,
            "season": row.season, "energy": str(row.get_carrier_display()), "claimed": row.claimed,
            "kwh": row.heater_kwh, "hours": row.hours_on, "room": _degrees(row.room_dc),
            "outdoor": _degrees(row.outdoor_dc), "heater": row.heater_no, "finding": str(row.get_verdict_display()),
        }  # fmt: skip


def _degrees(value: int | None) -> Any:
    return None if value is None else Decimal(value) / 10
