"""What one dwelling is due of one benefit, and its public notice before it is paid. All amounts are integer fen."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from households.models import Dwelling, Household
from programmes.models import Programme
from retrofits.models import Acceptance, Task
from subsidies import guards
from subsidies.models.policies import Policy


class Notice(ScopedModel):
    """公示: a village's entitlements put up for everybody to see, with a clock."""

    view_right = "entitlements.view"

    class State(models.TextChoices):
        OPEN = "open", _("on public notice")
        CLOSED = "closed", _("notice ended")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="notices")
    area = models.ForeignKey(Area, models.PROTECT)
    number = models.CharField(max_length=30, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    published_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(User, models.PROTECT)
    content_hash = models.CharField(max_length=64)
    content = models.JSONField(default=list, help_text="The masked list as it was put up")
    data_labels: ClassVar = {"number": "L0", "content_hash": "L0", "content": "L1"}
    status_looks: ClassVar = {"open": "note"}

    class Meta(ScopedModel.Meta):
        triggers = [*ScopedModel.Meta.triggers, *guards.NOTICE]

    def __str__(self) -> str:
        return self.number


class Entitlement(ScopedModel):
    """What one dwelling is due of one benefit. `amount_fen` is NULL when undefined; undefined is never 0."""

    view_right = "entitlements.view"

    class Outcome(models.TextChoices):
        DUE = "due", _("due")
        NOT_DUE = "not_due", _("not due")
        UNDEFINED = "undefined", _("undefined")

    class State(models.TextChoices):
        ASSESSED = "assessed", _("calculated")
        NOTICED = "noticed", _("on public notice")
        OBJECTED = "objected", _("objection open")
        HELD = "held", _("sent back after an objection")
        PAYABLE = "payable", _("may be paid")
        BATCHED = "batched", _("in a payout batch")
        PAID = "paid", _("paid")
        VOID = "void", _("void")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="entitlements")
    area = models.ForeignKey(Area, models.PROTECT)
    household = models.ForeignKey(Household, models.PROTECT, related_name="entitlements")
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="entitlements")
    task = models.ForeignKey(Task, models.PROTECT, related_name="entitlements")
    acceptance = models.ForeignKey(Acceptance, models.PROTECT, null=True, blank=True, related_name="entitlements")
    policy = models.ForeignKey(Policy, models.PROTECT)
    benefit = models.CharField(max_length=20)
    benefit_kind = models.CharField(max_length=20)
    period = models.CharField(max_length=12, default="once", help_text='"once" or the season, e.g. 2021-22')
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.CharField(max_length=40)
    amount_fen = models.BigIntegerField(null=True, blank=True)
    household_share_fen = models.BigIntegerField(null=True, blank=True)
    reason_params = models.JSONField(default=dict, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    facts = models.JSONField()
    steps = models.JSONField()
    clause = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASSESSED)
    notice = models.ForeignKey(Notice, models.PROTECT, null=True, blank=True, related_name="entitlements")
    assessed_at = models.DateTimeField()
    data_labels: ClassVar = {
        "benefit": "L0",
        "benefit_kind": "L0",
        "period": "L0",
        "reason": "L0",
        "reason_params": "L0",
        "warnings": "L0",
        "facts": "L1",
        "steps": "L1",
        "clause": "L0",
    }

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["dwelling", "benefit_kind", "period"],
                name="entitlement_once",
                condition=~Q(state="void"),
            ),
            models.CheckConstraint(
                name="entitlement_amount_iff_defined",
                condition=Q(outcome="undefined", amount_fen__isnull=True)
                | Q(outcome="not_due", amount_fen=0)
                | Q(outcome="due", amount_fen__gt=0),
            ),
            models.CheckConstraint(
                name="entitlement_only_due_moves", condition=Q(outcome="due") | Q(state__in=["assessed", "void"])
            ),
        ]
        indexes = [models.Index(fields=["programme", "area", "state"], name="entitlement_area_state")]
        triggers = [*ScopedModel.Meta.triggers, *guards.ENTITLEMENT]

    status_looks: ClassVar = {
        "assessed": "",
        "noticed": "note",
        "objected": "warn",
        "held": "bad",
        "payable": "ok",
        "batched": "busy",
    }

    def __str__(self) -> str:
        return f"{self.benefit} {self.period}"


class EntitlementLine(TrackedModel):
    entitlement = models.ForeignKey(Entitlement, models.CASCADE, related_name="lines")
    source = models.CharField(max_length=24)
    budget_year = models.PositiveSmallIntegerField()
    amount_fen = models.BigIntegerField()
    data_labels: ClassVar = {"source": "L0"}

    class Meta(TrackedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["entitlement", "source"], name="entitlement_source_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="entitlement_line_not_negative"),
        ]
        triggers = [*TrackedModel.Meta.triggers, *guards.LEDGER]


class Objection(ScopedModel):
    view_right = "entitlements.view"

    entitlement = models.ForeignKey(Entitlement, models.PROTECT, related_name="objections")
    area = models.ForeignKey(Area, models.PROTECT)
    text = models.CharField(max_length=500)
    raised_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decision = models.CharField(
        max_length=10, blank=True, choices=[("upheld", _("upheld")), ("rejected", _("rejected"))]
    )
    decision_reason = models.CharField(max_length=300, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {"text": "L2", "decision_reason": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["entitlement"], name="objection_one_open", condition=Q(decision=""))
        ]
