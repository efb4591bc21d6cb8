"""Tender lots: the list, one of them with its bids, entering and every step."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from core.beside import read_beside
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from devices.models import DeviceModel, Supplier
from programmes.chosen import chosen_programme
from retrofits.models import (
    Bid,
    TenderLot,
)
from retrofits.project_forms import BidForm, LotForm
from retrofits.services import tenders
from retrofits.views.pages import refused_page
from retrofits.views.posting import done, posted
from retrofits.views.registers import MANAGE, STATE, VIEW, programme_of, reaching, reaching_or_404
from retrofits.works_forms import offer

LOTS = (
    Column("number", gettext_lazy("Lot"), kind="id", order_by="number", link=True),
    Column("title", gettext_lazy("Subject"), order_by="title"),
    Column("state", gettext_lazy("State"), template=STATE, order_by="state"),
    Column("opened_on", gettext_lazy("Opened on"), kind="when", order_by="opened_on"),
    Column("awarded_on", gettext_lazy("Awarded on"), kind="when", order_by="awarded_on"),
    Column(
        "departments", gettext_lazy("Held by"), kind="soft", value=lambda row: "、".join(row.departments), priority=2
    ),
)


@requires(VIEW)
@require_GET
def lot_list(request: HttpRequest) -> HttpResponse:
    programme = chosen_programme(request)
    rows = reaching(TenderLot.objects.all(), request.user).filter(programme=programme)
    table = build_table(
        request, rows, LOTS, unit=_("lots"), default_sort="-opened_on",
        row_url=lambda row: reverse("retrofits:lot-detail", args=[row.pk]),
        empty=(_("No tender lot yet"), _("Heating devices are chosen by tender; price alone does not decide.")),
    )  # fmt: skip
    return render_table(request, "retrofits/lot_list.html", table, {"form": LotForm()})


@requires(VIEW)
@require_GET
def lot_detail(request: HttpRequest, pk: int) -> HttpResponse:
    rows = TenderLot.objects.select_related("programme", "project", "technology")
    lot = reaching_or_404(rows, request, pk)
    may = lot.state == TenderLot.State.OPEN and request.user.has_right(MANAGE, lot.area_id)  # type: ignore[union-attr]
    suppliers, models = Supplier.objects.order_by("name"), DeviceModel.objects.order_by("model_no")
    found = read_beside(
        criteria=lot.criteria.all(), bids=lot.bids.select_related("supplier", "device_model"),
        suppliers=suppliers if may else suppliers.none(), models=models if may else models.none(),
    )  # fmt: skip
    form = BidForm([one.name for one in found["criteria"]])
    offer(form, "supplier", [(one.pk, str(one)) for one in found["suppliers"]])
    offer(form, "device_model", [(one.pk, str(one)) for one in found["models"]])
    context = {
        "lot": lot,
        "criteria": found["criteria"],
        "bids": tenders.ranked(found["bids"], found["criteria"]),
        "form": form,
        "may": may,
    }
    return render(request, "retrofits/lot_detail.html", context)


@requires(MANAGE)
@require_POST
def lot_new(request: HttpRequest) -> HttpResponse:
    programme = programme_of(request)

    def store(data: dict[str, Any]) -> None:
        price = tenders.Weighed(_("price"), data.pop("price_weight"), is_price=True)
        others = [tenders.Weighed(name, weight) for name, weight in data.pop("criteria")]
        criteria = [one for one in (price, *others) if one.weight]
        tenders.open_lot(
            programme=programme, criteria=criteria, ceiling_fen=data.pop("ceiling"), **data, by=request.user  # type: ignore[arg-type]
        )  # fmt: skip

    return posted(request, LotForm(request.POST), store, _("The lot is open."), "retrofits:lot-list")


@requires(MANAGE)
@require_POST
def lot_act(request: HttpRequest, pk: int) -> HttpResponse:
    """A bid, the award, or the end of the tender."""
    lot = get_visible_or_404(TenderLot.objects.select_related("programme"), request.user, MANAGE, pk=pk)
    by, to, said = request.user, "retrofits:lot-detail", _("It is recorded.")
    deed, reason = request.POST.get("deed", ""), request.POST.get("reason", "")
    if deed == "bid":
        form = BidForm(list(lot.criteria.values_list("name", flat=True)), request.POST)
        enter = lambda data: tenders.enter_bid(  # noqa: E731
            lot=lot, supplier=data["supplier"], price_fen=data["price"], points=form.points(),
            device_model=data["device_model"], by=by,  # type: ignore[arg-type]
        )  # fmt: skip
        return posted(request, form, enter, said, to, pk)
    if deed == "fail":
        return done(request, lambda: tenders.fail_lot(lot=lot, reason=reason, by=by), said, to, pk)  # type: ignore[arg-type]
    bid = Bid.objects.filter(lot=lot, pk__in=[key for key in [request.POST.get("bid", "")] if key.isdigit()]).first()
    if bid is None:
        return refused_page(request, Refused("OTHER_LOT", _("The bid is not one of this lot.")))
    return done(request, lambda: tenders.award_lot(lot=lot, bid=bid, reason=reason, by=by), said, to, pk)  # type: ignore[arg-type]
