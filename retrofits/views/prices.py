"""Unified prices of the programme's models, and the homes that were billed otherwise (T-09)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from core.tables import Column, build_table, render_table
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits.models import Installation, UnifiedPrice
from retrofits.services import prices
from retrofits.views.posting import posted
from retrofits.views.registers import MANAGE, VIEW, programme_of, reaching
from retrofits.works_forms import PriceForm

OFF_LIST = (
    Column("task.dwelling.dwelling_no", gettext_lazy("Dwelling"), kind="id", order_by="task__dwelling__dwelling_no",
           link=True),
    Column("area.name", gettext_lazy("Village"), order_by="area_id"),
    Column("model_no", gettext_lazy("Model"), order_by="model_no"),
    Column("supplier.name", gettext_lazy("Installed by"), order_by="supplier__name"),
    Column("billed_fen", gettext_lazy("Billed/CNY"), kind="money", order_by="billed_fen"),
    Column("listed_fen", gettext_lazy("Unified price/CNY"), kind="money", order_by="listed_fen"),
)  # fmt: skip


@requires(VIEW)
@require_GET
def price_list(request: HttpRequest) -> HttpResponse:
    programme, area = chosen_programme(request), chosen_area_code(request)
    listed = reaching(UnifiedPrice.objects.all(), request.user).filter(programme=programme)
    records = Installation.objects.visible_to(request.user).filter(task__programme=programme)
    records = prices.off_list(records.within(area) if area else records.none())
    table = build_table(
        request, records.select_related("task__dwelling", "area", "supplier"), OFF_LIST, unit=_("households"),
        default_sort="task.dwelling.dwelling_no",
        row_url=lambda row: reverse("retrofits:task-detail", args=[row.task_id]),
        empty=(_("No home was billed otherwise"),
               _("Homes whose device and installation cost another amount than the unified price are listed here.")),
    )  # fmt: skip
    context = {
        "listed": listed.select_related("device_model__supplier"), "form": PriceForm(), "programme": programme,
    }  # fmt: skip
    return render_table(request, "retrofits/price_list.html", table, context)


@requires(MANAGE)
@require_POST
def price_new(request: HttpRequest) -> HttpResponse:
    programme = programme_of(request)

    def store(data: dict[str, Any]) -> None:
        model, reason = data.pop("device_model"), data.pop("reason")
        prices.set_price(programme=programme, device_model=model, values=data, reason=reason, by=request.user)  # type: ignore[arg-type]

    return posted(request, PriceForm(request.POST), store, _("It is recorded."), "retrofits:price-list")
