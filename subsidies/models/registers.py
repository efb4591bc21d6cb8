"""Money beside the households': what projects were paid by progress, and towns awarded. Integer fen."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from programmes.models import PlannedFunds, Programme
from retrofits.models import Project
from subsidies import guards


class ProjectPayment(ScopedModel):
    """Construction money paid to a project as it proceeds (L-21), against the money planned for it by source.

    It is no household money and moves no fund of the payout ledger. `progress_percent` is what was reported by then.
    """

    view_right = "funds.view"

    project = models.ForeignKey(Project, models.PROTECT, related_name="payments")
    area = models.ForeignKey(Area, models.PROTECT)
    source = models.CharField(_("source"), max_length=20, choices=PlannedFunds.Source.choices)
    budget_year = models.PositiveSmallIntegerField(_("budget year"))
    amount_fen = models.BigIntegerField()
    progress_percent = models.DecimalField(max_digits=5, decimal_places=2)
    document_no = models.CharField(_("document"), max_length=80)
    request_id = models.UUIDField(unique=True, help_text="Made when the form was shown: a retry finds the first one")
    on = models.DateField(_("day"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    data_labels: ClassVar = {"document_no": "L0"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="project_payment_positive"),
            models.CheckConstraint(condition=~Q(document_no=""), name="project_payment_proven"),
        ]
        triggers = [*ScopedModel.Meta.triggers, *guards.LEDGER]

    def __str__(self) -> str:
        return f"{self.project_id} {self.on}"


class TownAward(ScopedModel):
    """A town awarded for works that were fast and good (L-22). The text gives no amount: NULL until one is decided."""

    view_right = "funds.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="town_awards")
    area = models.ForeignKey(Area, models.PROTECT)
    year = models.PositiveSmallIntegerField(_("year"))
    words = models.CharField(_("for what"), max_length=300)
    amount_fen = models.BigIntegerField(null=True, blank=True)
    document_no = models.CharField(_("document"), max_length=80)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    data_labels: ClassVar = {"words": "L0", "document_no": "L0"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["programme", "area", "year", "document_no"], name="town_award_once"),
            models.CheckConstraint(
                condition=Q(amount_fen__isnull=True) | Q(amount_fen__gt=0), name="town_award_positive"
            ),
        ]
        triggers = [*ScopedModel.Meta.triggers, *guards.LEDGER]

    def __str__(self) -> str:
        return f"{self.area_id} {self.year}"
