"""Money by source and budget year, and every movement of it. All amounts are integer fen."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from programmes.models import Programme
from subsidies import guards
from subsidies.models.batches import PayoutBatch, PayoutLine


class Fund(ScopedModel):
    """Money of one source and budget year. Running totals with CHECKs: it can't be overspent."""

    view_right = "funds.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="funds")
    area = models.ForeignKey(Area, models.PROTECT)
    source = models.CharField(max_length=24)
    budget_year = models.PositiveSmallIntegerField()
    received_fen = models.BigIntegerField(default=0)
    reserved_fen = models.BigIntegerField(default=0)
    paid_fen = models.BigIntegerField(default=0)
    data_labels: ClassVar = {"source": "L0"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["programme", "source", "budget_year"], name="fund_once"),
            models.CheckConstraint(
                name="fund_not_overspent",
                condition=Q(received_fen__gte=F("reserved_fen") + F("paid_fen"), reserved_fen__gte=0, paid_fen__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.budget_year}"

    @property
    def free_fen(self) -> int:
        return self.received_fen - self.reserved_fen - self.paid_fen


class FundEntry(ScopedModel):
    """The fund ledger: append-only; corrections are further entries."""

    view_right = "funds.view"

    class Kind(models.TextChoices):
        RECEIVED = "received", _("money received")
        RESERVED = "reserved", _("reserved for a batch")
        RELEASED = "released", _("reservation given back")
        PAID = "paid", _("paid")

    fund = models.ForeignKey(Fund, models.PROTECT, related_name="entries")
    area = models.ForeignKey(Area, models.PROTECT)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount_fen = models.BigIntegerField()
    batch = models.ForeignKey(PayoutBatch, models.PROTECT, null=True, blank=True, related_name="fund_entries")
    line = models.ForeignKey(PayoutLine, models.PROTECT, null=True, blank=True, related_name="fund_entries")
    round_no = models.PositiveSmallIntegerField(default=0, help_text="The batch's round; 0 for receipts")
    request_id = models.UUIDField(unique=True, null=True, blank=True)
    document_no = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT)
    data_labels: ClassVar = {"document_no": "L1"}

    class Meta(ScopedModel.Meta):
        verbose_name_plural = "fund entries"
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="fund_entry_positive"),
            models.UniqueConstraint(
                fields=["fund", "batch", "round_no", "kind"],
                name="fund_batch_entry_once",
                condition=Q(batch__isnull=False, line__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["fund", "line", "kind"], name="fund_line_entry_once", condition=Q(line__isnull=False)
            ),
        ]
        indexes = [models.Index(fields=["fund", "-id"], name="fund_entry_newest")]
        triggers = [*ScopedModel.Meta.triggers, *guards.LEDGER]
