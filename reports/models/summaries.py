"""What makes pages over several apps fast or repeatable, and the weeks' progress as it was seen.

Summaries and totals can be rebuilt; a week's progress is written once and never again.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.history.triggers import append_only
from accounts.models import Area, User
from accounts.records import ScopedModel, ScopedQuerySet, TrackedModel
from core import clock
from households.models import Document, Dwelling
from programmes.models import Programme
from reports.models.periodic import LedgerTemplate


class DwellingSummary(models.Model):
    """One flat row per dwelling and programme for lists; refreshed by pull, rebuilt by `rebuild_summaries`."""

    view_right: ClassVar = "households.view"
    area_field: ClassVar = "area_id"

    class Stage(models.TextChoices):
        REGISTERED = "registered", _("registered")
        LISTED = "listed", _("on an approved roster")
        INSTALLED = "installed", _("installed, to be accepted")
        RECTIFY = "rectify", _("to be put right")
        ACCEPTED = "accepted", _("accepted")
        NOTICED = "noticed", _("on public notice")
        PAYABLE = "payable", _("notice over, may be paid")
        BATCHED = "batched", _("in payment")
        PAID = "paid", _("paid")

    class Claim(models.TextChoices):
        SELF_PAID = "self_paid", _("pays itself")
        COUNTED_ONLY = "counted_only", _("counted, not subsidised")

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
    year = models.PositiveSmallIntegerField(
        null=True, help_text="Year of the task; of several, when its list was approved"
    )
    contracted = models.BooleanField(default=False, help_text="Agreement or supply contract in the file")
    claim = models.CharField(max_length=12, choices=Claim.choices, blank=True)
    wanted_papers = models.PositiveSmallIntegerField(default=0)
    missing_papers = models.PositiveSmallIntegerField(default=0)
    missing = ArrayField(models.CharField(max_length=12), default=list)
    due_fen = models.BigIntegerField(null=True, help_text="NULL while nothing is calculated or an amount is undefined")
    paid_fen = models.BigIntegerField(default=0)
    payment_failed = models.BooleanField(default=False)
    heater_no = models.CharField(max_length=12, blank=True)
    room_dc = models.SmallIntegerField(null=True)
    heard_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(default=clock.now)
    refreshed_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()
    status_looks: ClassVar = {
        "registered": "", "listed": "", "installed": "busy", "rectify": "warn", "accepted": "ok", "noticed": "note",
        "payable": "ok", "batched": "busy", "paid": "done",
    }  # fmt: skip
    data_labels: ClassVar = {
        "dwelling_no": "L1",
        "head_name": "L2",
        "head_initials": "L2",
        "id_number_tail": "L3",
        "technology": "L0",
        "family": "L0",
        "exclusion": "L1",
        "claim": "L1",
        "missing": "L0",
        "heater_no": "L0",
    }
    data_labels_plain: ClassVar = {"id_number_tail": "the four characters every mask shows"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "dwelling"], name="summary_once")]
        indexes = [
            models.Index(fields=["programme", "area", "dwelling_no"], name="summary_area_no"),
            models.Index(fields=["programme", "stage", "area", "dwelling_no"], name="summary_stage_area"),
            models.Index(fields=["programme", "technology", "area", "dwelling_no"], name="summary_tech_area"),
            models.Index(fields=["programme", "-changed_at", "id"], name="summary_changed"),
            models.Index(
                fields=["programme", "area", "dwelling_no"], name="summary_missing", condition=Q(missing_papers__gt=0)
            ),
            models.Index(
                fields=["programme", "area", "dwelling_no"], name="summary_failed", condition=Q(payment_failed=True)
            ),
            models.Index(fields=["programme", "year", "area", "dwelling_no"], name="summary_year_area"),
            models.Index(
                fields=["programme", "area", "dwelling_no"], name="summary_contracted", condition=Q(contracted=True)
            ),
            models.Index(
                fields=["programme", "claim", "area", "dwelling_no"], name="summary_claim", condition=~Q(claim="")
            ),
            models.Index(fields=["dwelling_no"], name="summary_no", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["id_number_tail"], name="summary_tail"),
            GinIndex(  # a surname of one in five, narrowed by stage and route inside the index (decision 0380)
                fields=["head_name", "stage", "technology"],
                name="summary_name_trgm",
                opclasses=["gin_trgm_ops", "varchar_ops", "varchar_ops"],
                fastupdate=False,
            ),
            models.Index(fields=["head_initials"], name="summary_initials", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.dwelling_no} {self.head_name}"


TOTALLED_BY = ["programme", "area", "technology", "family", "stage", "excluded", "year", "contracted", "claim"]


class Total(models.Model):
    """Sums of summaries that agree in everything of `TOTALLED_BY`; amounts in fen."""

    view_right: ClassVar = "households.view"
    area_field: ClassVar = "area_id"

    programme = models.ForeignKey(Programme, models.CASCADE)
    area = models.ForeignKey(Area, models.PROTECT)
    technology = models.CharField(max_length=30, blank=True)
    family = models.CharField(max_length=20, blank=True)
    stage = models.CharField(max_length=12, choices=DwellingSummary.Stage.choices)
    excluded = models.BooleanField(default=False)
    year = models.PositiveSmallIntegerField(null=True)
    contracted = models.BooleanField(default=False)
    claim = models.CharField(max_length=12, blank=True)
    dwellings = models.PositiveIntegerField()
    due_fen = models.BigIntegerField(default=0)
    paid_fen = models.BigIntegerField(default=0)
    with_missing = models.PositiveIntegerField(default=0)
    with_failed = models.PositiveIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()
    data_labels: ClassVar = {"technology": "L0", "family": "L0", "claim": "L1"}

    class Meta:
        abstract = True


class SummaryTotal(Total):
    """Sums of the summaries of one village, route and stage: what boards and long lists count with."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=TOTALLED_BY, name="summary_total_once", nulls_distinct=False)]


