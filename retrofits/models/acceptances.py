"""What inspectors found, and what had to be put right."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from households.models import Document
from programmes.models import Checklist
from retrofits.models.inspections import Agency
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
    began_at = models.DateTimeField(null=True, blank=True, help_text="By the phone's clock")
    visited_at = models.DateTimeField(null=True, blank=True, help_text="By the phone's clock; null: when recorded")
    found = models.JSONField(default=dict, blank=True, help_text="Position, distance and plate as the phone saw them")
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, blank=True, related_name="acceptances")
    data_labels: ClassVar = {
        "answers": "L1", "telemetry_evidence": "L1", "opinion": "L1", "signer_name": "L2", "found": "L2",
    }  # fmt: skip

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


class TransmissionCheck(TrackedModel):
    """“Data transmission confirmed” (J-31): provisional at the door, final when the programme's window is full."""

    class State(models.TextChoices):
        PROVISIONAL = "provisional", _("provisional")
        CONFIRMED = "confirmed", _("confirmed")
        NOT_CONFIRMED = "not_confirmed", _("not confirmed")

    acceptance = models.OneToOneField(Acceptance, models.CASCADE, related_name="transmission")
    state = models.CharField(max_length=14, choices=State.choices, default=State.PROVISIONAL)
    first_message_at = models.DateTimeField()
    window_from = models.DateTimeField()
    window_to = models.DateTimeField()
    needed_percent = models.DecimalField(max_digits=5, decimal_places=2)
    expected = models.PositiveIntegerField(help_text="Polls the window holds")
    good = models.PositiveIntegerField(help_text="Polls answered with plausible temperatures")
    implausible = models.PositiveIntegerField(default=0)
    judged_at = models.DateTimeField()
    status_looks: ClassVar = {"provisional": "busy", "confirmed": "done", "not_confirmed": "bad"}
    data_labels: ClassVar = {}

    class Meta(TrackedModel.Meta):
        indexes = [models.Index(fields=["state", "window_to"], name="transmission_due")]
