"""What boards add up from, and what stands behind the yearly evaluation: stored sums, named reporters, results."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, ScopedQuerySet
from core import clock
from households.models import Document
from programmes.models import Programme
from reports.models.periodic import PeriodicReport


class BoardTotal(models.Model):
    """Sums that boards would otherwise count from every record; refreshed by pull with the summaries, rebuilt too.

    Works by town and day; payments, heaters and what waits for its next step by village. Heaters have no programme.
    """

    view_right: ClassVar = "overview.view"
    area_field: ClassVar = "area_id"

    class Kind(models.TextChoices):
        FINISHED = "finished", _("works finished on a day")
        ACCEPTED = "accepted", _("accepted on a day")
        WAITING = "waiting", _("payments on the way")
        ARRIVED = "arrived", _("payments that arrived")
        TO_OPEN = "to_open", _("approved, no task yet")
        TO_ASSESS = "unjudged", _("accepted, nothing calculated yet")
        HEATERS = "heaters", _("heaters installed")
        ONLINE = "online", _("heaters on line")
        NEVER = "never", _("heaters never heard")
        FAULTS = "faults", _("heaters with a fault")

    programme = models.ForeignKey(Programme, models.CASCADE, null=True)
    area = models.ForeignKey(Area, models.PROTECT)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    day = models.DateField(null=True)
    number = models.PositiveIntegerField()
    fen = models.BigIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()
    data_labels: ClassVar = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "area", "kind", "day"], name="board_total_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.kind} {self.number}"


class NamedReporter(ScopedModel):
    """Who writes a place's reports of a rhythm (专人信息报送, J-71): that person is reminded, by name."""

    view_right = "overview.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="named_reporters")
    area = models.ForeignKey(Area, models.PROTECT)
    rhythm = models.CharField(max_length=8, choices=PeriodicReport.Rhythm.choices)
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    named_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    named_at = models.DateTimeField(default=clock.now)
    data_labels: ClassVar = {}

    class Meta(ScopedModel.Meta):
        ordering = ["area_id", "rhythm"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "area", "rhythm"], name="named_reporter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.rhythm}"


class AnnualEvaluation(ScopedModel):
    """Result of a year's performance evaluation (D-44) and what it did to the central money; empty is not known yet."""

    view_right = "overview.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="evaluations")
    area = models.ForeignKey(Area, models.PROTECT)
    year = models.PositiveSmallIntegerField()
    evaluated_on = models.DateField(_("day of the evaluation"))
    evaluated_by = models.CharField(_("evaluated by"), max_length=120)
    score = models.DecimalField(_("points"), max_digits=5, decimal_places=2, null=True, blank=True)
    grade = models.CharField(_("grade"), max_length=20, blank=True)
    words = models.CharField(_("findings"), max_length=1000, blank=True)
    planned_fen = models.BigIntegerField(_("central money planned"), null=True, blank=True)
    decided_fen = models.BigIntegerField(_("central money decided"), null=True, blank=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="+")
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now)
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {"evaluated_by": "L0", "grade": "L0", "words": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["-year"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "area", "year"], name="annual_evaluation_once"),
            models.CheckConstraint(
                condition=Q(planned_fen__isnull=True) | Q(planned_fen__gte=0), name="evaluation_planned_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(decided_fen__isnull=True) | Q(decided_fen__gte=0), name="evaluation_decided_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme_id} {self.year}"

    @property
    def effect_fen(self) -> int | None:
        """Central money decided less what was planned; None while either is unknown."""
        if self.planned_fen is None or self.decided_fen is None:
            return None
        return self.decided_fen - self.planned_fen
