"""The household ledger: the list of household files as it is filtered or ticked on the screen (T-93)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Area
from core import tables
from core.workbooks.write import DECIMAL, INTEGER, MONEY, Column, Value
from reports.ledgers.base import Extent, OfDwellings, Places, inside, narrowed, number
from reports.models import DwellingSummary, Paper
from reports.queries.matching import matching, villages_for
from reports.stages import rows_in

CHUNK = 2000
# Columns of the list → columns of the workbook. Room and time of change are in it only where they were seen.
ON_SCREEN: dict[str, tuple[str, ...]] = {
    "dwelling_no": ("dwelling_no",), "head_name": ("head_name",), "id_number": ("id_number",),
    "area.name": ("town", "village"), "technology": ("technology",), "heated_area_m2": ("area",), "stage": ("stage",),
    "missing_papers": ("missing",), "due_fen": ("due",), "paid_fen": ("paid",), "room_dc": ("room",),
    "changed_at": ("changed",),
}  # fmt: skip
SCREEN_ONLY = frozenset({"room", "changed"})


class HouseholdLedger(OfDwellings):
    kind = "household"
    title = gettext_lazy("Household ledger")
    about = gettext_lazy("Every dwelling of the programme with its stage, missing papers and money")
    icon = "users"
    right = "households.view"
    asks = ("q", "town", "village", "technology", "stage", "missing", "returned")

    def found(self, extent: Extent) -> QuerySet[DwellingSummary]:
        query = extent.query
        rows = inside(extent.rows(DwellingSummary).filter(programme=extent.programme), query)
        text = query.get("q", "")
        rows = narrowed(rows, query, technology="technology")
        rows = rows.filter(matching(text, villages_for(text, Area.objects.within(extent.area_code))))
        if query.get("stage"):
            rows = rows.filter(rows_in(query["stage"]))
        if query.get("missing"):
            rows = rows.filter(missing_papers__gt=0, exclusion="")
        if query.get("missing") in Paper.values:
            rows = rows.filter(missing__contains=[query["missing"]])
        if query.get("returned"):
            rows = rows.filter(payment_failed=True, exclusion="")
        if query.get("ids"):
            rows = rows.filter(pk__in=[int(one) for one in query["ids"].split(",") if one.isdigit()])
        return rows.order_by("area_id", "dwelling_no")

    def total_fen(self, extent: Extent) -> int | None:
        return self.found(extent).order_by().aggregate(total=Sum("due_fen"))["total"] or 0

    def columns(self, extent: Extent) -> list[Column]:
        """All of them, or those the list showed (`cols` in the query), in the order of the screen."""
        known = {column.key: column for column in self._every()}
        seen = [key for name in extent.query.get("cols", "").split(",") for key in ON_SCREEN.get(name, ())]
        chosen = [known[key] for key in dict.fromkeys(seen)]
        return [known["no"], *chosen] if chosen else [one for one in known.values() if one.key not in SCREEN_ONLY]

    def _every(self) -> list[Column]:
        return [
            Column("no", _("No."), INTEGER, width=6),
            Column("town", _("Town"), width=12),
            Column("village", _("Village"), width=12),
            Column("dwelling_no", _("Number"), width=18),
            Column("head_name", _("Head of household"), width=12),
            Column("id_number", _("Identity number"), width=22),
            Column("phone", _("Phone"), width=14),
            Column("technology", _("Route"), width=12),
            Column("area", _("Heated area"), DECIMAL, unit="m²"),
            Column("stage", _("Stage"), width=14),
            Column("missing", _("Missing papers"), width=30),
            Column("due", _("Due"), MONEY, unit=_("CNY"), total=True),
            Column("paid", _("Paid"), MONEY, unit=_("CNY"), total=True),
            Column("room", _("Room"), DECIMAL, unit="℃"),
            Column("changed", _("Changed"), width=18),
        ]

    def lines(self, extent: Extent) -> Iterator[dict[str, Value]]:
        places, words = Places(extent.area_code), dict(Paper.choices)
        routes = dict(extent.programme.technologies.values_list("code", "name"))
        rows = self.found(extent).select_related("dwelling__household")
        for no, row in enumerate(rows.iterator(chunk_size=CHUNK), 1):
            missing = "、".join(str(words[code]) for code in row.missing)
            yield {
                "no": no, **places.of(row.area_id), **_cells(row, extent.full), "missing": missing,
                "technology": routes.get(row.technology, row.technology),
            }  # fmt: skip

    def shown(self) -> Sequence[tables.Column]:
        return (
            tables.Column("dwelling_no", gettext_lazy("Number"), kind="id", link=True),
            tables.Column("head_name", gettext_lazy("Head of household")),
            tables.Column("area.name", gettext_lazy("Village")),
            tables.Column("stage", gettext_lazy("Stage"), template="reports/parts/cell_stage.html"),
            tables.Column(
                "due_fen", gettext_lazy("Due/CNY"), kind="money", total=Sum("due_fen"), total_label=gettext_lazy("due")
            ),
            tables.Column(
                "paid_fen", gettext_lazy("Paid/CNY"), kind="money", total=Sum("paid_fen"),
                total_label=gettext_lazy("paid"),
            ),
        )  # fmt: skip

    def for_screen(self, extent: Extent) -> QuerySet[DwellingSummary]:
        return self.found(extent).select_related("area")

    def dwelling_no_of(self, row: DwellingSummary) -> str:
        return row.dwelling_no


def _cells(row: DwellingSummary, full: bool) -> dict[str, Any]:
    family = row.dwelling.household
    return {
        "dwelling_no": row.dwelling_no,
        "head_name": row.head_name,
        "id_number": number(str(family.id_number), "id", full),
        "phone": number(str(family.phone), "phone", full),
        "area": row.heated_area_m2,
        "stage": str(row.get_stage_display()),
        "due": row.due_fen,
        "paid": row.paid_fen,
        "room": None if row.room_dc is None else Decimal(row.room_dc) / 10,
        "changed": f"{timezone.localtime(row.changed_at):%Y-%m-%d %H:%M}",
    }
