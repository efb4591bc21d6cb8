"""Trial runs: a version over all accepted dwellings beside the version in force, before anybody releases it.

Nothing becomes due by a trial. Both versions answer about the same facts of today, as if nothing had been paid yet.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from retrofits.models import Acceptance, Task
from subsidies.facts import Facts, facts_for, with_related
from subsidies.models import CliffSignature, Policy, PolicyTrial, PolicyTrialRow
from subsidies.rules.engine import assess
from subsidies.rules.outcomes import Due, Outcome, Undefined
from subsidies.rules.scanning import encode_scan
from subsidies.services.locking import demand_right, hold
from subsidies.services.policies import policy_in_force, rules_of, scan_of
from subsidies.services.tried import newest_trial
from subsidies.services.turns import Turn, turns_of

AT_ONCE = 500
Progress = Callable[[int, int], None]


@dataclass
class Side:
    """What one version gives in sum: dwellings by outcome, fen, fen by source, reasons counted."""

    counts: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    fen: int = 0

    def add(self, outcome: Outcome) -> None:
        kind = "undefined" if isinstance(outcome, Undefined) else "due" if amount_of(outcome) else "not_due"
        self.counts[kind] += 1
        self.reasons[outcome.code] += 1
        if isinstance(outcome, Due):
            self.fen += outcome.amount_fen
            self.sources.update({line.source: line.amount_fen for line in outcome.lines if line.amount_fen})

    def encode(self) -> dict[str, Any]:
        counts = {name: self.counts[name] for name in ("due", "not_due", "undefined")}
        return {**counts, "fen": self.fen, "sources": dict(self.sources), "reasons": dict(self.reasons.most_common())}


@dataclass
class Tried:
    """A trial that is computed and not stored yet."""

    policy: Policy
    baseline: Policy | None
    on: dt.date
    rows: list[PolicyTrialRow] = field(default_factory=list)
    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)
    changes: Counter[str] = field(default_factory=Counter)
    dwelling_count: int = 0
    scan: dict[str, Any] = field(default_factory=dict)

    def totals(self) -> dict[str, Any]:
        names = ("gain", "lose", "same", "unclear", "gain_fen", "lose_fen", "paid")
        counted = {name: self.changes[name] for name in names}
        return {"before": self.before.encode() if self.baseline else None, "after": self.after.encode(), **counted}


@transaction.atomic
def run_trial(*, policy: Policy, by: User, on: dt.date | None = None, now: dt.datetime | None = None) -> PolicyTrial:
    """Try a version out and keep the result. `by` drafts or releases policies. Raises Refused."""
    demand_trier(policy, by)
    return store_trial(try_out(policy, on=on), by=by, now=now)


def demand_trier(policy: Policy, by: User) -> None:
    """Whoever drafts or releases policies here may try one out."""
    if not by.has_right("policies.release", policy.area_id):
        demand_right(by, "policies.draft", policy.area_id)


def try_out(policy: Policy, *, on: dt.date | None = None, progress: Progress | None = None) -> Tried:
    """Compute, write nothing. `on`: day of assessment, default today or the version's first day."""
    day = held_to(policy, on or clock.today())
    baseline = policy_in_force(policy.programme, day)
    tried = Tried(policy, baseline if baseline != policy else None, day)
    tried.scan = encode_scan(scan_of(policy))
    turns = _turns(tried)
    total = _accepted(policy, day).count()
    for done, part in enumerate(_parts(policy, day), 1):
        tried.dwelling_count += len(part)
        for turn in turns:
            _try_part(tried, turn, part)
        if progress:
            progress(min(done * AT_ONCE, total), total)
    return tried


@transaction.atomic
def store_trial(tried: Tried, *, by: User | None, now: dt.datetime | None = None) -> PolicyTrial:
    """Keep the result: totals, changed dwellings, curves and cliffs. Written once, like every later run."""
    policy = tried.policy
    trial = PolicyTrial.objects.create(
        policy=policy, area_id=policy.area_id, sha256=policy.sha256, baseline=tried.baseline, on=tried.on,
        dwelling_count=tried.dwelling_count, totals=tried.totals(), curves=tried.scan["curves"],
        cliffs=tried.scan["cliffs"], made_by=by, made_at=now or clock.now(),
    )  # fmt: skip
    for row in tried.rows:
        row.trial = trial
    PolicyTrialRow.objects.bulk_create(tried.rows, batch_size=2_000)
    return trial


@transaction.atomic
def sign_cliff(*, policy: Policy, key: str, reason: str, by: User, now: dt.datetime | None = None) -> CliffSignature:
    """Answer for one listed jump: by a person who may release and did not draft, with a reason.

    Signing it again gives the first signature. Raises Refused NOT_DRAFT, NO_CLIFF (conflicts), NO_DRAFTER,
    SAME_PERSON, REASON_NEEDED.
    """
    hold(f"policy:{policy.programme_id}")
    policy = Policy.objects.get(pk=policy.pk)
    demand_right(by, "policies.release", policy.area_id)
    _check_signer(policy, reason, by)
    trial = newest_trial(policy)
    cliff = next((one for one in (trial.cliffs if trial else ()) if one["key"] == key), None)
    if cliff is None:
        raise Refused("NO_CLIFF", _("The newest trial lists no such jump. Open it again."), conflict=True)
    values = {"area_id": policy.area_id, "cliff": cliff, "reason": reason.strip()[:300], "signer": by,
              "person_no": by.person_no, "signed_at": now or clock.now()}  # fmt: skip
    return CliffSignature.objects.get_or_create(policy=policy, key=key, defaults=values)[0]


