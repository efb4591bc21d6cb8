"""Funds: what came in, what is promised and paid, what is left; and the ledger behind each figure."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts import step_up
from accounts.access import get_visible_or_404, requires
from core import clock
from core.tables import Column, build_table, render_table
from programmes.chosen import chosen_programme
from subsidies import queries
from subsidies.forms import ReceiptForm
from subsidies.models import Fund, FundEntry
from subsidies.services import funds
from subsidies.wording import source_name

COLUMNS = (
    Column("at", gettext_lazy("Date"), kind="when", order_by="at"),
    Column("kind", gettext_lazy("Entry"), value=lambda row: row.get_kind_display(), order_by="kind"),
    Column(
        "signed_fen", gettext_lazy("Amount/CNY"), kind="money", value=lambda row: row.amount_fen, order_by="amount_fen"
    ),
    Column("batch.number", gettext_lazy("Batch"), kind="id", order_by="batch__number", link=True),
    Column("line.line_no", gettext_lazy("Line"), kind="number", priority=2),
    Column("document_no", gettext_lazy("Document"), kind="soft", priority=2),
    Column("recorded_by", gettext_lazy("By"), priority=3),
)


@requires("funds.view")
@require_GET
def fund_list(request: HttpRequest) -> HttpResponse:
    """One line per source and budget year, with its bar."""
    programme = chosen_programme(request)
    found = list(queries.funds_of(programme, request.user)) if programme else []
    rows = [{"fund": fund, "name": source_name(fund.source)} for fund in found]
    sums = {
        name: sum(getattr(fund, name) for fund in found)
        for name in ("received_fen", "reserved_fen", "paid_fen", "free_fen")
    }
    may_record = programme is not None and request.user.has_right("funds.record", programme.area_id)
    context = {"programme": programme, "rows": rows, "sums": sums, "may_record": may_record}
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
    return render_table(request, "subsidies/fund_detail.html", table, {"fund": fund, "name": source_name(fund.source)})


@requires("funds.record")
@require_http_methods(["GET", "POST"])
def fund_receipt(request: HttpRequest) -> HttpResponse:
    """Write down money received; needs a one-time code."""
    programme = chosen_programme(request)
    if programme is None or not request.user.has_right("funds.record", programme.area_id):
        raise Http404
    initial = {"budget_year": programme.year_from, "received_on": clock.today()}
    form = ReceiptForm(queries.source_codes(programme), request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if not FundEntry.objects.filter(request_id=data["request_id"]).exists():
            step_up.demand(request, f"fund-receipt:{data['request_id']}")
        entry = funds.record_receipt(
            programme=programme, source=data["source"], budget_year=data["budget_year"], amount_fen=data["amount"],
            document_no=data["document_no"], request_id=data["request_id"], on=data["received_on"], by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
        messages.success(request, _("The receipt is written down."))
        return redirect("subsidies:fund-detail", entry.fund_id)
    context = {"form": form, "programme": programme}
    return render(request, "subsidies/fund_receipt.html", context, status=422 if form.errors else 200)
