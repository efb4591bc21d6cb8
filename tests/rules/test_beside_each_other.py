"""Benefits beside each other: which excludes which, ceilings over several, the same again after some years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from subsidies.rules.engine import assess
from subsidies.rules.facts import Facts, Payment
from subsidies.rules.outcomes import Due, NotDue, SourceLine
from tests.rules.builders import due, dwelling, result, sample, several, split_of

TWO = """\
id: A, kind: STOVE, amount: {fixed: 300}
id: B, kind: BOILER, amount: {per_unit: {quantity: power_kw, rate: 100}}"""


def power(kw: str, **more: Any) -> Facts:
    return dwelling(quantities={"power_kw": Decimal(kw)}, **more)


def test_the_first_of_two_that_exclude_each_other_stays() -> None:
    policy = several(TWO, "exclusive: [{kinds: [STOVE, BOILER], clause: 四}]\n")
    refused = assess(policy, power("9"), kind="BOILER")
    assert isinstance(refused, NotDue) and (refused.code, refused.clause, refused.household_fen) == (
        "EXCLUSIVE_BENEFIT",
        "四",
        None,
    )
    assert due(assess(policy, power("9"), kind="STOVE")).amount_fen == 30_000
    turned = several(TWO, "exclusive: [{kinds: [BOILER, STOVE], clause: 四}]\n")
    assert assess(turned, power("9"), kind="STOVE").code == "EXCLUSIVE_BENEFIT"


@pytest.mark.parametrize(("kw", "kept"), [("2.9999", "STOVE"), ("3", "STOVE"), ("3.0001", "BOILER")])
def test_the_higher_of_two_stays_and_the_first_of_equals(kw: str, kept: str) -> None:
    policy = several(TWO, "exclusive: [{kinds: [STOVE, BOILER], keep: highest, clause: 四}]\n")
    standing = [kind for kind in ("STOVE", "BOILER") if isinstance(assess(policy, power(kw), kind=kind), Due)]
    assert standing == [kept]


def test_what_was_paid_excludes_the_other_for_good_or_for_the_season() -> None:
    paid = (Payment("BOILER", 1, season_year=2020),)
    for_good = several(TWO, "exclusive: [{kinds: [STOVE, BOILER], clause: 四}]\n")
    assert assess(for_good, power("1", payments=paid), kind="STOVE").code == "EXCLUSIVE_BENEFIT"
    runs = TWO.replace("amount:", "runs: {counted_from: 2020}, amount:")
    seasonly = several(runs, "exclusive: [{kinds: [STOVE, BOILER], per: season, clause: 四}]\n")
    assert isinstance(assess(seasonly, power("1", payments=paid), kind="STOVE"), Due)
    assert assess(seasonly, power("1", payments=paid, season_year=2020), kind="STOVE").code == "EXCLUSIVE_BENEFIT"


CEILING = "ceilings: [{kinds: [STOVE, BOILER], at: {fixed: 1000}, clause: 五}]\n"


@pytest.mark.parametrize(
    ("kw", "code", "fen"),
    [("6.9999", "OK", 69_999), ("7", "OK", 70_000), ("7.0001", "OK_CEILING", 70_000), ("99", "OK_CEILING", 70_000)],
)
def test_a_ceiling_over_a_sum_cuts_the_later_benefit(kw: str, code: str, fen: int) -> None:
    policy = several(TWO, CEILING)
    boiler = assess(policy, power(kw), kind="BOILER")
    assert result(boiler) == (code, fen)
    stove = due(assess(policy, power(kw), kind="STOVE"))
    assert stove.amount_fen + due(boiler).amount_fen <= 100_000
    assert sum(split_of(boiler).values()) == fen


@pytest.mark.parametrize(
    ("paid", "code", "fen"),
    [
        (39_999, "OK", 60_000),
        (40_000, "OK", 60_000),
        (40_001, "OK_CEILING", 59_999),
        (100_000, "CEILING_REACHED", None),
    ],
)
def test_a_ceiling_counts_what_was_paid_under_it(paid: int, code: str, fen: int | None) -> None:
    policy = several(TWO, CEILING + "gates: {already_paid: {clause: 六}}\n")
    assert result(assess(policy, power("6", payments=(Payment("STOVE", paid),)), kind="BOILER")) == (code, fen)


def test_a_ceiling_by_season_forgets_the_others() -> None:
    runs = TWO.replace("amount:", "runs: {counted_from: 2020}, amount:")
    paid = (Payment("STOVE", 90_000, season_year=2020), Payment("STOVE", 5_000, season_year=2021))
    by_season = several(runs, CEILING.replace("clause", "per: season, clause"))
    lines = tuple(replace(one, lines=(SourceLine("DISTRICT", one.amount_fen),)) for one in paid)
    # 1,000 less the 50 paid this season and the 250 of 300 the stove still has to get
    assert result(assess(by_season, power("9", payments=lines), kind="BOILER")) == ("OK_CEILING", 70_000)
    for_good = several(runs, CEILING)
    assert result(assess(for_good, power("9", payments=lines), kind="BOILER")) == ("OK_CEILING", 0)


def test_a_benefit_again_after_some_years() -> None:
    policy = sample("{fixed: 1}", more="    again_after_years: 8\ngates: {already_paid: {clause: 二}}\n")
    paid = (Payment("CONVERSION", 1, paid_on=date(2020, 2, 29)),)
    codes = [assess(policy, dwelling(on=date(2028, 2, day), payments=paid), rule="S-1").code for day in (28, 29)]
    assert codes == ["TOO_SOON", "OK_STANDARD"]
