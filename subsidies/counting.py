"""What the released policy says about counting toward the task (its `tasks`: Q12, Q13), for pages that show no money.

The money engine counts single cases (`engine.task_equivalents`); registers and boards count whole places and need the
rule itself: m² for one household, decimals kept, and what a further dwelling counts whose owner pays for it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from django.db.models import Q, QuerySet

from core import clock
from programmes.counting import Counting, counted_by
from programmes.models import Programme
from subsidies.models import Policy
from subsidies.rules.documents import DocumentError
from subsidies.rules.engine import task_equivalents, task_rule
from subsidies.rules.facts import Facts
from subsidies.rules.policy import Policy as Rules
from subsidies.services.policies import policy_in_force, rules_of

VENUE_AREA = "heated_area_m2"
SECOND_HOME = "SECOND_HOME"


@counted_by
def counting_in_force(programme: Programme, on: dt.date) -> Counting | None:
    """As the version in force says; None where none is."""
    policy = policy_in_force(programme, on)
    if policy is None:
        return None
    policy.programme = programme
    read = _read(policy)
    return _counting(policy, read, Counting(Decimal(programme.venue_m2_per_household))) if read else None


def counted(policy: Rules, facts: Facts) -> Decimal | None:
    """Task equivalents of a case; a second home without an approved exception is one its owner pays for (T-19)."""
    pays = facts.self_paid or (SECOND_HOME in facts.exclusions and facts.second_home_approved is not True)
    return task_equivalents(policy, replace(facts, self_paid=pays))


def programmes_counting_second_homes(on: dt.date | None = None) -> list[int]:
    """Programmes in which a second home converted at its owner's cost counts toward the task (Q12: yes)."""
    newest: dict[int, Policy] = {}
    for policy in _in_force(on or clock.today()).select_related("programme").order_by("released_at", "id"):
        newest[policy.programme_id] = policy
    read = {key: _read(policy) for key, policy in newest.items()}
    return sorted(key for key, rules in read.items() if rules and _second_home(rules))


def _in_force(on: dt.date) -> QuerySet[Policy]:
    open_end = Q(valid_to__isnull=True) | Q(valid_to__gte=on)
    found: QuerySet[Policy] = Policy.objects.filter(open_end, state=Policy.State.RELEASED, valid_from__lte=on)
    return found


def _read(policy: Policy) -> Rules | None:
    """None for a document that today's grammar no longer reads: boards go on with the usual numbers, while whoever
    computes money by it is told."""
    try:
        return rules_of(policy)
    except DocumentError:
        return None


def _counting(policy: Policy, read: Rules, usual: Counting) -> Counting:
    said_by = f"{policy.document_number} v{policy.version_no}".strip()
    said = replace(usual, second_home=_second_home(read) or Decimal(0), said_by=said_by)
    venue = task_rule(read, Facts(read.valid_from, beneficiary="VENUE"))
    if venue is None or venue.quantity != VENUE_AREA or venue.count is not None:
        return said
    each = Decimal(venue.each.numerator) / Decimal(venue.each.denominator)
    return replace(said, venue_m2=each, decimals=venue.decimals)


def _second_home(read: Rules) -> Decimal | None:
    return task_equivalents(read, Facts(read.valid_from, self_paid=True, exclusions=frozenset({SECOND_HOME})))
