"""Product samples, after-sales service, spot checks, scores of towns, and who has to do what."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires, signed_in
from accounts.models import Area
from core import clock
from core.beside import read_beside
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from devices.models import Heater, ModelSample, Supplier
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme
from retrofits.sampling import digest
from supervision.forms import LookForm, OutletForm, SampleForm, ScoreForm, SealForm, VisitForm
from supervision.kinds import OWN, Kind
from supervision.models import Case, MaintenanceVisit, ServiceOutlet, SpotCheck, SpotCheckLine, TownScore
from supervision.queries import duties_at, expiring_warranties, service_times
from supervision.scores import Component
from supervision.services import checks, duties, samples, service
from supervision.views.posting import done, places_of, posted, with_places

SEES, ACT, RECORD = "supervision.view", "supervision.act", "samples.record"
STATE = "supervision/state_cell.html"


def programme_of(request: HttpRequest) -> Programme:
    programme = chosen_programme(request)
    if programme is None:
        raise Http404
    return programme


# --- Product samples ----------------------------------------------------------------------------------------------

SAMPLES = (
    Column("report_no", gettext_lazy("number of the report"), kind="id", order_by="report_no"),
    Column("device_model", gettext_lazy("Product"), order_by="device_model__model_no"),
    Column("supplier", gettext_lazy("enterprise"), value=lambda row: row.device_model.supplier),
    Column("batch_no", gettext_lazy("Batch"), kind="mono", order_by="batch_no"),
    Column("result", gettext_lazy("Result"), template="supervision/sample_cell.html", order_by="result"),
    Column("sampled_on", gettext_lazy("Sampled on"), kind="when", order_by="sampled_on"),
    Column("laboratory", gettext_lazy("Laboratory"), kind="soft", priority=3),
    Column("findings", gettext_lazy("What was found"), kind="soft", priority=2),
    Column("lift", gettext_lazy("Block"), template="supervision/lift_cell.html", value=lambda row: row.blocks),
)


@requires("devices.view", RECORD)
@require_GET
def sample_list(request: HttpRequest) -> HttpResponse:
    """Results of the chosen programme; an organisation sees those of its own products."""
    user: Any = request.user
    programme = chosen_programme(request)
    rows = ModelSample.objects.filter(programme=programme).select_related("device_model__supplier")
    if not user.has_right(RECORD) and user.has_right(OWN):
        rows = rows.filter(device_model__supplier__name=user.unit.strip())
    table = build_table(
        request, rows, SAMPLES, unit=_("results"), default_sort="-sampled_on",
        empty=(_("No result yet"), _("Laboratories' results of product sampling are recorded here.")),
    )  # fmt: skip
    may = user.has_right(RECORD) and programme is not None
    context = {"form": SampleForm(auto_id="sample_%s") if may else None, "may_lift": user.has_right(ACT)}
    return render_table(request, "supervision/samples.html", table, context)


@requires(RECORD, ACT)
@require_POST
def sample_act(request: HttpRequest) -> HttpResponse:
    """A result recorded, or the block of a failed one lifted with a reason."""
    back = reverse("supervision:sample-list")
    if request.POST.get("deed") == "lift":
        key = request.POST.get("sample", "")
        sample = ModelSample.objects.within(*request.user.area_codes_for(ACT)).filter(  # type: ignore[union-attr]
            pk=int(key) if key.isdigit() else 0
        ).first()  # fmt: skip
        if sample is None:
            raise Http404
        lift = lambda: samples.lift_block(  # noqa: E731
            sample=sample, reason=request.POST.get("words", ""), on=clock.today(), by=request.user  # type: ignore[arg-type]
        )  # fmt: skip
        return done(request, lift, back)
    store = lambda data: samples.record_sample(programme=programme_of(request), **data, by=request.user)  # type: ignore[arg-type]  # noqa: E731
    return posted(request, SampleForm(request.POST), store, back)


# --- After-sales service ------------------------------------------------------------------------------------------


@requires("tickets.view", OWN)
@require_GET
def service_list(request: HttpRequest) -> HttpResponse:
    """Outlets, times of repair per enterprise and outlet, visits, warranties that end soon."""
    user: Any = request.user
    code, programme = chosen_area_code(request), chosen_programme(request)
    may = user.has_right("tickets.handle") or user.has_right(OWN)
    right = "tickets.handle" if user.has_right("tickets.handle") else OWN
    tickets = Case.objects.visible_to(user).within(code).filter(kind=Kind.REPAIR, programme=programme)
    found = read_beside(outlets=_firm(ServiceOutlet, user, code), visits=_firm(MaintenanceVisit, user, code)[:30])
    form = OutletForm(auto_id="outlet_%s")
    if may:
        form.fields["area"].queryset = places_of(request, right, code, Area.Level.COUNTY, Area.Level.TOWN)  # type: ignore[attr-defined]
    sees_all = user.has_right("tickets.view")
    context = {
        **found, "times": service_times(tickets), "may": may,
        "forms": {"outlet": form, "visit": VisitForm(auto_id="visit_%s")},
        "expiring": expiring_warranties(programme, code, clock.today()) if programme and sees_all else [],
    }  # fmt: skip
    return render(request, "supervision/service.html", context)


def _firm(model: Any, user: Any, code: str) -> Any:
    """Rows of the place for those who read all; an organisation's own otherwise."""
    rows = model.objects.within(code).select_related(*(("supplier", "area") if model is ServiceOutlet
                                                       else ("supplier", "area", "heater")))  # fmt: skip
    if user.has_right("tickets.view"):
        return rows.filter(pk__in=model.objects.visible_to(user, "tickets.view").values("pk"))
    return rows.visible_to(user, OWN).filter(supplier__name=user.unit.strip())


