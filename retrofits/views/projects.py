"""Projects: the list, one of them, entering, correcting, and every small step."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core.beside import hang, read_beside
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from households.models import Dwelling, PublicVenue
from programmes.chosen import chosen_programme
from programmes.models import Programme
from retrofits import project_states
from retrofits.models import (
    Building,
    CostShare,
    EmissionTest,
    Project,
    ProjectMeasure,
    ProjectProgress,
    ProjectSupport,
)
from retrofits.project_forms import (
    EmissionForm,
    FundsForm,
    MeasureForm,
    ProgressForm,
    ProjectForm,
    ProjectPaperForm,
    ShareForm,
    SupportForm,
)
from retrofits.services import project_air
from retrofits.services import projects as service
from retrofits.site_rules import emission_standard
from retrofits.views.posting import done, posted
from retrofits.views.registers import MANAGE, STATE, programme_of, reaching, reaching_or_404
from retrofits.works_forms import offer

READ = "programmes.view"
PROJECTS = (
    Column("name", gettext_lazy("Project"), order_by="name", link=True),
    Column("code", gettext_lazy("Code"), kind="soft", order_by="code", priority=3),
    Column("subject", gettext_lazy("Subject"), value=lambda row: row.get_subject_display(), order_by="subject"),
    Column("state", gettext_lazy("State"), template=STATE, order_by="state"),
    Column("area.name", gettext_lazy("Place"), order_by="area_id"),
    Column("years", gettext_lazy("Years"), value=lambda row: f"{row.year_from}–{row.year_to}", order_by="year_from"),
    Column("lead_unit", gettext_lazy("Lead unit"), kind="soft", priority=2),
    Column("funds_fen", gettext_lazy("Budget/10,000 CNY"), kind="wan", order_by="funds_fen", priority=2),
    Column("clause", gettext_lazy("Clause"), kind="soft", priority=3),
)


@requires(READ)
@require_GET
def project_list(request: HttpRequest) -> HttpResponse:
    programme = chosen_programme(request)
    rows = reaching(Project.objects.all(), request.user, READ).filter(programme=programme)
    rows = rows.select_related("area").annotate(funds_fen=Sum("funds__amount_fen"))
    table = build_table(
        request, rows, PROJECTS, unit=_("projects"), default_sort="code",
        row_url=lambda row: reverse("retrofits:project-detail", args=[row.pk]),
        empty=(_("No project here"), _("Buildings, venues, networks, boilers and village grids are projects.")),
    )  # fmt: skip
    return render_table(request, "retrofits/project_list.html", table, {"programme": programme})


@requires(READ)
@require_GET
def project_detail(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Project.objects.select_related("area", "programme", "part", "venue", "building", "technology")
    project = reaching_or_404(rows, request, pk, READ)
    found = _read_project(project)
    progress, share = ProgressForm(auto_id="prog_%s"), ShareForm(auto_id="share_%s")
    offer(progress, "measure", [(one.pk, one.name) for one in found["measures"]])
    offer(share, "village", [(one.pk, one.name) for one in found["villages"]])
    support = SupportForm(auto_id="sup_%s")
    offer(support, "giver", [(one.pk, one.name) for one in found["givers"]])
    context = {
        "project": project,
        "measures": [(measure, next(iter(measure.progress.all()), None)) for measure in found["measures"]],
        "papers": found["papers"],
        "funds": found["funds"],
        "funds_sum": sum(one.amount_fen for one in found["funds"]),
        "lots": found["lots"],
        "shared": found["shared"],
        "tests": found["tests"],
        "received": found["received"],
        "standard": emission_standard(project.programme.settings) if project_air.measures_air(project) else None,
        "moves": project_states.open_moves(project),
        "may": request.user.has_right(MANAGE, project.area_id),  # type: ignore[union-attr]
        "forms": {"paper": ProjectPaperForm(auto_id="paper_%s"), "measure": MeasureForm(auto_id="meas_%s"),
                  "progress": progress, "funds": FundsForm(auto_id="funds_%s"), "share": share,
                  "support": support if found["givers"] else None, "emission": EmissionForm(auto_id="air_%s")},
    }  # fmt: skip
    return render(request, "retrofits/project_detail.html", context)


SHARES_SHOWN = 20


def _read_project(project: Project) -> dict[str, list[Any]]:
    """All that hangs on a project, by one question."""
    costs = project.shared_costs.order_by("pk")
    found = read_beside(
        measures=project.measures.all(), progress=ProjectProgress.objects.filter(measure__project=project),
        papers=project.papers.all(), funds=project.funds.all(), lots=project.lots.all(), shared=costs,
        shares=CostShare.objects.filter(cost__project=project).values(
            "cost_id", "amount_fen", number=F("dwelling__dwelling_no")
        ).order_by("pk"),
        tests=EmissionTest.objects.filter(project=project),
        received=ProjectSupport.objects.filter(Q(receiver=project) | Q(giver=project)).select_related(
            "giver", "receiver"
        ),
        givers=Project.objects.filter(programme=project.programme, subject=Project.Subject.NEW_ENERGY).exclude(
            pk=project.pk
        ),
        villages=Area.objects.within(project.area_id).filter(level=Area.Level.VILLAGE).order_by("code"),
    )  # fmt: skip
    hang(found["measures"], "progress", found["progress"], "measure_id")
    for cost in found["shared"]:
        cost.shown = [one for one in found["shares"] if one["cost_id"] == cost.pk][:SHARES_SHOWN]
    return found


@requires(MANAGE)
@require_http_methods(["GET", "POST"])
def project_new(request: HttpRequest) -> HttpResponse:
    programme = programme_of(request)
    places = Area.objects.visible_to(request.user, MANAGE).within(programme.area_id)
    form = ProjectForm(request.POST or None, places=places, offered=_choices(request, programme, programme.area_id))
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        try:
            made = service.enter_project(
                programme=programme, area=data.pop("area"), code=data.pop("code"), values=data, by=request.user  # type: ignore[arg-type]
            )  # fmt: skip
            return redirect("retrofits:project-detail", made.pk)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
    return _form_page(request, form, _("Enter a project"), programme.name)


@requires(MANAGE)
@require_http_methods(["GET", "POST"])
def project_edit(request: HttpRequest, pk: int) -> HttpResponse:
    project = get_visible_or_404(Project, request.user, MANAGE, pk=pk)
    chosen = _choices(request, project.programme, project.area_id)
    form = ProjectForm(request.POST or None, initial=ProjectForm.initial_of(project), offered=chosen)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        version, reason = data.pop("version"), data.pop("reason")
        try:
            service.edit_project(project=project, version=version, values=data, reason=reason, by=request.user)  # type: ignore[arg-type]
            return redirect("retrofits:project-detail", pk)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
    return _form_page(request, form, _("Correct the project"), project.name)


def _choices(request: HttpRequest, programme: Programme, area: str) -> dict[str, Any]:
    """Venues and buildings the person sees in the place, and the programme's routes."""
    venues = PublicVenue.objects.visible_to(request.user).within(area).order_by("area_id", "name")
    buildings = Building.objects.visible_to(request.user).within(area).order_by("area_id", "number")
    return {"venue": venues, "building": buildings, "technology": programme.technologies.all()}