def held_to(policy: Policy, day: dt.date) -> dt.date:
    """The day, or the nearest one on which the version holds."""
    last = policy.valid_to or dt.date.max
    return min(max(day, policy.valid_from), last)


def amount_of(outcome: Outcome) -> int | None:
    """What is due in all, in fen, whatever has been paid; None when undefined."""
    if isinstance(outcome, Undefined):
        return None
    return outcome.amount_fen if isinstance(outcome, Due) else 0


def without_payments(facts: Facts, kind: str) -> Facts:
    """The case as if nothing of this kind had been paid yet."""
    return replace(facts, payments=tuple(one for one in facts.payments if one.kind != kind))


def _check_signer(policy: Policy, reason: str, by: User) -> None:
    if policy.state != Policy.State.DRAFT:
        words = _("This version is “%(state)s” already.")
        raise Refused("NOT_DRAFT", words, conflict=True, state=policy.get_state_display())
    if not policy.drafted_person_no:
        raise Refused("NO_DRAFTER", _("Nobody answers for this draft yet. A drafter has to take it over first."))
    if policy.drafted_person_no == by.person_no:
        raise Refused("SAME_PERSON", _("Who drafted a policy does not sign its jumps. Another person has to."))
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))


def _turns(tried: Tried) -> list[Turn]:
    """What either version pays, the tried one's seasons first."""
    found = {(turn.kind, turn.period): turn for turn in turns_of(rules_of(tried.policy), tried.on)}
    if tried.baseline:
        for turn in turns_of(rules_of(tried.baseline), tried.on):
            found.setdefault((turn.kind, turn.period), turn)
    return list(found.values())


def _accepted(policy: Policy, on: dt.date) -> Any:
    return Acceptance.objects.filter(
        task__programme=policy.programme_id, task__state__in=Task.PASSED, result="passed", accepted_on__lte=on
    )


def _parts(policy: Policy, on: dt.date) -> Iterator[list[Acceptance]]:
    """All passed acceptances in parts, by key, so that a long run never holds them all."""
    last = 0
    rows = with_related(_accepted(policy, on)).order_by("id")
    while part := list(rows.filter(id__gt=last)[:AT_ONCE]):
        yield part
        last = part[-1].pk


def _try_part(tried: Tried, turn: Turn, part: list[Acceptance]) -> None:
    for acceptance, facts in facts_for(part, on=tried.on, season=turn.season):
        if turn.season is None or not turn.metered or facts.usage:
            _try_one(tried, turn, acceptance, facts)


def _try_one(tried: Tried, turn: Turn, acceptance: Acceptance, facts: Facts) -> None:
    unpaid = without_payments(facts, turn.kind)
    after = assess(rules_of(tried.policy), replace(unpaid, on=tried.on), kind=turn.kind)
    tried.after.add(after)
    before = _before(tried.baseline, unpaid, turn, tried.on)
    if before is not None:
        tried.before.add(before)
    change = _count(tried, before, after)
    if change != "same":
        tried.changes["paid"] += len(unpaid.payments) != len(facts.payments)
        tried.rows.append(_row(turn, acceptance, before, after))


def _before(baseline: Policy | None, facts: Facts, turn: Turn, on: dt.date) -> Outcome | None:
    if baseline is None:
        return None
    return assess(rules_of(baseline), replace(facts, on=held_to(baseline, on)), kind=turn.kind)


def _count(tried: Tried, before: Outcome | None, after: Outcome) -> str:
    """Whether it gains, loses, stays the same or can't be compared; counted with its sum."""
    old, new = None if before is None else amount_of(before), amount_of(after)
    if before is not None and old == new:
        change = "same"
    elif old is None or new is None:
        change = "unclear"
    else:
        change = "gain" if new > old else "lose"
        tried.changes[f"{change}_fen"] += new - old
    tried.changes[change] += 1
    return change


def _row(turn: Turn, acceptance: Acceptance, before: Outcome | None, after: Outcome) -> PolicyTrialRow:
    dwelling = acceptance.task.dwelling
    old, new = None if before is None else amount_of(before), amount_of(after)
    return PolicyTrialRow(
        area_id=dwelling.area_id, dwelling=dwelling, household_id=dwelling.household_id, benefit_kind=turn.kind,
        period=turn.period, benefit=after.rule, before_fen=old, after_fen=new,
        before_reason=before.code if before else "NO_RULE", after_reason=after.code,
        change_fen=None if old is None or new is None else new - old,
    )  # fmt: skip
