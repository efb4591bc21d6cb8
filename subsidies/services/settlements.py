"""Differences of later versions on their way into money: a further payment, or a claim back. Never a changed line.

One proposes, another decides. A further payment is an amount of its own (period once/2) that goes through notice, batch
and signatures like any other; a claim back is a case. Seasons are not settled here: their running total is
(`services.seasons`), which pays or claims what is between it and everything that stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from subsidies.fact_coding import decode_facts
from subsidies.models import Clawback, DifferenceSettlement, Entitlement, EntitlementDifference, EntitlementLine
from subsidies.rules.encoding import encode_steps
from subsidies.rules.outcomes import Due, Step
from subsidies.services import clawbacks
from subsidies.services.clawbacks import CONFIRM, DECIDE, DROP, PROPOSE
from subsidies.services.differences import outcome_under, payable_of
from subsidies.services.locking import demand_right
from subsidies.services.seasons import cut, not_negative
from subsidies.services.turns import ONCE, next_period

State = DifferenceSettlement.State
Shares = dict[str, int]


@dataclass(frozen=True)
class Open:
    """What is left of a difference: fen more (to be paid) or less (to be claimed back), and by which sources."""

    amount_fen: int
    shares: Shares


@transaction.atomic
def propose_settlement(
    *, difference: EntitlementDifference, words: str, by: User, now: dt.datetime | None = None
) -> DifferenceSettlement:
    """Ask for what is open of a difference to be paid or claimed back.

    Raises Refused NOT_PAID, SEASON_TOTAL, NOTHING_OPEN, OUTDATED, SETTLEMENT_OPEN, CLAIMED_BACK, REASON_NEEDED.
    """
    demand_right(by, PROPOSE, difference.area_id)
    if not words.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    left = open_of(_locked_difference(difference.pk))
    with acting(by, reason=words.strip()[:300]):
        return DifferenceSettlement.objects.create(
            difference_id=difference.pk, area_id=difference.area_id, amount_fen=left.amount_fen,
            sources=[[source, fen] for source, fen in left.shares.items()], words=words.strip()[:300],
            proposed_by=by, proposed_person_no=by.person_no, proposed_at=now or clock.now(),
        )  # fmt: skip


@transaction.atomic
def decide_settlement(
    *, settlement: DifferenceSettlement, decision: str, reason: str, by: User, now: dt.datetime | None = None
) -> DifferenceSettlement:
    """Confirm (then the amount or the case is made) or drop; never by who proposed it. Decided alike before: nothing.

    Raises Refused SAME_PERSON, REASON_NEEDED, SETTLEMENT_STATE, CHANGED (conflicts) and those of a claim back.
    """
    demand_right(by, DECIDE, settlement.area_id)
    difference = _locked_difference(settlement.difference_id)
    locked = DifferenceSettlement.objects.select_for_update(of=("self",)).get(pk=settlement.pk)
    wanted = {CONFIRM: State.CONFIRMED, DROP: State.DROPPED}[decision]
    if locked.state != State.PROPOSED:
        if locked.state == wanted:
            return locked
        raise Refused("SETTLEMENT_STATE", _("It is decided already."), conflict=True)
    if locked.proposed_person_no == by.person_no:
        raise Refused("SAME_PERSON", _("You proposed it; somebody else has to decide."))
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    at = now or clock.now()
    with acting(by, reason=reason.strip()[:300]):
        if wanted == State.CONFIRMED:
            _carry_out(locked, difference, by, reason, at)
        locked.state, locked.decided_by, locked.decided_person_no = wanted, by, by.person_no
        locked.decided_at, locked.decision_reason = at, reason.strip()[:300]
        locked.save()
    return locked


def open_of(difference: EntitlementDifference, *, beside: int | None = None) -> Open:
    """What is open of a difference, everything settled of its amount before taken off; `beside`: a settlement that is
    left out of account. Refusals as `propose_settlement`."""
    one = difference.entitlement
    refusal = why_not(difference)
    if refusal is not None:
        raise refusal
    if one.clawbacks.exclude(state=Clawback.State.DROPPED).filter(born_of__isnull=True).exists():
        words = _("This payment is claimed back for another reason; decide that case first and by itself.")
        raise Refused("CLAIMED_BACK", words, conflict=True)
    rows = DifferenceSettlement.objects.filter(difference__entitlement=one).exclude(pk=beside)
    if rows.filter(state=State.PROPOSED).exists():
        raise Refused("SETTLEMENT_OPEN", _("One about this amount waits for its decision already."), conflict=True)
    settled = list(rows.filter(state=State.CONFIRMED))
    amount = (difference.difference_fen or 0) - sum(row.amount_fen for row in settled)
    if amount == 0 or any(row.difference_id == difference.pk for row in settled):
        raise Refused("NOTHING_OPEN", _("Nothing is open of this difference."))
    return Open(amount, _shares(difference, settled, amount))


def why_not(difference: EntitlementDifference) -> Refused | None:
    """What stands against settling this difference, whatever was settled before; None where nothing does."""
    one = difference.entitlement
    if one.period[:4].isdecimal():
        words = _("A season is evened out by its running total: settle the season.")
        return Refused("SEASON_TOTAL", words)
    if one.state != Entitlement.State.PAID:
        return Refused("NOT_PAID", _("It is not paid yet; strike it or compute it again instead."), conflict=True)
    if not difference.difference_fen:
        return Refused("NOTHING_OPEN", _("Nothing is open of this difference."))
    return None


def _locked_difference(key: int) -> EntitlementDifference:
    """The difference with its amount under a row lock, so that two people never settle it twice. Raises OUTDATED."""
    found = EntitlementDifference.objects.select_related("policy__programme").get(pk=key)
    found.entitlement = Entitlement.objects.select_for_update(of=("self",)).select_related("programme").get(
        pk=found.entitlement_id
    )  # fmt: skip
    newest = found.entitlement.differences.order_by("-pk").values_list("pk", flat=True).first()
    if newest != found.pk:
        raise Refused("OUTDATED", _("A still later version says something else about this amount; settle that one."))
    return found


def _shares(difference: EntitlementDifference, settled: Iterable[DifferenceSettlement], amount: int) -> Shares:
    """By source: to be paid, none below 0, or to be asked back. They add up to the amount: what only moves between
    sources is theirs to even out, not the household's."""
    left: Shares = dict(difference.sources)
    for row in settled:
        sign = 1 if row.amount_fen > 0 else -1
        for source, fen in row.sources:
            left[source] = left.get(source, 0) - sign * fen
    if amount > 0:
        return {source: fen for source, fen in not_negative(left).items() if fen}
    return cut({source: -fen for source, fen in left.items() if fen < 0}, -amount)


