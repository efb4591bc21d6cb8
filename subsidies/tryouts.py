"""Five households through a version and the one in force: from the register, or made up. Nothing is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from core import clock
from core.money import format_yuan
from retrofits.models import Acceptance, Task
from subsidies.facts import Collected, Facts, with_related
from subsidies.models import Policy
from subsidies.policy_forms import HOMES, TypedCaseForm
from subsidies.rules import policy as rules
from subsidies.rules.engine import assess, choose_benefit
from subsidies.rules.outcomes import NotDue, Outcome, Undefined
from subsidies.services.policies import policy_in_force, rules_of
from subsidies.services.trials import amount_of, held_to, without_payments
from subsidies.services.turns import Turn, turns_of
from subsidies.value_words import value_words
from subsidies.wording import name_of, reason_sentence, step_sentence

Answer = dict[str, Any]


@dataclass(frozen=True)
class Tryout:
    """One household: who it is, in facts, and an answer for each benefit kind."""

    name: str
    dwelling_no: str
    facts: str
    answers: list[Answer]


def recorded(policy: Policy, user: Any, numbers: Sequence[str]) -> list[Tryout]:
    """Accepted dwellings by number as far as the person may see them; no numbers: five, spread over all."""
    day = held_to(policy, clock.today())
    baseline = _baseline(policy, day)
    rows = Acceptance.objects.visible_to(user, "entitlements.view").filter(
        task__programme=policy.programme_id, task__state__in=Task.PASSED, result="passed"
    )
    rows = rows.filter(task__dwelling__dwelling_no__in=numbers) if numbers else rows.filter(pk__in=_spread(rows))
    homes = list(with_related(rows).order_by("id")[:HOMES])
    answers: dict[int, list[Answer]] = {home.pk: [] for home in homes}
    facts: dict[int, Facts] = {}
    turns = list(turns_of(rules_of(policy), day)) if homes else []
    collected = Collected(homes, [turn.season for turn in turns if turn.season])
    for turn in turns:
        for home, known in collected.facts(day, turn.season):
            facts.setdefault(home.pk, known)
            if turn.season is None or not turn.metered or known.usage:
                answers[home.pk].append(_answer(policy, baseline, without_payments(known, turn.kind), turn, day))
    return [_tryout(home, facts[home.pk], answers[home.pk]) for home in homes]


def typed(policy: Policy, forms: Sequence[TypedCaseForm]) -> list[Tryout]:
    """Made-up households through every benefit kind that has a rule for them."""
    read, day = rules_of(policy), policy.valid_from
    baseline = _baseline(policy, day)
    return [
        Tryout(
            _("Case %(n)s") % {"n": form.prefix},
            "",
            _typed_words(form),
            list(_cases(policy, read, baseline, form, day)),
        )
        for form in forms
    ]


def missing(numbers: Sequence[str], results: Sequence[Tryout]) -> list[str]:
    """Numbers for which no accepted dwelling was found."""
    found = {one.dwelling_no for one in results}
    return [number for number in numbers if number not in found]


def _cases(
    policy: Policy, read: rules.Policy, baseline: Policy | None, form: TypedCaseForm, day: dt.date
) -> Iterator[Answer]:
    for kind in read.kinds:
        first = read.of_kind(kind)[0]
        benefit = choose_benefit(read, form.facts_for(read, first, day), kind) or first
        facts = form.facts_for(read, benefit, day)
        yield _answer(policy, baseline, facts, Turn(kind), day)


def _baseline(policy: Policy, day: dt.date) -> Policy | None:
    found = policy_in_force(policy.programme, day)
    return None if found == policy else found


def _spread(rows: Any) -> list[int]:
    keys = list(rows.order_by("id").values_list("pk", flat=True))
    last = len(keys) - 1
    return [keys[last * n // (HOMES - 1)] for n in range(HOMES)] if keys else []


def _tryout(home: Acceptance, facts: Facts, answers: list[Answer]) -> Tryout:
    dwelling = home.task.dwelling
    name = f"{dwelling.dwelling_no} {dwelling.household.head_name}"
    return Tryout(name, dwelling.dwelling_no, _fact_words(facts), answers)


def _answer(policy: Policy, baseline: Policy | None, facts: Facts, turn: Turn, day: dt.date) -> Answer:
    outcome = assess(rules_of(policy), replace(facts, on=day), kind=turn.kind)
    now = None if baseline is None else assess(
        rules_of(baseline), replace(facts, on=held_to(baseline, day)), kind=turn.kind
    )  # fmt: skip
    after, before = amount_of(outcome), None if now is None else amount_of(now)
    return {
        "rule": outcome.rule, "period": turn.period, "amount_fen": after, "household_fen": outcome.household_fen,
        "before_fen": before, "has_before": now is not None,
        "change_fen": None if after is None or before is None else after - before,
        "reason": _reason(outcome), "clause": outcome.clause,
        "steps": [step_sentence(step) for step in outcome.steps],
    }  # fmt: skip


def _reason(outcome: Outcome) -> str:
    params = outcome.params if isinstance(outcome, NotDue | Undefined) else {}
    return reason_sentence(outcome.code, params)


def _fact_words(facts: Facts) -> str:
    costs = None if facts.costs is None else sum(item.amount_fen for item in facts.costs)
    area = facts.quantities.get("heated_area_m2")
    cost = _("cost %(yuan)s yuan") % {"yuan": format_yuan(costs)} if costs is not None else ""
    parts = [value_words(facts.technology), cost, f"{area:f} m²" if area is not None else ""]
    return " · ".join(filter(None, parts))


def _typed_words(form: TypedCaseForm) -> str:
    data = form.cleaned_data
    cost = _("cost %(yuan)s yuan") % {"yuan": format_yuan(data["cost"])} if data["cost"] is not None else ""
    units = (("area", "m²"), ("power", "kW"), ("electricity", "kWh"), ("gas", "m³"))
    numbers = [f"{data[name]:f} {unit}" for name, unit in units if data[name] is not None]
    return " · ".join(filter(None, [value_words(data["technology"]), cost, *numbers, *map(name_of, data["more"])]))
