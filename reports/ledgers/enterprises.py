"""The enterprise ledger: who may work here, with which certificates, and what each has installed."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.workbooks.write import DATE, INTEGER, MONEY
from reports.ledgers.base import Extent, narrowed
from reports.ledgers.declared import DeclaredLedger, Item, yes
from reports.links import address
from retrofits.models import Acceptance, Admission, CostItem, Installation


def _of_supplier(rows: Any, path: str, made: Any) -> Any:
    """A subquery of one number over `rows` of the admission's firm and programme."""
    own = rows.filter(**{path: OuterRef("supplier")}).order_by()
    return Coalesce(Subquery(own.values(path).annotate(made=made).values("made")), 0)


def _admissions(extent: Extent) -> QuerySet[Admission]:
    rows = extent.rows(Admission).filter(programme=extent.programme)
    rows = narrowed(rows, extent.query, enterprise="supplier__code", admission="state")
    here = {"task__programme": extent.programme}
    counted = rows.annotate(
        n_installed=_of_supplier(Installation.objects.filter(**here), "supplier", Count("pk")),
        n_accepted=_of_supplier(
            Acceptance.objects.filter(**here, result="passed"), "task__installation__supplier", Count("pk")
        ),
        n_failed=_of_supplier(
            Acceptance.objects.filter(**here).exclude(result="passed"), "task__installation__supplier", Count("pk")
        ),
        cost_fen=_of_supplier(
            CostItem.objects.filter(installation__task__programme=extent.programme),
            "installation__supplier", Sum("amount_fen"),
        ),
    )  # fmt: skip
    joined = counted.select_related("supplier", "area").prefetch_related("supplier__qualifications")
    return joined.order_by("supplier__name", "id")  # type: ignore[no-any-return]


def _certificates(row: Admission) -> str:
    """Certificates with their last days, in the order of the works they are for."""
    words = []
    for one in row.supplier.qualifications.all():
        until = f" ≤{one.valid_until:%Y-%m-%d}" if one.valid_until else ""
        words.append(f"{one.get_work_display()} {one.name} {one.number}{until}")
    return "；".join(words)


ENTERPRISES = DeclaredLedger(
    kind="enterprise", title=_("Enterprise ledger"),
    about=_("Firms that may work here, their certificates, and what each has installed"),
    icon="building", right="tasks.view", source=_admissions, asks=("enterprise", "admission"), group="",
    items=(
        Item("code", _("Code"), of="supplier.code", width=12, priority=3),
        Item("name", pgettext_lazy("ledger", "Enterprise"), of="supplier.name", width=24, link=True, screen="text"),
        Item("state", _("State"), of=lambda row: row.get_state_display(), width=14),
        Item("pilot", _("Demonstration only"), of=lambda row: yes(row.is_pilot), width=10, priority=3),
        Item("applied_on", _("Put forward on"), DATE, width=12, priority=3),
        Item("admitted_on", _("Admitted on"), DATE, width=12),
        Item("ended_on", _("Ended on"), DATE, width=12, priority=3),
        Item("certificates", _("Certificates"), of=_certificates, width=40, priority=2),
        Item("warranty", _("Warranty"), INTEGER, of="warranty_months", unit=_("months"), width=10, priority=2),
        Item("service_point", _("Service point"), width=24, priority=3),
        Item("service_phone", _("Service phone"), width=16, priority=3),
        Item("n_installed", pgettext_lazy("ledger", "Installed"), INTEGER, total=True, field="n_installed", width=10),
        Item("n_accepted", _("Accepted"), INTEGER, total=True, field="n_accepted", width=10),
        Item("n_failed", _("Visits not passed"), INTEGER, total=True, field="n_failed", width=10, priority=2),
        Item("cost", _("Cost"), MONEY, of="cost_fen", unit=_("CNY"), total=True, field="cost_fen", priority=2),
    ),
    money="cost_fen", place=lambda row: "", url=lambda row: address("retrofits:admission-detail", row.pk),
)  # fmt: skip
