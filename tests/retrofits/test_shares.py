from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrofits.shares import score, split_cost, weight_problems

WEIGHTS = st.lists(st.decimals("0", "10000", places=2), min_size=1, max_size=60).filter(any)


@given(amount=st.integers(0, 10**13), weights=WEIGHTS)
def test_shares_add_up_to_the_fen_and_none_is_negative(amount: int, weights: list[Decimal]) -> None:
    shares = split_cost(amount, weights)
    assert len(shares) == len(weights)
    assert sum(shares) == amount
    assert min(shares) >= 0


@given(amount=st.integers(0, 10**13), weights=WEIGHTS)
def test_a_share_is_its_part_rounded_down_and_the_last_takes_the_rest(amount: int, weights: list[Decimal]) -> None:
    shares, whole = split_cost(amount, weights), sum(weights)
    for share, weight in zip(shares[:-1], weights[:-1], strict=True):
        assert share <= amount * weight / whole < share + 1
    assert 0 <= shares[-1] - amount * weights[-1] / whole < len(weights)


def test_the_last_takes_the_rest() -> None:
    assert split_cost(1000, [1, 1, 1]) == [333, 333, 334]
    assert split_cost(100, [Decimal("60.5"), Decimal("39.5")]) == [60, 40]
    assert split_cost(7, [0, 1, 0]) == [0, 7, 0]


@pytest.mark.parametrize(("amount", "weights"), [(-1, [1]), (1, []), (1, [0, 0]), (1, [2, -1])])
def test_what_can_not_be_split_is_refused(amount: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match=r"negative|weights"):
        split_cost(amount, weights)


@pytest.mark.parametrize(
    ("weights", "problems"),
    [
        ({"price": 40, "quality": 60}, []),
        ({"price": 99, "quality": 1}, []),
        ({"price": 100}, ["PRICE_ONLY"]),
        ({"price": 40, "quality": 59}, ["WEIGHTS_NOT_100"]),
        ({"price": 40, "quality": 61}, ["WEIGHTS_NOT_100"]),
    ],
)
def test_price_alone_never_decides(weights: dict[str, int], problems: list[str]) -> None:
    """J-52: 不片面追求低价中标."""
    assert weight_problems(weights, frozenset({"price"})) == problems


def test_points_are_weighted() -> None:
    assert score({"price": 90, "quality": 80}, {"price": 40, "quality": 60}) == Decimal(84)
