"""Every answer of every open question of the five documents changes the rules; gates lift and demand what they say."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from subsidies.rules.engine import assess
from subsidies.rules.facts import CostItem
from subsidies.rules.outcomes import Due
from tests.rules.builders import dwelling, preset

FIVE = ("baiyin_2023", "datong_2021", "jincheng_2020", "litong_2021", "taishan_2021")
OTHERS = [
    (name, option.id, choice)
    for name in FIVE
    for option in preset(name).options.values()
    for choice in option.choices
    if choice != option.default
]


@pytest.mark.parametrize(("name", "option", "choice"), OTHERS)
def test_every_other_answer_of_a_question_changes_the_rules(name: str, option: str, choice: Any) -> None:
    other = preset(name, ((option, choice),))
    assert replace(other, options={}) != replace(preset(name), options={})


def test_only_a_question_with_one_answer_is_merely_shown() -> None:
    shown = {one.id: one.choices for name in FIVE for one in preset(name).options.values() if one.used_by == "facts"}
    assert shown == {"Q26": ("information_only",)}


@pytest.mark.parametrize(
    ("answer", "year", "reason"),
    [
        ("either_side", 2017, "OK_CAPPED"), ("either_side", 2018, "DEMOLITION_PLAN"),
        ("either_side", 2024, "DEMOLITION_PLAN"), ("either_side", 2025, "OK_CAPPED"),
        ("before", 2021, "DEMOLITION_PLAN"), ("before", 2022, "OK_CAPPED"),
        ("after", 2020, "OK_CAPPED"), ("after", 2021, "DEMOLITION_PLAN"), ("after", None, "DEMOLITION_PLAN"),
    ],
)  # fmt: skip
def test_which_years_of_a_demolition_plan_count(answer: str, year: int | None, reason: str) -> None:
    known = {} if year is None else {"demolition_year": Decimal(year)}
    facts = dwelling(cost=800_000, exclusions=frozenset({"DEMOLITION_PLAN"}), quantities=known)
    assert assess(preset("taishan_2021", (("Q10", answer),)), facts, kind="CONVERSION").code == reason


@pytest.mark.parametrize(
    ("answer", "approved", "reason"),
    [("office", True, "OK_CAPPED"), ("office", None, "SECOND_HOME"), ("none", True, "SECOND_HOME")],
)
def test_who_may_grant_an_exception_for_a_second_home(answer: str, approved: bool | None, reason: str) -> None:
    facts = dwelling(cost=800_000, exclusions=frozenset({"SECOND_HOME"}), second_home_approved=approved)
    assert assess(preset("taishan_2021", (("Q11", answer),)), facts, kind="CONVERSION").code == reason


@pytest.mark.parametrize(
    ("answer", "paper", "reason"),
    [
        ("any_evidence", "OTHER_PAPER", "OK_STANDARD"), ("any_evidence", "", "OK_STANDARD"),
        ("paid_to_town", "PAID_TO_TOWN", "OK_STANDARD"), ("paid_to_town", "ESCROW", "SELF_FUNDS_MISSING"),
        ("escrow", "", "SELF_FUNDS_MISSING"),
    ],
)  # fmt: skip
def test_what_proves_own_funds(answer: str, paper: str, reason: str) -> None:
    facts = dwelling(cost=700_000, own_funds_evidence=paper)
    assert assess(preset("litong_2021", (("Q20", answer),)), facts, kind="CONVERSION").code == reason


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [("allowed", {"EFFICIENCY": 660_000, "CONVERSION": 600_000}), ("one_of_works", {"EFFICIENCY": 660_000})],
)
def test_whether_two_kinds_of_works_stand_side_by_side(answer: str, wanted: dict[str, int]) -> None:
    policy = preset("taishan_2021", (("Q9", answer),))
    insulation = min(policy.of_kind("EFFICIENCY")[1].scope)
    costs = (CostItem("DEVICE", 800_000, "CONVERSION"), CostItem(insulation, 900_000, "EFFICIENCY"))
    found = {kind: assess(policy, dwelling(costs=costs), kind=kind) for kind in ("EFFICIENCY", "CONVERSION")}
    assert {kind: one.amount_fen for kind, one in found.items() if isinstance(one, Due)} == wanted


def block(cost: int, area: int, key: str) -> Any:
    """A dwelling of a block heated by an air source, with its part of the project's cost in fen."""
    costs = (CostItem("HEAT_SOURCE", cost, "", key),)
    quantities = {"heated_area_m2": Decimal(area)}
    return dwelling(technology="BLOCK_AIR_SOURCE", costs=costs, quantities=quantities)


def test_a_cap_of_the_project_is_that_of_its_dwellings_when_cost_is_laid_by_area() -> None:
    policy = preset("taishan_2021")
    whole = assess(policy, block(1_000_000, 100, "area"), kind="CONVERSION")
    parts = [
        assess(policy, block(fen, area, "area"), kind="CONVERSION") for fen, area in ((400_000, 40), (600_000, 60))
    ]
    assert isinstance(whole, Due)
    assert [one.amount_fen for one in parts if isinstance(one, Due)] == [332_000, 498_000]
    assert whole.amount_fen == 830_000


@pytest.mark.parametrize(
    ("level", "key", "laid", "code"),
    [
        ("project", "household", "area", "OK_CAPPED"), ("project", "area", "household", "SHARED_COST_KEY"),
        ("household", "household", "household", "OK_CAPPED"), ("household", "area", "household", "SHARED_COST_KEY"),
        ("project", "household", "", "OK_CAPPED"),
    ],
)  # fmt: skip
def test_a_projects_cost_must_be_laid_by_the_key_that_was_answered(level: str, key: str, laid: str, code: str) -> None:
    policy = preset("taishan_2021", (("Q7", key), ("Q8", level)))
    assert assess(policy, block(1_000_000, 100, laid), kind="CONVERSION").code == code
