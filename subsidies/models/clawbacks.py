"""What was overpaid: one case each, decided by a second person, offset against later amounts or returned. Fen."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from households.models import Dwelling
from programmes.models import Programme
from subsidies import guards
from subsidies.models.entitlements import Entitlement

#: More can never come back than the case asks for: money returned, and what living payments keep back against it.
_NOT_TOO_MUCH = pgtrigger.Trigger(
    name="not_too_much",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    declare=[("wanted", "jsonb"), ("known", "bigint"), ("phase", "text"), ("home", "bigint")],
    func=(
        "SELECT c.shares, c.state, c.dwelling_id INTO wanted, phase, home FROM subsidies_clawback c "
        "WHERE c.id = NEW.clawback_id FOR UPDATE; "
        "SELECT COALESCE(SUM(r.amount_fen), 0) INTO known FROM subsidies_clawbackentry r "
        "WHERE r.clawback_id = NEW.clawback_id AND r.source = NEW.source; "
        "SELECT known + COALESCE(SUM((part->>2)::bigint), 0) INTO known FROM subsidies_payoutline l "
        "JOIN subsidies_entitlement e ON e.id = l.entitlement_id, jsonb_array_elements(l.offsets) part "
        "WHERE e.dwelling_id = home AND l.offset_fen > 0 AND l.state NOT IN ('failed', 'dropped') "
        "AND part->>0 = 'ZH-' || lpad(NEW.clawback_id::text, greatest(5, length(NEW.clawback_id::text)), '0') "
        "AND part->>1 = NEW.source; "
        "IF phase <> 'confirmed' OR known + NEW.amount_fen > COALESCE((wanted->>NEW.source)::bigint, 0) THEN "
        "RAISE EXCEPTION 'payout: clawback % gives no % fen of %', NEW.clawback_id, NEW.amount_fen, NEW.source "
        "USING ERRCODE = 'PY001'; END IF; RETURN NEW;"
    ),
)
CLAWBACK_EDGES = (("proposed", "confirmed"), ("proposed", "dropped"))


class Clawback(ScopedModel):
    """An overpaid amount with reason and evidence; who proposed it never decides it. `shares` add up to the amount."""

    view_right = "entitlements.view"

    class State(models.TextChoices):
        PROPOSED = "proposed", _("proposed, to be decided")
        CONFIRMED = "confirmed", _("confirmed")
        DROPPED = "dropped", _("dropped")

    class Reason(models.TextChoices):
        READING_CORRECTED = "reading", _("a reading was corrected after the payment")
        NEVER_RAN = "never_ran", _("the heater never ran")
        DISAGREE = "disagree", _("meter and heater disagree")
        NOT_ENTITLED = "not_entitled", _("the household was not entitled")
        VERSION = "version", _("a later version of the policy gives less")
        OTHER = "other", _("another reason")

    class Way(models.TextChoices):
        OFFSET = "offset", _("offset against the next amount")
        RETURN = "return", _("returned in money")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="clawbacks")
    area = models.ForeignKey(Area, models.PROTECT)
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="clawbacks")
    entitlement = models.ForeignKey(Entitlement, models.PROTECT, related_name="clawbacks")
    benefit_kind = models.CharField(max_length=20)
    period = models.CharField(max_length=16)
    amount_fen = models.BigIntegerField()
    shares = models.JSONField(help_text="source -> fen, what each funding source gets back")
    way = models.CharField(_("how it comes back"), max_length=8, choices=Way.choices, default=Way.OFFSET)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason.choices)
    words = models.CharField(_("what happened"), max_length=500)
    evidence = models.JSONField(
        default=dict, blank=True, help_text="Due and paid, the readings and the check behind it"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_person_no = models.CharField(max_length=40)
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_person_no = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=300, blank=True)
    data_labels: ClassVar = {
        "benefit_kind": "L0",
        "period": "L0",
        "shares": "L1",
        "words": "L2",
        "evidence": "L1",
        "proposed_person_no": "L2",
        "decided_person_no": "L2",
        "decision_reason": "L1",
    }
    status_looks: ClassVar = {"proposed": "warn", "confirmed": "ok", "dropped": "void"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["entitlement"], name="clawback_one_proposed", condition=Q(state="proposed")
            ),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="clawback_positive"),
            models.CheckConstraint(
                name="clawback_four_eyes",
                condition=Q(state="proposed", decided_person_no="")
                | (
                    ~Q(state="proposed")
                    & ~Q(decided_person_no="")
                    & ~Q(proposed_person_no="")
                    & ~Q(decided_person_no=F("proposed_person_no"))
                ),
            ),
        ]
        triggers = [
            *ScopedModel.Meta.triggers,
            *guards.legal_edges(CLAWBACK_EDGES, ["proposed"]),
            guards.fixed(["programme_id", "area_id", "dwelling_id", "entitlement_id", "benefit_kind", "period",
                          "amount_fen", "shares", "evidence", "proposed_person_no"]),
            guards.no_delete(),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"ZH-{self.pk:05d}" if self.pk else "ZH"


class ClawbackEntry(TrackedModel):
    """Money a household gave back for a case, by source. What is kept back from payments stands on their lines."""

    clawback = models.ForeignKey(Clawback, models.PROTECT, related_name="entries")
    source = models.CharField(max_length=24)
    amount_fen = models.BigIntegerField()
    document_no = models.CharField(max_length=80)
    request_id = models.UUIDField(help_text="Made when the form was shown: a retry finds the first one")
    on = models.DateField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    data_labels: ClassVar = {"source": "L0", "document_no": "L1"}

    class Meta(TrackedModel.Meta):
        verbose_name_plural = "clawback entries"
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="clawback_entry_positive"),
            models.UniqueConstraint(fields=["clawback", "request_id", "source"], name="clawback_return_once"),
        ]
        triggers = [*TrackedModel.Meta.triggers, _NOT_TOO_MUCH, *guards.LEDGER]
