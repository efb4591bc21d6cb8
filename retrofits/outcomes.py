"""What clean heating spares the air (L-82), and what heating takes of an income (D-18). Plain: no tables, no Django.

Every figure is homes × tonnes of coal a home burnt × kilograms a tonne emits, with the programme's factors, each with
its source. A factor nobody has entered leaves its figure unknown; it is never nought.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Homes:
    """Homes first accepted in a year: `coal` are known to have burnt coal; of `unknown` nobody wrote it down, and
    they are not counted."""

    year: int
    coal: int
    unknown: int


@dataclass(frozen=True)
class Factor:
    """Kilograms of a pollutant a tonne of coal in a stove emits; None where nobody has entered a number."""

    code: str
    name: str
    kg_per_t: Decimal | None
    source: str


@dataclass(frozen=True)
class Assumptions:
    """Tonnes of coal a home burnt in a season, and the factors, each with where it comes from."""

    coal_t_per_home: Decimal | None
    coal_source: str
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class Spared:
    """One year: homes, tonnes of coal a season, and tonnes of each pollutant a season; None is unknown."""

    homes: Homes
    coal_t: Decimal | None
    pollutants: tuple[Decimal | None, ...]


def assumptions_of(settings: Mapping[str, Any]) -> Assumptions | None:
    """None where the programme states no factors."""
    known = settings.get("environment")
    if not known:
        return None
    coal = known.get("coal_t_per_home") or {}
    factors = tuple(
        Factor(str(one["code"]), str(one["name"]), _number(one.get("kg_per_t")), str(one.get("source", "")))
        for one in known.get("factors", [])
    )
    return Assumptions(_number(coal.get("value")), str(coal.get("source", "")), factors)


def spared(homes: Sequence[Homes], given: Assumptions) -> list[Spared]:
    """What each year's homes spare in every season from then on."""
    return [_spared(one, given) for one in homes]


def _spared(homes: Homes, given: Assumptions) -> Spared:
    if given.coal_t_per_home is None:
        return Spared(homes, None, tuple(None for _one in given.factors))
    coal = homes.coal * given.coal_t_per_home
    return Spared(homes, coal, tuple(None if f.kg_per_t is None else coal * f.kg_per_t / 1000 for f in given.factors))


def _number(value: Any) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))


@dataclass(frozen=True)
class Burden:
    """Shares of income that heating takes, exactly. `is_even`: after the works it takes no more than before, which is
    what the document asks for before a subsidy may end (D-18)."""

    before: Fraction
    after: Fraction

    @property
    def is_even(self) -> bool:
        return self.after <= self.before


def burden(*, spend_before: int, income_before: int, spend_after: int, income_after: int) -> Burden:
    """Amounts in fen of one home; incomes above zero."""
    return Burden(Fraction(spend_before, income_before), Fraction(spend_after, income_after))
