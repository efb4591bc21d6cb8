"""What becomes of a difference of a later version: a further payment or a claim back, decided by two people. Fen."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from subsidies import guards, states
from subsidies.models.clawbacks import Clawback
from subsidies.models.desk import EntitlementDifference
from subsidies.models.entitlements import Entitlement


class DifferenceSettlement(ScopedModel):
    """One difference line on its way into a batch (`amount_fen` above 0) or to a claim back (below 0).

    `sources` are the shares by which the further payment is made or the claim is asked back, [[source, fen], …].
    """

    view_right = "entitlements.view"

    class State(models.TextChoices):
        PROPOSED = "proposed", _("proposed, to be decided")
        CONFIRMED = "confirmed", _("confirmed")
        DROPPED = "dropped", _("left as it is")

    difference = models.ForeignKey(EntitlementDifference, models.PROTECT, related_name="settlements")
    area = models.ForeignKey(Area, models.PROTECT)
    amount_fen = models.BigIntegerField()
    sources = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    words = models.CharField(max_length=300)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_person_no = models.CharField(max_length=40)
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_person_no = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=300, blank=True)
    made = models.OneToOneField(Entitlement, models.PROTECT, null=True, blank=True, related_name="born_of")
    clawback = models.OneToOneField(Clawback, models.PROTECT, null=True, blank=True, related_name="born_of")
    data_labels: ClassVar = {
        "sources": "L1",
        "words": "L1",
        "proposed_person_no": "L2",
        "decided_person_no": "L2",
        "decision_reason": "L1",
    }
    status_looks: ClassVar = {"proposed": "warn", "confirmed": "ok", "dropped": "void"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["difference"], name="difference_settled_once", condition=~Q(state="dropped")
            ),
            models.CheckConstraint(condition=~Q(amount_fen=0), name="settlement_moves_money"),
            models.CheckConstraint(
                name="settlement_four_eyes",
                condition=Q(state="proposed", decided_person_no="")
                | (
                    ~Q(state="proposed")
                    & ~Q(decided_person_no="")
                    & ~Q(proposed_person_no="")
                    & ~Q(decided_person_no=F("proposed_person_no"))
                ),
            ),
            models.CheckConstraint(
                name="settlement_leads_somewhere",
                condition=Q(state="confirmed", amount_fen__gt=0, made__isnull=False, clawback__isnull=True)
                | Q(state="confirmed", amount_fen__lt=0, made__isnull=True, clawback__isnull=False)
                | (~Q(state="confirmed") & Q(made__isnull=True, clawback__isnull=True)),
            ),
        ]
        triggers = [
            *ScopedModel.Meta.triggers,
            *guards.legal_edges(states.SETTLEMENT_EDGES, ["proposed"]),
            guards.fixed(["difference_id", "area_id", "amount_fen", "sources", "proposed_person_no"]),
            guards.no_delete(),
        ]

    def __str__(self) -> str:
        return f"{self.difference_id} · {self.state}"
