"""From what was seen to what is to be done: open, clear, wait. Pure: the memory comes in and goes out as values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from telemetry.judging.facts import Facts, Limits
from telemetry.judging.rules import RULES, Rule

Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Pending:
    """A condition that is bad but has not been for long enough: since when, and when it was last seen bad."""

    since: float
    seen: float


@dataclass
class Verdict:
    """What a batch leads to. `opened` with its evidence; `waiting` the conditions to remember, `dropped` to forget."""

    opened: dict[Key, dict[str, Any]] = field(default_factory=dict)
    cleared: set[Key] = field(default_factory=set)
    waiting: dict[Key, Pending] = field(default_factory=dict)
    dropped: set[Key] = field(default_factory=set)


def judge(
    batch: Iterable[Facts],
    is_open: Callable[[Key], bool],
    pending: Mapping[Key, Pending],
    limits_of: Callable[[Facts], Limits],
    rules: Iterable[Rule] = RULES,
) -> Verdict:
    """One pass over a batch by every rule given."""
    verdict, rules = Verdict(), tuple(rules)
    for facts in batch:
        limits = limits_of(facts)
        for rule in rules:
            key = (facts.heater, rule.kind)
            _step(key, rule, facts, limits, is_open(key), pending.get(key), verdict)
    return verdict


def _step(
    key: Key, rule: Rule, facts: Facts, limits: Limits, opened: bool, before: Pending | None, verdict: Verdict
) -> None:
    seen = (False, {}) if _is_over(rule, facts) else rule.look(facts, limits)
    if seen is None or (seen[0] is not True and not opened and before is None):
        return  # nothing known, or nothing bad and nothing remembered
    state, evidence = seen
    if state and facts.maintenance:
        state = None  # somebody is at work on it: nothing new, and what is open stays open
    if opened or state is not True:
        _settle(key, state, opened, before, verdict)
        return
    fits = before is not None and facts.at - before.seen <= _gap(rule, limits)
    since = before.since if before is not None and fits else facts.at
    if facts.at - since >= rule.hold_s(limits):
        verdict.opened[key] = evidence | {"since": since}
        _forget(key, before, verdict)
    else:
        verdict.waiting[key] = Pending(since, facts.at)


def _settle(key: Key, state: bool | None, opened: bool, before: Pending | None, verdict: Verdict) -> None:
    """What is open is cleared by good only; what is pending is forgotten by anything but bad."""
    if opened and state is False:
        verdict.cleared.add(key)
    _forget(key, before, verdict)


def _forget(key: Key, before: Pending | None, verdict: Verdict) -> None:
    if before is not None:
        verdict.dropped.add(key)


def _gap(rule: Rule, limits: Limits) -> int:
    """Longer without a look, and what was bad on both sides says nothing about the time between."""
    return 2 * 3600 if rule.hourly else limits.gap_s


def _is_over(rule: Rule, facts: Facts) -> bool:
    """Out of season, or where nobody lives, the question itself is gone."""
    return (rule.seasonal and not facts.in_season) or (rule.needs_people and facts.vacant)
