"""What was overpaid: proposed by one, decided by another, kept back from later payments or returned in money.

Nothing here makes an amount or a line negative: a payment keeps back at most what it pays, the rest is carried on.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.money import format_yuan
from core.refusals import Refused
from subsidies.models import Clawback, ClawbackEntry, Entitlement, Fund, PayoutLine
from subsidies.services import funds
from subsidies.services.locking import demand_right
from subsidies.services.offsets import Part, offset_finder

PROPOSE, DECIDE, RETURN = "entitlements.assess", "clawbacks.decide", "funds.record"
State, Way = Clawback.State, Clawback.Way
CONFIRM, DROP = "confirm", "drop"
Shares = dict[str, int]


@transaction.atomic
def propose_clawback(
    *, entitlement: Entitlement, amount_fen: int, reason: str, words: str, by: User, way: str = Way.OFFSET,
    shares: Mapping[str, int] | None = None, evidence: Mapping[str, Any] | None = None, now: dt.datetime | None = None,
) -> Clawback:  # fmt: skip
    """Open a case about a paid amount; `shares` by source default to the proportions of what is left of it.

    Raises Refused NOT_PAID, AMOUNT, REASON_NEEDED, CLAWBACK_OPEN (conflict).
    """
    demand_right(by, PROPOSE, entitlement.area_id)
    paid = Entitlement.objects.select_for_update().select_related("programme").get(pk=entitlement.pk)
    if paid.state != Entitlement.State.PAID:
        raise Refused("NOT_PAID", _("It is not paid yet; strike it or compute it again instead."), conflict=True)
    if not words.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    if paid.clawbacks.filter(state=State.PROPOSED).exists():
        raise Refused("CLAWBACK_OPEN", _("A case about this payment waits for its decision already."), conflict=True)
    left = (paid.amount_fen or 0) - asked_of(paid)
    if not 0 < amount_fen <= left:
        words_ = _("Between 0.01 and %(left)s yuan of this payment can be claimed back.")
        raise Refused("AMOUNT", words_, left=format_yuan(left))
    by_source = dict(shares) if shares else _proportions(claimable(paid), amount_fen)
    if sum(by_source.values()) != amount_fen or min(by_source.values()) < 0:
        raise Refused("AMOUNT", _("The sources' shares do not add up to the amount."))
    with acting(by, reason=words.strip()[:300]):
        return Clawback.objects.create(
            programme=paid.programme, area_id=paid.area_id, dwelling_id=paid.dwelling_id, entitlement=paid,
            benefit_kind=paid.benefit_kind, period=paid.period, amount_fen=amount_fen, shares=by_source, way=way,
            reason=reason, words=words.strip()[:500], evidence=dict(evidence or {}), proposed_by=by,
            proposed_person_no=by.person_no, proposed_at=now or clock.now(),
        )  # fmt: skip


@transaction.atomic
def decide_clawback(
    *, clawback: Clawback, decision: str, reason: str, by: User, now: dt.datetime | None = None
) -> Clawback:
    """Confirm or drop a case; never by who proposed it. Asked again with the same answer, nothing happens.

    Raises Refused SAME_PERSON, REASON_NEEDED, CLAWBACK_STATE (conflict).
    """
    demand_right(by, DECIDE, clawback.area_id)
    locked = Clawback.objects.select_for_update().get(pk=clawback.pk)
    wanted = {CONFIRM: State.CONFIRMED, DROP: State.DROPPED}[decision]
    if locked.state != State.PROPOSED:
        if locked.state == wanted:
            return locked
        raise Refused("CLAWBACK_STATE", _("The case is decided already."), conflict=True)
    if locked.proposed_person_no == by.person_no:
        raise Refused("SAME_PERSON", _("You proposed it; somebody else has to decide."))
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    with acting(by, reason=reason.strip()[:300]):
        locked.state, locked.decided_by, locked.decided_person_no = wanted, by, by.person_no
        locked.decided_at, locked.decision_reason = now or clock.now(), reason.strip()[:300]
        locked.save(update_fields=["state", "decided_by", "decided_person_no", "decided_at", "decision_reason"])
    return locked


@transaction.atomic
def record_return(
    *, clawback: Clawback, amount_fen: int, document_no: str, request_id: UUID, by: User,
    on: dt.date | None = None, now: dt.datetime | None = None,
) -> list[ClawbackEntry]:  # fmt: skip
    """Money the household gave back, booked into the funds it was paid from. The same `request_id` again: the first.

    Raises Refused AMOUNT, DOCUMENT_NEEDED, CLAWBACK_STATE (conflict), FUND_UNKNOWN.
    """
    demand_right(by, RETURN, clawback.area_id)
    locked = Clawback.objects.select_for_update().select_related("entitlement", "programme").get(pk=clawback.pk)
    known = list(locked.entries.filter(request_id=request_id).order_by("id"))
    if known:
        return known
    if locked.state != State.CONFIRMED:
        raise Refused("CLAWBACK_STATE", _("The case is not confirmed."), conflict=True)
    if not document_no.strip():
        raise Refused("DOCUMENT_NEEDED", _("Name the document by which the money came."))
    left = outstanding([locked])[locked.pk]
    if not 0 < amount_fen <= sum(left.values()):
        words = _("Between 0.01 and %(left)s yuan of this case are open.")
        raise Refused("AMOUNT", words, left=format_yuan(sum(left.values())))
    at = now or clock.now()
    return [
        _entry(locked, source, fen, document_no, request_id, by, on or timezone.localdate(at), at)
        for source, fen in _fill(left, amount_fen).items()
    ]


def outstanding(cases: Iterable[Clawback]) -> dict[int, Shares]:
    """By case: what is still to come back, by source; two queries for any number. Only confirmed cases are owed."""
    wanted = {case.pk: case for case in cases}
    left = {pk: dict(case.shares) if case.state == State.CONFIRMED else {} for pk, case in wanted.items()}
    for pk, source, fen in _returned(wanted):
        left[pk][source] = left[pk].get(source, 0) - fen
    for pk, source, fen in _kept_back(wanted):
        left[pk][source] = left[pk].get(source, 0) - fen
    return {pk: {source: fen for source, fen in shares.items() if fen > 0} for pk, shares in left.items()}


def asked_of(entitlement: Entitlement) -> int:
    """Fen of an amount that cases which were not dropped claim back."""
    cases = Clawback.objects.filter(entitlement=entitlement).exclude(state=State.DROPPED)
    return cases.aggregate(fen=Sum("amount_fen"))["fen"] or 0


def claimable(entitlement: Entitlement) -> Shares:
    """By source: what no case that was not dropped claims back of an amount yet."""
    left: Shares = dict(entitlement.lines.order_by("id").values_list("source", "amount_fen"))
    cases = Clawback.objects.filter(entitlement=entitlement).exclude(state=State.DROPPED)
    for shares in cases.values_list("shares", flat=True):
        for source, fen in shares.items():
            left[source] = left.get(source, 0) - fen
    return {source: max(fen, 0) for source, fen in left.items()}


def reference(case: Clawback) -> str:
    """How payout lines name a case: ZH-00012."""
    return str(case)


@offset_finder
def open_parts(entitlements: Sequence[Entitlement]) -> Mapping[int, Sequence[Part]]:
    """What is to be kept back from these amounts: open cases of the same dwelling and benefit, the oldest first.

    The cases stay locked until the caller's transaction ends, so that two batches never keep back the same fen.
    """
    homes = {one.dwelling_id for one in entitlements}
    cases = Clawback.objects.select_for_update().filter(dwelling__in=homes, state=State.CONFIRMED, way=Way.OFFSET)
    owed: dict[tuple[int, str], list[Clawback]] = defaultdict(list)
    for case in cases.order_by("pk"):
        owed[case.dwelling_id, case.benefit_kind].append(case)
    if not owed:
        return {}
    left = outstanding(case for group in owed.values() for case in group)
    found: dict[int, list[Part]] = {}
    for due in entitlements:
        share = {line.source: line.amount_fen for line in due.lines.all()}
        for case in owed.get((due.dwelling_id, due.benefit_kind), ()):
            found.setdefault(due.pk, []).extend(_parts(case, left[case.pk], share))
    return {pk: parts for pk, parts in found.items() if parts}


def _parts(case: Clawback, left: Shares, share: Shares) -> list[Part]:
    """As much of each source as both the case wants and the payment has."""
    parts: list[Part] = []
    for source in list(left):
        fen = min(left[source], share.get(source, 0))
        if fen > 0:
            parts.append((reference(case), source, fen))
            left[source] -= fen
            share[source] -= fen
    return parts


def _returned(cases: Mapping[int, Clawback]) -> Iterable[tuple[int, str, int]]:
    rows = ClawbackEntry.objects.filter(clawback__in=list(cases))
    return rows.values_list("clawback_id", "source").annotate(fen=Sum("amount_fen"))


def _kept_back(cases: Mapping[int, Clawback]) -> Iterable[tuple[int, str, int]]:
    """Parts on payments that were not dropped and did not fail."""
    numbers = {reference(case): pk for pk, case in cases.items()}
    lines = PayoutLine.objects.filter(
        entitlement__dwelling__in={case.dwelling_id for case in cases.values()}, offset_fen__gt=0
    ).exclude(state__in=[PayoutLine.State.FAILED, PayoutLine.State.DROPPED])
    for parts in lines.values_list("offsets", flat=True):
        for name, source, fen in parts:
            if name in numbers:
                yield numbers[name], source, fen


def _proportions(left: Shares, amount_fen: int) -> Shares:
    """The amount by what the sources may still be asked for, whole fen, the last ones take the rest as far as it fits:
    a source never gets back more than it gave."""
    total = sum(left.values())
    shares = {source: amount_fen * fen // total for source, fen in left.items()}
    rest = amount_fen - sum(shares.values())
    for source in reversed(shares):
        part = min(rest, left[source] - shares[source])
        shares[source] += part
        rest -= part
    return shares


def _fill(left: Mapping[str, int], amount_fen: int) -> Shares:
    """The amount into the open shares, in their order."""
    filled: Shares = {}
    for source, fen in left.items():
        part = min(fen, amount_fen)
        if part:
            filled[source] = part
        amount_fen -= part
    return filled


def _entry(
    case: Clawback, source: str, fen: int, document_no: str, request_id: UUID, by: User, on: dt.date, at: dt.datetime
) -> ClawbackEntry:
    year = case.entitlement.lines.filter(source=source).values_list("budget_year", flat=True).first()
    fund = Fund.objects.filter(programme=case.programme, source=source, budget_year=year).first()
    if fund is None:
        raise Refused("FUND_UNKNOWN", _("There is no fund from which this was paid."))
    funds.record_recovery(
        fund=fund, amount_fen=fen, document_no=document_no, request_id=uuid5(request_id, source), by=by, now=at
    )
    return ClawbackEntry.objects.create(
        clawback=case, source=source, amount_fen=fen, document_no=document_no.strip()[:80], request_id=request_id,
        on=on, recorded_by=by, recorded_at=at,
    )  # fmt: skip
