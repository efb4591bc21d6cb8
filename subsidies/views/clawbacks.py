"""What was overpaid: the cases, one case with its evidence and what came back, proposing, deciding, money returned."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.records import ScopedQuerySet
from core import clock
from core.money import plain_yuan
from core.refusals import Refused
from core.tables import Column, View, build_table, render_table
from programmes.chosen import chosen_area_code, chosen_programme
from subsidies.models import Clawback, Entitlement, PayoutLine
from subsidies.reading_filters import ClawbackFilter
from subsidies.reading_forms import ClawbackDecisionForm, ClawbackForm, MoneyBackForm
from subsidies.services import clawbacks
from subsidies.services.clawbacks import DECIDE, PROPOSE, RETURN
from subsidies.services.turns import ONCE
from subsidies.wording import source_name

VIEW = "entitlements.view"
COLUMNS = (
    Column("number", gettext_lazy("Case number"), kind="id", value=str, link=True, order_by="pk"),
    Column("dwelling.dwelling_no", gettext_lazy("Dwelling"), order_by="dwelling__dwelling_no"),
    Column("dwelling.household.head_name", gettext_lazy("Head of household"), priority=2),
    Column("area.name", gettext_lazy("Village"), order_by="area_id", priority=3),
    Column("period", gettext_lazy("Period"), template="subsidies/cell_period.html", order_by="period", priority=2),
    Column("amount_fen", gettext_lazy("Claimed back/CNY"), kind="money", order_by="amount_fen",
           total=Sum("amount_fen"), total_label=gettext_lazy("claimed back")),
    Column("way", gettext_lazy("How"), value=lambda row: row.get_way_display(), priority=3),
    Column("reason", gettext_lazy("Why"), kind="soft", value=lambda row: row.get_reason_display(), priority=2),
    Column("state", gettext_lazy("State"), template="subsidies/cell_state.html", order_by="state"),
)  # fmt: skip


@requires(VIEW)
@require_GET
def clawback_list(request: HttpRequest) -> HttpResponse:
    programme = chosen_programme(request)
    rows = Clawback.objects.visible_to(request.user).within(chosen_area_code(request))
    rows = rows.filter(programme=programme) if programme else rows.none()
    table = build_table(
        request, rows.select_related("area", "dwelling__household"), COLUMNS, filterset=ClawbackFilter,
        unit=_("cases"), row_url=lambda row: reverse("subsidies:clawback-detail", args=[row.pk]), views=_views(rows),
        default_sort="-number",
        empty=(_("Nothing was overpaid"), _("A case is opened from a paid amount, or when a season is settled.")),
    )  # fmt: skip
    return render_table(request, "subsidies/clawback_list.html", table)


@requires(VIEW)
@require_GET
def clawback_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, _one(request, pk, VIEW))


@requires(PROPOSE)
@require_http_methods(["GET", "POST"])
def clawback_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a case about a paid amount."""
    paid = get_visible_or_404(
        Entitlement.objects.select_related("dwelling", "household", "area"), request.user, PROPOSE, pk=pk
    )
    left = (paid.amount_fen or 0) - clawbacks.asked_of(paid)
    given = {name: request.GET[name] for name in ("reason", "words") if name in request.GET}
    # Nothing follows what is paid once that it could be set off against; a reason is chosen, never left as it was.
    way = Clawback.Way.RETURN if paid.period.startswith(ONCE) else Clawback.Way.OFFSET
    form = ClawbackForm(request.POST or None, initial={"amount": plain_yuan(max(left, 0)), "way": way, **given})
    form.fields["reason"].choices = [("", "—"), *Clawback.Reason.choices]  # type: ignore[attr-defined]
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                made = clawbacks.propose_clawback(
                    entitlement=paid, amount_fen=data["amount"], reason=data["reason"], words=data["words"],
                    way=data["way"], by=request.user,  # type: ignore[arg-type]
                )  # fmt: skip
                messages.success(request, _("The case is open; somebody else decides it."))
                return redirect("subsidies:clawback-detail", made.pk)
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
    return render(request, "subsidies/clawback_new.html", {"form": form, "one": paid, "left": left}, status=status)


