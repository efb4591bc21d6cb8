"""Room temperatures taken and users asked: what compliance and satisfaction are computed from (B-02, B-03)."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core.fields import EncryptedTextField
from heatsupply.models.fees import FeeAccount
from heatsupply.models.networks import HeatingCompany
from heatsupply.models.owned import OwnedModel
from programmes.models import Programme


class RoomSample(OwnedModel):
    """One room temperature in tenths of a degree: measured at a visit, read from a sensor, or after a complaint."""

    class Source(models.TextChoices):
        VISIT = "visit", _("visit")
        SENSOR = "sensor", _("sensor")
        COMPLAINT = "complaint", _("after a complaint")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+")
    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="room_samples")
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("place"))
    season = models.CharField(_("season"), max_length=9)
    account = models.ForeignKey(FeeAccount, models.PROTECT, null=True, blank=True, related_name="room_samples")
    source = models.CharField(_("how"), max_length=10, choices=Source.choices)
    room_dc = models.SmallIntegerField(
        _("room temperature, tenths of a degree"), validators=[MinValueValidator(-400), MaxValueValidator(600)]
    )
    measured_at = models.DateTimeField(_("measured"))
    words = models.CharField(_("remark"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    data_labels: ClassVar = {"season": "L0", "words": "L1"}

    class Meta(OwnedModel.Meta):
        ordering = ["-measured_at", "-id"]
        indexes = [models.Index(fields=["programme", "season", "company"], name="room_sample_season")]
        constraints = [
            models.UniqueConstraint(fields=["account", "source", "measured_at"], name="room_sample_once"),
            models.CheckConstraint(condition=Q(room_dc__gte=-400, room_dc__lte=600), name="room_sample_believable"),
        ]


class Survey(OwnedModel):
    """Users of a company drawn by a stored seed; anybody can draw them again (`core.sampling.draw`)."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+")
    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="surveys")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    season = models.CharField(_("season"), max_length=9)
    name = models.CharField(_("name"), max_length=80)
    seed = models.CharField(_("seed"), max_length=40)
    size = models.PositiveSmallIntegerField(_("sample size"))
    population = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="Fingerprint of the accounts it was drawn from")
    drawn_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField()
    data_labels: ClassVar = {"season": "L0", "name": "L0", "seed": "L0", "digest": "L0"}

    class Meta(OwnedModel.Meta):
        ordering = ["-drawn_at", "-id"]
        constraints = [models.CheckConstraint(condition=Q(size__lte=F("population")), name="survey_size_in_population")]

    def __str__(self) -> str:
        return self.name


class SurveyAnswer(OwnedModel):
    """One drawn user: 1 to 5 once asked. Who was not reached has no score and counts in no rate."""

    class Reached(models.TextChoices):
        OPEN = "", _("still to be asked")
        ANSWERED = "answered", _("answered")
        NOT_REACHED = "not_reached", _("not reached")

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="answers")
    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    account = models.ForeignKey(FeeAccount, models.PROTECT, related_name="answers")
    place = models.PositiveSmallIntegerField()
    reached = models.CharField(max_length=12, choices=Reached.choices, blank=True, default=Reached.OPEN)
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    words = EncryptedTextField(_("words"), max_length=300, blank=True)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    asked_on = models.DateField(null=True, blank=True)
    status_looks: ClassVar = {"": "warn", "answered": "done", "not_reached": "void"}
    data_labels: ClassVar = {"words": "L3"}

    class Meta(OwnedModel.Meta):
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["survey", "account"], name="survey_answer_once"),
            models.CheckConstraint(
                condition=Q(reached="answered", score__gte=1, score__lte=5)
                | (~Q(reached="answered") & Q(score__isnull=True)),
                name="survey_answer_has_score",
            ),
        ]