def _form_page(request: HttpRequest, form: Any, title: str, sub: str) -> HttpResponse:
    context = {"form": form, "title": title, "sub": sub, "back": "retrofits:project-list", "back_words": _("Projects")}
    return render(request, "retrofits/plain_form.html", context, status=422 if form.errors else 200)


@requires(MANAGE)
@require_POST
def project_act(request: HttpRequest, pk: int) -> HttpResponse:
    """A paper, a measure, progress, money, a shared cost, or a step of the project's life; `deed` says which."""
    rows = Project.objects.select_related("programme", "area")
    project = get_visible_or_404(rows, request.user, MANAGE, pk=pk)
    deed = request.POST.get("deed", "")
    if deed in ACTS:
        return ACTS[deed](request, project)
    move = lambda: service.move_project(  # noqa: E731
        project=project, deed=deed, reason=request.POST.get("reason", ""), by=request.user  # type: ignore[arg-type]
    )  # fmt: skip
    return done(request, move, _("The step is done."), "retrofits:project-detail", pk)


def _posted(request: HttpRequest, project: Project, form: Any, deed: Any) -> HttpResponse:
    return posted(request, form, deed, _("It is recorded."), "retrofits:project-detail", project.pk)


def _paper(request: HttpRequest, project: Project) -> HttpResponse:
    store = lambda data: service.file_paper(project=project, **data, by=request.user)  # type: ignore[arg-type]  # noqa: E731
    return _posted(request, project, ProjectPaperForm(request.POST), store)


def _measure(request: HttpRequest, project: Project) -> HttpResponse:
    store = lambda data: service.add_measure(project=project, **data, by=request.user)  # type: ignore[arg-type]  # noqa: E731
    return _posted(request, project, MeasureForm(request.POST), store)


def _progress(request: HttpRequest, project: Project) -> HttpResponse:
    form = ProgressForm(request.POST)
    form.fields["measure"].queryset = ProjectMeasure.objects.filter(project=project)  # type: ignore[attr-defined]
    store = lambda data: service.record_progress(**data, by=request.user)  # type: ignore[arg-type]  # noqa: E731
    return _posted(request, project, form, store)


def _funds(request: HttpRequest, project: Project) -> HttpResponse:
    form = FundsForm(request.POST)
    store = lambda data: service.set_funds(  # noqa: E731
        project=project, amounts=form.amounts(), total_fen=data["total"], by=request.user  # type: ignore[arg-type]
    )  # fmt: skip
    return _posted(request, project, form, store)


def _share(request: HttpRequest, project: Project) -> HttpResponse:
    form = ShareForm(request.POST)
    form.fields["village"].queryset = Area.objects.within(project.area_id)  # type: ignore[attr-defined]

    def store(data: dict[str, Any]) -> None:
        inside = Dwelling.objects.within(data["village"].code).filter(exclusion="", tasks__programme=project.programme)
        homes = list(inside.select_related("household").distinct())
        service.share_cost(
            project=project, name=data["name"], amount_fen=data["amount"], split_by=data["split_by"], dwellings=homes,
            persons={home.pk: home.household.residents or 0 for home in homes}, by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip

    return _posted(request, project, form, store)


def _emission(request: HttpRequest, project: Project) -> HttpResponse:
    store = lambda data: project_air.record_emission(project=project, test=data, by=request.user)  # type: ignore[arg-type]  # noqa: E731
    return _posted(request, project, EmissionForm(request.POST), store)


def _support(request: HttpRequest, project: Project) -> HttpResponse:
    form = SupportForm(request.POST)
    form.fields["giver"].queryset = Project.objects.visible_to(request.user).filter(programme=project.programme)  # type: ignore[attr-defined]
    store = lambda data: project_air.support_project(receiver=project, **data, by=request.user)  # type: ignore[arg-type]  # noqa: E731
    return _posted(request, project, form, store)


ACTS = {
    "paper": _paper, "measure": _measure, "progress": _progress, "funds": _funds, "share": _share,
    "emission": _emission, "support": _support,
}  # fmt: skip
