"""Splitting a shared cost, and scoring bids. Plain Python: integer fen in, integer fen out, nothing lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal


def split_cost(amount_fen: int, weights: Sequence[Decimal | int]) -> list[int]:
    """Shares of `amount_fen` by weight (m², persons), each rounded down to the fen; the last one takes the rest.

    The shares add up to the amount exactly and none is negative. ValueError for a negative amount, no weights, a
    negative weight, or weights that are all zero.

    >>> split_cost(1000, [1, 1, 1])
    [333, 333, 334]
    """
    if amount_fen < 0:
        raise ValueError("The amount is negative.")
    if any(weight < 0 for weight in weights) or not any(weights):
        raise ValueError("The weights must not be negative, and one of them must be more than zero.")
    whole = sum((Decimal(weight) for weight in weights), Decimal(0))
    ratios = [Decimal(weight).as_integer_ratio() for weight in weights]
    total_top, total_bottom = whole.as_integer_ratio()
    shares = [amount_fen * top * total_bottom // (bottom * total_top) for top, bottom in ratios[:-1]]
    return [*shares, amount_fen - sum(shares)]


def score(points: Mapping[str, Decimal | int], weights: Mapping[str, int]) -> Decimal:
    """Points (0 to 100 per criterion) weighted in percent; KeyError where a criterion has no points."""
    return sum((Decimal(points[name]) * weight / 100 for name, weight in weights.items()), Decimal(0))


def weight_problems(weights: Mapping[str, int], price_names: frozenset[str]) -> list[str]:
    """Codes of what is wrong with criteria: they must add up to 100, and price alone is never everything (J-52)."""
    problems = []
    if sum(weights.values()) != 100:
        problems.append("WEIGHTS_NOT_100")
    if sum(weight for name, weight in weights.items() if name in price_names) >= 100:
        problems.append("PRICE_ONLY")
    return problems
