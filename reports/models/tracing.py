"""What the trace of money reads: every confirmed payment, its shares, what breaks its chain, and the sums of these.

All four are worked out from the money tables (`reports.services.tracing`), can be made anew at any time, and are held
against them by `check_trace`.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from accounts.records import ScopedQuerySet
from programmes.models import Programme
from subsidies.models import PayoutLine


class TracedPayment(models.Model):
    """One payment the bank has confirmed, with the words it is looked for by; amounts in fen.

    `back_fen` is what the household has given back of it since.
    """

    view_right: ClassVar = "audit.trace"
    area_field: ClassVar = "area_id"

    line = models.OneToOneField(PayoutLine, models.CASCADE, primary_key=True, related_name="traced")
    programme = models.ForeignKey(Programme, models.CASCADE)
    area = models.ForeignKey(Area, models.PROTECT)
    dwelling_no = models.CharField(max_length=26)
    head_name = models.CharField(max_length=40)
    payee_name = models.CharField(max_length=40)
    id_number_tail = models.CharField(max_length=4, blank=True)
    amount_fen = models.BigIntegerField()
    back_fen = models.BigIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()
    data_labels: ClassVar = {"dwelling_no": "L1", "head_name": "L2", "payee_name": "L2", "id_number_tail": "L3"}
    data_labels_plain: ClassVar = {"id_number_tail": "the four characters every mask shows"}

    class Meta:
        indexes = [
            models.Index(fields=["dwelling_no"], name="traced_no", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["head_name"], name="traced_head", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["payee_name"], name="traced_payee", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["id_number_tail"], name="traced_tail"),
            models.Index(fields=["programme", "area", "line"], name="traced_place"),
        ]

    def __str__(self) -> str:
        return f"{self.dwelling_no} {self.amount_fen}"


class TracedShare(models.Model):
    """What a source has paid of a payment (less what the payment kept back), and what came back of it; fen."""

    view_right: ClassVar = "audit.trace"
    area_field: ClassVar = "area_id"

    payment = models.ForeignKey(TracedPayment, models.CASCADE, related_name="shares")
    programme = models.ForeignKey(Programme, models.CASCADE)
    area = models.ForeignKey(Area, models.PROTECT)
    source = models.CharField(max_length=24)
    dwelling_no = models.CharField(max_length=26)
    paid_fen = models.BigIntegerField()
    back_fen = models.BigIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()
    data_labels: ClassVar = {"source": "L0", "dwelling_no": "L1"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payment", "source"], name="traced_share_once")]
        indexes = [models.Index(fields=["programme", "source", "area", "dwelling_no"], name="traced_share_place")]

    def __str__(self) -> str:
        return f"{self.payment_id} {self.source}"


class ChainFault(models.Model):
    """One thing that breaks the chain of proof of one payment; `fault` is a code of `reports.queries.faults`."""

    view_right: ClassVar = "audit.trace"
    area_field: ClassVar = "area_id"

    payment = models.ForeignKey(TracedPayment, models.CASCADE, related_name="faults")
    programme = models.ForeignKey(Programme, models.CASCADE)
    area = models.ForeignKey(Area, models.PROTECT)
    fault = models.CharField(max_length=16)

    objects = ScopedQuerySet.as_manager()
    data_labels: ClassVar = {"fault": "L0"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payment", "fault"], name="chain_fault_once")]
        indexes = [models.Index(fields=["programme", "fault", "area", "payment"], name="chain_fault_place")]

    def __str__(self) -> str:
        return f"{self.payment_id} {self.fault}"


class TraceTotal(models.Model):
    """Sums of a village, and of a town over its villages. `number` counts households of a source, else payments.

    `key` is the source, the fault or the day the money arrived (ISO); amounts in fen.
    """

    view_right: ClassVar = "audit.trace"
    area_field: ClassVar = "area_id"

    class Level(models.TextChoices):
        TOWN = "town", _("town")
        VILLAGE = "village", _("village")

    class Kind(models.TextChoices):
        PAYMENTS = "payments", _("payments")
        DAY = "day", _("payments of a day")
        SOURCE = "source", _("shares of a source")
        FAULT = "fault", _("broken chains")

    programme = models.ForeignKey(Programme, models.CASCADE)
    area = models.ForeignKey(Area, models.PROTECT)
    level = models.CharField(max_length=7, choices=Level.choices)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    key = models.CharField(max_length=24, blank=True)
    number = models.PositiveIntegerField()
    paid_fen = models.BigIntegerField(default=0)
    back_fen = models.BigIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()
    data_labels: ClassVar = {"key": "L0"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "level", "kind", "key", "area"], name="trace_total_once")
        ]
        indexes = [models.Index(fields=["programme", "area"], name="trace_total_place")]

    def __str__(self) -> str:
        return f"{self.area_id} {self.kind} {self.key} {self.number}"
