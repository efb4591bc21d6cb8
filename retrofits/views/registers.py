"""Registers of the works: enterprises, products, gas supply of places, dwellings that heat by other means."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from accounts.owning import narrowed
from core import clock
from core.areas import ancestors
from core.beside import read_beside
from core.refusals import Refused
from core.tables import Column, View, build_table, render_table
from devices.models import DeviceModel
from households.models import Dwelling
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme
from retrofits.models import Admission, Confirmation, PilotTest, SupplyStep, Task, TransitionalHome
from retrofits.services import enterprises, outcomes, products, supply, transition
from retrofits.views.pages import refused_page
from retrofits.views.posting import done, form_refusal, posted
from retrofits.works_forms import (
    AdmissionForm,
    EndForm,
    PilotForm,
    ProductForm,
    QualificationForm,
    ReviewForm,
    SupplyForm,
    TransitionForm,
)

VIEW, MANAGE, RECORD = "tasks.view", "works.manage", "installations.record"
STATE = "retrofits/parts/state_cell.html"


def programme_of(request: HttpRequest) -> Programme:
    """The chosen programme; without one there is nothing to enter."""
    programme = chosen_programme(request)
    if programme is None:
        raise Http404
    return programme


# --- Enterprises --------------------------------------------------------------------------------------------------

ADMISSIONS = (
    Column("supplier.name", gettext_lazy("Firm"), order_by="supplier__name", link=True),
    Column("state", gettext_lazy("State"), template=STATE, order_by="state"),
    Column("admitted_on", gettext_lazy("Admitted on"), kind="when", order_by="admitted_on"),
    Column("warranty_months", gettext_lazy("Warranty, months"), kind="number", order_by="warranty_months"),
    Column("certificates", gettext_lazy("Certificates"), kind="number", order_by="certificates"),
    Column("service_point", gettext_lazy("Service point"), kind="soft", priority=2),
    Column("ended_on", gettext_lazy("Ended on"), kind="when", priority=3),
)


def reaching(rows: Any, user: Any, right: str = VIEW) -> Any:
    """Rows of the person's places, and those of a place above that hold for them too (a county's admitted firms)."""
    codes = user.area_codes_for(right)
    above = {code for held in codes for code in ancestors(held)}
    held = rows.within(*codes) | rows.filter(area_id__in=above) if codes else rows.none()
    return narrowed(held, user, right)


def reaching_or_404(rows: Any, request: HttpRequest, pk: int, right: str = VIEW) -> Any:
    """One of them; otherwise 404, or 403 inside one's places without the right."""
    found = reaching(rows, request.user, right).filter(pk=pk).first()
    return found or get_visible_or_404(rows, request.user, right, pk=pk)


@requires(VIEW)
@require_GET
def admission_list(request: HttpRequest) -> HttpResponse:
    """Firms of the programme, admitted or on their way; everybody who works with its tasks may look them up."""
    rows = reaching(Admission.objects.all(), request.user).filter(programme=chosen_programme(request))
    rows = rows.select_related("supplier").annotate(certificates=Count("supplier__qualifications"))
    table = build_table(
        request, rows, ADMISSIONS, unit=_("enterprises"), default_sort="supplier.name",
        row_url=lambda row: reverse("retrofits:admission-detail", args=[row.pk]),
        empty=(_("No enterprise yet"), _("Only enterprises admitted after the experts' review install.")),
    )  # fmt: skip
    return render_table(request, "retrofits/admission_list.html", table, {"form": AdmissionForm()})


