"""Joint acceptance and the levels above it: open a sheet, sign for a department, return it, print it."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from core import clock
from core.refusals import Refused
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.plan_queries import panel_years
from retrofits.found import whole
from retrofits.models import JointAcceptance, LevelCheck
from retrofits.services import panels
from retrofits.services.levels import due_by_year, record_level
from retrofits.views.pages import day_of, person_of, refused_page

SHOWN = 60


@requires("tasks.view")
@require_GET
def joint_list(request: HttpRequest) -> HttpResponse:
    programme, area = chosen_programme(request), chosen_area_code(request)
    sheets = JointAcceptance.objects.visible_to(request.user).within(area).filter(programme=programme)
    sheets = sheets.select_related("area", "opened_by").annotate(
        home_count=Count("homes", distinct=True), signed=Count("seats", distinct=True)
    )
    levels = list(LevelCheck.objects.filter(programme=programme).select_related("recorded_by")) if programme else []
    years = range(programme.year_from, programme.year_to + 1) if programme else range(0)
    due = due_by_year(years, levels)
    context = {
        "programme": programme, "sheets": sheets[:SHOWN], "levels": levels, "due": next(iter(due.values()), ""),
        "waiting": panels.homes_for(programme, area).count() if programme and area else 0,
        "years": panel_years(programme, years) if programme else [], "due_years": list(due),
        "level_choices": LevelCheck.Level.choices, "today": clock.today(),
        "may_open": bool(area) and request.user.has_right(panels.OPEN_RIGHT, area),
    }  # fmt: skip
    return render(request, "retrofits/joint_list.html", context)


@requires(panels.OPEN_RIGHT)
@require_POST
def joint_open(request: HttpRequest) -> HttpResponse:
    programme, area = chosen_programme(request), chosen_area_code(request)
    if programme is None or not area:
        return refused_page(request, Refused("NO_PROGRAMME", _("Choose a programme and a place of yours first.")))
    year = whole(request.POST.get("year")) or programme.year_to
    try:
        sheet = panels.open_sheet(programme=programme, area_code=area, year=year, by=person_of(request))
    except Refused as refusal:
        return refused_page(request, refusal)
    return redirect("retrofits:joint-detail", pk=sheet.pk)


@requires("tasks.view")
@require_GET
def joint_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "retrofits/joint_detail.html", _sheet(request, pk))


@requires("tasks.view")
@require_GET
def joint_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet on A4 with a seal area for each department."""
    return render(request, "retrofits/joint_print.html", _sheet(request, pk))


@requires(panels.SIGN_RIGHT)
@require_POST
def joint_sign(request: HttpRequest, pk: int) -> HttpResponse:
    sheet = get_visible_or_404(JointAcceptance, request.user, panels.SIGN_RIGHT, pk=pk)
    try:
        sheet = panels.sign_sheet(sheet=sheet, by=person_of(request), now=clock.now())
    except Refused as refusal:
        return refused_page(request, refusal)
    messages.success(request, _("Signed: %(state)s") % {"state": sheet.get_state_display()})
    return redirect("retrofits:joint-detail", pk=pk)


@requires(panels.SIGN_RIGHT, panels.OPEN_RIGHT)
@require_POST
def joint_return(request: HttpRequest, pk: int) -> HttpResponse:
    sheet = get_visible_or_404(JointAcceptance, request.user, pk=pk)
    try:
        panels.return_sheet(sheet=sheet, reason=request.POST.get("reason", ""), by=person_of(request), now=clock.now())
    except Refused as refusal:
        return refused_page(request, refusal)
    return redirect("retrofits:joint-detail", pk=pk)


@requires(panels.OPEN_RIGHT)
@require_POST
def level_record(request: HttpRequest) -> HttpResponse:
    programme = chosen_programme(request)
    if programme is None:
        return refused_page(request, Refused("NO_PROGRAMME", _("Choose a programme and a place of yours first.")))
    try:
        record_level(
            programme=programme, year=whole(request.POST.get("year")) or 0, level=request.POST.get("level", ""),
            result=request.POST.get("result", ""), held_on=day_of(request, "held_on"), on=clock.today(),
            note=request.POST.get("note", ""), by=person_of(request),
        )  # fmt: skip
    except Refused as refusal:
        return refused_page(request, refusal)
    return redirect("retrofits:joint-list")


def _sheet(request: HttpRequest, pk: int) -> dict[str, object]:
    rows = JointAcceptance.objects.select_related("programme", "area__parent", "opened_by")
    sheet = get_visible_or_404(rows, request.user, pk=pk)
    homes = sheet.homes.select_related(
        "task__dwelling__household", "task__area", "task__technology", "task__installation"
    ).order_by("task__area_id", "task__dwelling__dwelling_no")
    seats = panels.seats_of(sheet)
    is_open = sheet.state == JointAcceptance.State.OPEN
    own = panels.department_of(sheet, person_of(request))
    may_sign = is_open and bool(own) and request.user.has_right(panels.SIGN_RIGHT, sheet.area_id)
    return {
        "sheet": sheet, "homes": homes, "seats": seats.rows, "open_count": seats.open_count, "own": own,
        "may_sign": may_sign and dict(seats.rows)[own] is None,
        "may_return": is_open and any(request.user.has_right(right, sheet.area_id)
                                      for right in (panels.SIGN_RIGHT, panels.OPEN_RIGHT)),
    }  # fmt: skip
