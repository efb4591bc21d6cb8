"""What is due and why: the list, one amount step by step, calculating, and sending one back to be computed again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Case, CharField, Count, Q, Sum, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from accounts.records import ScopedQuerySet
from core import clock
from core.refusals import Refused
from core.tables import Column, View, build_table, render_table
from core.together import read_together
from jobs.services import enqueue
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme
from subsidies import queries
from subsidies.again_form import AgainForm, OwnFundsForm, where_recorded
from subsidies.filters import EntitlementFilter
from subsidies.forms import DecisionForm, ObjectionForm
from subsidies.models import Entitlement, Objection
from subsidies.services import entitlements, notices, own_funds, stated
from subsidies.services.looks import note_look
from subsidies.services.policies import titles_in, versions_holding, versions_of
from subsidies.tasks import ASSESS, OWN_FUNDS
from subsidies.wording import reason_sentence

SAID_AT_THE_FORM = ("FACT_UNKNOWN", "FACT_VALUE", "DOCUMENT_NEEDED", "IN_REGISTER", "REASON_NEEDED")
COLUMNS = (
    Column("dwelling.dwelling_no", gettext_lazy("Dwelling"), kind="id", order_by="dwelling__dwelling_no", link=True),
    Column("household.head_name", gettext_lazy("Head of household"), order_by="household__head_name"),
    Column("area.name", gettext_lazy("Village"), order_by="area_id"),
    Column("benefit", gettext_lazy("Rule"), order_by="benefit", template="subsidies/cell_rule.html",
           value=lambda row: row.rule_title or row.benefit),
    Column("period", gettext_lazy("Period"), template="subsidies/cell_period.html", priority=3),
    Column("amount_fen", gettext_lazy("Due/CNY"), kind="money", order_by="amount_fen", total=Sum("amount_fen"),
           total_label=gettext_lazy("due")),
    Column("reason", gettext_lazy("Why"), kind="soft", priority=2,
           value=lambda row: reason_sentence(row.reason, row.reason_params)),
    Column("state", gettext_lazy("State"), template="subsidies/cell_outcome.html", order_by="state"),
)  # fmt: skip


@requires("entitlements.view")
@require_GET
def entitlement_list(request: HttpRequest) -> HttpResponse:
    """Every amount of the chosen programme and place; undefined ones are a view of their own and no zero."""
    return _list(request)


def _list(request: HttpRequest, own: OwnFundsForm | None = None) -> HttpResponse:
    rows, context = _narrowed(request), _run_context(request)
    views, without_funds = _views(rows)
    table = build_table(
        request,
        rows.select_related("area", "dwelling", "household").annotate(rule_title=_title_of(context["titles"])),
        COLUMNS,
        filterset=partial(EntitlementFilter, titles=context["titles"]),
        unit=_("amounts"),
        row_url=lambda row: reverse("subsidies:entitlement-detail", args=[row.pk]),
        views=views,
        default_sort="dwelling.dwelling_no",
        empty=(
            _("Nothing has been calculated yet"),
            _("Amounts follow from passed acceptances under a released policy."),
        ),
    )
    if context["may_assess"] and without_funds:
        place = Area.objects.get(pk=chosen_area_code(request) or context["programme"].area_id)
        context |= {
            "place": place,
            "without_funds": without_funds,
            "own": own or OwnFundsForm(initial={"area": place.pk}),
        }
    return render_table(request, "subsidies/entitlement_list.html", table, context)


@requires("entitlements.view")
@require_GET
def entitlement_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One amount: rule, facts, steps, sources, notice, payments. Opened from a batch: that it was looked at."""
    one = _one(request, pk)
    if request.GET.get("batch"):
        note_look(entitlement=one, batch_number=request.GET["batch"], by=request.user)  # type: ignore[arg-type]
    return _detail(request, one)


