"""What is due, from which source, and its payment. All amounts are integer fen."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from core.fields import EncryptedTextField
from households.models import Document, Dwelling, Household
from programmes.models import Programme
from retrofits.models import Acceptance, Task
from subsidies import guards


class DateSpan(Func):
    """Days from a policy's first to its last, both included; an open end is open."""

    function = "DATERANGE"
    output_field = DateRangeField()


class Policy(ScopedModel):
    """One version of a policy document. Once released it is frozen; later versions never change a paid line."""

    view_right = "policies.view"

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        RELEASED = "released", _("released")
        RETIRED = "retired", _("replaced")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="policies")
    area = models.ForeignKey(Area, models.PROTECT)
    code = models.SlugField(max_length=40)
    version_no = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200, blank=True)
    document_number = models.CharField(max_length=80, blank=True)
    document = models.TextField()
    options = models.JSONField(default=dict, blank=True)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    drafted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    drafted_person_no = models.CharField(max_length=40, blank=True)
    drafted_at = models.DateTimeField(auto_now_add=True)
    released_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    released_person_no = models.CharField(max_length=40, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {
        "code": "L0",
        "title": "L0",
        "document_number": "L0",
        "document": "L0",
        "options": "L0",
        "sha256": "L0",
        "drafted_person_no": "L2",
        "released_person_no": "L2",
    }

    class Meta(ScopedModel.Meta):
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(fields=["programme", "code", "version_no"], name="policy_version_once"),
            models.CheckConstraint(
                condition=Q(state="draft")
                | (
                    ~Q(released_person_no="") & ~Q(drafted_person_no="") & ~Q(released_person_no=F("drafted_person_no"))
                ),
                name="policy_four_eyes",
            ),
            ExclusionConstraint(
                name="policy_ranges_apart",
                index_type="GIST",
                expressions=[
                    (F("programme"), RangeOperators.EQUAL),
                    (F("code"), RangeOperators.EQUAL),
                    (DateSpan("valid_from", "valid_to", Value("[]")), RangeOperators.OVERLAPS),
                ],
                condition=Q(state="released"),
            ),
        ]
        triggers = [*ScopedModel.Meta.triggers, *guards.POLICY]

    status_looks: ClassVar = {"released": "ok", "retired": "void"}

    def __str__(self) -> str:
        return f"{self.title or self.code} · {self.version_no}"


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


