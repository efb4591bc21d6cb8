"""Money by source and year: promised, come, set aside, paid; each fund's ledger; the homes that wait for money."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import step_up
from accounts.access import get_visible_or_404, requires
from core import clock
from core.tables import Column, View, build_table, render_table
from programmes.chosen import chosen_area_code, chosen_programme
from subsidies import fund_figures, queries
from subsidies.budgets import plan_of
from subsidies.filters import HoldFilter
from subsidies.forms import RECOVERY, FundMoveForm, ReceiptForm
from subsidies.models import Fund, FundEntry, FundHold
from subsidies.services import funds, holds
from subsidies.wording import account_name, source_name

COLUMNS = (
    Column("at", gettext_lazy("Date"), kind="when", order_by="at"),
    Column("kind", gettext_lazy("Entry"), value=lambda row: row.get_kind_display(), order_by="kind"),
    Column("credit", gettext_lazy("From account"), value=lambda row: account_name(row.credit), priority=2),
    Column("debit", gettext_lazy("To account"), value=lambda row: account_name(row.debit), priority=2),
    Column(
        "signed_fen", gettext_lazy("Amount/CNY"), kind="money", value=lambda row: row.amount_fen, order_by="amount_fen"
    ),
    Column("batch.number", gettext_lazy("Batch"), kind="id", order_by="batch__number", link=True),
    Column("line.line_no", pgettext_lazy("ledger", "Line"), kind="number", priority=2),
    Column("document_no", gettext_lazy("Document"), kind="soft", priority=2),
    Column("recorded_by", gettext_lazy("By"), priority=3),
)
HOLD_COLUMNS = (
    Column("dwelling.dwelling_no", gettext_lazy("Dwelling"), kind="id"),
    Column("area.name", gettext_lazy("Village"), order_by="area_id"),
    Column("sealed_at", gettext_lazy("Sealed"), kind="when", order_by="sealed_at"),
    Column("amount_fen", gettext_lazy("Amount/CNY"), kind="money", order_by="amount_fen"),
    Column("parts", gettext_lazy("Sources"), kind="soft", priority=2,
           value=lambda row: "、".join(f"{source_name(source)} {year}" for source, year, _fen in row.parts)),
    Column("batch.number", gettext_lazy("Batch"), kind="id", priority=2),
    Column("state", gettext_lazy("State"), template="subsidies/cell_state.html", order_by="state"),
)  # fmt: skip


@requires("funds.view")
@require_GET
def fund_list(request: HttpRequest) -> HttpResponse:
    """One line per source and budget year with its rates; by kind; ledger against lines; the document's own budget."""
    programme = chosen_programme(request)
    if programme is None:
        return render(request, "subsidies/fund_list.html", {"programme": None})
    found = list(queries.funds_of(programme, request.user))
    rows = fund_figures.fund_rows(found, programme)
    kinds, accounts = fund_figures.kind_rows(found), fund_figures.balances(found)
    sources = list(dict.fromkeys(fund.source for fund in found))
    context = {
        "programme": programme, "rows": rows, "sums": fund_figures.totals(rows),
        "kinds": [(row, [row.by_source.get(source, 0) for source in sources]) for row in kinds],
        "sources": [source_name(source) for source in sources],
        "balances": [(account_name(code), fen) for code, fen in accounts.items()],
        "balance_sum": sum(accounts.values()),
        "holds": fund_figures.hold_figures(programme),
        "plan": plan_of(programme),
        "may_record": request.user.has_right("funds.record", programme.area_id),
    }  # fmt: skip
    return render(request, "subsidies/fund_list.html", context)


