"""The payout ledger: every amount the bank has confirmed, to whom, from which source (S-ledger, D-33)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from core import tables
from core.workbooks.write import DATE, INTEGER, MONEY, Column, Value
from reports.ledgers.base import Extent, OfDwellings, Places, inside, narrowed, number, of_household
from subsidies import net
from subsidies.models import PayoutLine
from subsidies.wording import SOURCES

ORDER = ("area_id", "entitlement__dwelling__dwelling_no", "batch__number", "line_no")
CHUNK = 2000


class PayoutLedger(OfDwellings):
    kind = "payout"
    title = gettext_lazy("Payout ledger")
    about = gettext_lazy("Every payment the bank has confirmed, household by household, with its sources")
    icon = "cash"
    right = "payouts.view"
    asks = ("q", "town", "village", "source", "benefit", "batch")

    def found(self, extent: Extent) -> QuerySet[PayoutLine]:
        rows = extent.rows(PayoutLine).filter(batch__programme=extent.programme, state=PayoutLine.State.PAID)
        rows = narrowed(
            inside(rows, extent.query), extent.query, batch="batch__number", benefit="entitlement__benefit",
            source="entitlement__lines__source", dwelling="entitlement__dwelling__dwelling_no",
        )  # fmt: skip
        return of_household(rows, extent, "entitlement__").order_by(*ORDER)

    def total_fen(self, extent: Extent) -> int | None:
        return self.found(extent).order_by().aggregate(total=Sum("amount_fen"))["total"] or 0

    def sources(self, extent: Extent) -> list[str]:
        """Codes of the sources that bear part of these payments, in their alphabetic order."""
        return sorted(net.paid_shares(self.found(extent)).values_list("source", flat=True).distinct())

    def columns(self, extent: Extent) -> list[Column]:
        return [
            Column("no", _("No."), INTEGER, width=6),
            Column("town", _("Town"), width=12),
            Column("village", _("Village"), width=12),
            Column("dwelling_no", _("Number"), width=18),
            Column("head_name", _("Head of household"), width=12),
            Column("id_number", _("Identity number"), width=22),
            Column("technology", _("Route"), width=12),
            Column("benefit", _("Benefit"), width=10),
            Column("clause", _("Clause"), width=14),
            Column("amount", _("Paid"), MONEY, unit=_("CNY"), total=True),
            *self._of_what_came_back(extent),
            *(
                Column(f"source_{code}", _(SOURCES.get(code, code)), MONEY, unit=_("CNY"), total=True)
                for code in self.sources(extent)
            ),
            Column("batch", _("Batch"), width=16),
            Column("line_no", pgettext("ledger", "Line"), INTEGER, width=6),
            Column("payee", _("Payee"), width=12),
            Column("card", _("Account"), width=22),
            Column("paid_on", _("Paid on"), DATE, width=12),
            Column("reference", _("Bank reference"), width=20),
        ]

    def _of_what_came_back(self, extent: Extent) -> list[Column]:
        """Only where households gave something back: the sources' columns add up to what was paid less this one."""
        if not net.given_back(self.found(extent)).exists():
            return []
        return [Column("given_back", _("Recovered from the household"), MONEY, unit=_("CNY"), total=True)]

    def lines(self, extent: Extent) -> Iterator[dict[str, Value]]:
        places, back = Places(extent.area_code), net.given_back_by_payment(self.found(extent))
        rows = self.found(extent).select_related(
            "batch", "entitlement__household", "entitlement__dwelling", "entitlement__task__technology"
        )
        found = rows.prefetch_related("entitlement__lines").iterator(chunk_size=CHUNK)
        for no, line in enumerate(found, 1):
            yield {"no": no, **places.of(line.area_id), **_cells(line, extent.full, back.get(line.entitlement_id, {}))}

    def shown(self) -> Sequence[tables.Column]:
        return (
            tables.Column("entitlement.dwelling.dwelling_no", gettext_lazy("Number"), kind="id", link=True),
            tables.Column("entitlement.household.head_name", gettext_lazy("Head of household")),
            tables.Column(
                "id", gettext_lazy("Identity number"), kind="masked_id", priority=3,
                value=lambda line: line.entitlement.household.id_number,
            ),
            tables.Column("area.name", gettext_lazy("Village")),
            tables.Column("entitlement.benefit", gettext_lazy("Benefit"), kind="soft", priority=3),
            tables.Column(
                "amount_fen", gettext_lazy("Paid/CNY"), kind="money", order_by="amount_fen", total=Sum("amount_fen"),
                total_label=gettext_lazy("paid"),
            ),
            tables.Column("batch.number", gettext_lazy("Batch"), kind="id", order_by="batch__number"),
            tables.Column("bank_card", gettext_lazy("Account"), kind="masked_card", priority=3),
            tables.Column("settled_at", gettext_lazy("Paid on"), kind="when", order_by="settled_at"),
            tables.Column("bank_reference", gettext_lazy("Bank reference"), kind="mono", priority=2),
        )  # fmt: skip

    def for_screen(self, extent: Extent) -> QuerySet[PayoutLine]:
        return self.found(extent).select_related("area", "batch", "entitlement__household", "entitlement__dwelling")

    def dwelling_no_of(self, line: PayoutLine) -> str:
        return str(line.entitlement.dwelling.dwelling_no)


def _cells(line: PayoutLine, full: bool, back: Mapping[str, int]) -> dict[str, Any]:
    due = line.entitlement
    return {
        "dwelling_no": due.dwelling.dwelling_no,
        "head_name": due.household.head_name,
        "id_number": number(str(due.household.id_number), "id", full),
        "technology": due.task.technology.name,
        "benefit": due.benefit,
        "clause": due.clause,
        "amount": line.amount_fen,
        "given_back": sum(back.values()) or None,
        **{f"source_{source}": fen for source, fen in net.shares(line, back).items()},
        "batch": line.batch.number,
        "line_no": line.line_no,
        "payee": line.payee_name,
        "card": number(str(line.bank_card), "card", full),
        "paid_on": _day(line.settled_at),
        "reference": line.bank_reference,
    }


def _day(moment: Any) -> Any:
    return timezone.localtime(moment).date() if moment else None
