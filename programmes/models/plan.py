"""The rest of a plan: rates to reach, facts it starts from, thresholds, who leads where, deadlines, decisions."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import TrackedModel
from programmes.models.programme import Programme
from programmes.models.targets import SubProgramme
from programmes.thresholds import OPERATORS, holds

COMPARISONS = [(code, code) for code in OPERATORS]


class Indicator(TrackedModel):
    """A rate to reach, with its baseline and denominator as far as the document states them; the rest is empty."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="indicators")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    applies_to = models.CharField(max_length=80, blank=True)
    comparison = models.CharField(max_length=5, choices=COMPARISONS, default=">=")
    value = models.DecimalField(max_digits=8, decimal_places=2)
    unit = models.CharField(max_length=12, default="%")
    due_on = models.DateField(null=True, blank=True)
    relative_to_year = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Growth over that year's value"
    )
    baseline_quantity = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    baseline_value = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    baseline_on = models.DateField(null=True, blank=True)
    denominator = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    quantity_unit = models.CharField(max_length=12, blank=True, help_text="Unit of baseline and denominator")
    soft_word = models.CharField(
        max_length=20, blank=True, help_text="左右, 普遍, 平均: shown with bands, never refused"
    )
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {
        "code": "L0", "name": "L0", "applies_to": "L0", "unit": "L0", "quantity_unit": "L0", "soft_word": "L0",
        "clause": "L0",
    }  # fmt: skip

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="indicator_once")]


class Figure(TrackedModel):
    """A number the document states that nobody has to reach: what stood before, what is already confirmed."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="figures")
    group = models.SlugField(max_length=40)
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=120)
    quantity = models.DecimalField(max_digits=16, decimal_places=2)
    unit = models.CharField(max_length=12)
    as_of = models.CharField(max_length=40, blank=True, help_text="The time as the document words it")
    is_total = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {
        "group": "L0", "code": "L0", "name": "L0", "unit": "L0", "as_of": "L0", "note": "L0", "clause": "L0",
    }  # fmt: skip

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["programme", "group", "code"], name="figure_once")]


class Threshold(TrackedModel):
    """A limit the document sets, with its operator: 15.0 kW fails "more than 15", 0.5 % passes "at most 0.5"."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="thresholds")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    operator = models.CharField(max_length=5, choices=COMPARISONS)
    value = models.DecimalField(max_digits=10, decimal_places=2)
    unit = models.CharField(max_length=12, blank=True)
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {"code": "L0", "name": "L0", "unit": "L0", "clause": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="threshold_once")]

    def is_met_by(self, value: Decimal) -> bool:
        return holds(value, self.operator, self.value)


class LeadUnit(TrackedModel):
    """The department that leads the works of a place; of one part only, where the document says so."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="leads")
    area = models.ForeignKey(Area, models.PROTECT)
    part = models.ForeignKey(SubProgramme, models.CASCADE, null=True, blank=True, related_name="leads")
    unit = models.CharField(max_length=80)
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {"unit": "L0", "clause": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["area_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "area", "part", "unit"], name="lead_once", nulls_distinct=False
            )
        ]


class Duty(TrackedModel):
    """What the document asks of a unit, and which role of the portal does it (empty: no role of its own)."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="duties")
    row_no = models.PositiveSmallIntegerField()
    unit = models.CharField(max_length=80)
    duty = models.CharField(max_length=300)
    role = models.CharField(max_length=30, blank=True)
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {"unit": "L0", "duty": "L0", "role": "L0", "clause": "L0"}

    class Meta(TrackedModel.Meta):
        verbose_name_plural = "duties"
        ordering = ["row_no"]
        constraints = [models.UniqueConstraint(fields=["programme", "row_no"], name="duty_once")]


class Deadline(TrackedModel):
    """A day by which something is reported or done, once or in a rhythm; `remind_days` before it people are told."""

    class Rhythm(models.TextChoices):
        ONCE = "once", _("once")
        YEARLY = "yearly", _("every year")
        QUARTERLY = "quarterly", _("every quarter")
        MONTHLY = "monthly", _("every month")
        WEEKLY = "weekly", _("every week")

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="deadlines")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=120)
    rhythm = models.CharField(max_length=10, choices=Rhythm.choices, default=Rhythm.ONCE)
    due_on = models.DateField(null=True, blank=True, help_text="Of a deadline that comes once")
    day = models.CharField(max_length=5, blank=True, help_text="MM-DD of a yearly deadline")
    remind_days = models.JSONField(default=list, blank=True, help_text="Days before, e.g. [30, 7, 1]")
    who = models.CharField(max_length=80, blank=True)
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {
        "code": "L0", "name": "L0", "day": "L0", "remind_days": "L0", "who": "L0", "clause": "L0",
    }  # fmt: skip

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="deadline_once")]


class DeadlineMet(TrackedModel):
    """Somebody writes down on which day a deadline's occurrence was met; without it the days of lateness run on."""

    deadline = models.ForeignKey(Deadline, models.CASCADE, related_name="met")
    due_on = models.DateField()
    met_on = models.DateField()
    note = models.CharField(max_length=200, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"note": "L1"}

    class Meta(TrackedModel.Meta):
        verbose_name_plural = "deadlines met"
        constraints = [models.UniqueConstraint(fields=["deadline", "due_on"], name="deadline_met_once")]


class PlanDecision(TrackedModel):
    """How a person settled a finding of the plan's checks; `key` names the finding and its numbers.

    When a number of the finding changes its key changes too, and the question is open again.
    """

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="plan_decisions")
    key = models.CharField(max_length=64)
    words = models.CharField(max_length=300)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    data_labels: ClassVar = {"key": "L0", "words": "L1"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["programme", "key"], name="plan_decision_once")]
