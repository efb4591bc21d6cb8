"""Lists of cases by group, one case, a new one, its steps and its photos."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import View as Page
from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from accounts.reveal import REASONS
from core import clock
from core.beside import read_beside
from core.refusals import Refused
from core.tables import Column, View, build_table, render_table
from devices.models import Supplier
from households.models import Dwelling
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits.views.evidence import file_response
from retrofits.views.posting import form_refusal
from supervision import companies, states
from supervision.filters import filter_of
from supervision.forms import CaseForm, DraftForm, StepForm
from supervision.kinds import GROUPS, OWN, Group
from supervision.models import Case, CaseStep, ServiceOutlet
from supervision.queries import late, satisfaction
from supervision.services import cases as service
from supervision.services.checks import follow_up
from supervision.services.orders import edit_draft
from supervision.services.public import give_slip
from supervision.views.posting import done, photo_of, places_of, posted, refused_page

VIEWS = tuple(dict.fromkeys([*(group.view for group in GROUPS.values()), OWN]))
DEEDS = tuple(dict.fromkeys([*(group.handle for group in GROUPS.values()), "supervision.answer", OWN]))
OPENS = tuple(dict.fromkeys([*(group.handle for group in GROUPS.values()), OWN]))
LIST_OF = {"complaints": "complaint", "tickets": "ticket", "hazards": "hazard", "coal": "coal", "measures": "measure"}
WISHED = ("kind", "category", "area", "title", "dwelling_no", "supplier")
"""Fields of a new case that a link may have filled in, as that of a heater's page does."""
PLACES = (Area.Level.COUNTY, Area.Level.TOWN, Area.Level.VILLAGE)
STATE, CLOCK = "supervision/state_cell.html", "supervision/clock_cell.html"

COLUMNS = (
    Column("number", gettext_lazy("Number"), kind="id", order_by="number", link=True),
    Column("title", gettext_lazy("In short"), order_by="title"),
    Column("state", gettext_lazy("State"), template=STATE, order_by="state"),
    Column("due_at", gettext_lazy("Deadline"), template=CLOCK, order_by="due_at",
           value=lambda row: row.is_late(clock.now())),
    Column("kind", gettext_lazy("Kind"), value=lambda row: row.get_kind_display(), order_by="kind", priority=3),
    Column("category", gettext_lazy("Category"), value=lambda row: row.get_category_display(), order_by="category"),
    Column("area.name", gettext_lazy("Place"), order_by="area_id"),
    Column("source", gettext_lazy("Reported through"), value=lambda row: row.get_source_display(), priority=3),
    Column("who", gettext_lazy("Handled by"), kind="soft", priority=2,
           value=lambda row: row.handler or row.responsible or row.supplier or None),
    Column("opened_at", gettext_lazy("Opened"), kind="when", order_by="opened_at", priority=2),
)  # fmt: skip


def list_name(group: Group) -> str:
    return f"supervision:{LIST_OF[group.code]}-list"


def _list(group: Group) -> Page:
    rights = (group.view, OWN) if group.own else (group.view,)

    @requires(*rights)
    @require_GET
    def shown(request: HttpRequest) -> HttpResponse:
        return case_list(request, group)

    return shown


def case_list(request: HttpRequest, group: Group) -> HttpResponse:
    """The group's cases in the chosen place and programme, the nearest deadline first."""
    rows = Case.objects.visible_to(request.user).within(chosen_area_code(request)).filter(kind__in=group.kinds)
    rows = rows.filter(programme=chosen_programme(request)).select_related("area", "handler", "supplier")
    rows = rows.defer("words", "place_words", "reporter_name", "reporter_phone", "reply")
    table = build_table(
        request, rows, COLUMNS, filterset=filter_of(group), unit=_("cases"), default_sort="-opened_at",
        row_url=lambda row: reverse("supervision:case-detail", args=[row.pk]),
        views=[View(_("All"), ""), View(_("Not finished"), "state=unfinished"), View(_("Late"), "late=true")],
        empty=(_("Nothing here"), _("Nothing has been recorded in this place and programme.")),
    )  # fmt: skip
    context = {"group": group, "may_open": _may_open(request, group), "late": late(rows, clock.now()).count()}
    if group.code == "complaints":
        context["satisfaction"] = satisfaction(rows)
    return render_table(request, "supervision/case_list.html", table, context)


def _may_open(request: HttpRequest, group: Group) -> bool:
    user = request.user
    return user.has_right(group.handle) or (group.own and user.has_right(OWN))  # type: ignore[union-attr]


complaint_list, ticket_list, hazard_list, coal_list, measure_list = (_list(group) for group in GROUPS.values())