class TownTotal(Total):
    """The same sums for whole towns, added up from `SummaryTotal`: what boards of counties and above read."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=TOTALLED_BY, name="town_total_once", nulls_distinct=False)]


class RefreshMark(models.Model):
    """How far the sealed history and the readings have been taken into the summaries; one row, locked while at it."""

    name = models.CharField(max_length=20, primary_key=True)
    history_seq = models.BigIntegerField(default=0)
    readings_until = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True)
    data_labels: ClassVar = {"name": "L0"}


class LedgerExport(ScopedModel):
    """A ledger that was taken out: which, by whom, why, how many rows, and the hash of the file."""

    view_right = "ledgers.export"

    programme = models.ForeignKey(Programme, models.PROTECT)
    area = models.ForeignKey(Area, models.PROTECT)
    kind = models.CharField(max_length=30)
    query = models.CharField(max_length=4000, blank=True)
    full_numbers = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    row_count = models.PositiveIntegerField(null=True, blank=True)
    total_fen = models.BigIntegerField(null=True, blank=True)
    data_hash = models.CharField(max_length=64, blank=True)
    document = models.OneToOneField(Document, models.PROTECT, null=True, blank=True)
    template = models.ForeignKey(LedgerTemplate, models.PROTECT, null=True, blank=True, related_name="+")
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    requested_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"kind": "L0", "query": "L1", "reason": "L1", "data_hash": "L0"}


class BulkRun(ScopedModel):
    """One deed on many dwellings: which, why, how far, what was refused and why, and what it made (to undo it)."""

    view_right = "households.view"

    class Deed(models.TextChoices):
        ENROL = "enrol", _("put forward for a programme")
        EXCLUDE = "exclude", _("exclude")
        RECHECK = "recheck", _("look for double entries")

    deed = models.CharField(max_length=10, choices=Deed.choices)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    params = models.JSONField(default=dict)
    paper = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="+")
    dwelling_ids = ArrayField(models.BigIntegerField())
    reached = models.PositiveIntegerField(default=0, help_text="How many of them were looked at")
    done = models.PositiveIntegerField(default=0)
    made = models.JSONField(default=list, help_text="[[kind, primary key], …] of what it made")
    refused = models.JSONField(default=list, help_text="[[dwelling, code, sentence], …]")
    finished_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {"deed": "L0", "params": "L2", "made": "L0", "refused": "L2"}
    history_exclude: ClassVar = ("dwelling_ids", "made", "refused")

    class Meta(ScopedModel.Meta):
        indexes = [models.Index(fields=["asked_by", "-asked_at"], name="bulk_run_mine")]

    def __str__(self) -> str:
        return f"{self.get_deed_display()} {self.pk}"


class ProgressWeek(TrackedModel):
    """That a programme's progress was written down in a week, named by its Monday: once, and never again (T-69)."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="progress_weeks")
    monday = models.DateField()
    taken_at = models.DateTimeField()
    data_labels: ClassVar = {}

    class Meta(TrackedModel.Meta):
        ordering = ["-monday"]
        constraints = [models.UniqueConstraint(fields=["programme", "monday"], name="progress_week_once")]
        triggers = [*TrackedModel.Meta.triggers, *append_only(truncate=False)]


class ProgressLine(ScopedModel):
    """What stood that week for one town, technology and year. `planned` is empty where the document names nothing."""

    view_right = "overview.view"

    week = models.ForeignKey(ProgressWeek, models.PROTECT, related_name="lines")
    area = models.ForeignKey(Area, models.PROTECT)
    technology = models.CharField(max_length=30, blank=True)
    year = models.PositiveSmallIntegerField(null=True)
    planned = models.PositiveIntegerField(null=True)
    enrolled = models.PositiveIntegerField(default=0)
    confirmed = models.PositiveIntegerField(default=0)
    contracted = models.PositiveIntegerField(default=0)
    installed = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    excluded = models.PositiveIntegerField(default=0)
    paid = models.PositiveIntegerField(default=0)
    self_paid = models.PositiveIntegerField(default=0)
    counted_only = models.PositiveIntegerField(default=0)
    data_labels: ClassVar = {"technology": "L0"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["week", "area", "technology", "year"], name="progress_line_once", nulls_distinct=False
            )
        ]
        triggers = [*ScopedModel.Meta.triggers, *append_only(truncate=False)]
