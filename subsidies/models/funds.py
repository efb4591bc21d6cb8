"""Money by source and budget year, and every movement of it. All amounts are integer fen."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Case, CharField, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from households.models import Dwelling, RosterRow
from programmes.models import Programme
from subsidies import guards
from subsidies.bookkeeping import CREDITS, DEBITS
from subsidies.models.batches import PayoutBatch, PayoutLine


class Fund(ScopedModel):
    """Money of one source and budget year. Running totals with CHECKs: it can't be overspent.

    granted: promised by document · received: arrived · held: set aside for homes of sealed rosters · reserved: promised
    to locked batches · paid · returned: given back to the source · clawed: recovered from households, free again.
    """

    view_right = "funds.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="funds")
    area = models.ForeignKey(Area, models.PROTECT)
    source = models.CharField(max_length=24)
    budget_year = models.PositiveSmallIntegerField()
    granted_fen = models.BigIntegerField(default=0)
    received_fen = models.BigIntegerField(default=0)
    held_fen = models.BigIntegerField(default=0)
    reserved_fen = models.BigIntegerField(default=0)
    paid_fen = models.BigIntegerField(default=0)
    returned_fen = models.BigIntegerField(default=0)
    clawed_fen = models.BigIntegerField(default=0)
    data_labels: ClassVar = {"source": "L0"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["programme", "source", "budget_year"], name="fund_once"),
            models.CheckConstraint(
                name="fund_not_overspent",
                condition=Q(
                    received_fen__gte=F("held_fen")
                    + F("reserved_fen")
                    + F("paid_fen")
                    + F("returned_fen")
                    - F("clawed_fen"),
                    held_fen__gte=0,
                    reserved_fen__gte=0,
                    paid_fen__gte=0,
                    returned_fen__gte=0,
                    clawed_fen__gte=0,
                    clawed_fen__lte=F("paid_fen"),
                    granted_fen__gte=0,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.budget_year}"

    @property
    def free_fen(self) -> int:
        """Fen that nothing is promised from."""
        used = self.held_fen + self.reserved_fen + self.paid_fen + self.returned_fen
        return self.received_fen + self.clawed_fen - used


class FundEntry(ScopedModel):
    """The fund ledger, double entry: each row moves its amount from one account of the fund to another, both made by
    the database from the kind (`subsidies.bookkeeping`). Append-only; corrections are further entries.
    """

    view_right = "funds.view"

    class Kind(models.TextChoices):
        GRANTED = "granted", _("granted")
        RECEIVED = "received", _("money received")
        HELD = "held", _("held for sealed homes")
        UNHELD = "unheld", _("hold ended")
        RESERVED = "reserved", _("reserved for a batch")
        RELEASED = "released", _("reservation given back")
        PAID = "paid", _("paid")
        BOUNCED = "bounced", _("sent back by the bank once paid")
        RETURNED = "returned", _("given back to the source")
        CLAWED = "clawed", _("recovered from a household")

    fund = models.ForeignKey(Fund, models.PROTECT, related_name="entries")
    area = models.ForeignKey(Area, models.PROTECT)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount_fen = models.BigIntegerField()
    debit = models.GeneratedField(
        expression=Case(*[When(kind=kind, then=Value(account)) for kind, account in DEBITS.items()]),
        output_field=CharField(max_length=12), db_persist=True,
    )  # fmt: skip
    credit = models.GeneratedField(
        expression=Case(*[When(kind=kind, then=Value(account)) for kind, account in CREDITS.items()]),
        output_field=CharField(max_length=12), db_persist=True,
    )  # fmt: skip
    batch = models.ForeignKey(PayoutBatch, models.PROTECT, null=True, blank=True, related_name="fund_entries")
    line = models.ForeignKey(PayoutLine, models.PROTECT, null=True, blank=True, related_name="fund_entries")
    round_no = models.PositiveSmallIntegerField(default=0, help_text="The batch's round; 0 for receipts")
    request_id = models.UUIDField(unique=True, null=True, blank=True)
    document_no = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT)
    data_labels: ClassVar = {"document_no": "L1", "debit": "L0", "credit": "L0"}

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


class FundHold(ScopedModel):
    """Money set aside for one home when its roster was sealed, until a batch takes it over (`reserve_pending`).

    `short`: the money was not there; what is due for the home can't enter a batch until it is. `parts` are
    [[source, budget year, fen], …], what the programme says one home of this technology needs.
    """

    view_right = "funds.view"

    class State(models.TextChoices):
        SHORT = "short", _("funds short")
        HELD = "held", _("reserved")
        USED = "used", _("in a batch")
        FREED = "freed", _("not needed any more")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="holds")
    area = models.ForeignKey(Area, models.PROTECT)
    roster_row = models.OneToOneField(RosterRow, models.PROTECT, related_name="fund_hold")
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="fund_holds")
    sealed_at = models.DateTimeField(help_text="When the roster was sealed: who comes first")
    parts = models.JSONField()
    amount_fen = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices)
    batch = models.ForeignKey(PayoutBatch, models.PROTECT, null=True, blank=True, related_name="holds")
    data_labels: ClassVar = {"parts": "L0"}
    status_looks: ClassVar = {"short": "bad", "held": "ok", "used": "busy", "freed": "void"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "dwelling"], name="fund_hold_once_per_home", condition=~Q(state="freed")
            ),
            models.CheckConstraint(name="fund_hold_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(name="fund_hold_batch_iff_used", condition=Q(state="used", batch__isnull=False)
                                   | (~Q(state="used") & Q(batch__isnull=True))),
        ]  # fmt: skip
        indexes = [models.Index(fields=["programme", "state", "sealed_at"], name="fund_hold_in_order")]
        triggers = [*ScopedModel.Meta.triggers, *guards.HOLD]
