"""The ledger of clean-coal sales (J-47): a line per sale that stands, with what the household has had of the season."""

from __future__ import annotations

from typing import Any

from django.db.models import IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import gettext_lazy as _

from core.workbooks.write import DATE, INTEGER, MONEY
from heatsupply.models import CoalSale
from reports.ledgers.base import Extent, inside
from reports.ledgers.declared import TOWN, VILLAGE, DeclaredLedger, Item
from reports.links import address


def _sales(extent: Extent) -> QuerySet[CoalSale]:
    rows = extent.rows(CoalSale).filter(batch__point__programme=extent.programme, cancelled_at=None)
    same = CoalSale.objects.filter(household=OuterRef("household"), season=OuterRef("season"), cancelled_at=None)
    season = same.order_by().values("household").annotate(sum=Sum("kg")).values("sum")
    counted = inside(rows, extent.query).annotate(season_kg=Subquery(season, output_field=IntegerField()))
    joined = counted.select_related("area", "household", "batch__point")
    return joined.order_by("area_id", "sold_on", "id")  # type: ignore[no-any-return]


def _of_point(row: Any) -> str:
    return address("heat:coal-list", point=row.batch.point_id)


COAL = DeclaredLedger(
    kind="coal", title=_("Ledger of clean-coal sales"), about=_("Every sale of clean coal with household and batch"),
    icon="file-spreadsheet", right="coal.view", source=_sales, money="amount_fen", url=_of_point,
    items=(
        TOWN, VILLAGE, Item("point", _("Supply point"), of="batch.point.name", width=20, link=True, screen="text"),
        Item("sold_on", _("Day"), DATE, width=12),
        Item("household_no", _("household number"), of="household.household_no", width=16),
        Item("head_name", _("Head of household"), of="household.head_name", width=12),
        Item("batch_no", _("Batch"), of="batch.batch_no", width=14, priority=2),
        Item("kg", _("kilograms"), INTEGER, total=True, field="kg"),
        Item("amount", _("Paid money"), MONEY, of="amount_fen", unit=_("CNY"), total=True, field="amount_fen"),
        Item("season", _("Season"), INTEGER, width=8, priority=2),
        Item("season_kg", _("kilograms of the season"), INTEGER, priority=2),
        Item("receipt_no", _("Receipt"), width=16, priority=3),
    ),
)  # fmt: skip
