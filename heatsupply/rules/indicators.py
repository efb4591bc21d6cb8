"""Indicators of central heating: collection, room temperatures, growth, satisfaction, credit. No Django, no clock.

A rate without a denominator is None, never 0 %. Source: Baiyin 2023, clauses B-01 … B-05, B-26.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

COMPLIANT_DC = 180  # 18 ℃ in tenths of a degree (B-02); a programme may name another


@dataclass(frozen=True)
class Fees:
    """Of one company and season, in fen."""

    receivable_fen: int
    received_fen: int


@dataclass(frozen=True)
class Collection:
    """“平均” can be read both ways (requirements §8.5), so both are shown; `counted` companies had fees to collect."""

    pooled: Fraction | None
    mean: Fraction | None
    counted: int


def share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole > 0 else None


def collection(companies: Iterable[Fees]) -> Collection:
    """Collected by receivable: over all money, and as the mean of the companies' own rates."""
    counted = [one for one in companies if one.receivable_fen > 0]
    rates = [Fraction(one.received_fen, one.receivable_fen) for one in counted]
    pooled = share(sum(one.received_fen for one in counted), sum(one.receivable_fen for one in counted))
    return Collection(pooled, sum(rates, Fraction(0)) / len(rates) if rates else None, len(rates))


def compliance(room_temps_dc: Sequence[int], floor_dc: int = COMPLIANT_DC) -> Fraction | None:
    """Share of samples, in tenths of a degree, at or above the floor: 18.0 complies, 17.9 does not."""
    return share(sum(one >= floor_dc for one in room_temps_dc), len(room_temps_dc))


def least_area(before_m2: Fraction | int, growth: Fraction) -> Fraction:
    """What a year has to reach over the *actual* year before (B-04, B-05): two years of 3 % compound to 1.0609."""
    return Fraction(before_m2) * (1 + growth)


def grown(before_m2: int | None, now_m2: int | None) -> Fraction | None:
    """Growth over the year before; None where either is unknown."""
    return None if not before_m2 or now_m2 is None else Fraction(now_m2 - before_m2, before_m2)


@dataclass(frozen=True)
class Score:
    """`points` of 100 over the components that are known; `missing` names the others."""

    points: Fraction | None
    missing: tuple[str, ...]


def credit(weights: Mapping[str, int], reached: Mapping[str, Fraction | None]) -> Score:
    """Weighted mean of components between 0 and 1 (B-26). What is unknown is named and takes its weight away."""
    wrong = [name for name, value in reached.items() if value is not None and not 0 <= value <= 1]
    if wrong or set(reached) - set(weights) or any(weight <= 0 for weight in weights.values()):
        raise ValueError(f"Components between 0 and 1 with positive weights are wanted: {sorted(reached)}, {weights}.")
    known = {name: value for name in weights if (value := reached.get(name)) is not None}
    missing = tuple(name for name in weights if name not in known)
    whole = sum(weights[name] for name in known)
    if not whole:
        return Score(None, missing)
    return Score(100 * sum((weights[name] * value for name, value in known.items()), Fraction(0)) / whole, missing)
