"""Safety all year: bodies, officers, their training, expert visits, drills, plans, papers given to households."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from core.fields import EncryptedTextField
from households.models import Document, Household


class SafetyPost(ScopedModel):
    """A town's safety body with its responsible person (T-60), or a village's safety officer (T-61)."""

    view_right = "hazards.view"

    class Kind(models.TextChoices):
        BODY = "body", _("safety body of the town")
        OFFICER = "officer", _("safety officer of the village")

    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    body_name = models.CharField(_("body"), max_length=80, blank=True)
    person_name = models.CharField(_("responsible person"), max_length=40)
    phone = EncryptedTextField(_("phone"), max_length=30, blank=True)
    since = models.DateField(_("since"))
    until = models.DateField(null=True, blank=True)
    data_labels: ClassVar = {"body_name": "L0", "person_name": "L2", "phone": "L3"}

    class Meta(ScopedModel.Meta):
        ordering = ["area_id"]
        constraints = [
            models.UniqueConstraint(fields=["area", "kind"], name="safety_post_once", condition=Q(until__isnull=True))
        ]


class SafetyEvent(ScopedModel):
    """What a place did for safety in a year (T-61, T-62, T-64, T-65, J-55, J-57)."""

    view_right = "hazards.view"

    class Kind(models.TextChoices):
        TRAINING = "training", _("training of the safety officers")
        EXPERT = "expert", _("expert inspection")
        DRILL = "drill", _("emergency drill")
        PLAN = "plan", _("emergency plan")
        PATROL = "patrol", _("patrol or special inspection")
        PUBLICITY = "publicity", _("safety publicity")

    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices)
    on = models.DateField(_("day"))
    topic = models.CharField(_("topic"), max_length=120)
    partners = models.CharField(_("with whom"), max_length=120, blank=True)
    version = models.CharField(_("version"), max_length=20, blank=True)
    findings = models.PositiveSmallIntegerField(_("hazards found"), null=True, blank=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="+")
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"topic": "L0", "partners": "L1", "version": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["-on", "-id"]
        indexes = [models.Index(fields=["area", "kind", "on"], name="safety_event_year")]


class SafetyAttendance(TrackedModel):
    """An officer who took part in a training."""

    event = models.ForeignKey(SafetyEvent, models.CASCADE, related_name="attendances")
    post = models.ForeignKey(SafetyPost, models.PROTECT, related_name="attendances")
    data_labels: ClassVar[dict[str, str]] = {}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["event", "post"], name="safety_attended_once")]


class PublicityMark(ScopedModel):
    """A household was given a paper (T-67); once per paper."""

    view_right = "households.view"

    household = models.ForeignKey(Household, models.PROTECT, related_name="publicity_marks")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    material = models.CharField(_("material"), max_length=80)
    on = models.DateField(_("day"))
    marked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"material": "L0"}

    class Meta(ScopedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["household", "material"], name="publicity_once")]
