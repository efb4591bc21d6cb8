"""What the versions of today say about amounts that stand: listed as of a date, kept as lines of their own.

A paid line is never changed by a later version. Where a version that was released later holds for the day on which an
amount was computed (a correction), the difference is kept beside it; what becomes of it is decided elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from core import clock
from programmes.models import Programme
from subsidies.fact_coding import Facts, decode_facts
from subsidies.models import Entitlement, EntitlementDifference, EntitlementLine, Policy
from subsidies.rules.encoding import encode_steps
from subsidies.rules.engine import assess
from subsidies.rules.outcomes import Due, Outcome, Undefined
from subsidies.services.locking import demand_right, hold
from subsidies.services.policies import rules_of
from subsidies.services.trials import Progress, held_to, without_payments

AT_ONCE = 500
Kinds = Entitlement.Outcome


@dataclass(frozen=True)
class Difference:
    """An amount that stands and what `policy` says about the same stored facts as of a day."""

    entitlement: Entitlement
    policy: Policy
    as_of: dt.date
    outcome: Outcome
    after_fen: int | None
    sources: tuple[tuple[str, int], ...]

    @property
    def before_fen(self) -> int | None:
        return self.entitlement.amount_fen

    @property
    def difference_fen(self) -> int | None:
        """NULL where one side is undefined; undefined is not 0."""
        if self.before_fen is None or self.after_fen is None:
            return None
        return self.after_fen - self.before_fen

    @property
    def kind(self) -> str:
        return Kinds.UNDEFINED if self.after_fen is None else Kinds.DUE if self.after_fen else Kinds.NOT_DUE


def differences(rows: QuerySet[Any], *, programme: Programme, as_of: dt.date | None = None) -> Iterator[Difference]:
    """Differences of these entitlements of one programme, by key; three queries for every 500. What was paid because of
    a difference is part of the amount it came from and has none of its own.

    `as_of` None: each as of the day on which it was computed, under the version that holds for that day now.
    """
    versions = list(Policy.objects.filter(programme=programme, state=Policy.State.RELEASED).select_related("programme"))
    last = 0
    rows = rows.exclude(state=Entitlement.State.VOID).filter(born_of__isnull=True)
    rows = rows.select_related("policy__programme").order_by("id")
    while part := list(rows.filter(id__gt=last)[:AT_ONCE]):
        lines = _lines(part)
        for one in part:
            found = _difference(one, lines.get(one.pk, ()), versions, as_of)
            if found is not None:
                yield found
        last = part[-1].pk


def find_differences(programme: Programme, *, progress: Progress | None = None) -> list[Difference]:
    """All differences of a programme, each as of its own day. Writes nothing."""
    rows = Entitlement.objects.filter(programme=programme)
    found = list(differences(rows, programme=programme))
    if progress:
        total = rows.count()
        progress(total, total)
    return found


@transaction.atomic
def keep_differences(
    found: Iterable[Difference], *, programme: Programme, by: User | None, now: dt.datetime | None = None
) -> int:
    """Write down those that are new; safe to repeat. Returns how many were written."""
    hold(f"differences:{programme.pk}")
    known = set(
        EntitlementDifference.objects.filter(entitlement__programme=programme).values_list(
            "entitlement_id", "policy_id"
        )
    )
    fresh = [one for one in found if (one.entitlement.pk, one.policy.pk) not in known]
    at = now or clock.now()
    EntitlementDifference.objects.bulk_create([_stored(one, by, at) for one in fresh], batch_size=2_000)
    return len(fresh)


def record_differences(*, programme: Programme, by: User, now: dt.datetime | None = None) -> int:
    """Find and keep. `by` calculates what is due here."""
    demand_right(by, "entitlements.assess", programme.area_id)
    return keep_differences(find_differences(programme), programme=programme, by=by, now=now)


def _lines(part: list[Entitlement]) -> dict[int, tuple[tuple[str, int], ...]]:
    found: dict[int, tuple[tuple[str, int], ...]] = {}
    rows = EntitlementLine.objects.filter(entitlement__in=[one.pk for one in part]).order_by("id")
    for pk, source, fen in rows.values_list("entitlement_id", "source", "amount_fen"):
        found[pk] = (*found.get(pk, ()), (source, fen))
    return found


def outcome_under(policy: Policy, one: Entitlement, facts: Facts, day: dt.date) -> Outcome:
    """What a version says about the stored facts of an amount as of a day."""
    return assess(rules_of(policy), _as_then(facts, one, policy, day), kind=one.benefit_kind)


def _difference(
    one: Entitlement, lines: Iterable[tuple[str, int]], versions: list[Policy], as_of: dt.date | None
) -> Difference | None:
    """None where no other version holds on the day, or where it says the same."""
    facts = decode_facts(one.facts)
    day = as_of or facts.on
    policy = _in_force(versions, day)
    if policy is None or policy.pk == one.policy_id:
        return None
    outcome = outcome_under(policy, one, facts, day)
    after, split = payable_of(outcome)
    if after == one.amount_fen and _nonzero(split) == _nonzero(lines):
        return None
    return Difference(one, policy, day, outcome, after, _change(lines, split) if after is not None else ())


def _in_force(versions: Iterable[Policy], day: dt.date) -> Policy | None:
    """As `policies.policy_in_force`, from rows at hand."""
    holding = (one for one in versions if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to))
    return max(holding, key=lambda one: (one.released_at, one.pk), default=None)


def _as_then(facts: Facts, one: Entitlement, policy: Policy, day: dt.date) -> Facts:
    """The stored facts on that day. A benefit paid once is asked as if it were not paid; a season's earlier payments
    were part of the stored facts and stay."""
    once = one.period.startswith("once")
    facts = without_payments(facts, one.benefit_kind) if once else facts
    return replace(facts, on=held_to(policy, day))


def payable_of(outcome: Outcome) -> tuple[int | None, tuple[tuple[str, int], ...]]:
    """Fen and shares that are payable now; None where it is undefined."""
    if isinstance(outcome, Undefined):
        return None, ()
    if not isinstance(outcome, Due) or outcome.payable_fen <= 0:
        return 0, ()
    return outcome.payable_fen, tuple((line.source, line.amount_fen) for line in outcome.payable_lines)


def _nonzero(lines: Iterable[tuple[str, int]]) -> dict[str, int]:
    return {source: fen for source, fen in lines if fen}


def _change(before: Iterable[tuple[str, int]], after: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """By source: more or less than stands."""
    old, new = dict(before), dict(after)
    moved = ((source, new.get(source, 0) - old.get(source, 0)) for source in dict.fromkeys([*old, *new]))
    return tuple((source, fen) for source, fen in moved if fen)


def _stored(one: Difference, by: User | None, at: dt.datetime) -> EntitlementDifference:
    return EntitlementDifference(
        entitlement=one.entitlement, area_id=one.entitlement.area_id, policy=one.policy, as_of=one.as_of,
        outcome=one.kind, reason=one.outcome.code, before_fen=one.before_fen, after_fen=one.after_fen,
        difference_fen=one.difference_fen, sources=[list(pair) for pair in one.sources],
        steps=encode_steps(one.outcome.steps), found_by=by, found_at=at,
    )  # fmt: skip