class Fund(ScopedModel):
    """Money of one source and budget year. Running totals with CHECKs: it can't be overspent."""

    view_right = "funds.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="funds")
    area = models.ForeignKey(Area, models.PROTECT)
    source = models.CharField(max_length=24)
    budget_year = models.PositiveSmallIntegerField()
    received_fen = models.BigIntegerField(default=0)
    reserved_fen = models.BigIntegerField(default=0)
    paid_fen = models.BigIntegerField(default=0)
    data_labels: ClassVar = {"source": "L0"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["programme", "source", "budget_year"], name="fund_once"),
            models.CheckConstraint(
                name="fund_not_overspent",
                condition=Q(received_fen__gte=F("reserved_fen") + F("paid_fen"), reserved_fen__gte=0, paid_fen__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.budget_year}"

    @property
    def free_fen(self) -> int:
        return self.received_fen - self.reserved_fen - self.paid_fen


class PayoutBatch(ScopedModel):
    """Entitlements to be paid together. Locked content has a hash; each signature names the hash it signed."""

    view_right = "payouts.view"

    class State(models.TextChoices):
        DRAFT = "draft", _("being prepared")
        LOCKED = "locked", _("locked, to be reviewed")
        REVIEWED = "reviewed", _("reviewed, to be approved")
        APPROVED = "approved", _("approved, to be released")
        RELEASED = "released", _("released to the bank")
        SETTLED = "settled", _("settled")
        RETURNED = "returned", _("returned")
        VOID = "void", _("given up")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="batches")
    area = models.ForeignKey(Area, models.PROTECT)
    number = models.CharField(max_length=30, unique=True)
    title = models.CharField(max_length=120, blank=True)
    benefit = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    request_id = models.UUIDField(unique=True, help_text="Made when the form was shown: a retry finds the first one")
    round_no = models.PositiveSmallIntegerField(default=1)
    content_hash = models.CharField(max_length=64, blank=True)
    total_fen = models.BigIntegerField(default=0)
    line_count = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(User, models.PROTECT)
    created_person_no = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)
    locked_at = models.DateTimeField(null=True, blank=True)
    locked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    locked_person_no = models.CharField(max_length=40, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {
        "number": "L0",
        "title": "L0",
        "benefit": "L0",
        "content_hash": "L0",
        "created_person_no": "L2",
        "locked_person_no": "L2",
        "return_reason": "L1",
    }
    status_looks: ClassVar = {"locked": "warn", "reviewed": "warn", "approved": "warn", "released": "busy"}

    class Meta(ScopedModel.Meta):
        verbose_name_plural = "payout batches"
        indexes = [models.Index(fields=["programme", "state"], name="batch_state")]
        triggers = [*ScopedModel.Meta.triggers, *guards.BATCH]

    def __str__(self) -> str:
        return self.number


class BatchRound(TrackedModel):
    """What was locked in one round: totals, sums per source, and per entitlement its amount and payee's fingerprint."""

    batch = models.ForeignKey(PayoutBatch, models.PROTECT, related_name="rounds")
    round_no = models.PositiveSmallIntegerField()
    content_hash = models.CharField(max_length=64)
    total_fen = models.BigIntegerField()
    line_count = models.PositiveIntegerField()
    content = models.JSONField(help_text="entitlement id -> [amount in fen, keyed fingerprint of payee and card]")
    sources = models.JSONField(help_text="[[source, budget year, fen], …]")
    locked_by = models.ForeignKey(User, models.PROTECT)
    locked_at = models.DateTimeField()
    data_labels: ClassVar = {"content_hash": "L0", "content": "L1", "sources": "L0"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["batch", "round_no"], name="batch_round_once")]
        triggers = [*TrackedModel.Meta.triggers, *guards.LEDGER]


class BatchSignature(TrackedModel):
    """One step of the chain. The same person never signs two steps of one round; nobody signs twice."""

    class Step(models.TextChoices):
        REVIEW = "review", _("review by the programme office")
        APPROVE = "approve", _("approval by finance")
        RELEASE = "release", _("release to the bank")

    batch = models.ForeignKey(PayoutBatch, models.PROTECT, related_name="signatures")
    round_no = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=10, choices=Step.choices)
    decision = models.CharField(max_length=8, choices=[("agree", _("agreed")), ("return", _("returned"))])
    signer = models.ForeignKey(User, models.PROTECT)
    person_no = models.CharField(max_length=40)
    content_hash = models.CharField(max_length=64)
    comment = models.CharField(max_length=300, blank=True)
    request_id = models.UUIDField(unique=True)
    at = models.DateTimeField()
    data_labels: ClassVar = {"person_no": "L2", "content_hash": "L0", "comment": "L1"}

    class Meta(TrackedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["batch", "round_no", "step"], name="batch_step_signed_once"),
            models.UniqueConstraint(fields=["batch", "round_no", "person_no"], name="batch_person_signs_once"),
        ]
        triggers = [*TrackedModel.Meta.triggers, *guards.SIGNATURE]


