"""The ledgers of village, town and district (J-74): a line per place, added up from the stored totals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Left
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from core import areas
from core.workbooks.write import DECIMAL, INTEGER, MONEY
from programmes.models import Measure, Target, Technology, Unit
from reports.ledgers.base import Extent, inside, narrowed
from reports.ledgers.declared import TOWN, DeclaredLedger, Item
from reports.links import address
from reports.models import SummaryTotal
from reports.queries.progress import FIGURES, UNCOUNTED
from reports.stages import totals_in

RIGHT = "households.view"
ASKS = ("town", "village", "technology", "year")


def _totals(extent: Extent) -> QuerySet[SummaryTotal]:
    rows = inside(extent.rows(SummaryTotal).filter(programme=extent.programme), extent.query)
    rows = narrowed(rows, extent.query, technology="technology")
    year = extent.query.get("year", "")
    return rows.filter(year=int(year)) if year.isascii() and year.isdigit() else rows


def _sums() -> dict[str, Any]:
    """Households by figure, and money; names that no field of the totals has."""
    counts = {
        f"n_{code}": Coalesce(Sum("dwellings", filter=totals_in(stage) if stage else Q()), 0)
        for code, (_words, stage) in FIGURES.items()
    }
    counts["n_aside"] = Coalesce(Sum("dwellings", filter=UNCOUNTED), 0)
    money = {"sum_due": Sum("due_fen"), "sum_paid": Sum("paid_fen")}
    return counts | money | {"n_missing": Sum("with_missing"), "n_failed": Sum("with_failed")}


def _planned(extent: Extent, place: Any) -> Any:
    """Households the document's breakdown asks of the place; NULL where it names none."""
    wanted = Target.objects.filter(
        programme=extent.programme, measure=Measure.CONVERSION, unit=Unit.HOUSEHOLD, area__code__startswith=place
    )
    wanted = narrowed(wanted, extent.query, technology="technology__code").order_by()
    total = wanted.annotate(one=Value(1)).values("one").annotate(sum=Sum("quantity")).values("sum")
    return Cast(Subquery(total), IntegerField())


def _villages(extent: Extent) -> QuerySet[Any]:
    grouped = _totals(extent).order_by().values("area_id", name=F("area__name"))
    return grouped.annotate(**_sums()).order_by("area_id")


def _towns(extent: Extent) -> QuerySet[Any]:
    place = Left("area_id", areas.CODE_LENGTHS[areas.TOWN])
    rows = _totals(extent).order_by().annotate(place=place)
    named = rows.annotate(
        name=Area.objects.filter(code=OuterRef("place")).values("name")[:1], planned=_planned(extent, OuterRef("place"))
    )
    return named.values("place", "name", "planned").annotate(**_sums()).order_by("place")


def _district(extent: Extent) -> QuerySet[Any]:
    route = Technology.objects.filter(programme=extent.programme, code=OuterRef("technology")).values("name")[:1]
    grouped = _totals(extent).order_by().annotate(route=route).values("technology", "route", "year")
    return grouped.annotate(**_sums()).order_by("technology", F("year").asc(nulls_last=True))


def _rate(row: dict[str, Any]) -> Any:
    """Accepted homes that count in percent of the plan or of what is confirmed; nothing where nobody is confirmed."""
    aside = row["n_aside"]
    whole = row.get("planned") or row["n_confirmed"] - aside
    return round(Decimal(100) * (row["n_accepted"] - aside) / Decimal(whole), 1) if whole else None


def _route(row: dict[str, Any]) -> str:
    return row["route"] or row["technology"] or "—"


COUNTS = tuple(
    Item(
        f"n_{code}", words, INTEGER, total=True, field=f"n_{code}", width=10,
        priority=1 if code in ("confirmed", "accepted", "paid") else 2 if code in ("enrolled", "installed") else 3,
    )
    for code, (words, _stage) in FIGURES.items()
)  # fmt: skip
MONEY_ITEMS = (
    Item("n_missing", _("Files with missing papers"), INTEGER, total=True, field="n_missing", priority=3),
    Item("n_failed", _("Sent back by the bank"), INTEGER, total=True, field="n_failed", priority=3),
    Item("sum_due", _("Due"), MONEY, unit=_("CNY"), total=True, field="sum_due", priority=2),
    Item("sum_paid", _("Paid money"), MONEY, unit=_("CNY"), total=True, field="sum_paid"),
)
RATE = Item("rate", _("Accepted"), DECIMAL, of=_rate, unit="%", width=10)


def _list(row: dict[str, Any], **more: Any) -> str:
    return address("reports:household-list", **more)


VILLAGES = DeclaredLedger(
    kind="village", title=_("Village ledger"), about=_("Every village with its households by stage and its money"),
    icon="map-pin", right=RIGHT, source=_villages, asks=ASKS, money="sum_paid",
    items=(
        TOWN, Item("village", _("Village"), of="name", width=12, link=True, screen="text"), *COUNTS, *MONEY_ITEMS, RATE,
    ),
    url=lambda row: _list(row, town=row["area_id"][:9], village=row["area_id"] if len(row["area_id"]) > 9 else ""),
)  # fmt: skip
TOWNS = DeclaredLedger(
    kind="town", title=_("Town ledger"), about=_("Every town with its plan, its households by stage and its money"),
    icon="building", right=RIGHT, source=_towns, asks=("town", "technology", "year"), money="sum_paid", group="",
    items=(
        Item("town_name", _("Town"), of="name", width=16, link=True, screen="text"),
        Item("planned", _("in the plan"), INTEGER, total=True, field="planned", width=10, priority=2),
        *COUNTS, *MONEY_ITEMS, RATE,
    ),
    place=lambda row: str(row["place"]), url=lambda row: _list(row, town=row["place"]),
)  # fmt: skip
DISTRICT = DeclaredLedger(
    kind="district", title=_("District ledger"), about=_("The whole place by technology and year"),
    icon="building-bank", right=RIGHT, source=_district, asks=("technology", "year"), money="sum_paid", group="",
    items=(
        Item("route", _("Route"), of=_route, width=18, link=True, screen="text"),
        Item("year", _("Year"), of=lambda row: row["year"] or "—", width=8), *COUNTS, *MONEY_ITEMS, RATE,
    ),
    place=lambda row: "", url=lambda row: _list(row, technology=row["technology"] or "none"),
)  # fmt: skip
