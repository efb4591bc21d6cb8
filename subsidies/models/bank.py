"""What went to the bank and what it answered. All amounts are integer fen."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from households.models import Document
from subsidies import guards
from subsidies.models.batches import PayoutBatch


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


class BankFileIssue(TrackedModel):
    """One handing out of the payment file; from the second on it says why. Only ever added."""

    bank_file = models.ForeignKey(BankFile, models.PROTECT, related_name="issues")
    issued_by = models.ForeignKey(User, models.PROTECT)
    issued_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    is_sealed = models.BooleanField(default=False, help_text="Handed out in an archive with a password")
    data_labels: ClassVar = {"reason": "L1"}

    class Meta(TrackedModel.Meta):
        triggers = [*TrackedModel.Meta.triggers, *guards.LEDGER]


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
