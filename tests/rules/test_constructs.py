"""What the grammar grew for other cities' policies: each construct on both sides of each of its boundaries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from subsidies.rules.encoding import decode_outcome, encode_outcome
from subsidies.rules.engine import assess
from subsidies.rules.facts import CostItem, Payment
from subsidies.rules.outcomes import SourceLine
from subsidies.rules.totals import stack
from tests.rules.builders import due, dwelling, kwh, result, sample, seasonal, several, split_of, used

WINTER = ("2021-11-01", "2022-03-31")

# --- per unit ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("units", "code", "fen"),
    [("99.999", "OK", 2000), ("100", "OK_AT_CAP", 2000), ("100.001", "OK_CAPPED", 2000), ("0", "NO_USAGE", 0)],
)
def test_at_most_so_many_units(units: str, code: str, fen: int) -> None:
    policy = seasonal("{per_unit: {quantity: electricity_kwh, rate: 0.2, at_most: 100}}")
    assert result(assess(policy, kwh((*WINTER, units)), rule="S-1")) == (code, fen)


@pytest.mark.parametrize(
    ("december", "code", "fen"), [("100", "OK", 3000), ("100.01", "OK_CAPPED", 3000), ("99", "OK", 2980)]
)
def test_at_most_so_many_units_a_month(december: str, code: str, fen: int) -> None:
    policy = seasonal("{per_unit: {quantity: electricity_kwh, rate: 0.2, at_most: 100, at_most_per: month}}")
    facts = kwh(("2021-11-01", "2021-11-30", 50), ("2021-12-01", "2021-12-31", december))
    assert result(assess(policy, facts, rule="S-1")) == (code, fen)


def test_a_base_and_a_limit_of_the_same_month() -> None:
    body = "quantity: electricity_kwh, rate: 1, base: 30, base_per: month, at_most: 50, at_most_per: month"
    # 20 → 0, 70 → 40, 100 → 50 of 70
    facts = kwh(("2021-11-01", "2021-11-30", 20), ("2021-12-01", "2021-12-31", 70), ("2022-01-01", "2022-01-31", 100))
    assert result(assess(seasonal(f"{{per_unit: {{{body}}}}}"), facts, rule="S-1")) == ("OK_CAPPED", 9000)


def test_a_tariff_counts_its_own_readings_and_a_total_is_none_of_them() -> None:
    off_peak = seasonal("{per_unit: {quantity: electricity_kwh, rate: 1, tariff: OFF_PEAK}}")
    both = seasonal("{per_unit: {quantity: electricity_kwh, rate: 1}}")
    cheap = used("electricity_kwh", *WINTER, 70, tariff="OFF_PEAK", meter="A")
    dear = used("electricity_kwh", *WINTER, 30, tariff="PEAK", meter="A")
    total = used("electricity_kwh", *WINTER, 100, meter="A")
    assert result(assess(off_peak, dwelling(usage=(cheap, dear)), rule="S-1")) == ("OK", 7000)
    assert result(assess(both, dwelling(usage=(cheap, dear)), rule="S-1")) == ("OK", 10000)
    assert result(assess(both, dwelling(usage=(total, cheap, dear)), rule="S-1")) == ("OK", 10000)
    unknown = assess(off_peak, dwelling(usage=(total,)), rule="S-1")
    assert (unknown.code, unknown.params) == ("FACT_MISSING", {"fact": "tariff"})  # type: ignore[union-attr]
    assert result(assess(off_peak, dwelling(usage=(total, cheap, dear)), rule="S-1")) == ("OK", 7000)


def test_bands_of_each_month() -> None:
    bands = "bands: [{until: 50, rate: 1}, {rate: 2}]"
    facts = kwh(("2021-11-01", "2021-11-30", 60), ("2021-12-01", "2021-12-31", 40))
    monthly = seasonal(f"{{marginal: {{quantity: electricity_kwh, per: month, {bands}}}}}")
    whole = seasonal(f"{{marginal: {{quantity: electricity_kwh, {bands}}}}}")
    assert result(assess(monthly, facts, rule="S-1")) == ("OK", 11000)  # 50 + 20, 40
    assert result(assess(whole, facts, rule="S-1")) == ("OK", 15000)  # 50 + 100


@pytest.mark.parametrize(("units", "fen"), [("49.99", 4999), ("50", 5000), ("50.01", 5002)])
def test_a_marginal_band_begins_with_its_first_unit(units: str, fen: int) -> None:
    policy = sample("{marginal: {quantity: heated_area_m2, bands: [{until: 50, rate: 1}, {rate: 2}]}}")
    facts = dwelling(quantities={"heated_area_m2": Decimal(units)})
    assert due(assess(policy, facts, rule="S-1")).amount_fen == fen


@pytest.mark.parametrize(
    ("cost", "fen"),
    [
        (100_000, 0),
        (100_001, 1),
        (999_999, 899_999),
        (1_000_000, 900_000),
        (1_000_001, 900_001),
        (1_200_000, 1_000_000),
    ],
)
def test_the_households_first_thousand_and_half_above_ten_thousand(cost: int, fen: int) -> None:
    """Half of a fen above the band is rounded up, once."""
    policy = sample(
        "{marginal: {quantity: eligible_cost, bands: [{until: 1000, rate: 0}, {until: 10000, rate: 1}, {rate: 0.5}]}}"
    )
    outcome = due(assess(policy, dwelling(cost=cost), rule="S-1"))
    assert (outcome.amount_fen, outcome.household_fen) == (fen, cost - fen)


def test_of_no_cost_there_are_no_bands() -> None:
    policy = sample("{marginal: {quantity: total_cost, bands: [{until: 1000, rate: 0}, {rate: 1}]}}")
    assert assess(policy, dwelling(cost=0), rule="S-1").code == "NO_ELIGIBLE_COST"


@pytest.mark.parametrize(
    ("by", "value", "fen"),
    [
        ("heated_area_m2", "79.99", 100), ("heated_area_m2", "80", 200), ("power_kw", "79.999", 100),
        ("power_kw", "80", 200), ("device_count", "79", 100), ("device_count", "80", 200),
        ("fuel_t", "79.999", 100), ("fuel_t", "80", 200),
    ],
)  # fmt: skip
def test_a_whole_band_by_area_power_devices_or_fuel(by: str, value: str, fen: int) -> None:
    policy = sample(f"{{steps: {{by: {by}, bands: [{{until: 80, amount: {{fixed: 1}}}}, {{amount: {{fixed: 2}}}}]}}}}")
    assert due(assess(policy, dwelling(quantities={by: Decimal(value)}), rule="S-1")).amount_fen == fen


# --- shares, caps, items ----------------------------------------------------------------------------


@pytest.mark.parametrize(("cost", "fen"), [(1, 0), (2, 1), (10_000, 3333), (30_000, 10_000)])
def test_an_exact_third(cost: int, fen: int) -> None:
    policy = sample("{share_of: {of: {cost: eligible}, part: 1, of_parts: 3}}")
    assert due(assess(policy, dwelling(cost=cost), rule="S-1")).amount_fen == fen


@pytest.mark.parametrize(
    ("november", "code", "fen"), [(299, "OK", 49_900), (300, "OK_AT_CAP", 50_000), (301, "OK_CAPPED", 50_000)]
)
def test_a_cap_for_every_month(november: int, code: str, fen: int) -> None:
    policy = seasonal("{cap: {of: {per_unit: {quantity: electricity_kwh, rate: 1}}, at: {fixed: 300}, per: month}}")
    facts = kwh(("2021-11-01", "2021-11-30", november), ("2021-12-01", "2021-12-31", 200))
    assert result(assess(policy, facts, rule="S-1")) == (code, fen)


@pytest.mark.parametrize(
    ("paid", "code", "fen"),
    [(69_999, "OK", 30_000), (70_000, "OK_AT_CAP", 30_000), (70_001, "OK_CAPPED", 29_999), (100_000, "OK_CAPPED", 0)],
)
def test_a_cap_over_all_seasons_counts_what_others_were_paid(paid: int, code: str, fen: int) -> None:
    policy = seasonal("{cap: {of: {per_unit: {quantity: electricity_kwh, rate: 1}}, at: {fixed: 1000}, per: lifetime}}")
    before = Payment("CONVERSION", paid, season_year=2020, lines=(SourceLine("DISTRICT", paid),))
    own = Payment("CONVERSION", 5000, season_year=2021, lines=(SourceLine("DISTRICT", 5000),))
    facts = replace(kwh((*WINTER, 300)), payments=(before, own))
    outcome = due(assess(policy, facts, rule="S-1"))
    assert (outcome.code, outcome.amount_fen, outcome.payable_fen) == (code, fen, fen - 5000)


@pytest.mark.parametrize(
    ("dear", "code", "fen"),
    [(199_999, "OK_SHARE", 239_999), (200_000, "OK_AT_CAP", 240_000), (200_001, "OK_CAPPED", 240_000)],
)
def test_a_cap_for_every_device(dear: int, code: str, fen: int) -> None:
    policy = sample("{per_item: {cap: {of: {share_of: {of: {cost: eligible}, percent: 80}}, at: {fixed: 1600}}}}")
    items = (CostItem("DEVICE", dear), CostItem("DEVICE", 100_000), CostItem("FURNITURE", 50_000))
    outcome = due(assess(policy, dwelling(costs=items), rule="S-1"))
    assert (outcome.code, outcome.amount_fen) == (code, fen)
    assert outcome.household_fen == dear + 150_000 - fen
    assert assess(policy, dwelling(costs=(CostItem("FURNITURE", 1),)), rule="S-1").code == "NO_ELIGIBLE_COST"


def test_at_most_two_devices() -> None:
    policy = sample("{per_unit: {quantity: device_count, rate: 1500, at_most: 2}}")
    found = [
        due(assess(policy, dwelling(quantities={"device_count": Decimal(n)}), rule="S-1")).amount_fen for n in (1, 2, 3)
    ]
    assert found == [150_000, 300_000, 300_000]


@pytest.mark.parametrize(
    ("rounding", "fen"),
    [
        ("{to: 1}", 12_300),
        ("{to: 1, mode: down}", 12_300),
        ("{to: 10}", 12_000),
        ("{to: 10, mode: down}", 12_000),
        ("{to: 0.01}", 12_346),
    ],
)
def test_rounding_is_data(rounding: str, fen: int) -> None:
    policy = sample("{per_unit: {quantity: heated_area_m2, rate: 1}}", more=f"    rounding: {rounding}\n")
    facts = dwelling(quantities={"heated_area_m2": Decimal("123.456")})
    assert due(assess(policy, facts, rule="S-1")).amount_fen == fen


@pytest.mark.parametrize(
    ("area", "half", "down"), [("5.49", 500, 500), ("5.5", 600, 500), ("5.999", 600, 500), ("6", 600, 600)]
)
def test_rounding_to_yuan_either_side_of_the_half(area: str, half: int, down: int) -> None:
    facts = dwelling(quantities={"heated_area_m2": Decimal(area)})
    for mode, fen in (("half_up", half), ("down", down)):
        policy = sample(
            "{per_unit: {quantity: heated_area_m2, rate: 1}}", more=f"    rounding: {{to: 1, mode: {mode}}}\n"
        )
        assert due(assess(policy, facts, rule="S-1")).amount_fen == fen


@pytest.mark.parametrize(
    ("cost", "parts"), [(299_999, (299_999, 0, 0)), (300_001, (300_000, 1, 0)), (300_010, (300_000, 3, 7))]
)
def test_the_rest_of_a_split_is_divided_by_a_split(cost: int, parts: tuple[int, ...]) -> None:
    rest = "{ratio: [{source: PROVINCIAL, part: 3}, {source: DISTRICT, part: 7}]}"
    if cost == 300_001:
        rest = rest.replace("part: 3", "part: 7").replace("source: DISTRICT, part: 7", "source: DISTRICT, part: 3")
    split = f"{{fixed_first: {{parts: [{{source: CENTRAL, up_to: {{fixed: 3000}}}}], rest: {rest}}}}}"
    outcome = assess(sample("{cost: eligible}", split), dwelling(cost=cost), rule="S-1")
    assert tuple(split_of(outcome).values()) == parts


# --- conditions -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "fen"), [("2021-10-31", 100), ("2021-11-01", 200), ("2021-11-15", 200), ("2021-11-16", 100)]
)
def test_days_from_and_until_are_both_included(day: str, fen: int) -> None:
    when = "{fact: accepted_on, from: 2021-11-01, until: 2021-11-15}"
    policy = sample(f"{{first_of: [{{when: [{when}], amount: {{fixed: 2}}}}, {{amount: {{fixed: 1}}}}]}}")
    assert due(assess(policy, dwelling(accepted_on=date.fromisoformat(day)), rule="S-1")).amount_fen == fen
    unknown = assess(policy, dwelling(accepted_on=None), rule="S-1")
    assert unknown.code == "FACT_MISSING"


def test_a_rate_falls_with_the_number_of_the_season() -> None:
    cases = "{when: [{fact: season_number, operator: '<=', value: 2}], amount: {fixed: 300}}, {amount: {fixed: 100}}"
    policy = seasonal(f"{{first_of: [{cases}]}}")
    amounts = [
        due(assess(policy, dwelling(on=date(2026, 1, 1), season_year=year), rule="S-1")).amount_fen
        for year in (2021, 2022, 2023)
    ]
    assert amounts == [30_000, 30_000, 10_000]


# --- top-ups ----------------------------------------------------------------------------------------

TOPPED = """\
id: A, kind: CONVERSION, cost_scope: [DEVICE], amount: {cap: {of: {cost: eligible}, at: {fixed: 6000}}}
id: B, kind: TOP_UP, amount: {share_of: {of: {remaining: {after: [A]}}, percent: 50}}"""


@pytest.mark.parametrize(
    ("cost", "code", "top_up", "household"),
    [
        (600_000, "NOTHING_REMAINS", None, None),
        (600_001, "OK_SHARE", 1, 0),
        (600_002, "OK_SHARE", 1, 1),
        (800_000, "OK_SHARE", 100_000, 100_000),
    ],
)
def test_a_top_up_takes_its_share_of_what_is_left(
    cost: int, code: str, top_up: int | None, household: int | None
) -> None:
    outcome = assess(several(TOPPED), dwelling(cost=cost), rule="B")
    assert (*result(outcome), outcome.household_fen) == (code, top_up, household)


def test_a_top_up_and_its_base_leave_the_household_one_share() -> None:
    policy, facts = several(TOPPED), dwelling(cost=800_000)
    base, top_up = due(assess(policy, facts, rule="A")), due(assess(policy, facts, rule="B"))
    assert (base.household_fen, top_up.tops_up) == (200_000, ("A",))
    total = stack([base, top_up])
    assert (total.amount_fen, total.household_fen) == (700_000, 100_000)
    assert decode_outcome(encode_outcome(top_up)) == top_up


def test_a_top_up_is_refused_asked_and_reduced_with_its_base() -> None:
    policy = several(TOPPED, "gates: {acceptance: {clause: 二}, already_paid: {clause: 三}}\n")
    assert result(assess(policy, dwelling(cost=800_000, accepted_on=None), rule="B"))[0] == "NOT_ACCEPTED"
    assert assess(policy, dwelling(), rule="B").code == "FACT_MISSING"
    paid = (Payment("CONVERSION", 500_000),)
    assert due(assess(policy, dwelling(cost=800_000, payments=paid), rule="B")).amount_fen == 150_000
    enterprise = dwelling(cost=800_000, enterprise_share_fen=100_000)
    assert due(assess(policy, enterprise, rule="B")).amount_fen == 50_000
    assert due(assess(policy, enterprise, rule="B")).household_fen == 50_000