def _carry_out(
    row: DifferenceSettlement, difference: EntitlementDifference, by: User, reason: str, at: dt.datetime
) -> None:
    """Make the further amount or the case. Raises Refused CHANGED where less or more is open by now."""
    left = open_of(difference, beside=row.pk)
    if (left.amount_fen, left.shares) != (row.amount_fen, dict(row.sources)):
        raise Refused("CHANGED", _("By now another amount is open. Drop it and propose it anew."), conflict=True)
    if row.amount_fen > 0:
        row.made = _further_amount(row, difference, at)
        return
    case = clawbacks.propose_clawback(
        entitlement=difference.entitlement, amount_fen=-row.amount_fen, reason=Clawback.Reason.VERSION,
        words=row.words, by=row.proposed_by, way=Clawback.Way.RETURN, shares=left.shares, now=at,
        evidence={"due_fen": difference.after_fen, "paid_fen": difference.before_fen, "reason": difference.reason},
    )  # fmt: skip
    row.clawback = clawbacks.decide_clawback(clawback=case, decision=CONFIRM, reason=reason, by=by, now=at)


def _further_amount(row: DifferenceSettlement, difference: EntitlementDifference, at: dt.datetime) -> Entitlement:
    """An amount of its own beside the paid one: the same facts under the later version, of which it is the rest."""
    one = difference.entitlement
    outcome = outcome_under(difference.policy, one, decode_facts(one.facts), difference.as_of)
    if not isinstance(outcome, Due) or payable_of(outcome)[0] != difference.after_fen:
        raise Refused("CHANGED", _("By now another amount is open. Drop it and propose it anew."), conflict=True)
    stands = (difference.after_fen or 0) - row.amount_fen
    rest = Step("STANDS_ALREADY", {"stands_fen": stands, "amount_fen": row.amount_fen}, outcome.clause)
    straight = not one.programme.notice_required
    made = Entitlement.objects.create(
        programme=one.programme, area_id=one.area_id, household_id=one.household_id, dwelling_id=one.dwelling_id,
        task_id=one.task_id, acceptance_id=one.acceptance_id, policy=difference.policy, benefit=outcome.rule,
        benefit_kind=one.benefit_kind, period=_further_period(one), outcome="due", reason=outcome.code,
        amount_fen=row.amount_fen, facts=one.facts, steps=encode_steps([*outcome.steps, rest]),
        warnings=list(outcome.warnings), clause=outcome.clause[:40], assessed_at=at,
        state=Entitlement.State.PAYABLE if straight else Entitlement.State.ASSESSED,
    )  # fmt: skip
    EntitlementLine.objects.bulk_create(_lines(made, one, row.sources))
    return made


def _lines(made: Entitlement, one: Entitlement, sources: Sequence[Sequence[object]]) -> list[EntitlementLine]:
    """From the budget year the amount itself was paid from."""
    years = dict(one.lines.values_list("source", "budget_year"))
    usual = min(years.values(), default=one.programme.year_from)
    return [
        EntitlementLine(entitlement=made, source=str(source), budget_year=years.get(str(source), usual), amount_fen=fen)
        for source, fen in sources
    ]


def _further_period(one: Entitlement) -> str:
    rows = Entitlement.objects.filter(dwelling=one.dwelling_id, benefit_kind=one.benefit_kind)
    return next_period(ONCE, set(rows.exclude(state=Entitlement.State.VOID).values_list("period", flat=True)))
