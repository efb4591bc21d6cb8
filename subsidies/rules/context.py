"""What an evaluation can look at: the facts, the benefit's cost scope, the season and the days it may count.

All arithmetic is exact (``Fraction`` of fen or of the unit); rounding happens once, in the engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from core.seasons import Season, SeasonRule, Span, months_of
from subsidies.rules.codes import FLAG_FACTS, MONEY_FACTS, NUMBER_FACTS, SET_FACTS, TEXT_FACTS
from subsidies.rules.facts import Facts, Usage
from subsidies.rules.outcomes import Param, Step

BoundaryReading = Literal["linear", "hold"]


class Halt(Exception):
    """Evaluation ends without an amount: ``refused`` nothing is due, otherwise a question is open."""

    def __init__(
        self,
        code: str,
        *,
        refused: bool = False,
        household_fen: int | None = None,
        clause: str = "",
        **params: Param,
    ) -> None:
        super().__init__(code)
        self.code, self.refused, self.household_fen, self.clause = code, refused, household_fen, clause
        self.params = params


@dataclass(frozen=True)
class Context:
    """``trail`` collects the steps of this evaluation; ``window`` are the days whose usage counts."""

    facts: Facts
    kind: str = ""
    scope: frozenset[str] = frozenset()
    clause: str = ""
    season_rule: SeasonRule | None = None
    season: Season | None = None
    season_number: int | None = None
    window: Span | None = None
    boundary: BoundaryReading = "linear"
    trail: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def step(self, code: str, **params: Param) -> None:
        """Add a step under the clause of the benefit or band being evaluated."""
        self.trail.append(Step(code, params, self.clause))

    def under(self, clause: str) -> Context:
        return replace(self, clause=clause) if clause else self

    def within(self, window: Span | None) -> Context:
        return replace(self, window=window)

    def number(self, name: str) -> Fraction:
        """A fact that is a number, in its own unit, money in yuan; halts with FACT_MISSING."""
        value = self.number_or_none(name)
        if value is None:
            raise Halt("FACT_MISSING", fact=name, clause=self.clause)
        return value

    def number_or_none(self, name: str) -> Fraction | None:
        if name in MONEY_FACTS:
            fen = self.money_fen(name)
            return None if fen is None else Fraction(fen, 100)
        if name == "season_number":
            return None if self.season_number is None else Fraction(self.season_number)
        if name == "season_year":
            return None if self.season is None else Fraction(self.season.year)
        quantity = self.facts.quantities.get(name)
        return None if quantity is None else Fraction(quantity)

    def money_fen(self, name: str) -> int | None:
        """``eligible_cost``, ``total_cost``, ``enterprise_share`` or ``season_fee`` in fen."""
        if name == "eligible_cost":
            return self.facts.cost_in(self.scope, self.kind)
        if name == "total_cost":
            return self.facts.total_cost_fen(self.kind)
        return self.facts.enterprise_share_fen if name == "enterprise_share" else self.facts.season_fee_fen

    def value(self, name: str) -> object:
        """A fact that is text, a flag or a set; halts where it is not known."""
        value: object = getattr(self.facts, name) if name in (*TEXT_FACTS, *FLAG_FACTS, *SET_FACTS) else None
        if value is None or (value == "" and name in TEXT_FACTS):
            raise Halt("FACT_MISSING", fact=name, clause=self.clause)
        return value

    def quantity(self, name: str, tariff: str = "") -> Fraction:
        """A quantity: a recorded one, or metered usage inside the window."""
        return self.number(name) if name in NUMBER_FACTS else self.usage(name, tariff)

    def usage(self, energy: str, tariff: str = "") -> Fraction:
        """Metered usage inside the window, by day where a period lies across its edge (step ESTIMATED)."""
        if self.window is None:
            return Fraction(0)
        entries = [entry for entry in self.facts.usage if entry.energy == energy and entry.tariff in (tariff, "")]
        inside = [(entry, entry.span.overlap(self.window)) for entry in entries]
        counted = [(entry, days) for entry, days in inside if days]
        self._hold_anomalies([entry for entry, _ in counted])
        return sum((self._share(entry, days) for entry, days in counted), Fraction(0))

    def _share(self, entry: Usage, days: Span) -> Fraction:
        assert entry.quantity is not None
        share = Fraction(days.days, entry.span.days)
        if share < 1 and entry.quantity and self._cuts_season(entry):
            self._estimate(entry, days)
        return Fraction(entry.quantity) * share

    def _cuts_season(self, entry: Usage) -> bool:
        """Whether the reading itself runs over the season's edge; cuts inside the season are not news."""
        return self.season is not None and entry.span.overlap(self.season) != entry.span

    def _estimate(self, entry: Usage, days: Span) -> None:
        if self.boundary == "hold":
            raise Halt("BOUNDARY_READING_MISSING", energy=entry.energy, first_day=entry.span.first_day.isoformat())
        if "ESTIMATED" not in self.warnings:
            self.warnings.append("ESTIMATED")
        self.step("ESTIMATED", energy=entry.energy, quantity=str(entry.quantity), days=days.days, of=entry.span.days)

    def _hold_anomalies(self, entries: list[Usage]) -> None:
        for entry in entries:
            if entry.quantity is None:
                raise Halt("METER_ANOMALY", energy=entry.energy, first_day=entry.span.first_day.isoformat())
        by_meter = sorted(entries, key=lambda e: (e.meter, e.tariff, e.span))
        for one, other in pairwise(by_meter):
            same = (one.meter, one.tariff) == (other.meter, other.tariff)
            if same and other.span.first_day <= one.span.last_day:
                raise Halt("METER_ANOMALY", energy=other.energy, first_day=other.span.first_day.isoformat())

    def months(self) -> tuple[Span, ...]:
        return months_of(self.window) if self.window else ()


def latest_season(rule: SeasonRule, facts: Facts) -> Season:
    """The season to be assessed: as stated by the facts, else the running or last one."""
    return rule.season(facts.season_year) if facts.season_year is not None else rule.latest(facts.on)


def earlier_in_year(season_rule: SeasonRule, season: Season, year: int) -> Span | None:
    """The days of ``year`` that belong to the season before ``season`` (for caps per calendar year)."""
    return season_rule.season(season.year - 1).overlap(Span(date(year, 1, 1), date(year, 12, 31)))


def exact(value: Fraction) -> str:
    """A quantity as short decimal text for a step: exact when it ends, else 6 decimals."""
    text = f"{Decimal(value.numerator) / Decimal(value.denominator):.6f}"
    return text.rstrip("0").rstrip(".")
