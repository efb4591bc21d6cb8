"""Conditions on facts: one comparison each; a list of them means all of them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from subsidies.rules.context import Context

OPERATORS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Compare:
    """``{fact: power_kw, operator: ">", value: 15}``; money facts are compared in yuan."""

    fact: str
    operator: str
    value: Fraction

    def holds(self, ctx: Context) -> bool:
        return OPERATORS[self.operator](ctx.number(self.fact), self.value)


@dataclass(frozen=True, slots=True)
class OneOf:
    """``{fact: technology, in: [GAS_BOILER]}`` or ``not_in``; for a set fact: any of its members."""

    fact: str
    values: frozenset[str]
    negated: bool = False

    def holds(self, ctx: Context) -> bool:
        value = ctx.value(self.fact)
        found = bool(self.values & value) if isinstance(value, frozenset) else value in self.values
        return found != self.negated


@dataclass(frozen=True, slots=True)
class Flag:
    """``{fact: meter_individual, is: true}``."""

    fact: str
    expected: bool

    def holds(self, ctx: Context) -> bool:
        return ctx.value(self.fact) is self.expected


@dataclass(frozen=True, slots=True)
class AnyOf:
    """``{any_of: [[…], […]]}``: at least one of the lists holds. ``none_of`` negates."""

    groups: tuple[tuple[Condition, ...], ...]
    negated: bool = False

    def holds(self, ctx: Context) -> bool:
        return any(all_hold(group, ctx) for group in self.groups) != self.negated


@dataclass(frozen=True, slots=True)
class Between:
    """``{fact: accepted_on, from: 2021-11-01, until: 2021-11-15}``; both days included, either may be left out."""

    fact: str
    first_day: date | None
    last_day: date | None

    def holds(self, ctx: Context) -> bool:
        day = ctx.day(self.fact)
        return (self.first_day is None or day >= self.first_day) and (self.last_day is None or day <= self.last_day)


Condition = Compare | OneOf | Flag | Between | AnyOf


def all_hold(conditions: Sequence[Condition], ctx: Context) -> bool:
    """Whether every condition holds; an unknown fact halts with FACT_MISSING."""
    return all(condition.holds(ctx) for condition in conditions)