@requires(*OPENS)
@require_http_methods(["GET", "POST"])
def case_new(request: HttpRequest, group: str) -> HttpResponse:
    """Somebody called, came, was on patrol: the case is written down, on a phone as well."""
    chosen, programme = GROUPS.get(group), chosen_programme(request)
    if chosen is None:
        raise Http404
    if not _may_open(request, chosen):
        raise PermissionDenied(chosen.handle)
    right = chosen.handle if request.user.has_right(chosen.handle) else OWN  # type: ignore[union-attr]
    places = places_of(request, right, chosen_area_code(request), *PLACES)
    wished = {name: request.GET[name] for name in WISHED if name in request.GET}
    wished.setdefault("area", chosen_area_code(request))  # chosen beforehand where the person may write there
    form = CaseForm(request.POST or None, request.FILES or None, group=chosen, places=places, initial=wished)
    _offer_organisations(request, form, chosen)
    if request.method == "POST" and form.is_valid() and programme is not None:
        try:
            made = service.open_case(
                programme=programme, area=form.cleaned_data["area"], opening=_opening(request, form), by=request.user  # type: ignore[arg-type]
            )  # fmt: skip
            return _opened(request, made, chosen)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
    context = {"form": form, "group": chosen, "back": list_name(chosen)}
    return render(request, "supervision/case_new.html", context, status=422 if request.method == "POST" else 200)


def _opened(request: HttpRequest, made: Case, group: Group) -> HttpResponse:
    """To the case; whoever may not read it, because it is one that few read, learns its number."""
    if Case.objects.visible_to(request.user).filter(pk=made.pk).exists():
        return redirect("supervision:case-detail", pk=made.pk)
    said = _("Recorded as %(number)s. Such cases are read by few people only; the office goes on with it.")
    messages.success(request, said % {"number": made.number})
    return redirect(list_name(group))


def _offer_organisations(request: HttpRequest, form: CaseForm, group: Group) -> None:
    """Firms, outlets and companies of the place; an organisation chooses among its own only."""
    user: Any = request.user
    code = chosen_area_code(request)
    if "company" in form.fields:
        offers = companies.offered(code, user, group.handle)
        form.fields["company"].widget.choices = [("", "---------"), *offers]  # type: ignore[attr-defined]
    if "outlet" in form.fields:
        outlets = companies.at(ServiceOutlet, code, user).filter(closed_on=None).select_related("supplier")
        own = outlets if user.has_right(group.handle) else outlets.filter(supplier__in=user.works_for("firm"))
        form.fields["outlet"].queryset = own  # type: ignore[attr-defined]
    if "supplier" in form.fields and not user.has_right(group.handle):
        form.fields["supplier"].queryset = Supplier.objects.filter(pk__in=user.works_for("firm"))  # type: ignore[attr-defined]


def _opening(request: HttpRequest, form: CaseForm) -> service.Opening:
    data = dict(form.cleaned_data)
    given = {
        name: data[name]
        for name in ("kind", "category", "source", "title", "words", "place_words", "reporter_name", "reporter_phone",
                     "responsible", "is_sensitive", "supplier", "outlet")
        if name in data
    }  # fmt: skip
    company = companies.company_of(data.get("company", ""), data["area"].code, request.user)  # type: ignore[arg-type]
    return service.Opening(
        **given,
        company=company,
        photo=photo_of(form),
        due_at=end_of(data.get("due_on")),
        dwelling=_dwelling(request, data),
    )


def _dwelling(request: HttpRequest, data: dict[str, Any]) -> Dwelling | None:
    """The dwelling of the typed number inside the chosen place. Raises `Refused` DWELLING_UNKNOWN.

    Organisations name a dwelling only where they may read households.
    """
    number = data.get("dwelling_no", "").strip().upper()
    if not number:
        return None
    seen = Dwelling.objects.visible_to(request.user).within(data["area"].code)
    found: Dwelling | None = seen.filter(dwelling_no=number).first()
    if found is None:
        raise Refused("DWELLING_UNKNOWN", _("There is no dwelling %(number)s in this place."), number=number[:40])
    return found


def end_of(day: dt.date | None) -> dt.datetime | None:
    """The last minute of a day in the portal's zone."""
    return None if day is None else timezone.make_aware(dt.datetime.combine(day, dt.time(23, 59)))


