"""Which gates a programme asks for, what a place has ready, and reasons given where a soft gate is passed."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from programmes.models import Programme
from retrofits.models.tasks import Task


class GateRule(TrackedModel):
    """One gate of a programme: hard ones block, soft ones ask for a reason; `families` empty means every route."""

    class Mode(models.TextChoices):
        HARD = "hard", _("blocks")
        SOFT = "soft", _("asks for a reason")

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="gate_rules")
    gate = models.CharField(max_length=30)
    mode = models.CharField(max_length=4, choices=Mode.choices, default=Mode.HARD)
    families = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    clause = models.CharField(max_length=40)
    data_labels: ClassVar = {"gate": "L0", "families": "L0", "clause": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["programme", "gate"], name="gate_rule_once")]


class GateReason(ScopedModel):
    """Why the office lets one task through a soft gate; it stays with the task."""

    view_right = "tasks.view"

    task = models.ForeignKey(Task, models.PROTECT, related_name="gate_reasons")
    area = models.ForeignKey(Area, models.PROTECT)
    gate = models.CharField(max_length=30)
    reason = models.CharField(_("reason"), max_length=300)
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    given_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"gate": "L0", "reason": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["task", "gate"], name="gate_reason_once")]


class SupplyStep(ScopedModel):
    """A step by which a place becomes ready for gas; it holds for the place and everything below it (J-11, J-12)."""

    view_right = "tasks.view"

    class Step(models.TextChoices):
        PLAN = "plan", _("plan")
        DESIGN = "design", _("design")
        CONTRACT = "contract", _("gas source contract")
        INFRASTRUCTURE = "infrastructure", _("infrastructure ready")
        SAFETY = "safety", _("safety measures ready")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="supply_steps")
    area = models.ForeignKey(Area, models.PROTECT)
    step = models.CharField(_("step"), max_length=14, choices=Step.choices)
    done_on = models.DateField(_("done on"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    party = models.CharField(_("unit"), max_length=120)
    paper_no = models.CharField(_("number of the paper"), max_length=80)
    note = models.CharField(_("note"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"party": "L0", "paper_no": "L0", "note": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["area_id", "id"]
        constraints = [models.UniqueConstraint(fields=["programme", "area", "step"], name="supply_step_once")]
