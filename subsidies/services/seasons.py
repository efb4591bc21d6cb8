"""A season's running total: what it is by now, less what is due for it already. More becomes a further instalment,
less is listed for a clawback; nothing that stands is changed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.money import format_yuan
from core.refusals import Refused
from core.seasons import Season
from households.models import MeterReading
from programmes.models import Programme
from retrofits.models import Acceptance, Task
from subsidies.fact_coding import Facts, encode_facts
from subsidies.fact_sources import METERED
from subsidies.facts import facts_for, technology_of, with_related
from subsidies.models import Clawback, Entitlement, EntitlementLine, Policy
from subsidies.rules.encoding import encode_steps
from subsidies.rules.engine import assess
from subsidies.rules.facts import Payment
from subsidies.rules.outcomes import Due, Outcome, SourceLine, Undefined
from subsidies.rules.policy import Policy as Rules
from subsidies.rules.probing import facts_named
from subsidies.services.clawbacks import claimable, propose_clawback
from subsidies.services.locking import demand_right, hold
from subsidies.services.policies import policy_in_force, rules_of
from subsidies.services.reading_decisions import reopen_season
from subsidies.services.turns import next_period
from subsidies.usage import SPEAKING

ASSESS = "entitlements.assess"
AT_ONCE = 300
State = Entitlement.State


@dataclass(frozen=True)
class Overpaid:
    """A payment of a season for which more was paid than is due now. `shares` by source add up to `amount_fen`."""

    entitlement: Entitlement
    due_fen: int
    paid_fen: int
    shares: dict[str, int]
    reason: str

    @property
    def amount_fen(self) -> int:
        return sum(self.shares.values())

    def words(self) -> dict[str, str]:
        return {"due": format_yuan(self.due_fen), "paid": format_yuan(self.paid_fen)}


@dataclass
class Settled:
    """What one run found; `open` counts dwellings whose season has no answer yet."""

    made: list[Entitlement] = field(default_factory=list)
    reopened: list[Entitlement] = field(default_factory=list)
    overpaid: list[Overpaid] = field(default_factory=list)
    same: int = 0
    open: int = 0


@dataclass(frozen=True)
class Case:
    """A dwelling's season: what stands for it, and the cases that claim some of it back."""

    acceptance: Acceptance
    facts: Facts
    known: Sequence[Entitlement]
    returned: Sequence[Clawback]
    is_struck: bool

    @property
    def corrections(self) -> list[Clawback]:
        """Cases that only follow a reading. What was claimed back for any other reason (the heater never ran, the
        household was not entitled) is not paid again because the reading still says the same."""
        return [one for one in self.returned if one.reason == Clawback.Reason.READING_CORRECTED]


def season_of_year(programme: Programme, year: int) -> Season:
    """The season that begins in `year`, by the newest released policy. Raises Refused NO_POLICY, NO_SEASON."""
    policy = programme.policies.filter(state=Policy.State.RELEASED).order_by("-valid_from", "-pk").first()
    if policy is None:
        raise Refused("NO_POLICY", _("The programme has no released policy."))
    rule = rules_of(policy).season_rule
    if rule is None:
        raise Refused("NO_SEASON", _("The policy knows no heating season."))
    return rule.season(year)


def running_season(programme: Programme, day: dt.date) -> Season | None:
    """The season of `day`, or the one that ended up to a month ago; None between seasons and without a policy."""
    policy = policy_in_force(programme, day)
    rule = rules_of(policy).season_rule if policy else None
    if rule is None:
        return None
    season = rule.latest(day)
    return season if day <= season.last_day + dt.timedelta(days=31) and day >= season.first_day else None


