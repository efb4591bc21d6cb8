"""Who is left out and why, and what is missing where at the end of a year (T-96)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.workbooks.write import DATE, DECIMAL, MONEY
from households.models import Dwelling
from reports.ledgers.base import Extent, inside, narrowed, of_household
from reports.ledgers.declared import TOWN, VILLAGE, DeclaredLedger, Item
from reports.links import address
from reports.models import DwellingSummary, Paper

Stage = DwellingSummary.Stage
#: gap -> (its words, which summaries have it). Those who pay themselves or are only counted are never unpaid.
GAPS: dict[str, tuple[Any, Q]] = {
    "roster": (_("on no approved list"), Q(stage=Stage.REGISTERED)),
    "works": (_("not installed"), Q(stage=Stage.LISTED)),
    "acceptance": (_("installed, not accepted"), Q(stage__in=[Stage.INSTALLED, Stage.RECTIFY])),
    "papers": (_("papers missing"), Q(missing_papers__gt=0)),
    "payment": (
        _("accepted, not paid"),
        Q(stage__in=[Stage.ACCEPTED, Stage.NOTICED, Stage.PAYABLE, Stage.BATCHED], claim=""),
    ),
    "returned": (_("sent back by the bank"), Q(payment_failed=True)),
}
EXCLUSIONS = dict(Dwelling.Exclusion.choices)


def _summaries(extent: Extent) -> Any:
    rows = inside(extent.rows(DwellingSummary).filter(programme=extent.programme), extent.query)
    rows = narrowed(rows, extent.query, technology="technology")
    year = extent.query.get("year", "")
    rows = rows.filter(year=int(year)) if year.isascii() and year.isdigit() else rows
    rows = of_household(rows, extent, "dwelling__household__", "dwelling__")
    return rows.select_related("area", "dwelling__household").order_by("area_id", "dwelling_no")


def _gaps(extent: Extent) -> QuerySet[DwellingSummary]:
    asked = extent.query.get("gap", "")
    wanted = [asked] if asked in GAPS else list(GAPS)
    condition = Q()
    for code in wanted:
        condition |= GAPS[code][1]
    return _summaries(extent).filter(condition, exclusion="")  # type: ignore[no-any-return]


def gap_codes(row: DwellingSummary) -> list[str]:
    """The gaps of one dwelling, by the same conditions as the list."""

    def holds(condition: Q) -> bool:
        return all(_matches(row, name, value) for name, value in condition.children)  # type: ignore[misc]

    return [code for code, (_words, condition) in GAPS.items() if holds(condition)]


def _matches(row: DwellingSummary, lookup: str, value: Any) -> bool:
    name, _sep, how = lookup.partition("__")
    found = getattr(row, name)
    if how == "in":
        return found in value
    return bool(found > value) if how == "gt" else bool(found == value)


def gap_words(row: DwellingSummary) -> str:
    return "、".join(str(GAPS[code][0]) for code in gap_codes(row))


def _missing(row: DwellingSummary) -> str:
    words = dict(Paper.choices)
    return "、".join(str(words[code]) for code in row.missing)


def _who() -> tuple[Item, ...]:
    return (
        TOWN, VILLAGE, Item("dwelling_no", _("Number"), width=18, link=True),
        Item("head_name", _("Head of household"), width=12),
        Item("id_number", _("Identity number"), of="dwelling.household.id_number", width=22, masked="id", priority=3),
        Item("phone", _("Phone"), of="dwelling.household.phone", width=14, masked="phone", seen=False),
    )  # fmt: skip


def _file(row: DwellingSummary) -> str:
    return address("reports:household-detail", row.dwelling_no)


GAP = DeclaredLedger(
    kind="gap", title=_("Gap list"),
    about=_("List against completion, file and payment: what each household still lacks"),
    icon="checks", right="households.view", source=_gaps, asks=("q", "town", "village", "technology", "year", "gap"),
    items=(
        *_who(),
        Item("stage", _("Stage"), of=lambda row: row.get_stage_display(), width=14),
        Item("gaps", _("Gaps"), of=gap_words, width=28),
        Item("missing", _("Missing papers"), of=_missing, width=30, priority=2),
        Item("due", _("Due"), MONEY, of="due_fen", unit=_("CNY"), total=True, field="due_fen", priority=2),
        Item("paid", _("Paid money"), MONEY, of="paid_fen", unit=_("CNY"), total=True, field="paid_fen"),
    ),
    money="due_fen", url=_file,
)  # fmt: skip


def _excluded(extent: Extent) -> QuerySet[DwellingSummary]:
    rows = _summaries(extent).exclude(exclusion="")
    return narrowed(rows, extent.query, exclusion="exclusion")


EXCLUDED = DeclaredLedger(
    kind="exclusion", title=_("Exclusion list"), about=_("Households that are not converted, each with its reason"),
    icon="filter-off", right="households.view", source=_excluded, asks=("q", "town", "village", "exclusion"),
    items=(
        *_who(),
        Item("area", _("Heated area"), DECIMAL, of="heated_area_m2", unit="m²", total=True, priority=2),
        Item("exclusion", _("Reason"), of=lambda row: str(EXCLUSIONS.get(row.exclusion, row.exclusion)), width=20),
        Item("note", _("Note"), of="dwelling.exclusion_note", width=30, priority=2),
        Item("changed", _("Changed"), DATE, of=lambda row: timezone.localdate(row.changed_at), width=12, priority=3),
    ),
    url=_file,
)  # fmt: skip
