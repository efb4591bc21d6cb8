"""Spot checks whose draw is sealed beforehand, and the towns' annual scores."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from programmes.models import Programme
from retrofits.models import Task
from supervision.models.cases import Case


class SpotCheck(ScopedModel):
    """Homes to be looked at again (J-66, D-48, L-72). Seed and population are written down before the draw."""

    view_right = "supervision.view"

    class State(models.TextChoices):
        SEALED = "sealed", _("sealed")
        DRAWN = "drawn", _("drawn")
        EVALUATED = "evaluated", _("evaluated")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="spot_checks")
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("place"))
    name = models.CharField(_("name"), max_length=80)
    planned_on = models.DateField(_("planned for"))
    seed = models.CharField(_("seed"), max_length=40)
    size = models.PositiveSmallIntegerField(_("sample size"))
    population = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    sealed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField(null=True, blank=True)
    drawn_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.SEALED)
    evaluation = models.CharField(_("evaluation"), max_length=1000, blank=True)
    circular = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="+")
    status_looks: ClassVar = {"sealed": "busy", "drawn": "warn", "evaluated": "done"}
    data_labels: ClassVar = {"name": "L0", "seed": "L0", "digest": "L0", "evaluation": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(size__lte=models.F("population")), name="spot_check_size_in_population"),
            models.CheckConstraint(
                condition=Q(drawn_at__isnull=True) | Q(drawn_at__gte=models.F("sealed_at")),
                name="spot_check_sealed_before_drawn",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SpotCheckLine(TrackedModel):
    """One home of the sample and what was found."""

    class Verdict(models.TextChoices):
        GOOD = "good", _("good")
        FAULTY = "faulty", _("not as recorded")
        ABSENT = "absent", _("nobody at home")

    check_of = models.ForeignKey(SpotCheck, models.CASCADE, related_name="lines")
    task = models.ForeignKey(Task, models.PROTECT, related_name="+")
    place = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=8, choices=Verdict.choices, blank=True)
    words = models.CharField(max_length=300, blank=True)
    looked_on = models.DateField(null=True, blank=True)
    looked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    status_looks: ClassVar = {"good": "done", "faulty": "bad", "absent": ""}
    data_labels: ClassVar = {"words": "L1"}

    class Meta(TrackedModel.Meta):
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["check_of", "task"], name="spot_check_line_once")]


class TownScore(ScopedModel):
    """A town's annual score (J-73, L-74, T-78): stated components, in tenths of points, added up by the service."""

    view_right = "supervision.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="town_scores")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField(_("year"))
    components = models.JSONField(default=list)
    total_tenths = models.PositiveSmallIntegerField()
    words = models.CharField(_("remark"), max_length=300, blank=True)
    scored_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    scored_at = models.DateTimeField()
    data_labels: ClassVar = {"components": "L0", "words": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["-year", "area_id"]
        constraints = [models.UniqueConstraint(fields=["programme", "area", "year"], name="town_score_once")]
