"""The eight properties every engine must have (subsidy rules, section 5), over generated dwellings.

1 and 4 cost, 2 batch, 3 area and running, 4 cliff, 5 instalments, 6 repeatable and later version, 7 excluded, 8 tasks;
cities: 1 and 2 for policies of other cities. 10,000 cases each in `./portal prove`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subsidies.rules.engine import assess, instalments, payment_of, task_equivalents
from subsidies.rules.facts import CostItem, Usage
from subsidies.rules.loading import load_policy
from subsidies.rules.outcomes import Due, NotDue, Undefined
from subsidies.rules.policy import Policy
from subsidies.rules.totals import batch
from tests.plugins.proofs import LARGE, Proof
from tests.rules.builders import PRESETS, due, dwelling, preset, sample, split_of, used

CASES = 10_000 if LARGE else 100
# A machine under load is slow, not wrong.
quick = settings(deadline=None, max_examples=CASES)
TAISHAN, LITONG = preset("taishan_2021"), preset("litong_2021")
READINGS = [
    TAISHAN,
    preset("taishan_2021", (("Q2", "proportional"),)),
    LITONG,
    preset("litong_2021", (("Q16", "central_first"),)),
    preset("litong_2021", (("Q15", "of_standard"),)),
    preset("litong_2021", (("Q15_operator", "up_to"),)),
]
OTHER_CITIES = [load_policy(path.read_bytes()) for path in sorted((PRESETS / "other_cities").glob("*/policy.yaml"))]
CLASSES, ZONES = ("LOW_INCOME", "DESTITUTE", "ORDINARY"), ("RURAL", "ECOLOGICAL", "PARK", "MOUNTAIN")
fen = st.integers(1, 5_000_000) | st.sampled_from([1, 299_999, 300_000, 300_001, 599_999, 600_000, 600_001])
kwh = st.decimals(0, 9000, places=3)
MONTHS = [("2021-11-01", "2021-11-30"), ("2021-12-01", "2021-12-31"), ("2022-01-01", "2022-01-31"),
          ("2022-02-01", "2022-02-28"), ("2022-03-01", "2022-03-31")]  # fmt: skip


@pytest.fixture(autouse=True)
def counted(proof: Proof) -> None:
    proof(f"{CASES} generated cases")


@pytest.mark.proof("rules-cost")
@quick
@given(st.sampled_from(READINGS), fen, fen)
def test_cost_rules_stay_between_nothing_and_the_cost_and_rise_with_it(policy: Policy, one: int, other: int) -> None:
    low, high = (due(assess(policy, dwelling(cost=cost), kind="CONVERSION")) for cost in sorted((one, other)))
    assert 0 <= low.amount_fen <= min(one, other)
    assert low.household_fen == min(one, other) - low.amount_fen
    assert low.amount_fen <= high.amount_fen
    assert sum(split_of(high).values()) == high.amount_fen


@pytest.mark.proof("rules-area")
@quick
@given(fen, fen, st.decimals("0.01", 99999, places=2), st.decimals("0.01", 99999, places=2))
def test_area_rules_rise_with_cost_and_area(one: int, other: int, area: Decimal, further: Decimal) -> None:
    def amount(cost: int, heated: Decimal) -> int:
        facts = dwelling(cost=cost, cost_kind="HEAT_SOURCE", technology="BLOCK_AIR_SOURCE")
        outcome = due(assess(TAISHAN, replace(facts, quantities={"heated_area_m2": heated}), kind="CONVERSION"))
        assert outcome.amount_fen <= cost
        return outcome.amount_fen

    small, large = sorted((area, further))
    cheap, dear = sorted((one, other))
    assert amount(cheap, small) <= amount(dear, small) <= amount(dear, large)


@pytest.mark.proof("rules-running")
@quick
@given(kwh, kwh)
def test_running_rules_rise_and_are_constant_above_the_cap(one: Decimal, other: Decimal) -> None:
    def amount(quantity: Decimal) -> int:
        usage = (used("electricity_kwh", "2021-11-01", "2022-03-31", quantity),)
        return due(assess(TAISHAN, dwelling(usage=usage), rule="T-R8")).amount_fen

    low, high = sorted((one, other))
    assert amount(low) <= amount(high) <= 60_000
    assert amount(high) == 60_000 or high < 3000


@pytest.mark.proof("rules-instalments")
@quick
@given(
    st.lists(kwh, min_size=5, max_size=5),
    st.permutations(range(5)),
    st.sampled_from(["season", "calendar_year"]),
)
def test_payments_add_up_to_the_season_in_any_order_of_arrival(
    quantities: list[Decimal], order: list[int], period: str
) -> None:
    policy = preset("taishan_2021", (("Q3", period),))
    entries = [used("electricity_kwh", *days, quantity) for days, quantity in zip(MONTHS, quantities, strict=True)]
    arriving = dwelling(usage=tuple(entries[index] for index in order))
    paid = [due(outcome).payable_fen for outcome in instalments(policy, arriving, rule="T-R8")]
    assert min(paid) >= 0
    assert sum(paid) == due(assess(policy, dwelling(usage=tuple(entries)), rule="T-R8")).amount_fen


@pytest.mark.proof("rules-repeatable")
@quick
@given(st.sampled_from(READINGS), fen)
def test_the_same_facts_give_the_same_answer(policy: Policy, cost: int) -> None:
    facts = dwelling(cost=cost)
    assert assess(policy, facts, kind="CONVERSION") == assess(policy, facts, kind="CONVERSION")


@pytest.mark.proof("rules-later-version")
@quick
@given(kwh, st.decimals("0.01", 2, places=2), st.decimals("0.01", 2, places=2))
def test_a_later_version_leaves_what_was_paid_and_pays_the_difference(
    used_kwh: Decimal, old: Decimal, new: Decimal
) -> None:
    facts = dwelling(usage=(used("electricity_kwh", "2021-11-01", "2022-03-31", used_kwh),))
    first, second = (versioned(str(rate)) for rate in (old, new))
    paid = payment_of(first.benefits[0], due(assess(first, facts, rule="S-1")))
    later = due(assess(second, replace(facts, payments=(paid,)), rule="S-1"))
    assert later.amount_fen == due(assess(second, facts, rule="S-1")).amount_fen
    assert later.paid_before_fen == paid.amount_fen
    assert (
        later.payable_fen == later.amount_fen - paid.amount_fen == sum(each.amount_fen for each in later.payable_lines)
    )
    assert ("BELOW_PAID" in later.warnings) == (later.payable_fen < 0)


@cache
def versioned(rate: str) -> Policy:
    amount = f"{{per_unit: {{quantity: electricity_kwh, rate: {rate}}}}}"
    split = "{ratio: [{source: CENTRAL, part: 1}, {source: DISTRICT, part: 2}]}"
    return sample(amount, split, "    runs: {counted_from: acceptance}\n")


@pytest.mark.proof("rules-cliff")
@quick
@given(st.integers(1, 599_999), st.integers(600_000, 5_000_000))
def test_litongs_subsidy_rises_over_its_cliff_and_the_household_share_falls(below: int, above: int) -> None:
    low, high = (due(assess(LITONG, dwelling(cost=cost), kind="CONVERSION")) for cost in (below, above))
    assert low.amount_fen < high.amount_fen == 530_000
    assert (low.household_fen, high.household_fen) == (below - low.amount_fen, above - 530_000)
    last = due(assess(LITONG, dwelling(cost=599_999), kind="CONVERSION"))
    if above < 650_000:  # where one fen more costs the household up to 500 yuan less
        assert last.household_fen is not None and high.household_fen is not None
        assert high.household_fen < last.household_fen


@pytest.mark.proof("rules-cities")
@quick
@given(st.sampled_from(OTHER_CITIES), fen, st.integers(0, 300), kwh, st.sampled_from(CLASSES), st.sampled_from(ZONES))
def test_no_city_pays_more_than_the_cost_and_every_split_adds_up(
    city: Policy, cost: int, area: int, units: Decimal, group: str, zone: str
) -> None:
    for benefit in city.benefits:
        item = CostItem(min(benefit.scope, default="DEVICE"), cost)
        usage = tuple(
            used(each, "2021-11-20", "2022-02-28", units, tariff="OFF_PEAK") for each in ("electricity_kwh", "gas_m3")
        )
        quantities = {
            name: Decimal(area) for name in ("heated_area_m2", "household_count", "device_age_years", "fuel_t")
        }
        facts = dwelling(
            on=max(city.valid_from, date(2022, 6, 1)), season_year=2021, costs=(item,), quantities=quantities,
            zone=zone, device_class="WATER_HEAT_PUMP", classes=frozenset({group}), usage=usage, device_scrapped=False,
        )  # fmt: skip
        outcome = assess(city, facts, rule=benefit.id)
        if isinstance(outcome, Due):
            assert sum(line.amount_fen for line in outcome.lines) == outcome.amount_fen
            assert not benefit.scope or outcome.amount_fen <= cost
            assert outcome.household_fen is None or outcome.household_fen >= 0


@pytest.mark.proof("rules-excluded")
@quick
@given(fen, st.sampled_from(["SECOND_HOME", "DEMOLITION_PLAN", "LONG_VACANT", "VOLUNTARY_GIVE_UP"]))
def test_excluded_unaccepted_and_off_roster_never_become_due(cost: int, exclusion: str) -> None:
    facts = dwelling(cost=cost)
    for refused in (
        replace(facts, exclusions=frozenset({exclusion})),
        replace(facts, accepted_on=None),
        replace(facts, accepted_on=date(2022, 4, 11)),
        replace(facts, on_roster=False),
    ):
        assert isinstance(assess(TAISHAN, refused, kind="CONVERSION"), NotDue)


@pytest.mark.proof("rules-tasks")
@quick
@given(fen, st.booleans(), st.booleans())
def test_task_counts_do_not_depend_on_money(cost: int, accepted: bool, on_roster: bool) -> None:
    facts = dwelling(cost=cost, accepted_on=date(2021, 10, 20) if accepted else None, on_roster=on_roster)
    assert task_equivalents(TAISHAN, facts) == 1


@pytest.mark.proof("rules-batch")
@quick
@given(st.lists(st.tuples(fen, st.integers(1, 500)), max_size=8))
def test_the_lines_of_a_batch_add_up(households: list[tuple[int, int]]) -> None:
    total = batch((assess(LITONG, dwelling(cost=cost), kind="CONVERSION"), times) for cost, times in households)
    assert sum(line.amount_fen for line in total.lines) == total.amount_fen
    assert total.count == sum(times for _, times in households)


@pytest.mark.parametrize("policy", [preset("datong_2021"), preset("jincheng_2020")])
@quick
@given(cost=fen)
def test_no_rule_is_never_an_amount(policy: Policy, cost: int) -> None:
    assert isinstance(assess(policy, dwelling(cost=cost, on=date(2021, 6, 1)), kind="CONVERSION"), Undefined)


def test_litong_has_its_cliff_in_the_household_share() -> None:
    shares = [
        due(assess(LITONG, dwelling(cost=cost), kind="CONVERSION")).household_fen
        for cost in (599_999, 600_000, 600_001)
    ]
    assert shares == [120_000, 70_000, 70_001]


def test_a_reading_below_the_last_holds_everything() -> None:
    good = used("electricity_kwh", "2021-11-01", "2021-11-30", 500)
    bad = Usage.from_readings("electricity_kwh", good.span, Decimal(900), Decimal(100), meter="2")
    outcomes = list(instalments(TAISHAN, dwelling(usage=(good, bad)), rule="T-R8"))
    assert [type(outcome) for outcome in outcomes] == [Due, Undefined]
