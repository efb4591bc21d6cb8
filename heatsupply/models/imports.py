"""A company's workbook on its way in: sent, read on trial with all that is wrong in it, stored piece by piece."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Area, User
from core.fields import EncryptedJSONField
from heatsupply.models.fees import FeeImport
from heatsupply.models.networks import HeatingCompany, HeatNetwork
from heatsupply.models.owned import OwnedModel
from households.models import Document
from jobs.models import Job
from programmes.models import Programme


class HeatImport(OwnedModel):
    """A file of heat fees or of pipes. `stored_rows` says how far storing came: a run that was killed goes on there."""

    class Kind(models.TextChoices):
        FEES = "fees", _("heat fees")
        PIPES = "pipes", _("pipe segments")

    class State(models.TextChoices):
        READING = "reading", _("being read")
        CHECKED = "checked", _("checked, nothing stored yet")
        REFUSED = "refused", _("could not be taken")
        STORING = "storing", pgettext_lazy("file", "being stored")
        STORED = "stored", pgettext_lazy("file", "stored")

    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="files", verbose_name=_("company"))
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    programme = models.ForeignKey(Programme, models.PROTECT, null=True, blank=True, related_name="+")
    season = models.CharField(_("season"), max_length=9, blank=True)
    network = models.ForeignKey(HeatNetwork, models.PROTECT, null=True, blank=True, related_name="+")
    file = models.OneToOneField(Document, models.PROTECT, related_name="+")
    file_sha256 = models.CharField(max_length=64)
    back = models.OneToOneField(
        Document, models.PROTECT, null=True, blank=True, related_name="+", help_text="Rows not taken, to be corrected"
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.READING)
    counts = models.JSONField(default=dict, blank=True)
    problems = EncryptedJSONField(default=dict, blank=True)
    plan_digest = models.CharField(max_length=64, blank=True)
    in_spite = models.BooleanField(default=False, help_text="The good rows are stored although others are faulty")
    stored_rows = models.PositiveIntegerField(default=0)
    taken = models.OneToOneField(FeeImport, models.PROTECT, null=True, blank=True, related_name="+")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    sent_at = models.DateTimeField(_("file sent"))
    stored_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    stored_at = models.DateTimeField(null=True, blank=True)
    history_exclude: ClassVar = ("problems", "stored_rows")
    status_looks: ClassVar = {
        "reading": "busy", "checked": "warn", "refused": "bad", "storing": "busy", "stored": "done",
    }  # fmt: skip
    data_labels: ClassVar = {
        "season": "L0", "file_sha256": "L0", "counts": "L0", "problems": "L3", "plan_digest": "L0",
    }  # fmt: skip

    class Meta(OwnedModel.Meta):
        ordering = ["-id"]
        indexes = [models.Index(fields=["company", "-id"], name="heat_import_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="fees", programme__isnull=False, network__isnull=True)
                | Q(kind="pipes", network__isnull=False),
                name="heat_import_of_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def said(self) -> list[dict[str, Any]]:
        """The first problems of the file: where, code, value."""
        found: list[dict[str, Any]] = self.problems.get("rows", []) if self.problems else []
        return found