@requires("tickets.handle", OWN)
@require_POST
def service_act(request: HttpRequest) -> HttpResponse:
    """An outlet opened or a visit recorded."""
    back, user = reverse("supervision:service-board"), request.user
    if request.POST.get("deed") == "visit":
        return posted(request, VisitForm(request.POST), lambda data: _visit(request, data), back)
    form = with_places(OutletForm(request.POST), Area.objects.visible_to(user))
    form.fields["supplier"].queryset = Supplier.objects.all()
    return posted(request, form, lambda data: service.open_outlet(**data, by=user), back)  # type: ignore[arg-type]


def _visit(request: HttpRequest, data: dict[str, Any]) -> None:
    number = data.pop("platform_no").strip()
    codes = request.user.area_codes_for("tickets.handle") + request.user.area_codes_for(OWN)  # type: ignore[union-attr]
    heater = Heater.objects.within(*codes).filter(platform_no=number).select_related("device_model__supplier").first()
    if heater is None:
        raise Refused("HEATER_UNKNOWN", _("There is no heater %(number)s here."), number=number)
    service.record_visit(heater=heater, **data, by=request.user)  # type: ignore[arg-type]


# --- Spot checks --------------------------------------------------------------------------------------------------

CHECKS = (
    Column("name", gettext_lazy("Name"), order_by="name", link=True),
    Column("state", gettext_lazy("State"), template=STATE, order_by="state"),
    Column("area.name", gettext_lazy("Place"), order_by="area_id"),
    Column("planned_on", gettext_lazy("Planned for"), kind="when", order_by="planned_on"),
    Column("size", gettext_lazy("Sample"), kind="number", order_by="size"),
    Column("population", gettext_lazy("Out of"), kind="number", order_by="population"),
    Column("sealed_at", gettext_lazy("Sealed"), kind="when", order_by="sealed_at", priority=2),
)


@requires(SEES)
@require_GET
def check_list(request: HttpRequest) -> HttpResponse:
    code = chosen_area_code(request)
    rows = SpotCheck.objects.visible_to(request.user).within(code).filter(programme=chosen_programme(request))
    table = build_table(
        request, rows.select_related("area"), CHECKS, unit=_("checks"), default_sort="-sealed_at",
        row_url=lambda row: reverse("supervision:check-detail", args=[row.pk]),
        empty=(_("No spot check yet"), _("Seed and population are sealed before anybody knows the homes.")),
    )  # fmt: skip
    form = None
    if request.user.has_right(ACT):  # type: ignore[union-attr]
        form = with_places(SealForm(), places_of(request, ACT, code, Area.Level.COUNTY, Area.Level.TOWN))
    return render_table(request, "supervision/check_list.html", table, {"form": form})


@requires(ACT)
@require_POST
def check_seal(request: HttpRequest) -> HttpResponse:
    form = with_places(SealForm(request.POST), Area.objects.visible_to(request.user, ACT))
    store = lambda data: checks.seal_check(  # noqa: E731
        programme=programme_of(request), **data, by=request.user, now=clock.now()  # type: ignore[arg-type]
    )  # fmt: skip
    return posted(request, form, store, reverse("supervision:check-list"), _("Sealed: the homes are drawn later."))


@requires(SEES)
@require_GET
def check_detail(request: HttpRequest, pk: int) -> HttpResponse:
    rows = SpotCheck.objects.select_related("area", "programme", "sealed_by", "drawn_by", "circular")
    check = get_visible_or_404(rows, request.user, pk=pk)
    keys = checks.population(check.programme, check.area_id)
    context = {
        "check": check, "lines": check.lines.select_related("task__dwelling__household", "task__area"),
        "same": digest(keys) == check.digest, "may": request.user.has_right(ACT, check.area_id),  # type: ignore[union-attr]
        "form": LookForm(),
    }  # fmt: skip
    return render(request, "supervision/check_detail.html", context)


