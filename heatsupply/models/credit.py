"""Renewal plans, papers, credit scores, issues and yearly heated areas."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import TrackedModel
from heatsupply.models.networks import HeatingCompany, PipeSegment
from heatsupply.models.owned import OwnedModel, words
from households.models import Document


class RenewalPlan(OwnedModel):
    """Which pipes are renewed in a year and with whose money (B-16, B-40)."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        APPROVED = "approved", _("approved")

    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="plans", verbose_name=_("company"))
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    year = models.PositiveSmallIntegerField(_("year"))
    name = models.CharField(_("plan"), max_length=80)
    cost_fen = models.BigIntegerField(_("cost"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    approved_on = models.DateField(null=True, blank=True)
    status_looks: ClassVar = {"draft": "warn", "approved": "done"}
    data_labels: ClassVar = {"name": "L0"}

    class Meta(OwnedModel.Meta):
        ordering = ["-year", "id"]
        constraints = [
            models.UniqueConstraint(fields=["company", "year", "name"], name="renewal_plan_once"),
            models.CheckConstraint(condition=Q(cost_fen__gt=0), name="renewal_plan_cost"),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.name}"


class RenewalSegment(TrackedModel):
    """A pipe of a plan, and the year in which it was laid anew."""

    plan = models.ForeignKey(RenewalPlan, models.CASCADE, related_name="lines")
    segment = models.ForeignKey(PipeSegment, models.PROTECT, related_name="renewals")
    why = models.JSONField(default=list, help_text="Reasons at the time of planning")
    done_on = models.DateField(_("laid anew on"), null=True, blank=True)
    data_labels: ClassVar = {"why": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["plan", "segment"], name="renewal_segment_once")]


class RenewalFunds(TrackedModel):
    """Money of a plan from one source (B-40)."""

    class Source(models.TextChoices):
        CENTRAL_GRANT = "central_grant", _("central grant")
        CENTRAL_BUDGET = "central_budget", _("central budget investment")
        SPECIAL_BOND = "special_bond", _("special bond")
        LOCAL = "local", _("local budget")
        SELF_RAISED = "self_raised", _("self-raised")

    plan = models.ForeignKey(RenewalPlan, models.CASCADE, related_name="funds")
    source = models.CharField(_("source of the money"), max_length=14, choices=Source.choices)
    amount_fen = models.BigIntegerField(_("amount"))
    data_labels: ClassVar = {}

    class Meta(TrackedModel.Meta):
        verbose_name_plural = "renewal funds"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "source"], name="renewal_funds_once"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="renewal_funds_positive"),
        ]


class HeatPaper(OwnedModel):
    """A paper of a place or of a company, with its state and, where somebody sent one, its file."""

    class Kind(models.TextChoices):
        CONTINGENCY = "contingency", _("contingency plan")
        COST_AUDIT = "cost_audit", _("cost audit")
        COUNTY_PLAN = "county_plan", _("work plan of the county")
        APPLICATION = "application", _("application as a pilot city")
        REGULATION = "regulation", _("local regulation")
        EVALUATION = "evaluation", _("evaluation of the city")

    class State(models.TextChoices):
        DRAFT = "draft", _("being written")
        SENT = "sent", _("sent up")
        ISSUED = "issued", _("in force")
        RETURNED = "returned", _("sent back")

    company = models.ForeignKey(
        HeatingCompany, models.PROTECT, null=True, blank=True, related_name="papers", verbose_name=_("company")
    )
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    kind = models.CharField(_("paper"), max_length=12, choices=Kind.choices)
    title = models.CharField(_("title"), max_length=120)
    number = words(_("number"), 80)
    dated_on = models.DateField(_("dated"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    remark = words(_("remark"), 300)
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="+")
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    status_looks: ClassVar = {"draft": "warn", "sent": "busy", "issued": "done", "returned": "bad"}
    data_labels: ClassVar = {"title": "L0", "number": "L0", "remark": "L1"}

    class Meta(OwnedModel.Meta):
        ordering = ["-dated_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "company", "kind", "title"], name="heat_paper_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.title


class CreditScore(OwnedModel):
    """A company's credit of a year (B-26): components between 0 and 100 % with their weights, kept with the score."""

    area_field = "company__area_id"

    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="credits", verbose_name=_("company"))
    year = models.PositiveSmallIntegerField(_("year"))
    components = models.JSONField(default=list)
    points_tenths = models.PositiveSmallIntegerField(_("points"))
    missing = models.JSONField(default=list)
    remark = words(_("remark"), 300)
    scored_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    scored_on = models.DateField()
    data_labels: ClassVar = {"components": "L0", "missing": "L0", "remark": "L1"}

    class Meta(OwnedModel.Meta):
        ordering = ["-year", "company_id"]
        constraints = [
            models.UniqueConstraint(fields=["company", "year"], name="credit_score_once"),
            models.CheckConstraint(condition=Q(points_tenths__lte=1000), name="credit_score_in_hundred"),
        ]


class SupplyIssue(OwnedModel):
    """What a county has to settle: a price, a contract, a company under water (B-44)."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        WORKED = "worked", _("being settled")
        SETTLED = "settled", _("issue settled")

    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    company = models.ForeignKey(
        HeatingCompany, models.PROTECT, null=True, blank=True, related_name="issues", verbose_name=_("company")
    )
    title = models.CharField(_("issue"), max_length=120)
    owner_unit = models.CharField(_("owner"), max_length=80)
    clause = words(_("clause"), 40)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    progress = words(_("where it stands"), 300)
    settled_on = models.DateField(null=True, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    status_looks: ClassVar = {"open": "warn", "worked": "busy", "settled": "done"}
    data_labels: ClassVar = {"title": "L0", "owner_unit": "L0", "clause": "L0", "progress": "L1"}

    class Meta(OwnedModel.Meta):
        ordering = ["due_on", "id"]
        constraints = [models.UniqueConstraint(fields=["area", "title"], name="supply_issue_once")]

    def __str__(self) -> str:
        return self.title


class AreaReport(OwnedModel):
    """Heated area of a company in a county at a year's end; growth is over what was really there (B-04, B-05)."""

    area_field = "company__area_id"

    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="area_reports", verbose_name=_("company"))
    year = models.PositiveSmallIntegerField(_("year"))
    heated_area_m2 = models.BigIntegerField(_("heated area"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {}

    class Meta(OwnedModel.Meta):
        ordering = ["-year", "company_id"]
        constraints = [
            models.UniqueConstraint(fields=["company", "year"], name="area_report_once"),
            models.CheckConstraint(condition=Q(heated_area_m2__gte=0), name="area_report_not_negative"),
        ]
