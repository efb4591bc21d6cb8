"""Refunds, indicators, coal and pipes: the worked examples of Baiyin and both sides of every boundary."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.seasons import Span
from heatsupply.rules import fuel, indicators, pipes, refunds
from heatsupply.rules.refunds import Outage, Terms

SEASON = Span(date(2022, 11, 1), date(2023, 3, 31))
LEAP = Span(date(2023, 11, 1), date(2024, 3, 31))
FEE_FEN = 230_000
FULL = Terms(shares={"late": Fraction(1), "stopped": Fraction(1), "insufficient": Fraction(1, 2)})


def days(number: float, fault: str = "stopped", cause: str = "company") -> Outage:
    return Outage(fault, cause, Fraction(number) * 24)  # type: ignore[arg-type]


EXAMPLES = [
    ("E-B01", SEASON, days(2, "late"), True, "OK_REFUND", 3046),
    ("E-B02", SEASON, days(3), True, "OK_REFUND", 4570),
    ("E-B03", LEAP, days(3), True, "OK_REFUND", 4539),
    ("E-B04", SEASON, days(5, "insufficient"), True, "OK_REFUND", 3808),
    ("E-B05", SEASON, days(151), True, "OK_REFUND", 230_000),
    ("E-B06", SEASON, days(8.5, "late"), True, "OK_REFUND", 12_185),
    ("E-B07", SEASON, days(3, cause="user"), True, "CAUSE_NOT_COMPANY", 0),
    ("E-B08", SEASON, days(3), False, "DEDUCT_FROM_RECEIVABLE", 4570),
]


@pytest.mark.parametrize(("number", "season", "outage", "paid", "reason", "fen"), EXAMPLES)
def test_a_worked_example(number: str, season: Span, outage: Outage, paid: bool, reason: str, fen: int) -> None:
    found = refunds.refund(fee_fen=FEE_FEN, season=season, outage=outage, terms=FULL, paid=paid)
    assert (found.reason, found.amount_fen) == (reason, fen), number


def test_the_season_of_a_leap_year_is_a_day_longer() -> None:
    assert (SEASON.days, LEAP.days) == (151, 152)


def test_a_suspended_user_pays_the_basic_fee_or_nobody_knows() -> None:
    terms = Terms(shares={}, suspended_share=Fraction(3, 10))
    assert refunds.suspended_fee(fee_fen=FEE_FEN, terms=terms) == refunds.Outcome("SUSPENSION_BASIC_FEE", 69_000)
    assert refunds.suspended_fee(fee_fen=FEE_FEN, terms=Terms(shares={})).amount_fen is None


def test_an_undecided_share_is_a_question_and_never_zero() -> None:
    found = refunds.refund(fee_fen=FEE_FEN, season=SEASON, outage=days(3), terms=Terms(shares={}), paid=True)
    assert (found.reason, found.amount_fen) == ("SHARE_UNDECIDED", None)


@pytest.mark.parametrize(("counting", "number"), [("full_days", 8), ("begun_days", 9), ("hours", Fraction(17, 2))])
def test_parts_of_a_day_count_as_the_programme_says(counting: str, number: Fraction | int) -> None:
    assert refunds.days_of(Fraction(204), counting) == number  # type: ignore[arg-type]
    assert refunds.days_of(Fraction(192), counting) == 8  # type: ignore[arg-type]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(refunds.RefundError, match="152 days are more than the 151"):
        refunds.refund(fee_fen=FEE_FEN, season=SEASON, outage=days(152), terms=FULL, paid=True)
    with pytest.raises(refunds.RefundError, match="negative"):
        refunds.days_of(Fraction(-1), "hours")
    with pytest.raises(refunds.RefundError, match=r"between 0 and 1: late 1\.1"):
        Terms(shares={"late": Fraction(11, 10)})


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # a busy machine proves nothing
@given(st.integers(0, 10**9), st.lists(st.tuples(st.sampled_from(refunds.FAULTS), st.integers(0, 151)), max_size=8))
def test_a_season_never_gives_back_more_than_its_fee(fee_fen: int, outages: list[tuple[str, int]]) -> None:
    asked = [days(number, fault) for fault, number in outages]
    found = refunds.refund_of_season(fee_fen=fee_fen, season=SEASON, outages=asked, terms=FULL, paid=True)
    assert sum(one.amount_fen or 0 for one in found) <= fee_fen
    assert all(one.amount_fen is not None and one.amount_fen >= 0 for one in found)


def test_collection_is_told_both_ways() -> None:
    found = indicators.collection([indicators.Fees(100, 90), indicators.Fees(900, 630), indicators.Fees(0, 0)])
    assert (found.pooled, found.mean, found.counted) == (Fraction(72, 100), Fraction(80, 100), 2)
    assert indicators.collection([]) == indicators.Collection(None, None, 0)


def test_eighteen_degrees_comply_and_a_tenth_less_does_not() -> None:
    assert indicators.compliance([180, 179]) == Fraction(1, 2)
    assert indicators.compliance([]) is None


def test_two_years_of_growth_compound_over_what_was_really_there() -> None:
    three = Fraction(3, 100)
    assert indicators.least_area(1000, three) == 1030
    assert indicators.least_area(1030, three) == Fraction("1060.9")
    assert indicators.least_area(1050, three) == Fraction("1081.5")
    assert indicators.grown(1000, 1030) == three
    assert indicators.grown(None, 1030) is None


def test_what_is_unknown_takes_its_weight_out_of_the_credit() -> None:
    weights = {"collection": 40, "compliance": 40, "complaints": 20}
    found = indicators.credit(weights, {"collection": Fraction(1), "compliance": Fraction(1, 2), "complaints": None})
    assert (found.points, found.missing) == (75, ("complaints",))
    assert indicators.credit(weights, {}).points is None
    with pytest.raises(ValueError, match="between 0 and 1"):
        indicators.credit(weights, {"collection": Fraction(2)})


@pytest.mark.parametrize(
    ("sulphur", "ash", "faults"),
    [
        ("0.5", "16", ()), ("0.5", "16.0", ()), ("0.51", "16", ("SULPHUR_ABOVE_LIMIT",)),
        ("0.5", "16.1", ("ASH_ABOVE_LIMIT",)), ("0.6", "17", ("SULPHUR_ABOVE_LIMIT", "ASH_ABOVE_LIMIT")),
    ],
)  # fmt: skip
def test_the_limits_of_coal_themselves_pass(sulphur: str, ash: str, faults: tuple[str, ...]) -> None:
    assert fuel.coal_faults(Decimal(sulphur), Decimal(ash)) == faults


def test_a_stock_of_a_week_is_not_low_yet() -> None:
    assert not fuel.is_low(Decimal(70), Decimal(10))
    assert fuel.is_low(Decimal("69.9"), Decimal(10))
    assert fuel.days_left(Decimal(10), Decimal(0)) is None


def test_a_pipe_of_2003_is_due_in_2023_and_one_of_2004_is_not() -> None:
    assert pipes.why_due(2003, [], 2023) == ("AGE",)
    assert pipes.why_due(2004, [], 2023) == ()
    assert pipes.why_due(2004, ["leaking"], 2023) == ("CONDITION_LEAKING",)
    assert pipes.why_due(None, [], 2023) == ()
    with pytest.raises(ValueError, match="rusty"):
        pipes.why_due(2004, ["rusty"], 2023)