class PayoutLine(ScopedModel):
    """One payment, with payee and card as they were when the batch was locked."""

    view_right = "payouts.view"

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        SENT = "sent", _("sent to the bank")
        PAID = "paid", _("paid")
        FAILED = "failed", _("returned by the bank")
        DROPPED = "dropped", _("taken out")

    batch = models.ForeignKey(PayoutBatch, models.PROTECT, related_name="lines")
    area = models.ForeignKey(Area, models.PROTECT)
    entitlement = models.ForeignKey(Entitlement, models.PROTECT, related_name="payout_lines")
    line_no = models.PositiveIntegerField()
    payee_name = models.CharField(max_length=40)
    bank_card = EncryptedTextField()
    amount_fen = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PLANNED)
    bank_reference = models.CharField(max_length=60, blank=True)
    bank_message = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {
        "payee_name": "L2",
        "bank_card": "L4",
        "bank_reference": "L1",
        "bank_message": "L1",
    }

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["entitlement"], name="one_live_payment", condition=~Q(state__in=["failed", "dropped"])
            ),
            models.UniqueConstraint(fields=["batch", "line_no"], name="payout_line_no_once"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payout_line_positive"),
        ]
        triggers = [*ScopedModel.Meta.triggers, *guards.LINE]

    def __str__(self) -> str:
        return f"{self.batch_id}-{self.line_no}"


class FundEntry(ScopedModel):
    """The fund ledger: append-only; corrections are further entries."""

    view_right = "funds.view"

    class Kind(models.TextChoices):
        RECEIVED = "received", _("money received")
        RESERVED = "reserved", _("reserved for a batch")
        RELEASED = "released", _("reservation given back")
        PAID = "paid", _("paid")

    fund = models.ForeignKey(Fund, models.PROTECT, related_name="entries")
    area = models.ForeignKey(Area, models.PROTECT)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount_fen = models.BigIntegerField()
    batch = models.ForeignKey(PayoutBatch, models.PROTECT, null=True, blank=True, related_name="fund_entries")
    line = models.ForeignKey(PayoutLine, models.PROTECT, null=True, blank=True, related_name="fund_entries")
    round_no = models.PositiveSmallIntegerField(default=0, help_text="The batch's round; 0 for receipts")
    request_id = models.UUIDField(unique=True, null=True, blank=True)
    document_no = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT)
    data_labels: ClassVar = {"document_no": "L1"}

    class Meta(ScopedModel.Meta):
        verbose_name_plural = "fund entries"
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="fund_entry_positive"),
            models.UniqueConstraint(
                fields=["fund", "batch", "round_no", "kind"],
                name="fund_batch_entry_once",
                condition=Q(batch__isnull=False, line__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["fund", "line", "kind"], name="fund_line_entry_once", condition=Q(line__isnull=False)
            ),
        ]
        indexes = [models.Index(fields=["fund", "-id"], name="fund_entry_newest")]
        triggers = [*ScopedModel.Meta.triggers, *guards.LEDGER]


class BankFile(ScopedModel):
    """The one live payment file of a batch; a second export of the same batch gives the same file."""

    view_right = "payouts.view"

    batch = models.OneToOneField(PayoutBatch, models.PROTECT, related_name="bank_file")
    area = models.ForeignKey(Area, models.PROTECT)
    document = models.OneToOneField(Document, models.PROTECT)
    total_fen = models.BigIntegerField()
    line_count = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    made_by = models.ForeignKey(User, models.PROTECT)
    made_at = models.DateTimeField()
    data_labels: ClassVar = {"sha256": "L0"}

    class Meta(ScopedModel.Meta):
        triggers = [*ScopedModel.Meta.triggers, *guards.LEDGER]


class BankReturn(ScopedModel):
    """回单: what the bank says it did, matched line by line."""

    view_right = "payouts.view"

    batch = models.ForeignKey(PayoutBatch, models.PROTECT, related_name="bank_returns")
    area = models.ForeignKey(Area, models.PROTECT)
    document = models.OneToOneField(Document, models.PROTECT)
    file_sha256 = models.CharField(max_length=64)
    counts = models.JSONField(default=dict)
    results = models.JSONField(default=list, help_text="[[line id, paid|failed, reference, message], …]")
    unknown = models.JSONField(default=list, help_text="Rows that match no open line: row number, amount, why")
    entered_by = models.ForeignKey(User, models.PROTECT)
    entered_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {"file_sha256": "L0", "counts": "L0", "results": "L1", "unknown": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["batch", "file_sha256"], name="bank_return_once")]
