"""Whose works these are: the firm's that has the contract or installed, the agency's that was given the home.

A home nobody has been named for yet is open to every firm or agency of the place, because taking it up is how it
becomes somebody's; from then on the others do not see it.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.organisations import Register, register
from accounts.owning import belongs, done_by
from core.areas import code_range
from devices.models import Heater, Supplier
from households.models import Document, Dwelling, Enrolment, Household, Meter
from retrofits import models as works

OF_THE_TASK = (
    works.Contract, works.Confirmation, works.GateReason, works.Installation, works.Acceptance, works.Photo,
    works.PhotoTransfer, works.TariffChoice, works.UserFee, works.WorksCheck,
)  # fmt: skip
OF_THE_DWELLING = (works.PvPlant, works.CostShare, works.TransitionalHome)
OF_THE_PLACE = (works.SupplyStep, works.UnifiedPrice)


def declare() -> None:
    belongs(works.Task, by=own_tasks)
    belongs(works.VisitOrder, by=own_orders)
    belongs(works.Agency, by=own_agencies)
    belongs(works.Rectification, through="acceptance__task")
    belongs(works.JointAcceptance, through="homes__task")
    belongs(works.Review, through="lines__acceptance__task")
    belongs(works.Admission, firm="supplier")
    belongs(works.PilotTest, firm="admission__supplier")
    belongs(works.TenderLot, firm="bids__supplier")
    belongs(works.InstallationImport, by=done_by("uploaded_by", "uploaded_at"))
    belongs(works.PhotoBatch, by=done_by("uploaded_by", "uploaded_at"))
    for model in OF_THE_TASK:
        belongs(model, through="task")
    for model in OF_THE_DWELLING:
        belongs(model, through="dwelling__tasks")
    for model in OF_THE_PLACE:
        belongs(model, everybody=True)
    _declare_homes()
    register("firm", Register(Supplier, firms_within, lambda row: f"{row.name} · {row.code}"))


def firms_within(codes: list[str]) -> QuerySet[Supplier]:
    """Firms put forward in these places, and those nobody has put forward yet: they dock before they are admitted."""
    here = Q(pk__in=[])
    for low, high in map(code_range, codes):
        here |= Q(admissions__area_id__gte=low, admissions__area_id__lt=high)
    rows = Supplier.objects.filter(here | Q(admissions=None)) if codes else Supplier.objects.none()
    return rows.distinct().order_by("name", "code")


def _declare_homes() -> None:
    """Rows of earlier apps that the works make somebody's."""
    belongs(Heater, firm="installation__supplier", by=given_heaters)
    belongs(Household, through="dwellings__tasks")
    belongs(Dwelling, through="tasks")
    belongs(Enrolment, through="dwelling__tasks")
    belongs(Meter, through="supplies__dwelling__tasks")
    belongs(Document, through="dwelling__tasks")


def own_tasks(user: Any, kind: str) -> Q:
    """Tasks of the firm or of the agency, and those nobody has been named for."""
    if kind == "firm" and user.works_for(kind):
        mine = Q(supplier__in=user.works_for(kind))
        return _own_or_free(works.Contract.objects.filter(cancelled_on=None), mine) & (
            _own_or_free(works.Installation.objects.all(), mine)
        )
    if kind == "agency":
        mine = Q(inspector=user) | Q(agency__members__user=user)
        return _own_or_free(works.VisitOrder.objects.all(), mine) | _mine(works.Acceptance.objects.all(), mine)
    return Q(pk__in=[])


def _mine(rows: Any, mine: Q) -> Q:
    return Q(Exists(rows.filter(mine, task=OuterRef("pk"))))


def _own_or_free(rows: Any, mine: Q) -> Q:
    return _mine(rows, mine) | ~Q(Exists(rows.filter(task=OuterRef("pk"))))


def given_heaters(user: Any, kind: str) -> Q:
    """An inspector sees the heaters of the homes that are open to the agency."""
    if kind != "agency":
        return Q(pk__in=[])
    return Q(installation__task__in=works.Task.objects.filter(own_tasks(user, kind)))


def own_orders(user: Any, kind: str) -> Q:
    return Q(inspector=user) | Q(agency__members__user=user) if kind == "agency" else Q(pk__in=[])


def own_agencies(user: Any, kind: str) -> Q:
    return Q(members__user=user) if kind == "agency" else Q(pk__in=[])
