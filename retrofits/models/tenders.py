"""Tenders: a lot, what it is judged by, the bids, and which of them was taken (T-47, J-45, J-52, D-39)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from devices.models import DeviceModel, Supplier
from programmes.models import Programme, Technology
from retrofits.models.projects import Project


class TenderLot(ScopedModel):
    """One lot, of a project or of a programme's devices; several departments hold it together."""

    view_right = "tasks.view"

    class State(models.TextChoices):
        OPEN = "open", _("open")
        AWARDED = "awarded", _("awarded")
        FAILED = "failed", _("failed")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="lots")
    project = models.ForeignKey(Project, models.PROTECT, null=True, blank=True, related_name="lots")
    area = models.ForeignKey(Area, models.PROTECT)
    number = models.CharField(_("lot"), max_length=40)
    title = models.CharField(_("subject"), max_length=120)
    technology = models.ForeignKey(Technology, models.PROTECT, null=True, blank=True)
    departments = models.JSONField(_("departments that hold it"), default=list, blank=True)
    refers_to_data_access = models.BooleanField(_("asks for the data access of annex 2"), default=False)
    ceiling_fen = models.BigIntegerField(_("highest price"), null=True, blank=True)
    opened_on = models.DateField(_("opened on"))
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    awarded_on = models.DateField(null=True, blank=True)
    award_reason = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    status_looks: ClassVar = {"open": "busy", "awarded": "done", "failed": "void"}
    data_labels: ClassVar = {"number": "L0", "title": "L0", "departments": "L0", "award_reason": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["-opened_on", "number"]
        constraints = [models.UniqueConstraint(fields=["programme", "number"], name="tender_lot_once")]

    def __str__(self) -> str:
        return self.number


class Criterion(TrackedModel):
    """What bids are judged by, with its weight in percent; price alone is never everything."""

    lot = models.ForeignKey(TenderLot, models.CASCADE, related_name="criteria")
    name = models.CharField(max_length=80)
    is_price = models.BooleanField(default=False)
    weight = models.PositiveSmallIntegerField()
    data_labels: ClassVar = {"name": "L0"}

    class Meta(TrackedModel.Meta):
        verbose_name_plural = "criteria"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["lot", "name"], name="criterion_once"),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=100), name="criterion_weight"),
        ]


class Bid(TrackedModel):
    """A firm's offer with the points it got per criterion (0 to 100)."""

    lot = models.ForeignKey(TenderLot, models.CASCADE, related_name="bids")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="bids")
    device_model = models.ForeignKey(DeviceModel, models.PROTECT, null=True, blank=True)
    price_fen = models.BigIntegerField()
    points = models.JSONField(default=dict, blank=True)
    out_reason = models.CharField(max_length=300, blank=True, help_text="Why it is out of the running")
    is_winner = models.BooleanField(default=False)
    data_labels: ClassVar = {"points": "L0", "out_reason": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["lot", "supplier"], name="bid_once"),
            models.UniqueConstraint(fields=["lot"], name="lot_one_winner", condition=Q(is_winner=True)),
            models.CheckConstraint(condition=Q(price_fen__gt=0), name="bid_price_positive"),
        ]
