"""Giving homes to inspectors (UX page 18): agencies with their contracts, their people, who visits what until when."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import User
from core import clock
from core.refusals import Refused
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits.found import whole
from retrofits.models import Agency, AgencyMember, Task, VisitOrder
from retrofits.services.orders import AT_ONCE, RIGHT, add_member, give_visits, register_agency
from retrofits.views.pages import day_of, person_of, refused_page

SHOWN = 60


@requires(RIGHT)
@require_GET
def order_list(request: HttpRequest) -> HttpResponse:
    """Homes without an inspector, what is under way, and the agencies of the programme."""
    programme, area, today = chosen_programme(request), chosen_area_code(request), clock.today()
    agencies = _agencies(request)
    waiting = _waiting(request)
    shown = list(waiting[: SHOWN + 1])
    orders = VisitOrder.objects.visible_to(request.user, RIGHT).within(area).filter(task__programme=programme)
    open_orders = orders.filter(done_at__isnull=True).select_related(
        "task__dwelling__household", "area", "agency", "inspector"
    )
    context = {
        "programme": programme, "agencies": agencies, "waiting": shown[:SHOWN],
        "waiting_count": len(shown) if len(shown) <= SHOWN else waiting.count(),
        "orders": open_orders.order_by("due_on", "pk")[:SHOWN], "today": today, "at_once": AT_ONCE,
        "inspectors": _inspectors(area),
    }  # fmt: skip
    return render(request, "retrofits/order_list.html", context)


@requires(RIGHT)
@require_POST
def agency_add(request: HttpRequest) -> HttpResponse:
    programme = chosen_programme(request)
    if programme is None:
        return refused_page(request, Refused("NO_PROGRAMME", _("Choose a programme and a place of yours first.")))
    try:
        register_agency(
            programme=programme, name=request.POST.get("name", ""), contract_no=request.POST.get("contract_no", ""),
            begins_on=day_of(request, "begins_on"), ends_on=day_of(request, "ends_on"),
            share_percent=whole(request.POST.get("share_percent", "100")) or 0, by=person_of(request),
        )  # fmt: skip
    except Refused as refusal:
        return refused_page(request, refusal)
    return redirect("retrofits:order-list")


@requires(RIGHT)
@require_POST
def agency_member_add(request: HttpRequest, pk: int) -> HttpResponse:
    agency = get_visible_or_404(Agency, request.user, RIGHT, pk=pk)
    user = User.objects.filter(pk=whole(request.POST.get("user")) or 0, is_active=True).first()
    try:
        if user is None:
            raise Refused("NOT_AN_INSPECTOR", _("Choose an inspector."))
        add_member(agency=agency, user=user, by=person_of(request))
    except Refused as refusal:
        return refused_page(request, refusal)
    return redirect("retrofits:order-list")


@requires(RIGHT)
@require_POST
def order_give(request: HttpRequest, pk: int) -> HttpResponse:
    """The ticked homes, or with `all` every waiting one, to one inspector of the agency."""
    agency = get_visible_or_404(Agency.objects.select_related("programme"), request.user, RIGHT, pk=pk)
    inspector = User.objects.filter(pk=whole(request.POST.get("inspector")) or 0, is_active=True).first()
    rows = _waiting(request).filter(programme=agency.programme)
    if request.POST.get("all") != "1":
        rows = rows.filter(pk__in=[key for key in map(whole, request.POST.getlist("ids")) if key])
    try:
        if inspector is None:
            raise Refused("NOT_AN_INSPECTOR", _("Choose an inspector."))
        tasks = list(rows.select_related("installation__supplier", "installation__recorded_by")[:AT_ONCE])
        given = give_visits(
            agency=agency, tasks=tasks, inspector=inspector, due_on=day_of(request, "due_on"), by=person_of(request),
            on=clock.today(), seed=request.POST.get("seed", "")[:40],
        )  # fmt: skip
    except Refused as refusal:
        return refused_page(request, refusal)
    messages.success(request, _("%(count)d homes given.") % {"count": given.given})
    for number, why in given.skipped[:10]:
        messages.warning(request, f"{number}: {why}")
    return redirect("retrofits:order-list")


def _agencies(request: HttpRequest) -> list[Agency]:
    rows = Agency.objects.visible_to(request.user, RIGHT).filter(programme=chosen_programme(request))
    members = Prefetch("members", AgencyMember.objects.select_related("user"))
    return list(rows.prefetch_related(members).order_by("name", "pk"))


def _waiting(request: HttpRequest) -> Any:
    """Installed homes that nobody was sent to."""
    rows = Task.objects.visible_to(request.user, RIGHT).within(chosen_area_code(request))
    rows = rows.filter(programme=chosen_programme(request), state=Task.State.INSTALLED)
    rows = rows.exclude(visit_orders__done_at__isnull=True, visit_orders__isnull=False)
    return rows.select_related("dwelling__household", "area", "technology").order_by("area_id", "dwelling__dwelling_no")


def _inspectors(area: str) -> list[User]:
    """People with the inspector's role here."""
    above = [area[:n] for n in (2, 4, 6, 9, 12, 15) if n <= len(area)]
    rows = User.objects.filter(is_active=True, grants__role="inspector", grants__area_id__in=above)
    return list(rows.distinct().order_by("person_name")[:100])
