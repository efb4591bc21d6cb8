"""Programmes: what the document asks of whom, until when, by which means, in which words; and its breakdown."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core import clock
from core.refusals import Refused
from programmes import services
from programmes.calendar import typed_day
from programmes.chosen import offered_programmes
from programmes.editing import changes_of, edit_tables, new_target, number_of
from programmes.models import Measure, Phase, Programme, Unit
from programmes.plan_checks import findings
from programmes.plan_queries import calendar_of, planned_funds, shares_of_funds, stated_lines
from programmes.queries import target_tables
from programmes.whole import BREAKDOWN, read_whole

VIEW, EDIT = "programmes.view", "programmes.edit"
MAX_UPLOAD = 20 * 2**20
PLACES_OFFERED = 2000
NO_DAY = Refused("NO_DAY", gettext_lazy("A day is expected, as 2021-07-01 or 7-1."))


@requires(VIEW)
@require_GET
def programme_list(request: HttpRequest) -> HttpResponse:
    return render(request, "programmes/list.html", {"programmes": offered_programmes(request)})


@requires(VIEW)
@require_GET
def programme_detail(request: HttpRequest, code: str) -> HttpResponse:
    programme = programme_or_404(request, code)
    found = read_whole(programme, places=_places(programme), own=Area.objects.filter(pk=programme.area_id))
    programme.area = found["own"][0]
    phases = list(programme.phases.all())
    context = {
        "places": found["places"],
        "programme": programme,
        "may_edit": request.user.has_right(EDIT, programme.area_id),  # type: ignore[union-attr]
        "tables": target_tables(programme),
        "stated": stated_lines(programme),
        "findings": findings(programme),
        "calendar": calendar_of(programme, clock.today()),
        "today": clock.today(),
        "phases": [(phase, _state(phase)) for phase in phases if not phase.parent_code],
        "steps": [phase for phase in phases if phase.parent_code],
        "documents": programme.documents.all(),
        "technologies": programme.technologies.all(),
        "checklists": sorted(programme.checklists.all(), key=lambda one: (one.kind, -one.version)),
        **_plan(programme),
    }
    return render(request, "programmes/detail.html", context)


def _plan(programme: Programme) -> dict[str, Any]:
    funds = planned_funds(programme)
    return {
        "parts": programme.parts.all(),
        "funds": funds,
        "fund_shares": shares_of_funds(funds),
        "budget_totals": programme.settings.get("budget_totals") or [],
        "indicators": programme.indicators.all(),
        "thresholds": programme.thresholds.all(),
        "figures": programme.figures.all(),
        "duties": programme.duties.all(),
        "leads": programme.leads.all(),
        "principles": programme.principles.all(),
        "panels": programme.panels.all(),
    }


def _places(programme: Programme) -> Any:
    inside = Area.objects.within(programme.area_id).filter(level__in=[Area.Level.TOWN, Area.Level.VILLAGE])
    return inside.order_by("code")[:PLACES_OFFERED]


def programme_or_404(request: HttpRequest, code: str) -> Programme:
    """A town reads the programme of its county, so the programmes of the areas above count as visible."""
    for programme in offered_programmes(request):
        if programme.code == code:
            return programme
    raise Http404


def _state(phase: Phase) -> str:
    today = clock.today()
    return "did" if phase.ends_on < today else "now" if phase.starts_on <= today else ""


# --- Editing ------------------------------------------------------------------------------------------------------


def _editable(request: HttpRequest, code: str) -> Programme:
    return get_visible_or_404(Programme.objects.select_related("area"), request.user, EDIT, code=code)  # type: ignore[no-any-return]


@requires(EDIT)
@require_http_methods(["GET", "POST"])
def target_edit(request: HttpRequest, code: str) -> HttpResponse:
    """The tree table with an input per cell; its sums are checked against the document when it is saved."""
    programme = _editable(request, code)
    if request.method == "GET":
        return _edit_page(request, programme)
    changes, problems = changes_of(programme, request.POST.dict())
    changes, problems = _with_new_row(request, programme, changes, problems)
    if problems:
        return _edit_page(request, programme, problems, 422)
    reason = request.POST.get("reason", "")[:300]
    try:
        changed = services.change_targets(programme=programme, changes=changes, reason=reason, by=request.user)  # type: ignore[arg-type]
    except Refused as refusal:
        lines = [refusal.sentence, *getattr(refusal, "problems", [])]
        return _edit_page(request, programme, lines, refusal.status)
    messages.success(request, _("%(n)d cells are changed.") % {"n": changed})
    return redirect("programmes:target-edit", code)


def _with_new_row(
    request: HttpRequest, programme: Programme, changes: list[services.Change], problems: list[str]
) -> tuple[list[services.Change], list[str]]:
    """A row for a place that has none yet, from the fields below the tables."""
    if not request.POST.get("add_area"):
        return changes, problems
    numbers = [request.POST.get(f"add_{name}") or "0" for name in ("technology", "part", "year")]
    technology, part, year = (int(one) if one.isdecimal() and len(one) < 16 else -1 for one in numbers)
    kind = [request.POST.get(f"add_{name}", "") for name in ("area", "measure", "unit")]
    target = new_target(programme, kind[0], technology, part, kind[1], year, kind[2])
    quantity, fault = number_of(request.POST.get("add_quantity", ""))
    if target is None or fault or quantity is None:
        return changes, [*problems, fault or _("The new row needs a place, what is counted, a unit and a number.")]
    return [*changes, services.Change(target, quantity, 0)], problems


def _edit_page(
    request: HttpRequest, programme: Programme, problems: list[str] | None = None, status: int = 200
) -> HttpResponse:
    posted = request.POST.dict() if problems else None
    places = Area.objects.within(programme.area_id).order_by("code")[:PLACES_OFFERED]
    places_read = read_whole(programme, *BREAKDOWN, places=places)["places"]
    context = {
        "programme": programme,
        "tables": edit_tables(programme, posted),
        "stated": stated_lines(programme),
        "problems": problems or [],
        "places": places_read,
        "technologies": programme.technologies.all(),
        "parts": programme.parts.all(),
        "years": range(programme.year_from, programme.year_to + 1),
        "measures": Measure.choices,
        "units": Unit.choices,
    }
    return render(request, "programmes/target_edit.html", context, status=status)


@requires(EDIT)
@require_http_methods(["GET", "POST"])
def target_import(request: HttpRequest, code: str) -> HttpResponse:
    """A task table as a workbook: every row, subtotal and total is checked before anything is stored."""
    programme = _editable(request, code)
    problems: list[str] = []
    status = 200
    if request.method == "POST":
        try:
            count = _import(request, programme)
        except Refused as refusal:
            problems, status = [refusal.sentence, *getattr(refusal, "problems", [])], refusal.status
        else:
            messages.success(request, _("%(n)d rows are stored; their sums agree.") % {"n": count})
            return redirect("programmes:programme-detail", code)
    years = range(programme.year_from, programme.year_to + 1)
    context = {"programme": programme, "problems": problems, "years": years}
    return render(request, "programmes/target_import.html", context, status=status)


def _import(request: HttpRequest, programme: Programme) -> int:
    file = request.FILES.get("file")
    if file is None or not file.size or file.size > MAX_UPLOAD:
        raise Refused("NO_FILE", _("Choose a workbook of at most %(n)d MB."), n=MAX_UPLOAD // 2**20)
    year = request.POST.get("year", "")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table{Path(file.name or '').suffix.lower()[:6]}"
        path.write_bytes(file.read())
        return services.import_targets(
            programme=programme, path=path, year=int(year) if year.isdecimal() and len(year) == 4 else None,
            by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip


@requires(EDIT)
@require_POST
def finding_decide(request: HttpRequest, code: str) -> HttpResponse:
    programme = _editable(request, code)
    key, words = request.POST.get("key", "")[:64], request.POST.get("words", "")[:300]
    try:
        services.decide_finding(programme=programme, key=key, words=words, by=request.user)  # type: ignore[arg-type]
    except Refused as refusal:
        return refused_page(request, refusal, "programme-detail", code)
    return redirect("programmes:programme-detail", code)


@requires(EDIT)
@require_POST
def deadline_met(request: HttpRequest, code: str) -> HttpResponse:
    programme = _editable(request, code)
    deadline = get_object_or_404(programme.deadlines, code=request.POST.get("deadline", "")[:40])
    due_on, met_on = day_of(request, "due_on", programme), day_of(request, "met_on", programme)
    if due_on is None or met_on is None:
        return refused_page(request, NO_DAY, "programme-detail", code)
    note = request.POST.get("note", "")
    try:
        services.record_deadline_met(deadline=deadline, due_on=due_on, met_on=met_on, note=note, by=request.user)  # type: ignore[arg-type]
    except Refused as refusal:
        return refused_page(request, refusal, "programme-detail", code)
    return redirect("programmes:programme-detail", code)


def refused_page(request: HttpRequest, refusal: Refused, page: str, code: str) -> HttpResponse:
    """422 or 409 with the sentence; on the way back to the `page` of programme `code` its form opens as it was sent."""
    context = {"refusal": refusal, "back": reverse(f"programmes:{page}", args=[code])}
    return render(request, "refused.html", context, status=refusal.status)


def day_of(request: HttpRequest, name: str, programme: Programme) -> date | None:
    """A posted day, None where it is empty or no day; without a year it lies in one of the programme's, the nearest."""
    year = min(max(clock.today().year, programme.year_from), programme.year_to)
    return typed_day(request.POST.get(name, "")[:20], year)
