"""The boundary scanner: finds every cliff of a rule, exactly at its boundary, and takes no bend for one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heating_portal.presets import FOLDER
from subsidies.rules.engine import assess
from subsidies.rules.loading import load_policy
from subsidies.rules.outcomes import Due
from subsidies.rules.probing import axes_of, facts_at, scenarios_of
from subsidies.rules.scanning import Cliff, Scan, encode_scan, scan, scan_line

HEAD = """
policy: sample_2021
title: 示例
place: "370999"
document_number: 示例〔2021〕1号
valid_from: 2021-01-01
season: {from: "11-01", to: "03-31"}
sources: [CENTRAL]
"""


def policy(amount: str, more: str = "", covers: str = "") -> Any:
    rule = f"benefits:\n  - {{id: S-1, kind: CONVERSION, title: 示例, clause: 一, cost_scope: [DEVICE], {covers}"
    return load_policy(f"{HEAD}{more}{rule} amount: {amount}, split: {{whole: CENTRAL}}}}\n")


def preset(name: str, **options: Any) -> Any:
    return load_policy((FOLDER / name / "policy.yaml").read_text(encoding="utf-8"), options)


@lru_cache
def litong() -> Scan:
    return scan(preset("litong_2021"))


def sides(cliff: Cliff) -> tuple[str, str, int | None, int | None]:
    axis = cliff.axis
    return (
        str(axis.number(cliff.below.at)),
        str(axis.number(cliff.above.at)),
        cliff.below.amount_fen,
        cliff.above.amount_fen,
    )


def on(found: Any, fact: str) -> list[Cliff]:
    return [cliff for cliff in found.cliffs if cliff.axis.fact == fact]


@pytest.mark.clause(
    "L-17", "清洁取暖费用少于6000元，补助金额按照80%计算", serves="subsidies.rules.scanning:scan",
    page="subsidies:policy-trial", model="subsidies.PolicyTrial",
)  # fmt: skip
def test_litongs_cliff_lies_exactly_at_6000() -> None:
    (cliff,) = on(litong(), "eligible_cost")
    assert sides(cliff) == ("5999.99", "6000", 479_999, 530_000)
    assert (cliff.below.household_fen, cliff.above.household_fen) == (120_000, 70_000)
    assert (cliff.rule, cliff.below.code, cliff.above.code) == ("L-R1", "OK_80PCT", "OK_STANDARD")


def test_the_other_reading_of_the_threshold_moves_the_cliff_by_one_fen() -> None:
    (cliff,) = on(scan(preset("litong_2021", Q15_operator="up_to")), "eligible_cost")
    assert sides(cliff)[:2] == ("6000", "6000.01")


def test_a_device_that_just_fails_its_requirement_is_a_cliff_too() -> None:
    (cliff,) = on(litong(), "power_kw")
    assert sides(cliff) == ("15", "15.01", 0, 530_000)
    assert cliff.scenario.texts["technology"] == ("GAS",), "the requirement is one of gas boilers"


def test_taishans_caps_are_bends_and_no_cliffs() -> None:
    found = scan(preset("taishan_2021"))
    assert found.cliffs == ()
    assert {(curve.rule, curve.axis.fact) for curve in found.curves} >= {
        ("T-R6", "eligible_cost"), ("T-R3", "heated_area_m2"), ("T-R7", "gas_m3"), ("T-R8", "electricity_kwh"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "fact", "at"),
    [
        ("{steps: {by: heated_area_m2, bands: [{until: 60, amount: {fixed: 3000}}, {amount: {fixed: 4000}}]}}",
         "heated_area_m2", ("59.99", "60", 300_000, 400_000)),
        ("{steps: {by: device_count, bands: [{until: 2, inclusive: true, amount: {fixed: 900}}, "
         "{amount: {fixed: 1500}}]}}",
         "device_count", ("2", "3", 90_000, 150_000)),
        ("{first_of: [{when: [{fact: heat_load_kw, operator: '>=', value: 7.5}], amount: {fixed: 500}}, "
         "{amount: {fixed: 100}}]}", "heat_load_kw", ("7.49", "7.5", 10_000, 50_000)),
        ("{minimum: {of: {cost: eligible}, at: {fixed: 700}}}", "eligible_cost", ("0", "0.01", 0, 70_000)),
    ],
)  # fmt: skip
def test_every_construct_that_jumps_is_found(amount: str, fact: str, at: tuple[Any, ...]) -> None:
    found = scan(policy(amount))
    assert [sides(cliff) for cliff in on(found, fact)] == [at]


@pytest.mark.parametrize(
    "amount",
    [
        "{cap: {of: {cost: eligible}, at: {fixed: 6000}}}",
        "{marginal: {quantity: heated_area_m2, bands: [{until: 50, rate: 10}, {rate: 90}]}}",
        "{per_unit: {quantity: device_count, rate: 800}}",
        "{share_of: {of: {cost: eligible}, percent: 33}}",
        "{per_unit: {quantity: fuel_t, rate: 400, base: 1}}",
    ],
)
def test_bends_are_not_cliffs(amount: str) -> None:
    found = scan(policy(amount))
    assert found.cliffs == () and found.curves


def test_a_jump_the_rule_does_not_name_is_found_by_halving() -> None:
    """The second household in a hundred units: 137.31 stands nowhere in the marks of this axis."""
    read = policy(
        "{steps: {by: heated_area_m2, bands: [{until: 137.31, amount: {fixed: 3000}}, {amount: {fixed: 3400}}]}}"
    )
    benefit = read.benefits[0]
    (axis,) = axes_of(read, benefit)
    blind = replace(axis, marks=())
    (scenario,) = scenarios_of(read, benefit, [blind], blind)
    _curve, cliffs = scan_line(read, benefit, scenario, blind)
    assert [sides(cliff) for cliff in cliffs] == [("137.3", "137.31", 300_000, 340_000)]


def test_what_cannot_be_stated_is_no_zero() -> None:
    covers = "covers: [{fact: technology, in: [ELECTRIC]}], "
    amount = ("{first_of: [{when: [{fact: heated_area_m2, operator: '<', value: 200}], amount: {fixed: 500}}, "
              "{amount: {undefined: NO_RATE_DECISION_NEEDED}}]}")  # fmt: skip
    (cliff,) = scan(policy(amount, covers=covers)).cliffs
    assert sides(cliff) == ("199.99", "200", 50_000, None)
    assert cliff.jump_fen is None


@settings(max_examples=20, deadline=None)
@given(
    edges=st.lists(st.integers(100, 15_000), min_size=1, max_size=4, unique=True).map(sorted),
    sums=st.lists(st.integers(1, 9_000), min_size=5, max_size=5, unique=True),
    inclusive=st.booleans(),
)
def test_of_any_table_of_steps_exactly_the_edges_are_listed(edges: list[int], sums: list[int], inclusive: bool) -> None:
    flag = str(inclusive).lower()
    bands = [f"{{until: {e}, inclusive: {flag}, amount: {{fixed: {s}}}}}" for e, s in zip(edges, sums, strict=False)]
    bands.append(f"{{amount: {{fixed: {sums[len(edges)]}}}}}")
    found = on(scan(policy(f"{{steps: {{by: total_cost, bands: [{', '.join(bands)}]}}}}")), "eligible_cost")
    above = [Fraction(cliff.axis.number(cliff.above.at)) for cliff in found]
    assert sorted(above) == [Fraction(e) + (Fraction(1, 100) if inclusive else 0) for e in edges]


def test_the_amounts_shown_are_the_engines() -> None:
    read = preset("litong_2021")
    for cliff in scan(read).cliffs:
        benefit = read.benefit(cliff.rule)
        for point in (cliff.below, cliff.above):
            outcome = assess(read, facts_at(read, benefit, cliff.scenario, cliff.axis, point.at), rule=cliff.rule)
            assert (outcome.amount_fen if isinstance(outcome, Due) else 0) == point.amount_fen


def test_a_cliff_keeps_its_key_while_its_amounts_do_and_no_longer() -> None:
    first, again = litong().cliffs, scan(preset("litong_2021")).cliffs
    assert [one.key for one in first] == [one.key for one in again]
    text = (FOLDER / "litong_2021" / "policy.yaml").read_text(encoding="utf-8")
    dearer = load_policy(text.replace("{fixed: 5300}", "{fixed: 5400}"))
    assert not {one.key for one in first} & {one.key for one in scan(dearer).cliffs}


def test_the_stored_form_says_what_was_held_still() -> None:
    stored = encode_scan(litong())
    cost = next(one for one in stored["cliffs"] if one["axis"] == "eligible_cost")
    assert cost["case"]["technology"] == ["BIOMASS", "ELECTRIC", "SOLAR", "STORAGE_ELECTRIC", "WASTE_HEAT"]
    assert cost["below"]["at"] == "5999.99" and cost["above"]["household_fen"] == 70_000
    assert all(len(curve["points"]) >= 2 for curve in stored["curves"])


@pytest.mark.parametrize("path", sorted(Path(FOLDER).glob("*/policy.yaml")), ids=lambda path: path.parent.name)
def test_every_preset_is_scanned_in_bounded_work(path: Path) -> None:
    found = scan(load_policy(path.read_text(encoding="utf-8")))
    assert len(found.curves) < 60 and len(found.cliffs) < 20
