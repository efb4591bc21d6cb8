"""What breaks a chain of proof, each as a condition on payments the bank has confirmed; worst first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import (
    BigIntegerField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    Subquery,
    Sum,
    TextField,
    Value,
)
from django.db.models.functions import Cast
from django.utils.translation import gettext_noop

from accounts.models import Grant
from households.models import RosterSeal
from retrofits.models import Acceptance, CostItem, Photo
from subsidies.models import BatchRound, BatchSignature, EntitlementLine

#: What the household was due: what was paid, and what the payment kept back against an earlier one.
DUE = F("amount_fen") + F("offset_fen")


def _without_notice(rows: Any) -> Any:
    late = Q(settled_at__lt=F("entitlement__notice__ends_at"))
    none = Q(entitlement__notice__isnull=True, batch__programme__notice_required=True)
    return rows.filter(late | none)


def _not_accepted(rows: Any) -> Any:
    passed = Acceptance.objects.filter(task=OuterRef("entitlement__task"), result="passed")
    return rows.filter(~Exists(passed))


def _below_cost(rows: Any) -> Any:
    costs = CostItem.objects.filter(installation__task=OuterRef("entitlement__task")).order_by()
    total = costs.values("installation__task").annotate(fen=Sum("amount_fen")).values("fen")
    return rows.annotate(cost=Subquery(total)).filter(cost__lt=DUE)


def _same_picture(rows: Any) -> Any:
    other = Photo.objects.filter(document__sha256=OuterRef("document__sha256")).exclude(task=OuterRef("task"))
    shared = Photo.objects.filter(Exists(other), task=OuterRef("entitlement__task"))
    return rows.filter(Exists(shared))


def _sources_differ(rows: Any) -> Any:
    parts = EntitlementLine.objects.filter(entitlement=OuterRef("entitlement")).order_by()
    total = parts.values("entitlement").annotate(fen=Sum("amount_fen")).values("fen")
    return rows.annotate(parts=Subquery(total)).filter(~Q(parts=DUE) | Q(parts__isnull=True))


def of_another_holder(rows: Any) -> Any:
    """Neither the head nor the holder whom the register names for the household's account."""
    own = Q(entitlement__household__account_holder="", payee_name=F("entitlement__household__head_name"))
    return rows.exclude(own | Q(payee_name=F("entitlement__household__account_holder")))


def _by_installer(rows: Any) -> Any:
    """The works were accepted by whoever entered them, by somebody of a supplier, or signed for by that person."""
    supplier = Grant.objects.filter(user=OuterRef("inspector"), role="supplier")
    own = Q(inspector=F("task__installation__recorded_by"))
    signed = Q(signer_name=F("task__installation__recorded_by__person_name"))
    visits = Acceptance.objects.filter(task=OuterRef("entitlement__task"), result="passed")
    return rows.filter(Exists(visits.filter(own | signed | Exists(supplier))))


def _changed(rows: Any) -> Any:
    """Sealed or signed was another content: the list, the batch, the amount in the batch, or the route."""
    roster = RosterSeal.objects.filter(roster=OuterRef("entitlement__task__roster_row__roster"))
    signed = BatchSignature.objects.filter(
        batch=OuterRef("batch"), round_no=OuterRef("batch__round_no"), decision="agree"
    )
    rounds = BatchRound.objects.filter(batch=OuterRef("batch"), round_no=OuterRef("batch__round_no"))
    key = Cast(OuterRef("entitlement_id"), TextField())
    was = Func(F("content"), key, Value("0"), function="jsonb_extract_path_text", output_field=TextField())
    return rows.filter(
        Exists(roster.exclude(content_hash=F("roster__content_hash")))
        | Exists(signed.exclude(content_hash=OuterRef("batch__content_hash")))
        | Exists(rounds.annotate(was=Cast(was, BigIntegerField())).exclude(was=OuterRef("amount_fen")))
        | ~Q(entitlement__task__technology=F("entitlement__task__roster_row__technology"))
    )


Narrow = Callable[[Any], Any]
#: Code under which a fault is stored (`reports.ChainFault`) -> its words and its condition.
BY_CODE: dict[str, tuple[str, Narrow]] = {
    "no_notice": (gettext_noop("paid without a finished public notice"), _without_notice),
    "not_accepted": (gettext_noop("paid without an acceptance"), _not_accepted),
    "below_cost": (gettext_noop("the cost is less than the subsidy"), _below_cost),
    "same_picture": (gettext_noop("the same picture belongs to another household"), _same_picture),
    "by_installer": (gettext_noop("accepted or signed for by the installer"), _by_installer),
    "changed": (gettext_noop("changed after it was sealed or signed"), _changed),
    "sources_differ": (gettext_noop("the sources do not add up to the amount"), _sources_differ),
    "other_holder": (gettext_noop("the payee does not hold the household's account"), of_another_holder),
}
FAULTS: tuple[tuple[str, Narrow], ...] = tuple(BY_CODE.values())