def settle_season(
    *, programme: Programme, season: Season, by: User | str, on: dt.date | None = None, now: dt.datetime | None = None,
) -> Settled:  # fmt: skip
    """Instalments for every dwelling whose running total grew, and the list of those where it shrank. Amounts that were
    undefined for want of readings which are complete by now are computed again first.

    Safe to repeat: what was made stands, so that a second run finds nothing more. Before the season's end the first
    instalment opens the season's amount; refusals and questions wait for its end.
    """
    if isinstance(by, User):
        demand_right(by, ASSESS, programme.area_id)
    day = on or clock.today()
    policy = policy_in_force(programme, day)
    done = Settled()
    if policy is None:
        return done
    if isinstance(by, User):
        done.reopened = reopen_season(programme=programme, season=season, by=by, now=now)
    for kind in _running_kinds(rules_of(policy)):
        last = 0
        while (reached := _settle_some(policy, kind, season, day, last, now or clock.now(), done)) is not None:
            last = reached
        if METERED & facts_named(rules_of(policy), kind):
            done.open += _unread(programme, kind, season, day)
    return done


@transaction.atomic
def propose_overpaid(*, found: Settled, by: User, now: dt.datetime | None = None) -> list[Clawback]:
    """A case for each payment of an overpaid season, to be decided by somebody else; its evidence are the figures.

    A payment about which a case waits already gets no second one before that is decided.
    """
    waiting = Clawback.objects.filter(state=Clawback.State.PROPOSED).values_list("entitlement_id", flat=True)
    known = set(waiting.filter(entitlement__in=[one.entitlement.pk for one in found.overpaid]))
    return [
        propose_clawback(
            entitlement=one.entitlement, amount_fen=one.amount_fen, reason=Clawback.Reason.READING_CORRECTED,
            words=str(_("Due by now %(due)s yuan, paid %(paid)s yuan.")) % one.words(), shares=one.shares, by=by,
            evidence={"due_fen": one.due_fen, "paid_fen": one.paid_fen, "reason": one.reason}, now=now,
        )
        for one in found.overpaid
        if one.entitlement.pk not in known
    ]  # fmt: skip


def standing(homes: Sequence[int], kind: str, season: Season) -> dict[int, list[Entitlement]]:
    """Amounts due that stand for a season, paid or on their way, in the order of their making."""
    rows = Entitlement.objects.filter(
        dwelling__in=homes, benefit_kind=kind, period__startswith=season.label, outcome="due"
    ).exclude(state=State.VOID)
    found: dict[int, list[Entitlement]] = defaultdict(list)
    for one in rows.select_related("task__technology").prefetch_related("lines").order_by("pk"):
        found[one.dwelling_id].append(one)
    return found


def _struck(homes: Sequence[int], kind: str, season: Season) -> set[int]:
    """Dwellings whose newest amount of the season somebody struck: that was decided, and settling does not undo it."""
    rows = Entitlement.objects.filter(dwelling__in=homes, benefit_kind=kind, period__startswith=season.label)
    newest = rows.order_by("dwelling", "-pk").distinct("dwelling").values_list("dwelling_id", "state")
    return {home for home, state in newest if state == State.VOID}


def _running_kinds(read: Rules) -> list[str]:
    return [kind for kind in read.kinds if any(benefit.runs for benefit in read.of_kind(kind))]


@transaction.atomic
def _settle_some(
    policy: Policy, kind: str, season: Season, day: dt.date, after: int, now: dt.datetime, done: Settled
) -> int | None:
    """The next dwellings; returns the last acceptance's key, None where there are no more."""
    hold(f"assess:{policy.programme_id}")
    acceptances = list(_metered(policy.programme, season, day).filter(pk__gt=after).order_by("pk")[:AT_ONCE])
    if not acceptances:
        return None
    homes = [one.task.dwelling_id for one in acceptances]
    known, returned = standing(homes, kind, season), _claimed_back(homes, kind, season)
    struck = _struck(homes, kind, season)
    for acceptance, facts in facts_for(acceptances, on=day, season=season):
        home = acceptance.task.dwelling_id
        here = Case(acceptance, facts, known[home], returned[home], home in struck)
        _settle(policy, kind, season, here, now, done)
    return int(acceptances[-1].pk)