@requires(ACT)
@require_POST
def check_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw, look at a home, evaluate; `deed` says which."""
    check = get_visible_or_404(SpotCheck, request.user, ACT, pk=pk)
    back, deed, user = reverse("supervision:check-detail", args=[pk]), request.POST.get("deed", ""), request.user
    if deed == "draw":
        return done(request, lambda: checks.draw_check(check=check, by=user, now=clock.now()), back)  # type: ignore[arg-type]
    if deed == "look":
        return _look(request, check, back)
    words = request.POST.get("evaluation", "")[:1000]
    return done(request, lambda: checks.evaluate(check=check, evaluation=words, by=user, now=clock.now()), back)  # type: ignore[arg-type]


def _look(request: HttpRequest, check: SpotCheck, back: str) -> HttpResponse:
    key = request.POST.get("line", "")
    line = SpotCheckLine.objects.filter(check_of=check, pk=int(key) if key.isdigit() else 0).first()
    if line is None:
        raise Http404
    look = lambda data: checks.look_at(line=line, **data, on=clock.today(), by=request.user)  # type: ignore[arg-type]  # noqa: E731
    return posted(request, LookForm(request.POST), look, back)


# --- Scores of towns ----------------------------------------------------------------------------------------------

SCORES = (
    Column("area.name", gettext_lazy("Town"), order_by="area_id"),
    Column("year", gettext_lazy("Year"), kind="mono", order_by="year"),
    *(
        Column(one.code, one.label, kind="mono", value=lambda row, code=one.code: _points(row, code), priority=2)  # type: ignore[misc]
        for one in Component
    ),
    Column("total_tenths", gettext_lazy("Total"), kind="mono", order_by="total_tenths",
           value=lambda row: f"{row.total_tenths / 10:.1f}"),
    Column("words", gettext_lazy("Remark"), kind="soft", priority=3),
)  # fmt: skip


def _points(row: TownScore, code: str) -> str | None:
    found = next((one["points"] for one in row.components if one["code"] == code), None)
    return None if found is None else f"{found / 10:.1f}"


@requires(SEES)
@require_GET
def score_list(request: HttpRequest) -> HttpResponse:
    """Annual scores (J-73, L-74); leaves as a workbook like every list (T-78)."""
    code = chosen_area_code(request)
    rows = TownScore.objects.visible_to(request.user).within(code).filter(programme=chosen_programme(request))
    table = build_table(
        request, rows.select_related("area"), SCORES, unit=_("towns"), default_sort="-total_tenths",
        empty=(_("No score yet"), _("Towns are scored once a year.")),
    )  # fmt: skip
    form = None
    if request.user.has_right(ACT):  # type: ignore[union-attr]
        form = with_places(ScoreForm(), places_of(request, ACT, code, Area.Level.TOWN))
    return render_table(request, "supervision/scores.html", table, {"form": form})


@requires(ACT)
@require_POST
def score_act(request: HttpRequest) -> HttpResponse:
    form = with_places(ScoreForm(request.POST), Area.objects.visible_to(request.user, ACT))
    store = lambda data: checks.score_town(  # noqa: E731
        programme=programme_of(request), area=data["area"], year=data["year"], points=form.points(),
        words=data["words"], by=request.user, now=clock.now(),  # type: ignore[arg-type]
    )  # fmt: skip
    return posted(request, form, store, reverse("supervision:score-list"))


# --- Duties -------------------------------------------------------------------------------------------------------


@signed_in
@require_GET
def duty_list(request: HttpRequest) -> HttpResponse:
    """What the document asks of whom; the person's own first, open ones before done ones."""
    programme, code, user = chosen_programme(request), chosen_area_code(request), request.user
    rows = list(duties_at(programme, code).select_related("done_by")) if programme and code else []
    today = clock.today()
    for row in rows:
        row.may, row.mine = duties.may_mark(row, user), duties.is_mine(row, user)  # type: ignore[arg-type]
        row.late = row.done_on is None and row.due_on is not None and row.due_on < today
    rows.sort(key=lambda row: (not row.mine, row.done_on is not None, row.due_on is None, row.due_on or today))
    open_count = sum(1 for row in rows if row.mine and row.done_on is None)
    return render(request, "supervision/duties.html", {"rows": rows, "open_count": open_count, "programme": programme})


@signed_in
@require_POST
def duty_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a duty as done with words, or take the mark back."""
    programme, code = chosen_programme(request), chosen_area_code(request)
    duty = duties_at(programme, code).filter(pk=pk).first() if programme and code else None
    if duty is None:
        raise Http404
    if not duties.may_mark(duty, request.user):  # type: ignore[arg-type]
        raise PermissionDenied(ACT)
    on = None if request.POST.get("deed") == "reopen" else clock.today()
    back = reverse("supervision:duty-board")
    return done(request, lambda: duties.mark_duty(
        duty=duty, words=request.POST.get("words", ""), on=on, by=request.user  # type: ignore[arg-type]
    ), back)  # fmt: skip
