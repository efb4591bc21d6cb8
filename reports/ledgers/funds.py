"""Money by source and year, every movement of it, and running subsidies season by season."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.workbooks.write import DATETIME, DECIMAL, INTEGER, MONEY
from households.models import MeterReading
from reports.ledgers.base import Extent, inside, narrowed, of_household
from reports.ledgers.declared import TOWN, VILLAGE, DeclaredLedger, Item
from reports.links import address
from subsidies.models import Entitlement, Fund, FundEntry, PayoutLine
from subsidies.wording import account_name, source_name

RUNNING = "RUNNING"
CARRIERS = dict(MeterReading.Carrier.choices)
ENERGIES = {"electricity_kwh": "kWh", "gas_m3": "m³"}


def _year(rows: QuerySet[Any], extent: Extent, field: str) -> QuerySet[Any]:
    year = extent.query.get("year", "")
    return rows.filter(**{field: int(year)}) if year.isascii() and year.isdigit() and len(year) == 4 else rows


def _funds(extent: Extent) -> QuerySet[Fund]:
    rows = narrowed(extent.rows(Fund).filter(programme=extent.programme), extent.query, source="source")
    used = F("held_fen") + F("reserved_fen") + F("paid_fen") + F("returned_fen")
    free = rows.annotate(left_fen=F("received_fen") + F("clawed_fen") - used)
    return _year(free, extent, "budget_year").order_by("budget_year", "source")


def _executed(fund: Fund) -> Decimal | None:
    """Paid in percent of received (T-59); nothing where nothing has arrived."""
    if not fund.received_fen:
        return None
    return round(Decimal(100) * fund.paid_fen / fund.received_fen, 1)


def _sum(key: str, title: Any, priority: int = 2) -> Item:
    return Item(key, title, MONEY, unit=_("CNY"), total=True, field=key, priority=priority)


FUNDS = DeclaredLedger(
    kind="fund", title=_("Fund ledger"), about=_("Money by source and budget year: promised, arrived, set aside, paid"),
    icon="building-bank", right="funds.view", source=_funds, asks=("source", "year"), group="year", money="paid_fen",
    items=(
        Item("year", _("Budget year"), INTEGER, of="budget_year", width=10, screen="text"),
        Item("source", _("Source"), of=lambda fund: source_name(fund.source), width=18),
        _sum("granted_fen", _("Granted")), _sum("received_fen", _("Received"), 1), _sum("held_fen", _("Held"), 3),
        _sum("reserved_fen", _("Reserved"), 3), _sum("paid_fen", _("Paid money"), 1),
        _sum("returned_fen", _("Given back"), 3), _sum("clawed_fen", _("Recovered"), 3), _sum("left_fen", _("Free"), 1),
        Item("executed", _("Paid of received"), DECIMAL, of=_executed, unit="%", width=10),
    ),
    url=lambda fund: address("reports:ledger-detail", "movement", source=fund.source, year=fund.budget_year),
)  # fmt: skip


def _movements(extent: Extent) -> QuerySet[FundEntry]:
    rows = extent.rows(FundEntry).filter(fund__programme=extent.programme)
    rows = narrowed(rows, extent.query, source="fund__source", batch="batch__number", movement="kind")
    joined = rows.select_related("fund", "batch", "line__entitlement__dwelling", "recorded_by")
    return _year(joined, extent, "fund__budget_year").order_by("fund__budget_year", "fund__source", "id")


MOVEMENTS = DeclaredLedger(
    kind="movement", title=_("Movements of the funds"), about=_("Every entry of the fund ledger, both accounts of it"),
    icon="receipt", right="funds.view", source=_movements, asks=("source", "year", "movement", "batch"), group="source",
    items=(
        Item("at", _("When"), DATETIME, width=19),
        Item("year", _("Budget year"), INTEGER, of="fund.budget_year", width=10, screen="text", priority=2),
        Item("source", _("Source"), of=lambda entry: source_name(entry.fund.source), width=18),
        Item("movement", _("Movement"), of=lambda entry: entry.get_kind_display(), width=16),
        Item("debit", _("Debit"), of=lambda entry: account_name(entry.debit), width=14, priority=3),
        Item("credit", _("Credit"), of=lambda entry: account_name(entry.credit), width=14, priority=3),
        Item("amount", _("Amount"), MONEY, of="amount_fen", unit=_("CNY"), total=True, field="amount_fen"),
        Item("batch", _("Batch"), of="batch.number", width=16, priority=2),
        Item("line_no", pgettext_lazy("ledger", "Line"), INTEGER, of="line.line_no", width=8, priority=3),
        Item("dwelling_no", _("Number"), of="line.entitlement.dwelling.dwelling_no", width=18, priority=2),
        Item("document_no", _("Document"), width=20, priority=3),
        Item("by", _("Entered by"), of="recorded_by.person_name", width=12, priority=3),
    ),
    money="amount_fen",
    url=lambda entry: address("subsidies:batch-detail", entry.batch.number) if entry.batch_id else "",
)  # fmt: skip


def running(extent: Extent) -> QuerySet[Entitlement]:
    rows = inside(extent.rows(Entitlement), extent.query).filter(programme=extent.programme, benefit_kind=RUNNING)
    rows = narrowed(rows.exclude(state="void"), extent.query, season="period", technology="task__technology__code")
    paid = PayoutLine.objects.filter(entitlement=OuterRef("pk"), state=PayoutLine.State.PAID).order_by()
    total = paid.values("entitlement").annotate(fen=Sum("amount_fen")).values("fen")
    at = paid.order_by("-settled_at").values("settled_at")[:1]
    rows = of_household(rows, extent, "household__", "dwelling__").annotate(paid_fen=Subquery(total), paid_at=at)
    joined = rows.select_related("area", "household", "dwelling", "task__technology", "policy")
    return joined.order_by("area_id", "dwelling__dwelling_no", "period", "id")


def usage_words(due: Entitlement) -> str:
    """What the meters counted for it: "1,234.5 kWh", each energy once; "" where nothing is stored."""
    found: dict[str, Decimal] = {}
    for energy, _first, _last, quantity, *_where in due.facts.get("usage", []):
        if quantity is not None:
            found[energy] = found.get(energy, Decimal(0)) + Decimal(quantity)
    return "、".join(f"{quantity:,.1f} {ENERGIES.get(energy, energy)}" for energy, quantity in found.items())


def _paid_on(due: Any) -> Any:
    return timezone.localtime(due.paid_at).date() if due.paid_at else None


RUNNING_LEDGER = DeclaredLedger(
    kind="running", title=_("Running-subsidy ledger"),
    about=_("What each season's use of electricity or gas brings a household, and what of it was paid"),
    icon="bolt", right="entitlements.view", source=running, asks=("q", "town", "village", "technology", "season"),
    items=(
        TOWN, VILLAGE,
        Item("dwelling_no", _("Number"), of="dwelling.dwelling_no", width=18, link=True),
        Item("head_name", _("Head of household"), of="household.head_name", width=12),
        Item("id_number", _("Identity number"), of="household.id_number", width=22, masked="id", priority=3),
        Item("technology", _("Route"), of="task.technology.name", width=12, priority=2),
        Item("season", _("Season"), of="period", width=12),
        Item("usage", _("Counted use"), of=usage_words, width=18, priority=2),
        Item("outcome", _("Outcome"), of=lambda due: due.get_outcome_display(), width=12, priority=3),
        Item("clause", _("Clause"), width=16, priority=3),
        Item("due", _("Due"), MONEY, of="amount_fen", unit=_("CNY"), total=True, field="amount_fen"),
        Item("paid", _("Paid money"), MONEY, of="paid_fen", unit=_("CNY"), total=True, field="paid_fen"),
        Item("paid_on", _("Paid on"), "date", of=_paid_on, width=12, priority=2),
    ),
    money="amount_fen", url=lambda due: address("subsidies:entitlement-detail", due.pk),
)  # fmt: skip