@requires(DECIDE)
@require_POST
def clawback_decide(request: HttpRequest, pk: int) -> HttpResponse:
    case = _one(request, pk, DECIDE)
    form = ClawbackDecisionForm(request.POST)
    if form.is_valid():
        try:
            clawbacks.decide_clawback(clawback=case, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
            messages.success(request, _("The case is decided."))
            return redirect("subsidies:clawback-detail", case.pk)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
            return _detail(request, case, refusal.status, decide=form)
    return _detail(request, case, 422, decide=form)


@requires(RETURN)
@require_POST
def clawback_return(request: HttpRequest, pk: int) -> HttpResponse:
    """Money the household gave back."""
    case = _one(request, pk, RETURN)
    form = MoneyBackForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            clawbacks.record_return(
                clawback=case, amount_fen=data["amount"], document_no=data["document_no"], on=data["on"],
                request_id=data["request_id"], by=request.user,  # type: ignore[arg-type]
            )  # fmt: skip
            messages.success(request, _("The money is booked into the funds it was paid from."))
            return redirect("subsidies:clawback-detail", case.pk)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
            return _detail(request, case, refusal.status, back=form)
    return _detail(request, case, 422, back=form)


def _views(rows: ScopedQuerySet) -> list[View]:
    counts = rows.aggregate(
        all=Count("pk"), **{code: Count("pk", filter=Q(state=code)) for code in Clawback.State.values}
    )
    lists = [View(Clawback.State(code).label, f"state={code}", counts[code]) for code in Clawback.State.values]
    return [View(_("All"), "", counts["all"]), *lists]


def _one(request: HttpRequest, pk: int, right: str) -> Clawback:
    rows = Clawback.objects.select_related(
        "dwelling__household", "area", "entitlement", "proposed_by", "decided_by", "programme"
    )
    return get_visible_or_404(rows, request.user, right, pk=pk)  # type: ignore[no-any-return]


def _detail(request: HttpRequest, case: Clawback, status: int = 200, **forms: Any) -> HttpResponse:
    left = clawbacks.outstanding([case])[case.pk]
    owed = case.state == Clawback.State.CONFIRMED
    user: Any = request.user
    context = {
        "one": case,
        "shares": [
            (source_name(source), fen, left.get(source, 0) if owed else None) for source, fen in case.shares.items()
        ],
        "left": sum(left.values()) if owed else None,
        "entries": case.entries.select_related("recorded_by").order_by("id"),
        "kept": _kept(case),
        "due_fen": case.evidence.get("due_fen"),
        "paid_fen": case.evidence.get("paid_fen"),
        "may_decide": case.state == Clawback.State.PROPOSED and user.has_right(DECIDE, case.area_id),
        "may_return": owed and bool(left) and user.has_right(RETURN, case.area_id),
        "decide": ClawbackDecisionForm(),
        "back": MoneyBackForm(initial={"on": clock.today().isoformat(), "amount": plain_yuan(sum(left.values()))}),
        **forms,
    }
    return render(request, "subsidies/clawback_detail.html", context, status=status)


def _kept(case: Clawback) -> list[tuple[PayoutLine, int]]:
    """Living payments that keep back something for this case."""
    lines = PayoutLine.objects.filter(entitlement__dwelling=case.dwelling_id, offset_fen__gt=0).select_related("batch")
    found = []
    for line in lines.exclude(state__in=[PayoutLine.State.FAILED, PayoutLine.State.DROPPED]).order_by("pk"):
        fen = sum(part for name, _source, part in line.offsets if name == clawbacks.reference(case))
        found += [(line, fen)] if fen else []
    return found