@requires("entitlements.assess")
@require_POST
def entitlement_assess(request: HttpRequest) -> HttpResponse:
    """Ask for a run over everything that waits; or state own funds of a place and have what waits for them computed."""
    programme = chosen_programme(request)
    if programme is None:
        raise Http404
    if "evidence" in request.POST:
        return _own_funds(request, programme)
    enqueue(kind=ASSESS, args={"programme_id": programme.pk}, by=request.user, area=programme.area_id)  # type: ignore[arg-type]
    messages.success(request, _("The calculation runs in the background; its end shows in the tray above."))
    return redirect("subsidies:entitlement-list")


def _own_funds(request: HttpRequest, programme: Programme) -> HttpResponse:
    """What was typed is checked now, the rest is a job; what is wrong stands at the form."""
    form = OwnFundsForm(request.POST)
    if form.is_valid():
        data, area = form.cleaned_data, get_object_or_404(Area, pk=form.cleaned_data["area"])
        try:
            said = own_funds.read_list(
                programme=programme, area=area, evidence=data["evidence"], document_no=data["document_no"],
                without=data["without"], by=request.user,  # type: ignore[arg-type]
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            args = {"programme_id": programme.pk, "area": area.pk, "evidence": said.evidence,
                    "document_no": said.document_no, "without": list(said.without)}  # fmt: skip
            enqueue(kind=OWN_FUNDS, args=args, by=request.user, area=area.pk)  # type: ignore[arg-type]
            messages.success(request, _("The calculation runs in the background; its end shows in the tray above."))
            return redirect("subsidies:entitlement-list")
    response = _list(request, form)
    response.status_code = 422
    return response


@requires("entitlements.assess")
@require_POST
def entitlement_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Void and compute again from what is recorded now."""
    one = _one(request, pk, "entitlements.assess")
    form = AgainForm(one, request.POST)
    if not form.is_valid():
        return _detail(request, one, again=form)
    try:
        new = _computed_again(one, form, request.user)
    except Refused as refusal:
        if refusal.code not in SAID_AT_THE_FORM:
            raise
        form.add_error(None, refusal.sentence)
        return _detail(request, one, again=form)
    messages.success(request, _("Computed again; the earlier figure stays in the history."))
    return redirect("subsidies:entitlement-detail", new.pk)


@requires("entitlements.assess")
@require_POST
def entitlement_strike(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing of this amount is paid; it stays in the history."""
    one = _one(request, pk, "entitlements.assess")
    form = AgainForm(one, request.POST)
    if not form.is_valid():
        return _detail(request, one, again=form)
    reason = form.cleaned_data["reason"]
    entitlements.void_entitlement(entitlement=one, reason=reason, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Struck: nothing of it is paid. “Compute again” brings it back."))
    return redirect("subsidies:entitlement-detail", one.pk)


@requires("notices.publish")
@require_POST
def objection_raise(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what somebody holds against an amount on notice."""
    one = _one(request, pk, "notices.publish")
    form = ObjectionForm(request.POST)
    if not form.is_valid():
        return _detail(request, one, objection=form)
    notices.raise_objection(entitlement=one, text=form.cleaned_data["text"], by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The objection is written down; the amount can't be paid until it is decided."))
    return redirect("subsidies:entitlement-detail", one.pk)


@requires("objections.decide")
@require_POST
def objection_decide(request: HttpRequest, pk: int) -> HttpResponse:
    objection = get_visible_or_404(Objection, request.user, "objections.decide", pk=pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _detail(request, _one(request, objection.entitlement_id), decide=form)
    notices.decide_objection(objection=objection, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
    messages.success(request, _("The objection is decided."))
    return redirect("subsidies:entitlement-detail", objection.entitlement_id)


@transaction.atomic
def _computed_again(one: Entitlement, form: AgainForm, by: Any) -> Entitlement:
    """With the fact that was stated, or not at all."""
    fact = form.stated()
    if fact:
        stated.state_fact(entitlement=one, words=form.cleaned_data["reason"], by=by, **fact)
    return entitlements.reassess_entitlement(entitlement=one, reason=form.cleaned_data["reason"], by=by)


def _one(request: HttpRequest, pk: int, right: str = "") -> Entitlement:
    rows = Entitlement.objects.select_related(
        "dwelling", "household", "area", "policy__programme", "notice", "programme"
    )
    return get_visible_or_404(rows, request.user, right, pk=pk)  # type: ignore[no-any-return]


def _detail(request: HttpRequest, one: Entitlement, **forms: object) -> HttpResponse:
    lines, payments = one.lines.order_by("id"), one.payout_lines.select_related("batch").order_by("-id")
    objections = one.objections.select_related("recorded_by", "decided_by").order_by("-id")
    differences = one.differences.select_related("policy").order_by("-id")
    statements = stated.statements(one)
    read_together(lines, payments, objections, differences, statements)
    may_assess = request.user.has_right("entitlements.assess", one.area_id)  # type: ignore[union-attr]
    context = {
        "one": one,
        "lines": lines,
        "payments": payments,
        "objections": objections,
        "differences": differences,
        "may_again": may_assess and (one.state in entitlements.UNSETTLED or entitlements.is_struck(one)),
        "may_strike": may_assess and one.state in (*entitlements.UNSETTLED, "payable"),
        "may_object": one.state == "noticed" and request.user.has_right("notices.publish", one.area_id),
        "may_decide": one.state == "objected" and request.user.has_right("objections.decide", one.area_id),
        "may_bounce": request.user.has_right("payouts.reconcile", one.area_id),
        "again": AgainForm(one),
        "statements": statements,
        "where": where_recorded(stated.missing_fact(one)),
        "objection": ObjectionForm(),
        "decide": DecisionForm(),
        **queries.explain(one),
        **forms,
    }
    return render(request, "subsidies/entitlement_detail.html", context, status=422 if forms else 200)


def _narrowed(request: HttpRequest) -> ScopedQuerySet:
    programme = chosen_programme(request)
    rows = Entitlement.objects.visible_to(request.user).within(chosen_area_code(request))
    rows = rows.exclude(state=Entitlement.State.VOID)
    return rows.filter(programme=programme) if programme else rows.none()


def _views(rows: ScopedQuerySet) -> tuple[list[View], int]:
    """The named lists with their numbers, and how many wait for own funds; one query."""
    counts = rows.aggregate(
        all=Count("pk"), due=Count("pk", filter=Q(outcome="due")), not_due=Count("pk", filter=Q(outcome="not_due")),
        undefined=Count("pk", filter=Q(outcome="undefined")), payable=Count("pk", filter=Q(state="payable")),
        objected=Count("pk", filter=Q(state__in=["objected", "held"])),
        no_funds=Count("pk", filter=Q(reason=own_funds.MISSING, state__in=["assessed", "held"])),
        paid=Count("pk", filter=Q(state="paid")),
    )  # fmt: skip
    views = [
        View(_("All"), "", counts["all"]),
        View(_("Due"), "outcome=due", counts["due"]),
        View(_("May be paid"), "state=payable", counts["payable"]),
        View(_("Paid"), "state=paid", counts["paid"]),
        View(_("Not due"), "outcome=not_due", counts["not_due"]),
        View(_("Undefined"), "outcome=undefined", counts["undefined"]),
        View(_("Objections"), "state=objected", counts["objected"]),
    ]
    return views, counts["no_funds"]


def _run_context(request: HttpRequest) -> dict[str, Any]:
    """The chosen programme, its policy of today, the titles of all its rules, whether the person may calculate."""
    programme = chosen_programme(request)
    if programme is None:
        return {"programme": None, "policy": None, "titles": {}, "may_assess": False}
    holding, versions = versions_holding(programme, clock.today())[:1], versions_of(programme)
    read_together(holding, versions)
    policy = next(iter(holding), None)
    may = policy is not None and request.user.has_right("entitlements.assess", programme.area_id)  # type: ignore[union-attr]
    return {"programme": programme, "policy": policy, "titles": titles_in(versions), "may_assess": may}


def _title_of(titles: Mapping[str, str]) -> Case:
    """What the documents call a row's rule; "" for one they do not know."""
    known = (When(benefit=code, then=Value(title)) for code, title in titles.items())
    return Case(*known, default=Value(""), output_field=CharField())