@requires(*VIEWS)
@require_GET
def case_detail(request: HttpRequest, pk: int) -> HttpResponse:
    case = get_visible_or_404(_rows(), request.user, pk=pk)
    found = read_beside(
        steps=case.steps.select_related("by"),
        follow_ups=Case.objects.visible_to(request.user).filter(parent=case).order_by("opened_at"),
    )
    user: Any = request.user
    context = {
        "case": case, "group": case.group, "back": list_name(case.group), "steps": found["steps"],
        "sees_alert": user.has_right("devices.view", case.area_id),
        "follow_ups": found["follow_ups"], "moves": states.open_moves(case, user), "form": StepForm(),
        "late": case.is_late(clock.now()), "reasons": REASONS,
        "may_reveal": user.has_right("households.reveal", case.area_id),
        "may_follow": user.has_right("supervision.act", case.area_id) and case.group.code != "complaints",
        "may_slip": case.group.code == "complaints" and user.has_right("complaints.handle", case.area_id),
        "may_seal": user.has_right("complaints.sensitive", case.area_id) and case.group.code == "complaints",
    }  # fmt: skip
    if case.state == Case.State.DRAFT:
        values = {"title": case.title, "words": case.words, "responsible": case.responsible,
                  "due_on": timezone.localtime(case.due_at).date() if case.due_at else None}  # fmt: skip
        context["draft"] = DraftForm(initial=values, auto_id="draft_%s")
    return render(request, "supervision/case_detail.html", context)


def _rows() -> QuerySet[Case]:
    return Case.objects.select_related(  # type: ignore[no-any-return]
        "area",
        "programme",
        "supplier",
        "outlet",
        "handler",
        "opened_by",
        "dwelling",
        "heater",
        "parent",
        "from_alert__alert",
    )


@requires(*DEEDS)
@require_POST
def case_act(request: HttpRequest, pk: int) -> HttpResponse:
    """One step; `deed` says which. Besides the moves: a measure that follows, a new slip, few or many readers."""
    case = get_visible_or_404(_rows(), request.user, pk=pk)
    back, deed = reverse("supervision:case-detail", args=[pk]), request.POST.get("deed", "")
    form = StepForm(request.POST, request.FILES)
    if not form.is_valid():
        return refused_page(request, form_refusal(form), back)
    if deed in EXTRAS:
        return EXTRAS[deed](request, case, form, back)
    version = request.POST.get("version", "")
    return done(request, lambda: service.move_case(
        case=case, deed=deed, words=form.cleaned_data["words"], photo=photo_of(form), by=request.user,  # type: ignore[arg-type]
        version=int(version) if version.isdigit() else None, due_at=end_of(form.cleaned_data["due_on"]),
    ), back, _("The step is done."))  # fmt: skip


def _follow(request: HttpRequest, case: Case, form: StepForm, back: str) -> HttpResponse:
    return done(request, lambda: follow_up(
        case=case, kind=request.POST.get("kind", ""), title=request.POST.get("title", "") or case.title,
        words=form.cleaned_data["words"], due_at=end_of(form.cleaned_data["due_on"]), by=request.user,  # type: ignore[arg-type]
        now=clock.now(),
    ), back)  # fmt: skip


def _slip(request: HttpRequest, case: Case, form: StepForm, back: str) -> HttpResponse:
    """A code for somebody who called: shown once, on the page that answers."""
    if not request.user.has_right("complaints.handle", case.area_id):  # type: ignore[union-attr]
        raise PermissionDenied("complaints.handle")
    code = give_slip(case=case, by=request.user)  # type: ignore[arg-type]
    return render(request, "supervision/slip.html", {"case": case, "code": code, "back": back})


def _seal(request: HttpRequest, case: Case, form: StepForm, back: str) -> HttpResponse:
    return done(request, lambda: service.set_sensitive(
        case=case, is_sensitive=not case.is_sensitive, reason=form.cleaned_data["words"], by=request.user,  # type: ignore[arg-type]
    ), back)  # fmt: skip


def _edit(request: HttpRequest, case: Case, form: StepForm, back: str) -> HttpResponse:
    """Other words for an order that is not sent yet."""
    draft, version = DraftForm(request.POST), request.POST.get("version", "")
    seen = int(version) if version.isdigit() else 0

    def store(data: dict[str, Any]) -> None:
        given = {name: data[name] for name in ("title", "words", "responsible")}
        edit_draft(case=case, **given, due_at=end_of(data["due_on"]), version=seen, by=request.user)  # type: ignore[arg-type]

    return posted(request, draft, store, back)


EXTRAS = {"follow": _follow, "slip": _slip, "seal": _seal, "edit": _edit}


@requires(*VIEWS)
@require_GET
def case_photo(request: HttpRequest, pk: int, step: int) -> HttpResponse:
    """A photo of a step, to whoever may read its case."""
    case = get_visible_or_404(Case, request.user, pk=pk)
    found = CaseStep.objects.select_related("photo").filter(case=case, pk=step, photo__isnull=False).first()
    if found is None or found.photo is None:
        raise Http404
    return file_response(found.photo)