@requires("funds.view")
@require_GET
def fund_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The ledger of one fund: entries only ever added."""
    fund = get_visible_or_404(Fund.objects.select_related("programme"), request.user, pk=pk)
    rows = FundEntry.objects.filter(fund=fund).select_related("batch", "line", "recorded_by")
    table = build_table(
        request, rows, COLUMNS, unit=_("entries"), default_sort="-at",
        row_url=lambda row: reverse("subsidies:batch-detail", args=[row.batch.number]) if row.batch else "",
    )  # fmt: skip
    may_record = request.user.has_right("funds.record", fund.area_id)
    context = {"fund": fund, "name": source_name(fund.source), "may_record": may_record}
    return render_table(request, "subsidies/fund_detail.html", table, context)


@requires("funds.record")
@require_http_methods(["GET", "POST"])
def fund_receipt(request: HttpRequest) -> HttpResponse:
    """Write down money promised or received; needs a one-time code."""
    programme = chosen_programme(request)
    if programme is None or not request.user.has_right("funds.record", programme.area_id):
        raise Http404
    initial = {"budget_year": programme.year_from, "received_on": clock.today()}
    form = ReceiptForm(queries.source_codes(programme), request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if not FundEntry.objects.filter(request_id=data["request_id"]).exists():
            step_up.demand(request, f"fund-receipt:{data['request_id']}")
        record = funds.record_grant if data["kind"] == FundEntry.Kind.GRANTED else funds.record_receipt
        entry = record(
            programme=programme, source=data["source"], budget_year=data["budget_year"], amount_fen=data["amount"],
            document_no=data["document_no"], request_id=data["request_id"], on=data["received_on"], by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
        messages.success(request, _("The receipt is written down."))
        return redirect("subsidies:fund-detail", entry.fund_id)
    context = {"form": form, "programme": programme}
    return render(request, "subsidies/fund_receipt.html", context, status=422 if form.errors else 200)


@requires("funds.record")
@require_http_methods(["GET", "POST"])
def fund_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Money given back to its source, or recovered from a household; needs a one-time code."""
    fund = get_visible_or_404(Fund.objects.select_related("programme"), request.user, "funds.record", pk=pk)
    form = FundMoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if not FundEntry.objects.filter(request_id=data["request_id"]).exists():
            step_up.demand(request, f"fund-move:{fund.pk}:{data['request_id']}")
        move = funds.record_recovery if data["kind"] == RECOVERY else funds.give_to_source
        move(
            fund=fund, amount_fen=data["amount"], document_no=data["document_no"], request_id=data["request_id"],
            by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
        messages.success(request, _("The entry is written down."))
        return redirect("subsidies:fund-detail", fund.pk)
    context = {"form": form, "fund": fund, "name": source_name(fund.source)}
    return render(request, "subsidies/fund_move.html", context, status=422 if form.errors else 200)


@requires("funds.view")
@require_GET
def hold_list(request: HttpRequest) -> HttpResponse:
    """Homes of sealed rosters with the money set aside for them, and those whose money is short."""
    programme = chosen_programme(request)
    rows = FundHold.objects.visible_to(request.user).within(chosen_area_code(request)).filter(programme=programme)
    figures = fund_figures.hold_figures(programme) if programme else {}
    table = build_table(
        request, rows.select_related("dwelling", "area", "batch"), HOLD_COLUMNS, filterset=HoldFilter, unit=_("homes"),
        default_sort="sealed_at",
        views=[View(_("All"), "", sum(one["n"] for one in figures.values())),
               View(_("Funds short"), "state=short", figures.get("short", {}).get("n", 0))],
        empty=(_("No money is held"), _("Money is held when a roster is sealed, where the programme says how much.")),
    )  # fmt: skip
    needs = holds.needs_of(programme) if programme else {}
    may_hold = programme is not None and bool(needs) and request.user.has_right("funds.record", programme.area_id)
    context = {"figures": figures, "may_hold": may_hold, "needs": _needs_words(needs)}
    return render_table(request, "subsidies/hold_list.html", table, context)


@requires("funds.record")
@require_POST
def hold_now(request: HttpRequest) -> HttpResponse:
    """Hold money now instead of at the next minute's run."""
    programme = chosen_programme(request)
    if programme is None:
        raise Http404
    done = holds.reserve_pending(programme=programme, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("%(held)d homes hold their money now; %(short)d are short.") % vars(done))
    return redirect("subsidies:hold-list")


def _needs_words(needs: dict[str, dict[str, int]]) -> list[tuple[str, list[tuple[str, int]]]]:
    """What one home of a technology needs, for the page's head."""
    return [
        (_("every technology") if code == "*" else code, [(source_name(source), fen) for source, fen in parts.items()])
        for code, parts in needs.items()
    ]
