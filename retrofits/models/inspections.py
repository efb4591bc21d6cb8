"""Who inspects: agencies under contract, their people, the homes given to them, and the levels above (T-50, L-43)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from households.models import Document
from programmes.models import Programme
from retrofits.models.tasks import Task


class Agency(ScopedModel):
    """A third party engaged to accept, by one contract for one programme (T-50)."""

    view_right = "tasks.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="agencies")
    area = models.ForeignKey(Area, models.PROTECT)
    name = models.CharField(_("agency"), max_length=80)
    contract_no = models.CharField(_("contract"), max_length=60)
    begins_on = models.DateField(_("contract from"))
    ends_on = models.DateField(_("contract until"))
    share_percent = models.PositiveSmallIntegerField(
        _("share of homes to inspect, %"), default=100, help_text="Of the homes installed; 100 = every one"
    )
    data_labels: ClassVar = {"name": "L0", "contract_no": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "contract_no"], name="agency_contract_once"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("begins_on")), name="agency_contract_in_order"),
            models.CheckConstraint(condition=Q(share_percent__gte=1, share_percent__lte=100), name="agency_share"),
        ]

    def __str__(self) -> str:
        return self.name


class AgencyMember(TrackedModel):
    """An inspector who works for an agency."""

    agency = models.ForeignKey(Agency, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["agency", "user"], name="agency_member_once")]


class VisitOrder(ScopedModel):
    """One home given to one inspector of an agency; done when that home is accepted or refused."""

    view_right = "tasks.view"

    task = models.ForeignKey(Task, models.PROTECT, related_name="visit_orders")
    area = models.ForeignKey(Area, models.PROTECT)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="orders")
    inspector = models.ForeignKey(User, models.PROTECT, related_name="+")
    due_on = models.DateField()
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    given_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["task"], name="visit_order_open_once", condition=Q(done_at__isnull=True))
        ]


class LevelCheck(ScopedModel):
    """One level of acceptance of a programme's year: self-check, then city, then national (L-43, D-47, T-54)."""

    view_right = "programmes.view"

    class Level(models.TextChoices):
        SELF = "self", _("self-check")
        CITY = "city", _("city")
        NATIONAL = "national", _("national")

    class Result(models.TextChoices):
        PASSED = "passed", _("passed")
        FAILED = "failed", _("not passed")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="level_checks")
    area = models.ForeignKey(Area, models.PROTECT)
    year = models.PositiveSmallIntegerField()
    level = models.CharField(max_length=8, choices=Level.choices)
    result = models.CharField(max_length=6, choices=Result.choices)
    held_on = models.DateField()
    note = models.CharField(max_length=300, blank=True)
    report = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="+")
    figures = models.JSONField(default=dict, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    status_looks: ClassVar = {"passed": "done", "failed": "bad"}
    data_labels: ClassVar = {"note": "L1", "figures": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["year", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "year", "level"], name="level_passed_once", condition=Q(result="passed")
            )
        ]
