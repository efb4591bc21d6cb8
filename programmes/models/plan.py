"""The rest of a plan: rates to reach, facts it starts from, thresholds, who leads where, deadlines, decisions."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from programmes.models.programme import Programme
from programmes.models.targets import SubProgramme
from programmes.thresholds import OPERATORS, holds, target_words

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

    @property
    def words(self) -> str:
        """What is to be reached, with its unit, as the document puts it."""
        return target_words(self.comparison, f"{self.value.normalize():f} {self.unit}", self.soft_word)


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
    role = models.CharField(max_length=30, blank=True, help_text="Whose to-do it is; empty: the office's")
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {
        "code": "L0", "name": "L0", "day": "L0", "remind_days": "L0", "who": "L0", "role": "L0", "clause": "L0",
    }  # fmt: skip

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="deadline_once")]


class Milestone(ScopedModel):
    """A step of the works in one town or village, with the day planned, the day it was really reached (T-46), and who
    answers for it (J-70)."""

    view_right = "programmes.view"

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="milestones")
    area = models.ForeignKey(Area, models.PROTECT)
    name = models.CharField(_("step"), max_length=80)
    planned_on = models.DateField(_("planned day"))
    actual_on = models.DateField(_("day it was reached"), null=True, blank=True)
    responsible = models.CharField(_("responsible person"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {"name": "L0", "responsible": "L1", "note": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["area_id", "planned_on", "id"]
        constraints = [models.UniqueConstraint(fields=["programme", "area", "name"], name="milestone_once")]
        indexes = [models.Index(fields=["programme", "planned_on"], name="milestone_due",
                                condition=models.Q(actual_on__isnull=True))]  # fmt: skip


class Principle(TrackedModel):
    """What the document says goes first or together, as data: whole villages, plains first, one price for all.

    `area_classes`: the kinds of places it names, the first of them first; empty where it speaks of all.
    """

    class Code(models.TextChoices):
        BY_VILLAGE = "BY_VILLAGE", _("by town and village as a whole")
        TERRAIN = "TERRAIN", _("plains first")
        ROUTE_PER_VILLAGE = "ROUTE_PER_VILLAGE", _("what suits the place")
        SUPPLY_FIRST = "SUPPLY_FIRST", _("as much as gas and grid allow")
        OLD_KEPT = "OLD_KEPT", _("the new first, the old removed after")
        FIVE_UNITIES = "FIVE_UNITIES", _("one standard, quality, works, price and service")
        HOUSEHOLD_SHARE = "HOUSEHOLD_SHARE", _("households bear a reasonable share")
        NETWORK_FIRST = "NETWORK_FIRST", _("heat network first")
        ELECTRIC_FIRST = "ELECTRIC_FIRST", _("electricity first, gas beside it")
        ONE_ROUTE = "ONE_ROUTE", _("one technology per village group")
        INSULATION_TOO = "INSULATION_TOO", _("insulation together with heating")
        OPERATORS = "OPERATORS", _("operators, partnership, bought services")
        DATA_PLATFORM = "DATA_PLATFORM", _("supervised on a data platform")
        COAL_LAST = "COAL_LAST", _("clean coal as the last resort")
        DEMOLITION_IN = "DEMOLITION_IN", _("homes not demolished before the season are included")
        DEMOLITION_OUT = "DEMOLITION_OUT", _("homes to be demolished wait")
        PV_PILOT = "PV_PILOT", _("photovoltaics together with heating")

    class Mode(models.TextChoices):
        HARD = "hard", _("binding")
        SOFT = "soft", _("as a rule; departing needs a reason")
        WORDS = "words", _("said")

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="principles")
    code = models.CharField(max_length=20, choices=Code.choices)
    words = models.CharField(max_length=200)
    mode = models.CharField(max_length=5, choices=Mode.choices, default=Mode.WORDS)
    area_classes = models.JSONField(default=list, blank=True)
    clause = models.CharField(max_length=40)
    data_labels: ClassVar = {"code": "L0", "words": "L0", "area_classes": "L0", "clause": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="principle_once")]


class Panel(TrackedModel):
    """Departments that accept together, as the document names them; one panel of a programme is in use for a year.

    `year` empty: every year without a panel of its own. A panel `in_use` false is what the document also says (A-24).
    """

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="panels")
    code = models.SlugField(max_length=40)
    departments = models.JSONField()
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    in_use = models.BooleanField(default=True)
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {"code": "L0", "departments": "L0", "clause": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="panel_once"),
            models.UniqueConstraint(
                fields=["programme", "year"], name="panel_in_use_once", condition=models.Q(in_use=True),
                nulls_distinct=False,
            ),
        ]  # fmt: skip


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
