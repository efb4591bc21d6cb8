"""Second look at what inspectors found: samples drawn from a seed that anybody can draw again (T-53, D-48)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from programmes.models import Programme
from retrofits.models.acceptances import Acceptance


class Review(ScopedModel):
    """A sample of accepted homes. The seed, the number and the digest of all candidates make it drawable again."""

    view_right = "tasks.view"

    class Kind(models.TextChoices):
        SECOND = "second", _("second-level review")
        SPOT = "spot", _("spot check")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="reviews")
    area = models.ForeignKey(Area, models.PROTECT)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    seed = models.CharField(max_length=40)
    until = models.DateTimeField(help_text="Acceptances recorded up to here were candidates")
    candidates = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the candidates' numbers in order")
    size = models.PositiveIntegerField()
    drawn_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"seed": "L0", "digest": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(size__lte=F("candidates")), name="review_within_candidates")]


class ReviewLine(TrackedModel):
    """One drawn home and what the reviewer found; a finding stays open until it is said to be put right."""

    class Verdict(models.TextChoices):
        OPEN = "", _("to be looked at")
        HOLDS = "holds", _("holds")
        FINDING = "finding", _("finding")

    review = models.ForeignKey(Review, models.CASCADE, related_name="lines")
    acceptance = models.ForeignKey(Acceptance, models.PROTECT, related_name="review_lines")
    place = models.PositiveIntegerField(help_text="Place in the draw, from 1")
    verdict = models.CharField(max_length=8, choices=Verdict.choices, blank=True, default="")
    finding = models.CharField(max_length=300, blank=True)
    due_on = models.DateField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    fixed_note = models.CharField(max_length=300, blank=True)
    fixed_on = models.DateField(null=True, blank=True)
    status_looks: ClassVar = {"": "", "holds": "done", "finding": "bad"}
    data_labels: ClassVar = {"finding": "L1", "fixed_note": "L1"}

    class Meta(TrackedModel.Meta):
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["review", "acceptance"], name="review_line_once"),
            models.CheckConstraint(
                condition=~Q(verdict="finding") | (~Q(finding="") & Q(due_on__isnull=False)),
                name="finding_has_words_and_day",
            ),
        ]