def _unread(programme: Programme, kind: str, season: Season, day: dt.date) -> int:
    """Dwellings for which something is due though no reading speaks for it by now: set aside, or taken back with its
    file. Nothing read is no 0, so that nothing is claimed back by itself; it is an open question."""
    paid = Entitlement.objects.filter(
        programme=programme, benefit_kind=kind, period__startswith=season.label, outcome="due"
    ).exclude(state=State.VOID)
    read = MeterReading.objects.filter(_speaks(season, day), dwelling=OuterRef("dwelling"))
    return int(paid.filter(~Exists(read)).values("dwelling").distinct().count())


def _speaks(season: Season, day: dt.date) -> Q:
    """Lines of the season that count or wait."""
    return Q(
        starts_on__lte=season.last_day, ends_on__gte=season.first_day, ends_on__lte=day, state__in=SPEAKING
    )  # fmt: skip


def _metered(programme: Programme, season: Season, day: dt.date) -> Any:
    """Passed acceptances of dwellings with a line in the season."""
    lines = MeterReading.objects.filter(_speaks(season, day), dwelling=OuterRef("task__dwelling"))
    accepted = Acceptance.objects.filter(
        Exists(lines), task__programme=programme, task__state__in=Task.PASSED, result="passed", accepted_on__lte=day
    )
    return with_related(accepted)


def _payments(kind: str, season: Season, case: Case, returned: Sequence[Clawback]) -> tuple[Payment, ...]:
    """Other payments as they are; of this season everything that is due already, less what was claimed back."""
    facts = case.facts
    others = [one for one in facts.payments if (one.kind, one.season_year) != (kind, season.year)]
    due = [
        Payment(kind, one.amount_fen or 0, technology_of(one.task), season.year,
                tuple(SourceLine(line.source, line.amount_fen) for line in one.lines.all()))
        for one in case.known
    ]  # fmt: skip
    back = [
        Payment(kind, -one.amount_fen, facts.technology, season.year,
                tuple(SourceLine(source, -fen) for source, fen in one.shares.items() if fen))
        for one in returned
    ]  # fmt: skip
    return (*others, *due, *back)


def _claimed_back(homes: Sequence[int], kind: str, season: Season) -> dict[int, list[Clawback]]:
    """Cases about this season that were not dropped: a proposed one is not proposed twice."""
    cases = Clawback.objects.filter(dwelling__in=homes, benefit_kind=kind, period__startswith=season.label)
    found: dict[int, list[Clawback]] = defaultdict(list)
    for case in cases.exclude(state=Clawback.State.DROPPED).order_by("pk"):
        found[case.dwelling_id].append(case)
    return found


def _settle(policy: Policy, kind: str, season: Season, case: Case, now: dt.datetime, done: Settled) -> None:
    outcome, paid = _weighed(policy, kind, season, case, case.corrections)
    if isinstance(outcome, Undefined):
        done.open += 1
    elif isinstance(outcome, Due) and outcome.payable_fen > 0 and case.is_struck:
        done.same += 1
    elif isinstance(outcome, Due) and outcome.payable_fen > 0:
        one = _instalment(policy, kind, season, case, outcome, now)
        done.made += [one] if one else []
        done.open += 0 if one else 1
    else:
        if len(case.returned) > len(case.corrections):
            outcome, paid = _weighed(policy, kind, season, case, case.returned)
        over = _overpaid(case.known, outcome, paid)
        done.overpaid += over
        done.same += 0 if over else 1


def _weighed(
    policy: Policy, kind: str, season: Season, case: Case, returned: Sequence[Clawback]
) -> tuple[Outcome, int]:
    """What the rules say, and the fen that stand, with this much claimed back."""
    payments = _payments(kind, season, case, returned)
    paid = sum(one.amount_fen for one in payments if (one.kind, one.season_year) == (kind, season.year))
    return assess(rules_of(policy), replace(case.facts, payments=payments), kind=kind), paid


