"""What is due: pulled from acceptances and closed seasons, once per dwelling, benefit kind and period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from households.models import MeterReading
from programmes.models import Programme
from retrofits.models import Acceptance, Task
from subsidies.fact_coding import Facts, decode_facts, encode_facts
from subsidies.facts import facts_for, with_related
from subsidies.models import Entitlement, EntitlementLine, Policy
from subsidies.rules.encoding import encode_steps
from subsidies.rules.engine import assess
from subsidies.rules.outcomes import Due, NotDue, Outcome, Undefined
from subsidies.services.locking import demand_right, hold
from subsidies.services.policies import policy_in_force, rules_of
from subsidies.services.turns import ONCE, Turn, next_period, turns_of
from subsidies.usage import SPEAKING

State, Kinds = Entitlement.State, Entitlement.Outcome
UNSETTLED = (State.ASSESSED, State.HELD)
AT_ONCE = 500


@dataclass(frozen=True)
class Assessed:
    """What one run stored. `policy` is None where no released policy is in force on the day."""

    due: int = 0
    not_due: int = 0
    undefined: int = 0
    policy: Policy | None = None

    @property
    def total(self) -> int:
        return self.due + self.not_due + self.undefined


def assess_pending(
    *, programme: Programme, on: dt.date | None = None, by: User | str, now: dt.datetime | None = None
) -> Assessed:
    """Assess every accepted dwelling that has no entitlement yet, and every closed season of readings.

    Safe to repeat and to run side by side: runs of one programme wait for each other, and the database holds one
    living entitlement per dwelling, kind and period. A void one is not made anew by itself (`reassess_entitlement`).
    """
    if isinstance(by, User):
        demand_right(by, "entitlements.assess", programme.area_id)
    on = on or clock.today()
    policy = policy_in_force(programme, on)
    if policy is None:
        return Assessed()
    counts = dict.fromkeys(Kinds.values, 0)
    for turn in turns_of(rules_of(policy), on):
        full = True
        while full:  # fewer than were asked for are the last
            made = _assess_some(policy, turn, on, now or clock.now())
            full = len(made) == AT_ONCE
            for one in made:
                counts[one.outcome] += 1
    return Assessed(counts["due"], counts["not_due"], counts["undefined"], policy)


@transaction.atomic
def reassess_entitlement(
    *, entitlement: Entitlement, reason: str, by: User, on: dt.date | None = None, now: dt.datetime | None = None
) -> Entitlement:
    """Void an entitlement that has not moved on and compute it again from what is recorded now; a struck one comes back
    by it.

    Raises Refused ENTITLEMENT_STATE, NOT_AVAILABLE (conflicts), REASON_NEEDED, NO_POLICY.
    """
    old = _void(entitlement, reason, by, unless_struck=True)
    on = on or clock.today()
    policy = policy_in_force(old.programme, on)
    if policy is None:
        raise Refused("NO_POLICY", _("No released policy is in force on %(day)s."), day=on.isoformat())
    turn = next(
        (one for one in turns_of(rules_of(policy), on) if (one.kind, one.period) == (old.benefit_kind, _first(old))),
        None,
    )
    acceptances = with_related(Acceptance.objects.filter(task=old.task, result="passed", task__state__in=Task.PASSED))
    if turn is None or not acceptances:
        raise Refused("NOT_AVAILABLE", _("Nothing is recorded now from which this could be computed."), conflict=True)
    with acting(by, reason=reason.strip()[:300]):
        return _store(policy, turn, facts_for(list(acceptances), on=on, season=turn.season), now or clock.now())[0]


@transaction.atomic
def void_entitlement(*, entitlement: Entitlement, reason: str, by: User) -> Entitlement:
    """Strike an entitlement that no batch has taken; it stays in the history and is not made anew by itself."""
    return _void(entitlement, reason, by, (*UNSETTLED, State.PAYABLE))


def is_struck(one: Entitlement) -> bool:
    """Void, and nothing was computed in its place since."""
    if one.state != State.VOID:
        return False
    same = Entitlement.objects.filter(dwelling=one.dwelling_id, benefit_kind=one.benefit_kind, pk__gt=one.pk)
    return not same.filter(period__startswith=one.period.split("/")[0]).exists()


def recompute(entitlement: Entitlement) -> Outcome:
    """What the engine says today about the stored facts under the pinned policy version: must equal what is stored."""
    return assess(rules_of(entitlement.policy), decode_facts(entitlement.facts), kind=entitlement.benefit_kind)


def _void(
    entitlement: Entitlement, reason: str, by: User, states: Sequence[str] = UNSETTLED, *, unless_struck: bool = False
) -> Entitlement:
    locked = Entitlement.objects.select_for_update().select_related("programme", "task").get(pk=entitlement.pk)
    demand_right(by, "entitlements.assess", locked.area_id)
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    if unless_struck and is_struck(locked):
        return locked
    if locked.state not in states:
        words = _("It is “%(state)s” already and can't be computed again.")
        raise Refused("ENTITLEMENT_STATE", words, conflict=True, state=locked.get_state_display())
    with acting(by, reason=reason.strip()[:300]):
        locked.state = State.VOID
        locked.save(update_fields=["state"])
    return locked


@transaction.atomic
def _assess_some(policy: Policy, turn: Turn, on: dt.date, now: dt.datetime) -> list[Entitlement]:
    hold(f"assess:{policy.programme_id}")
    pending = _pending(policy.programme, turn, on)
    found = list(pending.values_list("pk", flat=True)[:AT_ONCE])
    if not found:  # mostly nothing is: then the wide query is not even made up
        return []
    acceptances = list(with_related(Acceptance.objects.filter(pk__in=found)).order_by("accepted_on", "id"))
    return _store(policy, turn, facts_for(acceptances, on=on, season=turn.season), now)


def _pending(programme: Programme, turn: Turn, on: dt.date) -> Any:
    """Passed acceptances without an entitlement of this kind and period, in order of acceptance."""
    known = Entitlement.objects.filter(benefit_kind=turn.kind)
    if turn.comes_again:
        known = known.filter(task=OuterRef("task"))
    else:
        known = known.filter(dwelling=OuterRef("task__dwelling"), period=turn.period)
    accepted = Acceptance.objects.filter(
        ~Exists(known), task__programme=programme, task__state__in=Task.PASSED, result="passed", accepted_on__lte=on
    )
    if turn.season is not None and not turn.metered:
        accepted = accepted.filter(accepted_on__lte=turn.season.last_day)
    elif turn.season is not None:
        last = turn.season.last_day
        closing = MeterReading.objects.filter(
            dwelling=OuterRef("task__dwelling"),
            starts_on__lte=last,
            ends_on__gte=last,
            ends_on__lte=on,
            state__in=SPEAKING,
        )
        accepted = accepted.filter(Exists(closing))
    return accepted.order_by("accepted_on", "id")


def _store(
    policy: Policy, turn: Turn, cases: Iterable[tuple[Acceptance, Facts]], now: dt.datetime
) -> list[Entitlement]:
    read = rules_of(policy)
    answers = [(acceptance, facts, assess(read, facts, kind=turn.kind)) for acceptance, facts in cases]
    periods = _periods(turn, [acceptance.task.dwelling_id for acceptance, _facts, _outcome in answers])
    made = Entitlement.objects.bulk_create(
        [
            _entitlement(policy, turn, acceptance, facts, outcome, now, periods.get(acceptance.task.dwelling_id))
            for acceptance, facts, outcome in answers
        ]
    )
    EntitlementLine.objects.bulk_create(
        line for one, (_acceptance, _facts, outcome) in zip(made, answers, strict=True) for line in _lines(one, outcome)
    )
    return made


def _periods(turn: Turn, homes: list[int]) -> dict[int, str]:
    """Where a benefit comes again: once/2 for the second task of a dwelling, and so on."""
    if not turn.comes_again:
        return {}
    taken: dict[int, set[str]] = {home: set() for home in homes}
    rows = Entitlement.objects.filter(dwelling__in=homes, benefit_kind=turn.kind).exclude(state=State.VOID)
    for home, period in rows.values_list("dwelling_id", "period"):
        taken[home].add(period)
    return {home: next_period(ONCE, known) for home, known in taken.items()}


def _first(one: Entitlement) -> str:
    """The period of the turn an amount came from: a benefit that comes again is once/2, once/3 …"""
    return ONCE if one.period.startswith(ONCE) and not hasattr(one, "born_of") else one.period


def _entitlement(
    policy: Policy, turn: Turn, acceptance: Acceptance, facts: Facts, outcome: Outcome, now: dt.datetime,
    period: str | None,
) -> Entitlement:  # fmt: skip
    task = acceptance.task
    kind, amount = _amount(outcome)
    straight = kind == Kinds.DUE and not policy.programme.notice_required
    return Entitlement(
        programme=policy.programme, area_id=task.area_id, household_id=task.dwelling.household_id,
        dwelling_id=task.dwelling_id, task=task, acceptance=acceptance, policy=policy, benefit=outcome.rule,
        benefit_kind=turn.kind, period=period or turn.period, outcome=kind, reason=outcome.code, amount_fen=amount,
        household_share_fen=outcome.household_fen, facts=encode_facts(facts), steps=encode_steps(outcome.steps),
        reason_params=dict(outcome.params) if isinstance(outcome, NotDue | Undefined) else {},
        warnings=list(outcome.warnings) if isinstance(outcome, Due) else [], clause=outcome.clause[:40],
        state=State.PAYABLE if straight else State.ASSESSED, assessed_at=now,
    )  # fmt: skip


def _amount(outcome: Outcome) -> tuple[str, int | None]:
    """Outcome and amount as stored: what is payable now. Undefined has no amount; nothing to pay is not due."""
    if isinstance(outcome, Undefined):
        return Kinds.UNDEFINED, None
    if isinstance(outcome, Due) and outcome.payable_fen > 0:
        return Kinds.DUE, outcome.payable_fen
    return Kinds.NOT_DUE, 0


def _lines(entitlement: Entitlement, outcome: Outcome) -> Iterator[EntitlementLine]:
    if not isinstance(outcome, Due) or entitlement.outcome != Kinds.DUE:
        return
    year = outcome.season_year or entitlement.programme.year_from
    for line in outcome.payable_lines:
        if line.amount_fen:
            yield EntitlementLine(
                entitlement=entitlement, source=line.source, budget_year=year, amount_fen=line.amount_fen
            )
