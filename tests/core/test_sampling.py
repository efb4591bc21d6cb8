"""Sample sizes, allocation, draws and projections against printed examples and by hand."""

from __future__ import annotations

import hashlib

import pytest

from core.sampling import (
    Examined,
    allocate,
    deviate,
    draw,
    population_hash,
    project,
    rate_interval,
    sample_size,
)


@pytest.mark.parametrize(
    ("population", "size"),
    # Krejcie and Morgan, Educational and Psychological Measurement 30 (1970), table 1: 95 %, ±5 %, p = 0.5.
    [(10, 10), (100, 80), (250, 152), (1000, 278), (5000, 357), (10_000, 370)],
)
def test_sizes_are_those_of_krejcie_and_morgan(population: int, size: int) -> None:
    assert sample_size(population, 0.95, 0.05) == size


def test_cochrans_island_of_3200_needs_356() -> None:
    """Sampling Techniques, section 4.4: d = 5 %, t = 2, p near one half: n0 = 400, n = 356."""
    assert sample_size(3200, 0.954499736, 0.05) == 356


def test_deviates_are_the_tables() -> None:
    assert [round(deviate(c), 3) for c in (0.9, 0.95, 0.99)] == [1.645, 1.96, 2.576]


def test_what_is_no_share_is_refused() -> None:
    for bad in ((10, 1.0, 0.05, 0.5), (10, 0.95, 0.0, 0.5), (10, 0.95, 0.05, 1.5)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            sample_size(*bad)
    assert sample_size(0, 0.95, 0.05) == 0


@pytest.mark.parametrize(
    ("wrong", "of", "low", "high"),
    # 95 %; none of n and all of n by the rule (α/2)^(1/n), the others from printed tables of the exact interval.
    [(0, 30, 0.0, 0.1157), (10, 100, 0.0490, 0.1762), (1, 20, 0.0013, 0.2487), (20, 20, 0.8316, 1.0), (0, 0, 0.0, 1.0)],
)
def test_intervals_are_the_exact_ones(wrong: int, of: int, low: float, high: float) -> None:
    assert rate_interval(wrong, of, 0.95) == pytest.approx((low, high), abs=0.0001)


def test_shares_follow_the_numbers_and_leave_no_stratum_out() -> None:
    assert allocate({"甲": 600, "乙": 300, "丙": 100}, 10) == {"甲": 6, "乙": 3, "丙": 1}
    assert allocate({"甲": 996, "乙": 3, "丙": 1}, 10) == {"甲": 8, "乙": 1, "丙": 1}
    assert allocate({"甲": 2, "乙": 3}, 50) == {"甲": 2, "乙": 3}
    assert allocate({"甲": 0, "乙": 5}, 2) == {"甲": 0, "乙": 2}
    assert allocate({"甲": 0}, 4) == {"甲": 0}
    assert sum(allocate({"a": 7, "b": 7, "c": 7}, 10).values()) == 10


def test_a_draw_is_the_same_for_everybody_and_extends_without_drawing_anew() -> None:
    keys = range(1, 200)
    first = draw(keys, 10, "2021-铜")
    assert draw(reversed(keys), 10, "2021-铜") == first
    assert draw(keys, 15, "2021-铜")[:10] == first
    assert draw(keys, 10, "2021-银") != first
    by_hand = min(keys, key=lambda key: hashlib.sha256(f"2021-铜:{key}".encode()).hexdigest())
    assert first[0] == by_hand


def test_the_hash_of_a_population_tells_every_change() -> None:
    rows = [(1, "甲", 600_000), (2, "乙", 540_000)]
    said = population_hash(rows)
    assert said == hashlib.sha256("1\t甲\t600000\n2\t乙\t540000\n".encode()).hexdigest()
    assert said != population_hash([(1, "甲", 600_001), (2, "乙", 540_000)])


def test_errors_are_projected_by_stratum() -> None:
    """By hand: 100·(10/4) + 50·0 = 250; variance 100²·(1 − 4/100)·(25)/4 = 60,000, √ = 244.95, ×1.96 = 480.1."""
    found = project([Examined(100, [10, 0, 0, 0]), Examined(50, [0, 0, 0])], 0.95)
    assert found.total == 250
    assert (found.low, found.high) == (250 - 480, 250 + 480)


def test_nothing_is_claimed_of_what_was_not_examined() -> None:
    assert project([Examined(10, [5]), Examined(5, [])], 0.95).total is None
    one = project([Examined(10, [5])], 0.95)
    assert (one.total, one.low, one.high) == (50, None, None)
    assert project([Examined(3, [1, 2, 3])], 0.95) == project([Examined(3, [1, 2, 3])], 0.99), "all were examined"
