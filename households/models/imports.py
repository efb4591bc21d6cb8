"""A roster on its way in: file, raw rows, mapped rows, applied changes; what it put forward."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.history.triggers import bulk_history_triggers, changes_trigger
from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from core.fields import EncryptedJSONField
from households.models.documents import Document
from households.models.registers import Dwelling
from programmes.models import Programme, Technology


class RosterImport(ScopedModel):
    """One uploaded roster in its four stored stages: file, raw rows, mapped rows, applied changes."""

    view_right = "rosters.import"

    class State(models.TextChoices):
        PARSING = "parsing", _("being read")
        REFUSED = "refused", _("file refused")
        MAPPING = "mapping", _("columns to confirm")
        REVIEW = "review", _("to be checked")
        APPLYING = "applying", _("being stored")
        APPLIED = "applied", _("stored")
        VOID = "void", _("void")

    programme = models.ForeignKey(Programme, models.PROTECT)
    area = models.ForeignKey(Area, models.PROTECT)
    file = models.ForeignKey(Document, models.PROTECT)
    file_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PARSING)
    mapping = models.JSONField(default=dict, blank=True)
    samples = EncryptedJSONField(default=dict, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    refusal = models.JSONField(default=list, blank=True)
    uploaded_by = models.ForeignKey(User, models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="corrections", help_text="The file sent back for it"
    )
    version = models.PositiveIntegerField(default=1)
    status_looks: ClassVar = {"refused": "bad"}
    data_labels: ClassVar = {"file_sha256": "L0", "mapping": "L0", "samples": "L4", "counts": "L0", "refusal": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "file_sha256"],
                name="same_file_once_alive",
                condition=~Q(state__in=["void", "refused"]),
            )
        ]


class ImportRow(TrackedModel):
    """One row of an uploaded sheet: what stood there, what it was read as, what is wrong with it.

    `table_no` counts the tables of a sheet: where two stand side by side, one line holds two households.
    """

    class State(models.TextChoices):
        READY = "ready", _("can be stored")
        FAULTY = "faulty", _("to be corrected")
        MERGED = "merged", _("exact repeat, merged")
        SKIPPED = "skipped", _("not a household")
        APPLIED = "applied", _("stored")
        UNDONE = "undone", _("stored and taken back")

    class Outcome(models.TextChoices):
        CREATED = "created", _("new household")
        SECOND_HOME = "second_home", _("further dwelling")
        UPDATED = "updated", _("changed")
        UNCHANGED = "unchanged", _("unchanged")

    roster_import = models.ForeignKey(RosterImport, models.CASCADE, related_name="rows", db_index=False)
    sheet = models.CharField(max_length=60)
    row_no = models.PositiveIntegerField()
    table_no = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=10, choices=State.choices)
    raw = EncryptedJSONField(default=dict)
    values = EncryptedJSONField(default=dict)
    issues = EncryptedJSONField(default=list)
    issue_codes = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    village = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, db_index=False)
    technology = models.CharField(max_length=30, blank=True)
    corrections = EncryptedJSONField(default=dict, blank=True)
    confirmed = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    keys_index = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    written = ArrayField(models.CharField(max_length=30), default=list, blank=True, help_text="Fields it wrote")
    before = EncryptedJSONField(null=True, blank=True, help_text="What it replaced, by field; undoing brings it back")
    applied_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    edited_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, db_index=False)
    dwelling = models.ForeignKey(Dwelling, models.SET_NULL, null=True, blank=True, db_index=False)
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {
        "sheet": "L1",
        "kind": "L0",
        "raw": "L4",
        "values": "L4",
        "issues": "L4",
        "issue_codes": "L0",
        "technology": "L0",
        "corrections": "L4",
        "confirmed": "L0",
        "keys_index": "L3",
        "written": "L0",
        "before": "L4",
    }
    #: What people do to a row. What the file says is proven by the file, kept under its hash; what storing made of it
    #: by the history of the household, the dwelling and the enrolment, under the import's name.
    history_of: ClassVar = ("kind", "corrections", "confirmed", "edited_by")

    class Meta(TrackedModel.Meta):
        triggers = [changes_trigger("kind", "corrections", "confirmed", "edited_by_id")]
        ordering = ["roster_import", "sheet", "row_no", "table_no"]
        constraints = [
            models.UniqueConstraint(fields=["roster_import", "sheet", "row_no", "table_no"], name="import_row_once")
        ]
        indexes = [
            models.Index(fields=["roster_import", "state"], name="import_row_state"),
            models.Index(fields=["dwelling"], name="import_row_dwelling", condition=Q(dwelling__isnull=False)),
            # Without stored rows: storing writes each row anew, and of the two entries of its keys one is dear enough.
            GinIndex(fields=["keys_index"], name="import_row_open_keys", condition=~Q(state="applied")),
        ]


class Enrolment(ScopedModel):
    """A dwelling put forward for a programme, with the route it is meant to take. What a roster is drawn up from."""

    view_right = "households.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="enrolments", db_index=False)
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="enrolments")
    area = models.ForeignKey(Area, models.PROTECT, db_index=False)
    technology = models.ForeignKey(Technology, models.PROTECT, db_index=False)
    source_import = models.ForeignKey(RosterImport, models.PROTECT, null=True, blank=True, db_index=False)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)

    class Meta(ScopedModel.Meta):
        triggers = bulk_history_triggers()
        constraints = [models.UniqueConstraint(fields=["programme", "dwelling"], name="enrolment_once")]
        indexes = [
            models.Index(fields=["programme", "area"], name="enrolment_place"),
            models.Index(fields=["area"], name="enrolment_area"),
        ]


class NumberSeries(TrackedModel):
    """Household numbers of one village: prefix such as QJD-03 and the next number, handed out under a row lock."""

    area = models.OneToOneField(Area, models.PROTECT, primary_key=True)
    prefix = models.CharField(max_length=16, unique=True)
    next_no = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {"prefix": "L0"}
