"""A policy as the engine sees it: frozen, options already decided, nothing left to look up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from core.money import round_half_up
from core.seasons import SeasonRule
from subsidies.rules.amounts import Amount
from subsidies.rules.conditions import Condition
from subsidies.rules.context import BoundaryReading
from subsidies.rules.splits import Split
from subsidies.rules.values import Exact

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
class Unless:
    """An exclusion that does not count where all conditions are known to hold."""

    code: str
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate with its clause; ``codes`` exclusions in order, ``panel`` signers, ``checks`` on the device.

    ``unless`` lifts exclusions; ``evidence`` says what proves own funds (none named: anything does).
    """

    name: str
    clause: str
    codes: tuple[str, ...] = ()
    panel: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    unless: tuple[Unless, ...] = ()
    evidence: tuple[str, ...] = ()


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
class Rounding:
    """To whole ``unit_fen``, once, when the amount is known."""

    unit_fen: int = 1
    mode: Literal["half_up", "down"] = "half_up"

    def whole(self, fen: Exact) -> int:
        units = fen if self.unit_fen == 1 else Fraction(fen, self.unit_fen)
        return (round_half_up(units) if self.mode == "half_up" else units.__floor__()) * self.unit_fen


TO_THE_FEN = Rounding()


@dataclass(frozen=True, slots=True)
class Exclusive:
    """Benefit kinds of which a dwelling gets one: the first listed that is due, or the highest."""

    kinds: tuple[str, ...]
    clause: str
    keep: Literal["first", "highest"] = "first"
    per: Literal["lifetime", "season"] = "lifetime"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Benefit kinds whose amounts together may not exceed ``at``; the document's order decides which comes first."""

    kinds: tuple[str, ...]
    clause: str
    at: Amount
    per: Literal["lifetime", "season"] = "lifetime"


@dataclass(frozen=True, slots=True)
class Benefit:
    """One rule. ``kind``: one payment per kind and dwelling (per season where ``runs`` is set).

    ``again_after_years``: a further one so many years after the last. ``shared_costs``: the key by which a project's
    cost must be laid on its dwellings (empty: any).
    """

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
    rounding: Rounding = TO_THE_FEN
    again_after_years: int | None = None
    shared_costs: str = ""


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
    """One document's money rules. ``sources`` in the order in which they are listed and booked, ``gates`` as asked."""

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
    exclusive: tuple[Exclusive, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()

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