@requires(VIEW)
@require_GET
def admission_detail(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Admission.objects.select_related("supplier", "programme", "entered_by", "decided_by")
    admission = reaching_or_404(rows, request, pk)
    today = clock.today()
    found = read_beside(
        certificates=admission.supplier.qualifications.all(), tests=PilotTest.objects.filter(admission=admission)
    )
    certificates = found["certificates"]
    for one in certificates:
        one.is_valid = one.holds_on(today)
    user, area = request.user, admission.area_id
    context = {
        "admission": admission,
        "certificates": certificates,
        "tests": [(one, _daily_kwh(one)) for one in found["tests"]],
        "pilot": PilotForm(auto_id="pil_%s"),
        "may_manage": user.has_right(MANAGE, area),  # type: ignore[union-attr]
        "may_admit": user.has_right(enterprises.ADMIT, area),  # type: ignore[union-attr]
        "review": ReviewForm(),
        "certificate": QualificationForm(auto_id="cert_%s"),
    }
    return render(request, "retrofits/admission_detail.html", context)


def _daily_kwh(test: PilotTest) -> Decimal:
    """Energy for each day and square metre, kWh."""
    days = (test.tested_until - test.tested_from).days + 1
    return test.energy_kwh / test.heated_m2 / days


@requires(MANAGE)
@require_POST
def admission_new(request: HttpRequest) -> HttpResponse:
    programme = programme_of(request)

    def put(data: dict[str, Any]) -> None:
        enterprises.put_forward(programme=programme, **data, by=request.user)  # type: ignore[arg-type]

    form = AdmissionForm(request.POST)
    return posted(request, form, put, _("The enterprise is put forward."), "retrofits:admission-list")


@requires(VIEW)
@require_POST
def admission_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Review, certificate, admission, refusal, end: the service knows who may do which."""
    rows = Admission.objects.select_related("supplier", "programme")
    admission = get_visible_or_404(rows, request.user, VIEW, pk=pk)
    by, post = request.user, request.POST
    to, said = "retrofits:admission-detail", _("It is recorded.")
    deed, reason = post.get("deed", ""), post.get("reason", "")
    if deed == "review":
        review = lambda data: enterprises.review_admission(admission=admission, **data, by=by)  # type: ignore[arg-type]  # noqa: E731
        return posted(request, ReviewForm(post), review, said, to, pk)
    if deed == "certificate":
        place = {"supplier": admission.supplier, "programme": admission.programme}
        record = lambda data: enterprises.record_qualification(**place, **data, by=by)  # type: ignore[arg-type]  # noqa: E731
        return posted(request, QualificationForm(post), record, said, to, pk)
    if deed == "pilot":
        test = lambda data: outcomes.record_pilot_test(admission=admission, test=data, by=by)  # type: ignore[arg-type]  # noqa: E731
        return posted(request, PilotForm(post), test, said, to, pk)
    if deed in ("admit", "refuse"):
        decide = lambda: enterprises.decide_admission(  # noqa: E731
            admission=admission, admit=deed == "admit", reason=reason, by=by  # type: ignore[arg-type]
        )  # fmt: skip
        return done(request, decide, said, to, pk)
    if deed == "end":
        end = lambda: enterprises.end_admission(admission=admission, reason=reason, by=by)  # type: ignore[arg-type]  # noqa: E731
        return done(request, end, said, to, pk)
    return refused_page(request, Refused("NO_SUCH_DEED", _("There is no such step.")))


# --- Products -----------------------------------------------------------------------------------------------------

PRODUCTS = (
    Column("model_no", gettext_lazy("Model"), kind="id", order_by="model_no", link=True),
    Column("name", gettext_lazy("Product"), order_by="name"),
    Column("supplier.name", gettext_lazy("Firm"), order_by="supplier__name"),
    Column("product.efficiency_grade", gettext_lazy("Grade"), kind="number"),
    Column("product.thermal_power_kw", gettext_lazy("Thermal power/kW"), kind="number"),
    Column("docking_confirmed_on", gettext_lazy("Docked on"), kind="when", order_by="docking_confirmed_on"),
    Column("product.certificate_until", gettext_lazy("Certificate until"), kind="when", priority=2),
    Column("product.insurance_until", gettext_lazy("Insured until"), kind="when", priority=2),
)


@requires(VIEW)
@require_GET
def product_list(request: HttpRequest) -> HttpResponse:
    """Every registered model with what its papers show; an empty cell is not shown and never fine."""
    table = build_table(
        request, DeviceModel.objects.select_related("supplier", "product"), PRODUCTS, unit=_("products"),
        default_sort="model_no", row_url=_product_url if request.user.has_right(MANAGE) else None,  # type: ignore[union-attr]
        empty=(_("No product yet"), _("Models are registered with their supplier.")),
    )  # fmt: skip
    return render_table(request, "retrofits/product_list.html", table)


def _product_url(model: DeviceModel) -> str:
    return reverse("retrofits:product-edit", args=[model.pk])


@requires(MANAGE)
@require_http_methods(["GET", "POST"])
def product_edit(request: HttpRequest, pk: int) -> HttpResponse:
    model = DeviceModel.objects.select_related("supplier", "product").filter(pk=pk).first()
    if model is None:
        raise Http404
    product = getattr(model, "product", None)
    initial = (
        {"version": product.version, "papers": product.papers, "uses": product.uses, "meets": "、".join(product.meets)}
        if product
        else {}
    )
    form = ProductForm(request.POST or None, instance=product, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in products.FIELDS}
        try:
            products.describe_product(
                device_model=model, values=values, version=form.cleaned_data["version"], by=request.user,  # type: ignore[arg-type]
            )  # fmt: skip
            return redirect("retrofits:product-list")
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
    context = {"form": form, "title": str(model), "sub": model.supplier.name, "back": "retrofits:product-list",
               "back_words": _("Products")}  # fmt: skip
    return render(request, "retrofits/plain_form.html", context, status=422 if form.errors else 200)


# --- Gas supply ---------------------------------------------------------------------------------------------------


@requires(VIEW)
@require_GET
def supply_list(request: HttpRequest) -> HttpResponse:
    """Steps of the programme's places towards gas, by place."""
    programme = chosen_programme(request)
    steps = reaching(SupplyStep.objects.all(), request.user).filter(programme=programme).select_related("area")
    form = SupplyForm()
    form.fields["area"].queryset = _places(request, programme) if programme else Area.objects.none()  # type: ignore[attr-defined]
    context = {"programme": programme, "steps": steps, "form": form}
    return render(request, "retrofits/supply_list.html", context)


def _places(request: HttpRequest, programme: Programme) -> Any:
    """The programme's own place, its towns and villages, as far as the person may manage works there."""
    inside = Area.objects.visible_to(request.user, MANAGE).within(programme.area_id)
    return inside.order_by("code")


@requires(MANAGE)
@require_POST
def supply_new(request: HttpRequest) -> HttpResponse:
    programme = programme_of(request)
    form = SupplyForm(request.POST)
    form.fields["area"].queryset = _places(request, programme)  # type: ignore[attr-defined]

    def record(data: dict[str, Any]) -> None:
        supply.record_step(programme=programme, **data, by=request.user)  # type: ignore[arg-type]

    return posted(request, form, record, _("The step is recorded."), "retrofits:supply-list")


# --- Transitional heating -----------------------------------------------------------------------------------------

HOMES = (
    Column("dwelling.dwelling_no", gettext_lazy("Dwelling"), kind="id", order_by="dwelling__dwelling_no"),
    Column("dwelling.household.head_name", gettext_lazy("Head of household")),
    Column("area.name", gettext_lazy("Village"), order_by="area_id"),
    Column("reason", gettext_lazy("Why it waits"), value=lambda row: row.get_reason_display(), order_by="reason"),
    Column("fuel", gettext_lazy("Heats meanwhile with"), value=lambda row: row.get_fuel_display(), order_by="fuel"),
    Column("since", gettext_lazy("Since"), kind="when", order_by="since"),
    Column("network_km", gettext_lazy("To the network/km"), kind="number", order_by="network_km", priority=2),
    Column("is_near", gettext_lazy("Within the radius"), template="retrofits/parts/near_cell.html"),
    Column("ended_on", gettext_lazy("Supplied since"), template="retrofits/parts/transition_cell.html"),
)


@requires(VIEW)
@require_GET
def transition_list(request: HttpRequest) -> HttpResponse:
    """Dwellings that wait for their supply, and gas conversions whose gas is not on (D-13)."""
    programme, area = chosen_programme(request), chosen_area_code(request)
    rows = TransitionalHome.objects.visible_to(request.user).filter(programme=programme)
    rows = transition.with_radius(rows.within(area) if area else rows.none(), programme)
    reason, near = request.GET.get("reason", ""), request.GET.get("near", "") == "1"
    shown = rows.filter(reason=reason) if reason in TransitionalHome.Reason.values else rows
    table = build_table(
        request, (shown.filter(is_near=True) if near else shown).select_related("dwelling__household", "area"), HOMES,
        unit=_("dwellings"), views=_reasons_waiting(rows, transition.radius_km(programme)),
        default_sort="dwelling.dwelling_no",
        empty=(_("No dwelling waits"), _("Dwellings without gas, grid or network are listed here until it is there.")),
    )  # fmt: skip
    lit = Confirmation.objects.filter(kind=Confirmation.Kind.GAS_ON).values("task")
    dark = Task.objects.visible_to(request.user).filter(programme=programme, technology__family="GAS")
    dark = (dark.within(area) if area else dark.none()).filter(installation__isnull=False).exclude(pk__in=lit)
    context = {"form": TransitionForm(), "end": EndForm(auto_id=False), "dark": dark.count(),
               "may": request.user.has_right(RECORD, area) if area else False}  # type: ignore[union-attr]  # fmt: skip
    return render_table(request, "retrofits/transition_list.html", table, context)


def _reasons_waiting(rows: Any, radius: Any) -> list[View]:
    """All that wait, those inside the document's radius (D-13), and each reason."""
    waiting = rows.filter(ended_on=None)
    counts = dict(waiting.order_by().values_list("reason").annotate(n=Count("id")))
    views = [View(_("All"), "", sum(counts.values()))]
    if radius is not None:
        words = _("no gas within %(km)s km") % {"km": f"{radius.value.normalize():f}"}
        views.append(View(words, "reason=no_gas&near=1", waiting.filter(reason="no_gas", is_near=True).count()))
    return views + [
        View(str(label), f"reason={code}", counts.get(code, 0)) for code, label in TransitionalHome.Reason.choices
    ]


@requires(RECORD)
@require_POST
def transition_new(request: HttpRequest) -> HttpResponse:
    programme, form = programme_of(request), TransitionForm(request.POST)
    if not form.is_valid():
        return refused_page(request, form_refusal(form))
    data = dict(form.cleaned_data)
    number = data.pop("dwelling_no").strip().upper()
    dwelling = Dwelling.objects.visible_to(request.user, RECORD).filter(dwelling_no=number).first()
    if dwelling is None:
        words = _("There is no dwelling %(number)s in your places.")
        return refused_page(request, Refused("NO_SUCH_DWELLING", words, number=number[:26]))
    put = lambda: transition.put_on_list(programme=programme, dwelling=dwelling, **data, by=request.user)  # type: ignore[arg-type]  # noqa: E731
    return done(request, put, _("The dwelling is on the list."), "retrofits:transition-list")


@requires(RECORD)
@require_POST
def transition_end(request: HttpRequest, pk: int) -> HttpResponse:
    home = get_visible_or_404(TransitionalHome, request.user, RECORD, pk=pk)
    end = lambda data: transition.take_off_list(home=home, **data, by=request.user)  # type: ignore[arg-type]  # noqa: E731
    return posted(request, EndForm(request.POST), end, _("The dwelling is off the list."), "retrofits:transition-list")
