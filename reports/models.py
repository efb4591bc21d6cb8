"""Only what makes pages over several apps fast or repeatable; everything here can be rebuilt."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, ScopedQuerySet
from households.models import Document, Dwelling
from programmes.models import Programme


class DwellingSummary(models.Model):
    """One flat row per dwelling and programme for lists; refreshed by pull, rebuilt by `rebuild_summaries`."""

    view_right: ClassVar = "households.view"
    area_field: ClassVar = "area_id"

    class Stage(models.TextChoices):
        REGISTERED = "registered", _("registered")
        LISTED = "listed", _("on an approved roster")
        INSTALLED = "installed", _("installed")
        RECTIFY = "rectify", _("to be put right")
        ACCEPTED = "accepted", _("accepted")
        NOTICED = "noticed", _("on public notice")
        BATCHED = "batched", _("in payment")
        PAID = "paid", _("paid")

    programme = models.ForeignKey(Programme, models.CASCADE)
    dwelling = models.ForeignKey(Dwelling, models.CASCADE, related_name="summaries")
    area = models.ForeignKey(Area, models.PROTECT)
    dwelling_no = models.CharField(max_length=26)
    head_name = models.CharField(max_length=40)
    head_initials = models.CharField(max_length=12, blank=True)
    id_number_tail = models.CharField(max_length=4, blank=True)
    technology = models.CharField(max_length=30, blank=True)
    family = models.CharField(max_length=20, blank=True)
    heated_area_m2 = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    stage = models.CharField(max_length=12, choices=Stage.choices)
    exclusion = models.CharField(max_length=20, blank=True)
    missing_papers = models.PositiveSmallIntegerField(default=0)
    due_fen = models.BigIntegerField(null=True)
    paid_fen = models.BigIntegerField(default=0)
    room_dc = models.SmallIntegerField(null=True)
    refreshed_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()
    data_labels: ClassVar = {
        "dwelling_no": "L1",
        "head_name": "L2",
        "head_initials": "L2",
        "id_number_tail": "L3",
        "technology": "L0",
        "family": "L0",
        "exclusion": "L1",
    }
    data_labels_plain: ClassVar = {"id_number_tail": "the four characters every mask shows"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "dwelling"], name="summary_once")]
        indexes = [
            models.Index(fields=["programme", "area", "dwelling_no"], name="summary_area_no"),
            models.Index(fields=["programme", "stage", "area"], name="summary_stage_area"),
            GinIndex(fields=["head_name"], name="summary_name_trgm", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["head_initials"], name="summary_initials", opclasses=["text_pattern_ops"]),
        ]


class LedgerExport(ScopedModel):
    """A ledger that was taken out: which, by whom, why, how many rows, and the hash of the file."""

    view_right = "ledgers.export"

    programme = models.ForeignKey(Programme, models.PROTECT)
    area = models.ForeignKey(Area, models.PROTECT)
    kind = models.CharField(max_length=30)
    query = models.CharField(max_length=2000, blank=True)
    full_numbers = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    row_count = models.PositiveIntegerField(null=True, blank=True)
    total_fen = models.BigIntegerField(null=True, blank=True)
    data_hash = models.CharField(max_length=64, blank=True)
    document = models.OneToOneField(Document, models.PROTECT, null=True, blank=True)
    requested_by = models.ForeignKey(User, models.PROTECT)
    requested_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"kind": "L0", "query": "L1", "reason": "L1", "data_hash": "L0"}
