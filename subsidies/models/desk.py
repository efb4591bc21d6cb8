"""What stands around a policy's versions: trial runs, signed cliffs, answers to open questions, differences.

All rows are written once. Amounts are integer fen.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Area, User
from accounts.records import ScopedModel
from households.models import Dwelling, Household
from subsidies import guards
from subsidies.models.entitlements import Entitlement
from subsidies.models.policies import Policy


class PolicyTrial(ScopedModel):
    """One run of a version over the accepted dwellings of its programme, beside the version in force, with its cliffs.

    `totals`: {"before" and "after": {"due", "not_due", "undefined", "fen", "sources": {source: fen}}, "gain", "lose",
    "same", "unclear", "gain_fen", "lose_fen", "reasons": {code: count}}. `curves` and `cliffs` as
    `subsidies.rules.scanning.encode_scan` gives them.
    """

    view_right = "policies.view"

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="trials")
    area = models.ForeignKey(Area, models.PROTECT)
    sha256 = models.CharField(max_length=64, help_text="The content that was tried")
    baseline = models.ForeignKey(Policy, models.PROTECT, null=True, blank=True, related_name="+")
    on = models.DateField(help_text="Day of assessment")
    dwelling_count = models.PositiveIntegerField()
    totals = models.JSONField()
    curves = models.JSONField(default=list)
    cliffs = models.JSONField(default=list)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField()
    data_labels: ClassVar = {"sha256": "L0", "totals": "L0", "curves": "L0", "cliffs": "L0"}

    class Meta(ScopedModel.Meta):
        indexes = [models.Index(fields=["policy", "-id"], name="policy_trial_newest")]
        triggers = [*ScopedModel.Meta.triggers, *guards.LEDGER]

    def __str__(self) -> str:
        return f"{self.policy_id} · {self.on}"


class PolicyTrialRow(ScopedModel):
    """A dwelling whose amount the tried version changes. An amount of NULL is undefined, never 0."""

    view_right = "entitlements.view"

    trial = models.ForeignKey(PolicyTrial, models.PROTECT, related_name="rows")
    area = models.ForeignKey(Area, models.PROTECT)
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="+")
    household = models.ForeignKey(Household, models.PROTECT, related_name="+")
    benefit_kind = models.CharField(max_length=20)
    period = models.CharField(max_length=12, default="once")
    benefit = models.CharField(max_length=20)
    before_fen = models.BigIntegerField(null=True, blank=True)
    after_fen = models.BigIntegerField(null=True, blank=True)
    before_reason = models.CharField(max_length=40)
    after_reason = models.CharField(max_length=40)
    change_fen = models.BigIntegerField(null=True, blank=True, help_text="NULL where one side is undefined")
    data_labels: ClassVar = {
        "benefit_kind": "L0",
        "period": "L0",
        "benefit": "L0",
        "before_reason": "L0",
        "after_reason": "L0",
    }

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["trial", "dwelling", "benefit_kind", "period"], name="policy_trial_dwelling_once"
            )
        ]
        indexes = [models.Index(fields=["trial", "change_fen"], name="policy_trial_change")]
        triggers = guards.LEDGER


class CliffSignature(ScopedModel):
    """Somebody other than the drafter answers for a jump of the amount at a boundary, with a reason."""

    view_right = "policies.view"

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="cliff_signatures")
    area = models.ForeignKey(Area, models.PROTECT)
    key = models.CharField(max_length=64, help_text="Names the cliff by its content")
    cliff = models.JSONField(help_text="Both sides as they were shown")
    reason = models.CharField(max_length=300)
    signer = models.ForeignKey(User, models.PROTECT, related_name="+")
    person_no = models.CharField(max_length=40)
    signed_at = models.DateTimeField()
    data_labels: ClassVar = {"key": "L0", "cliff": "L0", "reason": "L1", "person_no": "L2"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["policy", "key"], name="policy_cliff_signed_once"),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(person_no=""), name="policy_cliff_signed_with_reason"),
        ]
        triggers = [*ScopedModel.Meta.triggers, *guards.CLIFF_SIGNATURE]

    def __str__(self) -> str:
        return self.key[:12]


class OptionDecision(ScopedModel):
    """Who set a switch, when and why; the version that came of it carries the value."""

    view_right = "policies.view"

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="option_decisions")
    area = models.ForeignKey(Area, models.PROTECT)
    option = models.CharField(max_length=40)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=300)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    person_no = models.CharField(max_length=40)
    decided_at = models.DateTimeField()
    data_labels: ClassVar = {"option": "L0", "before": "L0", "after": "L0", "reason": "L1", "person_no": "L2"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["policy", "option"], name="policy_option_decided_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="policy_option_decided_with_reason"),
        ]
        triggers = [*ScopedModel.Meta.triggers, *guards.LEDGER]

    def __str__(self) -> str:
        return self.option


class EntitlementDifference(ScopedModel):
    """What a later version says about an amount that stands: a line beside it, never a change of it."""

    view_right = "entitlements.view"

    entitlement = models.ForeignKey(Entitlement, models.PROTECT, related_name="differences")
    area = models.ForeignKey(Area, models.PROTECT)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+")
    as_of = models.DateField()
    outcome = models.CharField(max_length=10, choices=Entitlement.Outcome.choices)
    reason = models.CharField(max_length=40)
    before_fen = models.BigIntegerField(null=True, blank=True)
    after_fen = models.BigIntegerField(null=True, blank=True)
    difference_fen = models.BigIntegerField(null=True, blank=True, help_text="NULL where one side is undefined")
    sources = models.JSONField(default=list, help_text="[[source, fen more or less], …]; adds up to the difference")
    steps = models.JSONField(default=list)
    found_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    found_at = models.DateTimeField()
    data_labels: ClassVar = {"reason": "L0", "sources": "L0", "steps": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["entitlement", "policy"], name="difference_once_per_version"),
            models.CheckConstraint(
                name="difference_adds_up",
                condition=Q(difference_fen__isnull=True)
                | Q(difference_fen=models.F("after_fen") - models.F("before_fen")),
            ),
        ]
        triggers = [*ScopedModel.Meta.triggers, *guards.LEDGER]

    def __str__(self) -> str:
        return f"{self.entitlement_id} · {self.policy_id}"
