"""What a clerk did to the rows of an import, step by step, to be taken back; who is at which row."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.records import TrackedModel
from core.fields import EncryptedJSONField
from households.models.imports import ImportRow, RosterImport


class RepairStep(TrackedModel):
    """One press on the review page: the rows it changed, each as it was before and as it was left.

    `rows` is [[row id, before, after], …]; both hold `corrections`, `confirmed`, `kind` and `edited_by`.
    """

    class Kind(models.TextChoices):
        CORRECT = "correct", _("corrected")
        CONFIRM = "confirm", _("confirmed")
        LEAVE_OUT = "leave_out", _("left out")
        TO_FILE = "to_file", _("back to the file")
        GROUP = "group", _("repaired together")
        FILE = "file", _("corrected from the file")

    roster_import = models.ForeignKey(RosterImport, models.CASCADE, related_name="repair_steps")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    rows = EncryptedJSONField(default=list)
    row_count = models.PositiveIntegerField()
    row_no = models.PositiveIntegerField(help_text="Of the first row, for people")
    at = models.DateTimeField(auto_now_add=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {"kind": "L0", "rows": "L4"}
    #: The rows' own history says what changed.
    history_exclude: ClassVar = ("rows",)

    class Meta(TrackedModel.Meta):
        indexes = [
            models.Index(
                fields=["roster_import", "by", "-id"],
                name="repair_step_last",
                condition=models.Q(taken_back_at__isnull=True),
            )
        ]


class RowAttention(models.Model):
    """A clerk has the cursor in a row. Of the moment only: rewritten every few seconds, worthless a minute later."""

    row = models.ForeignKey(ImportRow, models.CASCADE, related_name="attention")
    user = models.OneToOneField(User, models.CASCADE, related_name="+")
    at = models.DateTimeField()
