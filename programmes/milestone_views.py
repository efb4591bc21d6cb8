"""The plan of the works by town and village, and who leads at a place."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core import clock
from core.refusals import Refused
from programmes import milestones, services
from programmes.chosen import chosen_area_code
from programmes.models import Milestone, Programme
from programmes.views import NO_DAY, day_of, programme_or_404, refused_page


@requires("programmes.view")
@require_GET
def milestone_list(request: HttpRequest, code: str) -> HttpResponse:
    """Steps of the place chosen in the top bar: planned and reached days, late ones marked."""
    return _page(request, programme_or_404(request, code))


def _page(request: HttpRequest, programme: Programme, problem: str = "") -> HttpResponse:
    """With a `problem`, what was typed stands in its form again."""
    user = request.user
    place = chosen_area_code(request)
    may_edit = user.has_right(milestones.EDIT)  # type: ignore[union-attr]
    held = Area.objects.visible_to(user, milestones.EDIT).within(place) if may_edit and place else Area.objects.none()
    context = {
        "programme": programme, "may_edit": may_edit, "today": clock.today(), "limit": milestones.SHOWN,
        "lines": milestones.lines_of(programme, user, place, clock.today()) if place else [],  # type: ignore[arg-type]
        "places": held.within(programme.area_id).filter(level__in=milestones.LEVELS).order_by("code")[:2000],
        "problem": problem, "typed": request.POST if problem else {}, "backwards": "steps" in request.POST,
    }  # fmt: skip
    return render(request, "programmes/milestones.html", context, status=422 if problem else 200)


@requires(milestones.EDIT)
@require_POST
def milestone_plan(request: HttpRequest, code: str) -> HttpResponse:
    programme = programme_or_404(request, code)
    area = get_visible_or_404(Area.objects.all(), request.user, milestones.EDIT, code=request.POST.get("area", "")[:15])
    planned_on = day_of(request, "planned_on", programme)
    if planned_on is None:
        return _page(request, programme, NO_DAY.sentence)
    name, note, responsible = (request.POST.get(one, "") for one in ("name", "note", "responsible"))
    if "steps" in request.POST:
        return _plan_backwards(request, programme, area, planned_on)
    try:
        milestones.plan_milestone(
            programme=programme, area=area, name=name, planned_on=planned_on, note=note, responsible=responsible,
            by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
    except Refused as refusal:
        return _page(request, programme, refusal.sentence)
    return redirect("programmes:milestone-list", code)


def _plan_backwards(request: HttpRequest, programme: Programme, area: Area, due_on: date) -> HttpResponse:
    """The same from the last day back: one step per line, its name and how many days it takes."""
    lines = [line.strip() for line in request.POST["steps"][:4000].splitlines() if line.strip()]
    steps = [(name, int(days) if days.isdecimal() and len(days) < 5 else 0) for name, days in map(_step, lines[:40])]
    try:
        milestones.plan_backwards(
            programme=programme, area=area, due_on=due_on, steps=steps, today=clock.today(),
            responsible=request.POST.get("responsible", ""), by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
    except Refused as refusal:
        return _page(request, programme, refusal.sentence)
    return redirect("programmes:milestone-list", programme.code)


def _step(line: str) -> tuple[str, str]:
    name, _space, days = line.rpartition(" ")
    return name, days


@requires(milestones.EDIT)
@require_POST
def milestone_change(request: HttpRequest, pk: int) -> HttpResponse:
    row: Milestone = get_visible_or_404(
        Milestone.objects.select_related("programme"), request.user, milestones.EDIT, pk=pk
    )
    planned_on, actual_on = (day_of(request, name, row.programme) for name in ("planned_on", "actual_on"))
    version = request.POST.get("version", "")
    if planned_on is None or (request.POST.get("actual_on") and actual_on is None) or not version.isdecimal():
        return refused_page(request, NO_DAY, "milestone-list", row.programme.code)
    try:
        milestones.change_milestone(
            milestone=row, version=int(version), planned_on=planned_on, actual_on=actual_on,
            note=request.POST.get("note", ""), responsible=request.POST.get("responsible", ""),
            by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
    except Refused as refusal:
        return refused_page(request, refusal, "milestone-list", row.programme.code)
    return redirect("programmes:milestone-list", row.programme.code)


@requires("programmes.edit")
@require_POST
def lead_set(request: HttpRequest, code: str) -> HttpResponse:
    """Who leads at a town or village, for one part or for all; without a name the entry is taken out."""
    programme = get_visible_or_404(Programme.objects.all(), request.user, "programmes.edit", code=code)
    area = get_visible_or_404(
        Area.objects.all(), request.user, "programmes.edit", code=request.POST.get("area", "")[:15]
    )
    part = programme.parts.filter(code=request.POST.get("part", "")[:40]).first()
    try:
        services.set_lead(
            programme=programme,
            area=area,
            part=part,
            unit=request.POST.get("unit", ""),
            by=request.user,  # type: ignore[arg-type]
        )
    except Refused as refusal:
        return refused_page(request, refusal, "programme-detail", code)
    return redirect("programmes:programme-detail", code)
