"""Entitlements paid together, and the signatures of the people who let them go. All amounts are integer fen."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from core.fields import EncryptedTextField
from programmes.models import Programme
from subsidies import guards
from subsidies.models.entitlements import Entitlement


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
    chain = models.JSONField(default=list, blank=True, help_text="Seats of this batch, fixed when it was sent")
    follows = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="followed_by")
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {
        "number": "L0",
        "title": "L0",
        "benefit": "L0",
        "content_hash": "L0",
        "created_person_no": "L2",
        "locked_person_no": "L2",
        "return_reason": "L1",
        "chain": "L0",
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
    seed = models.BigIntegerField(
        default=0, help_text="Seed of the sample of households; 0 in rounds before it was kept"
    )
    sample_size = models.PositiveSmallIntegerField(default=0)
    locked_by = models.ForeignKey(User, models.PROTECT)
    locked_at = models.DateTimeField()
    data_labels: ClassVar = {"content_hash": "L0", "content": "L1", "sources": "L0"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["batch", "round_no"], name="batch_round_once")]
        triggers = [*TrackedModel.Meta.triggers, *guards.LEDGER]


class BatchSignature(TrackedModel):
    """One seat of the chain taken. The same person never sits twice in one round; votes are only ever added."""

    batch = models.ForeignKey(PayoutBatch, models.PROTECT, related_name="signatures")
    round_no = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=24, help_text="Key of the seat in the batch's chain")
    decision = models.CharField(max_length=8, choices=[("agree", _("agreed")), ("return", _("returned"))])
    signer = models.ForeignKey(User, models.PROTECT)
    person_no = models.CharField(max_length=40)
    content_hash = models.CharField(max_length=64)
    comment = models.CharField(max_length=300, blank=True)
    request_id = models.UUIDField(unique=True)
    at = models.DateTimeField()
    data_labels: ClassVar = {"step": "L0", "person_no": "L2", "content_hash": "L0", "comment": "L1"}

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
    card_index = models.CharField(
        max_length=64, blank=True, help_text="Keyed fingerprint of the card, as the register's"
    )
    amount_fen = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PLANNED)
    bank_reference = models.CharField(max_length=60, blank=True)
    bank_message = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    partial_fen = models.BigIntegerField(
        default=0, help_text="What the bank says has arrived of a payment not complete yet"
    )
    offset_fen = models.BigIntegerField(default=0, help_text="Kept back against an earlier payment to be recovered")
    offsets = models.JSONField(default=list, blank=True, help_text="[[reference of the recovery, source, fen], …]")
    drop_reason = models.CharField(max_length=300, blank=True)
    data_labels: ClassVar = {
        "offsets": "L0",
        "drop_reason": "L1",
        "payee_name": "L2",
        "bank_card": "L4",
        "card_index": "L3",
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
            models.CheckConstraint(
                condition=Q(partial_fen__gte=0, partial_fen__lt=F("amount_fen"), offset_fen__gte=0),
                name="payout_line_parts",
            ),
        ]
        triggers = [*ScopedModel.Meta.triggers, *guards.LINE]

    def __str__(self) -> str:
        return f"{self.batch_id}-{self.line_no}"


class LineRemark(TrackedModel):
    """What a signer who sent the batch back holds against one payment; only ever added."""

    signature = models.ForeignKey(BatchSignature, models.PROTECT, related_name="remarks")
    line = models.ForeignKey(PayoutLine, models.PROTECT, related_name="remarks")
    words = models.CharField(max_length=300)
    data_labels: ClassVar = {"words": "L1"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["signature", "line"], name="line_remark_once")]
        triggers = [*TrackedModel.Meta.triggers, *guards.LEDGER]


class SampleLook(TrackedModel):
    """That a person opened one payment of a batch from its page in this round, the first time; only ever added."""

    line = models.ForeignKey(PayoutLine, models.PROTECT, related_name="looks")
    round_no = models.PositiveSmallIntegerField()
    looker = models.ForeignKey(User, models.PROTECT, related_name="+")
    person_no = models.CharField(max_length=40)
    at = models.DateTimeField()
    data_labels: ClassVar = {"person_no": "L2"}

    class Meta(TrackedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["line", "round_no", "person_no"], name="line_looked_at_once"),
        ]
        triggers = [*TrackedModel.Meta.triggers, *guards.LEDGER]
