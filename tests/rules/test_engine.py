"""Gates in order, seasons, edges one unit either side, what is missing, and outcomes that can't be wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from subsidies.rules.codes import GATES
from subsidies.rules.encoding import decode_outcome, encode_outcome
from subsidies.rules.engine import assess, assess_all, payment_of
from subsidies.rules.facts import CostItem, FactError, Facts, Payment
from subsidies.rules.outcomes import Due, NotDue, OutcomeError, SourceLine, Undefined
from subsidies.rules.totals import allocate
from tests.rules.builders import due, dwelling, preset, sample, split_of, used

TAISHAN, LITONG = preset("taishan_2021"), preset("litong_2021")

# What fails each gate of Litong, in the order in which the gates are asked.
FAILURES = [
    ({"exclusions": frozenset({"ENTERPRISE_PAID"})}, "ENTERPRISE_PAID"),
    ({"installer_admitted": False}, "INSTALLER_NOT_ADMITTED"),
    ({"technology": "GAS", "quantities": {"power_kw": Decimal(15)}}, "TECH_NONCOMPLIANT"),
    ({"own_funds_in_place": False}, "SELF_FUNDS_MISSING"),
    ({"accepted_on": None}, "NOT_ACCEPTED"),
    ({"payments": (Payment("CONVERSION", 530_000),)}, "ALREADY_PAID"),
]


@pytest.mark.parametrize("first", range(len(FAILURES)))
def test_the_first_failing_gate_gives_the_reason(first: int) -> None:
    changes = {key: value for change, _ in FAILURES[first:] for key, value in change.items()}
    assert assess(LITONG, dwelling(cost=700_000, **changes), kind="CONVERSION").code == FAILURES[first][1]


def test_gates_are_asked_in_the_fixed_order_whatever_the_document_says() -> None:
    steps = due(assess(LITONG, dwelling(cost=700_000), kind="CONVERSION")).steps
    asked = [step.params["gate"] for step in steps if step.code == "GATE_PASSED"]
    assert asked == [name for name in GATES if name != "roster"]


def test_a_joint_acceptance_names_who_is_missing() -> None:
    facts = dwelling(cost=700_000, accepted_by=frozenset({"HOUSING", "FINANCE"}))
    outcome = assess(LITONG, facts, kind="CONVERSION")
    assert isinstance(outcome, NotDue)
    assert outcome.params["missing"] == "DEVELOPMENT_REFORM, AGRICULTURE, ECOLOGY, AUDIT"


@pytest.mark.parametrize(("power", "passes"), [("14.9", False), ("15.0", False), ("15.001", True)])
def test_boiler_power_is_strictly_above_fifteen(power: str, passes: bool) -> None:
    facts = dwelling(cost=820_000, technology="GAS", quantities={"power_kw": Decimal(power)})
    assert isinstance(assess(LITONG, facts, kind="CONVERSION"), Due) is passes


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2020-12-31", "POLICY_NOT_IN_FORCE"),
        ("2021-01-01", "OK_CAPPED"),
        ("2025-12-31", "OK_CAPPED"),
        ("2026-01-01", "POLICY_NOT_IN_FORCE"),
    ],
)
def test_a_policy_holds_only_while_it_is_in_force(day: str, code: str) -> None:
    on = date.fromisoformat(day)
    assert assess(TAISHAN, dwelling(cost=900_000, on=on, accepted_on=on), rule="T-R6").code == code


@pytest.mark.parametrize(
    ("accepted", "season", "code"),
    [
        ("2021-12-15", 2020, "OUT_OF_SEASON"),
        ("2021-12-15", 2021, "OK"),
        ("2021-12-15", 2023, "OK"),
        ("2021-12-15", 2024, "YEARS_EXHAUSTED"),
        ("2022-04-01", 2021, "OUT_OF_SEASON"),
        ("2022-04-01", 2024, "OK"),
    ],
)
def test_three_seasons_count_from_the_first_after_acceptance(accepted: str, season: int, code: str) -> None:
    usage = (used("electricity_kwh", f"{season}-12-01", f"{season}-12-31", 1000),)
    facts = dwelling(accepted_on=date.fromisoformat(accepted), season_year=season, usage=usage, on=date(2025, 6, 1))
    assert assess(TAISHAN, facts, rule="T-R8").code == code


def test_seasons_may_be_fixed_by_option() -> None:
    fixed = preset("taishan_2021", (("Q4", "fixed_2021"),))
    facts = dwelling(season_year=2024, accepted_on=date(2023, 5, 1), on=date(2025, 4, 1))
    assert assess(fixed, facts, rule="T-R8").code == "YEARS_EXHAUSTED"


def test_a_reading_across_the_season_edge_is_divided_by_days_and_flagged() -> None:
    # 20 October – 19 November: 31 days, 19 of them in the season: 310 × 19/31 = 190 kWh, 38.00 yuan.
    facts = dwelling(usage=(used("electricity_kwh", "2021-10-20", "2021-11-19", 310),))
    outcome = due(assess(TAISHAN, facts, rule="T-R8"))
    assert (outcome.amount_fen, outcome.warnings) == (3800, ("ESTIMATED",))
    held = assess(preset("taishan_2021", (("Q5_boundary", "hold"),)), facts, rule="T-R8")
    assert (type(held), held.code) == (Undefined, "BOUNDARY_READING_MISSING")


def test_overlapping_readings_of_one_meter_are_held_but_two_meters_add_up() -> None:
    first = used("electricity_kwh", "2021-11-01", "2021-11-30", 500)
    again = used("electricity_kwh", "2021-11-30", "2021-12-31", 500)
    assert assess(TAISHAN, dwelling(usage=(first, again)), rule="T-R8").code == "METER_ANOMALY"
    second_meter = replace(again, meter="B")
    assert due(assess(TAISHAN, dwelling(usage=(first, second_meter)), rule="T-R8")).amount_fen == 20_000


def test_the_monthly_base_is_taken_from_each_month() -> None:
    policy = preset("taishan_2021", (("Q6_kwh", 100),))
    usage = (
        used("electricity_kwh", "2021-11-01", "2021-11-30", 80),
        used("electricity_kwh", "2021-12-01", "2021-12-31", 250),
    )
    assert due(assess(policy, dwelling(usage=usage), rule="T-R8")).amount_fen == 3000


def test_a_calendar_year_cap_remembers_the_season_before() -> None:
    policy = preset("taishan_2021", (("Q3", "calendar_year"),))
    usage = (
        used("gas_m3", "2022-01-01", "2022-03-31", 450),
        used("gas_m3", "2022-11-01", "2022-12-31", 400),
        used("gas_m3", "2023-01-01", "2023-03-31", 100),
    )
    facts = dwelling(technology="GAS", usage=usage, season_year=2022, on=date(2023, 4, 1))
    # 2022 has 600 − 450 = 150 left for November and December; 2023 gives its 100.
    assert due(assess(policy, facts, rule="T-R7")).amount_fen == 25_000


def test_a_payment_is_the_total_so_far_less_what_was_paid() -> None:
    november = used("electricity_kwh", "2021-11-01", "2021-11-30", 1000)
    first = due(assess(TAISHAN, dwelling(usage=(november,)), rule="T-R8"))
    paid = payment_of(TAISHAN.of_kind("RUNNING")[1], first)
    december = used("electricity_kwh", "2021-12-01", "2021-12-31", 500)
    second = due(assess(TAISHAN, dwelling(usage=(november, december), payments=(paid,)), rule="T-R8"))
    assert (second.amount_fen, second.payable_fen, second.payable_lines) == (
        30_000,
        10_000,
        (SourceLine("DISTRICT", 10_000),),
    )


def test_a_running_subsidy_says_nothing_about_the_share_of_the_works() -> None:
    usage = (used("electricity_kwh", "2021-11-01", "2021-11-30", 1000),)
    assert due(assess(TAISHAN, dwelling(cost=900_000, usage=usage), rule="T-R8")).household_fen is None


def test_more_paid_than_due_shows_as_a_negative_payable() -> None:
    paid = Payment("RUNNING", 50_000, season_year=2021, lines=(SourceLine("DISTRICT", 50_000),))
    usage = (used("electricity_kwh", "2021-11-01", "2021-11-30", 1000),)
    outcome = due(assess(TAISHAN, dwelling(usage=usage, payments=(paid,)), rule="T-R8"))
    assert (outcome.payable_fen, outcome.warnings) == (-30_000, ("BELOW_PAID",))


def test_payments_without_sources_are_an_open_question() -> None:
    facts = dwelling(payments=(Payment("RUNNING", 100, season_year=2021),))
    assert assess(TAISHAN, facts, rule="T-R8").code == "PAYMENT_SOURCES_UNKNOWN"


@pytest.mark.parametrize(
    ("changes", "rule", "fact"),
    [
        ({"costs": None}, "T-R6", "eligible_cost"),
        (
            {"cost": 100, "cost_kind": "HEAT_SOURCE", "technology": "BLOCK_GAS_BOILER"},
            "T-R4",
            "assessed_area_m2",
        ),
        ({"meter_individual": None}, "T-R8", "meter_individual"),
    ],
)
def test_a_fact_that_is_missing_is_asked_for_never_taken_as_nothing(changes: dict, rule: str, fact: str) -> None:  # type: ignore[type-arg]
    outcome = assess(TAISHAN, dwelling(**changes), rule=rule)
    assert isinstance(outcome, Undefined)
    assert (outcome.code, outcome.params["fact"]) == ("FACT_MISSING", fact)


def test_subsidy_and_enterprise_share_above_the_cost_are_a_question() -> None:
    facts = dwelling(cost=700_000)
    assert due(assess(LITONG, replace(facts, enterprise_share_fen=170_000), kind="CONVERSION")).household_fen == 0
    assert assess(LITONG, replace(facts, enterprise_share_fen=170_001), kind="CONVERSION").code == "OVERFUNDED"


def test_every_kind_that_covers_the_dwelling_is_assessed() -> None:
    facts = dwelling(
        costs=(
            CostItem("DEVICE", 980_000, "CONVERSION"),
            CostItem("BUILDING_EFFICIENCY", 700_000, "EFFICIENCY"),
        )
    )
    found = assess_all(TAISHAN, facts)
    assert {kind: outcome.rule for kind, outcome in found.items()} == {
        "CONVERSION": "T-R6",
        "RUNNING": "T-R8",
        "PRICE": "T-R8p",
        "EFFICIENCY": "T-R11",
    }


def test_a_project_is_laid_on_its_dwellings_to_the_fen() -> None:
    policy = sample("{fixed: 10000.01}", "{ratio: [{source: CENTRAL, part: 1}, {source: DISTRICT, part: 2}]}")
    outcome = due(assess(policy, dwelling(), rule="S-1"))
    shares = allocate(outcome, [Decimal("95.37"), Decimal("60.2"), Decimal("118.6")])
    for index, line in enumerate(outcome.lines):
        assert sum(share[index].amount_fen for share in shares) == line.amount_fen


# --- the grammar ----------------------------------------------------------------------------------------


def amount_of(yaml: str, **changes: object) -> int:
    return due(assess(sample(yaml), dwelling(**changes), rule="S-1")).amount_fen


def test_sums_minimums_and_bases_compose() -> None:
    area = {"heated_area_m2": Decimal("80")}
    per_area = "{per_unit: {quantity: heated_area_m2, rate: 10, base: 20}}"
    assert amount_of(per_area, quantities=area) == 60_000
    assert amount_of(f"{{minimum: {{of: {per_area}, at: {{fixed: 700}}}}}}", quantities=area) == 70_000
    assert amount_of(f"{{sum: [{{fixed: 50}}, {per_area}]}}", quantities=area) == 65_000


@pytest.mark.parametrize(("area", "fen"), [("59.99", 100_000), ("60", 200_000), ("100", 200_000), ("100.01", 300_000)])
def test_step_tables_take_the_whole_quantity_by_its_band(area: str, fen: int) -> None:
    table = (
        "{steps: {by: heated_area_m2, bands: [{until: 60, amount: {fixed: 1000}}, "
        "{until: 100, inclusive: true, amount: {fixed: 2000}}, {amount: {fixed: 3000}}]}}"
    )
    assert amount_of(table, quantities={"heated_area_m2": Decimal(area)}) == fen


@pytest.mark.parametrize(("area", "fen"), [("0", 0), ("50", 5_000), ("50.5", 5_100), ("100", 15_000), ("110", 18_000)])
def test_marginal_tables_take_every_unit_at_its_own_rate(area: str, fen: int) -> None:
    table = "{marginal: {quantity: heated_area_m2, bands: [{until: 50, rate: 1}, {until: 100, rate: 2}, {rate: 3}]}}"
    assert amount_of(table, quantities={"heated_area_m2": Decimal(area)}) == fen


def test_the_first_case_that_holds_gives_the_amount() -> None:
    cases = (
        "{first_of: [{when: [{fact: classes, in: [LOW_INCOME, DESTITUTE]}], amount: {fixed: 500}}, "
        "{when: [{any_of: [[{fact: zone, in: [URBAN]}]]}], amount: {fixed: 300}}, {amount: {fixed: 100}}]}"
    )
    assert amount_of(cases, classes=frozenset({"LOW_INCOME"})) == 50_000
    assert amount_of(cases, zone="URBAN") == 30_000
    assert amount_of(cases) == 10_000


def test_every_split_adds_up_for_every_small_amount() -> None:
    splits = [
        "{whole: DISTRICT}",
        "{ratio: [{source: CENTRAL, part: 1}, {source: PROVINCIAL, part: 1}, {source: DISTRICT, part: 1}]}",
        "{fixed_first: {parts: [{source: CENTRAL, up_to: {fixed: 0.07}}, "
        "{source: PROVINCIAL, up_to: {fixed: 0.05}}], rest: DISTRICT}}",
        "{first_of: [{when: [{fact: zone, in: [URBAN]}], split: {whole: CENTRAL}}, {split: {whole: DISTRICT}}]}",
    ]
    for split, fen in product(splits, range(1, 60)):
        lines = split_of(assess(sample("{cost: eligible}", split), dwelling(cost=fen), rule="S-1"))
        assert sum(lines.values()) == fen
        assert min(lines.values()) >= 0
    fixed = split_of(assess(sample("{cost: eligible}", splits[2]), dwelling(cost=13), rule="S-1"))
    assert fixed == {"CENTRAL": 7, "PROVINCIAL": 5, "DISTRICT": 1}
    by_zone = assess(sample("{cost: eligible}", splits[3]), dwelling(cost=13, zone="URBAN"), rule="S-1")
    assert split_of(by_zone) == {"CENTRAL": 13}


# --- values that can't be wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": (SourceLine("DISTRICT", 99),)},
        {"lines": (SourceLine("DISTRICT", 101), SourceLine("CENTRAL", -1))},
        {"lines": (SourceLine("DISTRICT", 50), SourceLine("DISTRICT", 50))},
        {"amount_fen": -100, "lines": (SourceLine("DISTRICT", -100),)},
        {"amount_fen": 100.0},
        {"code": "NOT_ACCEPTED"},
        {"household_fen": -1},
    ],
)
def test_an_amount_that_contradicts_itself_can_not_exist(wrong: dict) -> None:  # type: ignore[type-arg]
    right = {"rule": "X", "code": "OK", "amount_fen": 100, "lines": (SourceLine("DISTRICT", 100),)}
    Due(**right)  # type: ignore[arg-type]
    with pytest.raises(OutcomeError):
        Due(**{**right, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantities": {"heated_area_m2": 60.0}},
        {"quantities": {"heated_area_m2": Decimal(-1)}},
        {"quantities": {"heated_area_m2": Decimal("NaN")}},
        {"quantities": {"area": Decimal(1)}},
        {"exclusions": frozenset({"SECOND_HOUSE"})},
        {"enterprise_share_fen": -1},
    ],
)
def test_facts_that_can_not_be_true_are_refused(wrong: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(FactError):
        Facts(on=date(2022, 1, 1), **wrong)


@pytest.mark.parametrize("changes", [{"cost": 980_000}, {"cost": 980_000, "on_roster": False}, {"costs": None}])
def test_outcomes_survive_storage(changes: dict) -> None:  # type: ignore[type-arg]
    outcome = assess(TAISHAN, dwelling(**changes), rule="T-R6")
    assert decode_outcome(encode_outcome(outcome)) == outcome
