"""A policy as the engine sees it: frozen, options already decided, nothing left to look up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from core.seasons import SeasonRule
from subsidies.rules.amounts import Amount
from subsidies.rules.conditions import Condition
from subsidies.rules.context import BoundaryReading
from subsidies.rules.splits import Split

OptionValue = str | bool | int | Decimal | None


@dataclass(frozen=True, slots=True)
class Option:
    """An open question of the document as a switch. ``choices`` empty: a free value."""

    id: str
    question: str
    value: OptionValue
    default: OptionValue
    choices: tuple[OptionValue, ...]
    clause: str
    note: str
    used_by: Literal["rules", "facts"]


@dataclass(frozen=True, slots=True)
class Check:
    """Conditions that must hold; ``otherwise`` is the reason when they do not."""

    when: tuple[Condition, ...]
    otherwise: str
    clause: str


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate with its clause; ``codes`` exclusions in order, ``panel`` signers, ``checks`` on the device."""

    name: str
    clause: str
    codes: tuple[str, ...] = ()
    panel: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Runs:
    """A benefit paid by season: how many seasons, counted from the dwelling's first one or a fixed year."""

    seasons: int | None
    counted_from: Literal["acceptance"] | int


@dataclass(frozen=True, slots=True)
class Warn:
    code: str
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Recode:
    code: str
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Benefit:
    """One rule. ``kind``: one payment per kind and dwelling (per season where ``runs`` is set)."""

    id: str
    kind: str
    title: str
    clause: str
    quote: str
    note: str
    covers: tuple[Condition, ...]
    not_covered: str
    gates: tuple[str, ...]
    requires: tuple[Check, ...]
    scope: frozenset[str]
    amount: Amount
    split: Split | None
    runs: Runs | None
    result_codes: tuple[Recode, ...]
    warnings: tuple[Warn, ...]


@dataclass(frozen=True, slots=True)
class TaskRule:
    """How a case counts toward the target: ``count`` each, or ``quantity / each`` cut to ``decimals``."""

    when: tuple[Condition, ...]
    count: Fraction | None
    quantity: str
    each: Fraction
    decimals: int


@dataclass(frozen=True, slots=True)
class Policy:
    """One document's money rules. ``sources`` in the order in which they are listed and booked."""

    name: str
    title: str
    place: str
    document_number: str
    issued_on: date | None
    valid_from: date
    valid_to: date | None
    season_rule: SeasonRule | None
    boundary: BoundaryReading
    sources: tuple[str, ...]
    gates: tuple[Gate, ...]
    benefits: tuple[Benefit, ...]
    tasks: tuple[TaskRule, ...]
    options: Mapping[str, Option]

    def benefit(self, rule: str) -> Benefit | None:
        """The benefit with this id, or None."""
        return next((benefit for benefit in self.benefits if benefit.id == rule), None)

    def of_kind(self, kind: str) -> tuple[Benefit, ...]:
        return tuple(benefit for benefit in self.benefits if benefit.kind == kind)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Benefit kinds in document order."""
        return tuple(dict.fromkeys(benefit.kind for benefit in self.benefits))

    def gate(self, name: str) -> Gate | None:
        return next((gate for gate in self.gates if gate.name == name), None)
