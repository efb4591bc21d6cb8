"""What inspectors found, and what had to be put right."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from households.models import Document
from programmes.models import Checklist
from retrofits.models.tasks import Task


class Acceptance(ScopedModel):
    """What an inspector found at the door. The latest one decides; earlier ones stay."""

    view_right = "tasks.view"

    class Result(models.TextChoices):
        PASSED = "passed", _("passed")
        FAILED = "failed", _("not passed")

    task = models.ForeignKey(Task, models.PROTECT, related_name="acceptances")
    area = models.ForeignKey(Area, models.PROTECT)
    request_id = models.UUIDField(unique=True, help_text="Made when the form was shown: a retry finds the first one")
    inspector = models.ForeignKey(User, models.PROTECT)
    checklist = models.ForeignKey(Checklist, models.PROTECT)
    answers = models.JSONField()
    telemetry_evidence = models.JSONField(default=dict, blank=True)
    room_temp_c = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    result = models.CharField(max_length=8, choices=Result.choices)
    opinion = models.CharField(max_length=300, blank=True)
    signature = models.OneToOneField(Document, models.PROTECT, null=True, blank=True, related_name="+")
    signer_name = models.CharField(_("signed by"), max_length=40, blank=True)
    accepted_on = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"answers": "L1", "telemetry_evidence": "L1", "opinion": "L1", "signer_name": "L2"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["task"], name="accepted_once", condition=Q(result="passed")),
        ]


class Rectification(ScopedModel):
    view_right = "tasks.view"

    acceptance = models.OneToOneField(Acceptance, models.PROTECT, related_name="rectification")
    area = models.ForeignKey(Area, models.PROTECT)
    defect = models.CharField(max_length=300)
    due_on = models.DateField()
    done_on = models.DateField(null=True, blank=True)
    done_note = models.CharField(max_length=300, blank=True)
    data_labels: ClassVar = {"defect": "L1", "done_note": "L1"}
