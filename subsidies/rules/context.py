"""What an evaluation can look at: the facts, the benefit's cost scope, the season and the days it may count.

All arithmetic is exact (``Fraction`` of fen or of the unit); rounding happens once, in the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from core.seasons import Season, SeasonRule, Span, months_of
from subsidies.rules.codes import COSTS, FLAG_FACTS, MONEY_FACTS, NUMBER_FACTS, SET_FACTS, TEXT_FACTS
from subsidies.rules.facts import Facts, Usage
from subsidies.rules.outcomes import Outcome, Param, Step
from subsidies.rules.values import Exact

BoundaryReading = Literal["linear", "hold"]
_RECORDED = frozenset((*NUMBER_FACTS, *COSTS))
_NAMED_FACTS = frozenset((*TEXT_FACTS, *FLAG_FACTS, *SET_FACTS))


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


@dataclass(frozen=True, slots=True)
class Context:
    """``trail`` collects the steps of this evaluation (None: nobody asks); ``window``: the days whose usage counts.

    ``peer`` answers what another benefit of the policy gives for the same facts.
    """

    facts: Facts
    kind: str = ""
    scope: frozenset[str] = frozenset()
    clause: str = ""
    season_rule: SeasonRule | None = None
    season: Season | None = None
    season_number: int | None = None
    window: Span | None = None
    boundary: BoundaryReading = "linear"
    trail: list[Step] | None = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    peer: Callable[[str], Outcome] | None = None

    def step(self, code: str, **params: Param | Fraction) -> None:
        """Add a step under the clause of the benefit or band being evaluated.

        Exact fen in a parameter ending in ``yuan`` are written in yuan, other exact numbers as they are.
        """
        if self.trail is not None:
            self.trail.append(Step(code, {name: _written(name, value) for name, value in params.items()}, self.clause))

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self.trail or ())

    def quiet(self, *, without_season: bool = False) -> Context:
        """The same without steps, and if asked without the season that tells which readings were cut."""
        if self.trail is None and not without_season:
            return self
        return replace(self, trail=None, season=None if without_season else self.season)

    def under(self, clause: str) -> Context:
        return replace(self, clause=clause) if clause and clause != self.clause else self

    def outcome_of(self, rule: str) -> Outcome:
        """What another benefit, named by its id, gives for the same facts."""
        assert self.peer is not None
        return self.peer(rule)

    def paid_in_other_seasons(self) -> int:
        """Fen paid for this kind of benefit in other seasons than the one assessed."""
        year = self.season.year if self.season else None
        return sum(one.amount_fen for one in self.facts.payments if one.kind == self.kind and one.season_year != year)

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
        value: object = getattr(self.facts, name) if name in _NAMED_FACTS else None
        if value is None or value == "":
            raise Halt("FACT_MISSING", fact=name, clause=self.clause)
        return value

    def day(self, name: str) -> date:
        """A fact that is a day; halts where it is not known."""
        value = getattr(self.facts, name)
        if not isinstance(value, date):
            raise Halt("FACT_MISSING", fact=name, clause=self.clause)
        return value

    def quantity(self, name: str, tariff: str = "") -> Fraction:
        """A quantity: a recorded one, a cost in yuan, or metered usage inside the window."""
        return self.number(name) if name in _RECORDED else self.usage(name, tariff)

    def by_month(self, name: str, tariff: str, count: Callable[[Exact], Exact]) -> Exact:
        """``count`` of the usage of every calendar month in the window, added up; of a recorded quantity just once."""
        if name in _RECORDED:
            return count(self.number(name))
        return sum((count(month.usage(name, tariff)) for month in self.quiet().month_by_month()), start=0)

    def usage(self, energy: str, tariff: str = "") -> Fraction:
        """Metered usage inside the window, by day where a period lies across its edge (step ESTIMATED)."""
        if self.window is None:
            return Fraction(0)
        inside = [(entry, entry.span.overlap(self.window)) for entry in self._read(energy, tariff)]
        counted = [(entry, days) for entry, days in inside if days]
        self._hold_anomalies([entry for entry, _ in counted])
        if len(counted) == 1:
            return self._share(*counted[0])
        return sum((self._share(entry, days) for entry, days in counted), Fraction(0))

    def _read(self, energy: str, tariff: str) -> list[Usage]:
        """The readings to count, meter by meter: of one tariff, or the total register, or else all its tariffs."""
        entries = [entry for entry in self.facts.usage if entry.energy == energy]
        totals = {entry.meter for entry in entries if not entry.tariff}
        if not tariff:
            return [entry for entry in entries if not entry.tariff or entry.meter not in totals]
        chosen = [entry for entry in entries if entry.tariff == tariff]
        if totals - {entry.meter for entry in entries if entry.tariff}:
            # A total says nothing about how much of it was off-peak.
            raise Halt("FACT_MISSING", fact="tariff", clause=self.clause)
        return chosen

    def _share(self, entry: Usage, days: Span) -> Fraction:
        assert entry.quantity is not None
        if days.days == entry.span.days:
            return Fraction(entry.quantity)
        if entry.quantity and self._cuts_season(entry):
            self._estimate(entry, days)
        return Fraction(entry.quantity) * days.days / entry.span.days

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
        if len(entries) < 2:
            return
        by_meter = sorted(entries, key=lambda e: (e.meter, e.tariff, e.span))
        for one, other in pairwise(by_meter):
            same = (one.meter, one.tariff) == (other.meter, other.tariff)
            if same and other.span.first_day <= one.span.last_day:
                raise Halt("METER_ANOMALY", energy=other.energy, first_day=other.span.first_day.isoformat())

    def month_by_month(self) -> list[Context]:
        """One context for every calendar month of the window."""
        return [self.within(month) for month in months_of(self.window)] if self.window else []


def latest_season(rule: SeasonRule, facts: Facts) -> Season:
    """The season to be assessed: as stated by the facts, else the running or last one."""
    return rule.season(facts.season_year) if facts.season_year is not None else rule.latest(facts.on)


def earlier_in_year(season_rule: SeasonRule, season: Season, year: int) -> Span | None:
    """The days of ``year`` that belong to the season before ``season`` (for caps per calendar year)."""
    return season_rule.season(season.year - 1).overlap(Span(date(year, 1, 1), date(year, 12, 31)))


def exact(value: Fraction) -> str:
    """A quantity as short decimal text for a step: exact when it ends, else 6 decimals."""
    if value.denominator == 1:
        return str(value.numerator)
    text = f"{Decimal(value.numerator) / Decimal(value.denominator):.6f}"
    return text.rstrip("0").rstrip(".")


def _written(name: str, value: Param | Fraction) -> Param:
    """A step's parameter as it is kept: fen named ``…yuan`` as yuan, exact numbers as short decimal text."""
    kind = type(value)  # asking a Fraction's family is ten times dearer, and every step of every case asks
    if name.endswith("yuan") and kind in (int, bool, Fraction):
        return exact(Fraction(value, 100))  # type: ignore[arg-type]
    return exact(value) if kind is Fraction else value  # type: ignore[arg-type, return-value]
