"""Claim × running hours × temperature: who claimed and never ran, who ran and did not claim, where meter and heater
disagree. And the season's settling, which makes instalments and proposes clawbacks."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.records import ScopedQuerySet
from core import clock
from core.tables import Column, View, build_table, render_table
from jobs.services import enqueue
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme
from subsidies.models import OperationCheck
from subsidies.reading_filters import OperationFilter
from subsidies.reading_tasks import OPERATION, SETTLE
from subsidies.views.reading_imports import year_of
from subsidies.views.readings import FIGURE, plain, years

VIEW, ASSESS = "entitlements.view", "entitlements.assess"
Verdict = OperationCheck.Verdict


def _degrees(value: int | None) -> float | None:
    """Tenths of a degree as degrees; None where nothing was said."""
    return None if value is None else value / 10


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
    Column("room_dc", gettext_lazy("Room"), kind="degrees", order_by="room_dc", priority=2,
           value=lambda row: _degrees(row.room_dc)),
    Column("outdoor_dc", gettext_lazy("Outdoors"), kind="degrees", order_by="outdoor_dc", priority=3,
           value=lambda row: _degrees(row.outdoor_dc)),
    Column("heater_no", gettext_lazy("Heater"), template="subsidies/operation_heater.html", priority=2),
    Column("verdict", gettext_lazy("Finding"), template="subsidies/operation_verdict.html", order_by="verdict"),
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