def _overpaid(known: Sequence[Entitlement], outcome: Outcome, paid: int) -> list[Overpaid]:
    """From the last payment back, each at most what it may still be asked for. Only money that is out of the house can
    come back; what is still on its way is struck instead."""
    due = outcome.amount_fen if isinstance(outcome, Due) else 0
    wanted = None
    if isinstance(outcome, Due):
        wanted = {line.source: -line.amount_fen for line in outcome.payable_lines if line.amount_fen < 0}
    limit, found = paid - due, list[Overpaid]()
    for one in reversed([one for one in known if one.state == State.PAID]):
        if limit <= 0:
            break
        shares = cut(_askable(one, wanted), limit)
        found += [Overpaid(one, due, paid, shares, outcome.code)] if shares else []
        limit -= sum(shares.values())
        wanted = wanted and {source: fen - shares.get(source, 0) for source, fen in wanted.items()}
    return found


def _askable(one: Entitlement, wanted: dict[str, int] | None) -> dict[str, int]:
    """By source: what this payment may still be asked for of what is wanted (None: of all of it)."""
    left = claimable(one)
    return left if wanted is None else {source: min(fen, left.get(source, 0)) for source, fen in wanted.items()}


def cut(wanted: dict[str, int], limit: int) -> dict[str, int]:
    """The sources' shares, in their order, as far as the limit goes."""
    shares: dict[str, int] = {}
    for source, fen in wanted.items():
        part = min(fen, limit)
        if part > 0:
            shares[source] = part
        limit -= part
    return shares


def _instalment(
    policy: Policy, kind: str, season: Season, case: Case, due: Due, now: dt.datetime
) -> Entitlement | None:
    """A further amount of the season; None while an earlier answer (a refusal, a question) stands in its place."""
    task, facts = case.acceptance.task, replace(case.facts, payments=_payments(kind, season, case, case.corrections))
    period = _period(task.dwelling_id, kind, season)
    if period is None:
        return None
    straight = not policy.programme.notice_required
    made = Entitlement.objects.create(
        programme=policy.programme, area_id=task.area_id, household_id=task.dwelling.household_id,
        dwelling_id=task.dwelling_id, task=task, acceptance=case.acceptance, policy=policy, benefit=due.rule,
        benefit_kind=kind, period=period, outcome="due", reason=due.code, amount_fen=due.payable_fen,
        facts=encode_facts(facts), steps=encode_steps(due.steps), warnings=list(due.warnings), clause=due.clause[:40],
        state=State.PAYABLE if straight else State.ASSESSED, assessed_at=now,
    )  # fmt: skip
    EntitlementLine.objects.bulk_create(_lines(made, due, season))
    return made


def _period(home: int, kind: str, season: Season) -> str | None:
    """2021-2022, then 2021-2022/2, /3 …"""
    rows = Entitlement.objects.filter(dwelling=home, benefit_kind=kind, period__startswith=season.label)
    known = list(rows.exclude(state=State.VOID).values_list("period", "outcome"))
    if any(outcome != "due" for _period, outcome in known):
        return None
    return next_period(season.label, {period for period, _outcome in known})


def _lines(made: Entitlement, due: Due, season: Season) -> Iterator[EntitlementLine]:
    for source, fen in not_negative({line.source: line.amount_fen for line in due.payable_lines}).items():
        if fen:
            yield EntitlementLine(entitlement=made, source=source, budget_year=season.year, amount_fen=fen)


def not_negative(shares: dict[str, int]) -> dict[str, int]:
    """Rounding may leave a source a fen below what it has paid; the others bear it, the sum stays. The next instalment
    starts from what was really paid and evens it out."""
    lacking = -sum(fen for fen in shares.values() if fen < 0)
    fitted = {source: max(fen, 0) for source, fen in shares.items()}
    for source, fen in fitted.items():
        part = min(fen, lacking)
        fitted[source] -= part
        lacking -= part
    return fitted
