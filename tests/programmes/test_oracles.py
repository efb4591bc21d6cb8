"""Every figure of number-oracles.json, read back from the tables after `load_programme`."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from programmes.models import Programme
from programmes.plan_queries import (
    calendar_of,
    planned_funds,
    rate_with,
    shares_of_funds,
    stated_lines,
    threshold,
    value_due,
)
from programmes.queries import target_tables
from subsidies.models import Policy
from subsidies.rules.cases import read_cases, run_case
from subsidies.rules.loading import load_policy
from tests.programmes.conftest import LoadPreset

pytestmark = pytest.mark.django_db
STANDING = ("jincheng_2020", "taishan_2021", "litong_2021", "datong_2021", "baiyin_2023")
FEN_PER_WAN = 1_000_000
Oracles = dict[str, Any]


def stated(programme: Programme) -> dict[str, Decimal]:
    return {line.code: line.cell.quantity for line in stated_lines(programme)}


def limit(programme: Programme, code: str) -> tuple[str, Decimal]:
    found = threshold(programme, code)
    assert found is not None
    return found.operator, found.value


def test_jincheng_annex_1_row_by_row(preset: LoadPreset, oracles: Oracles) -> None:
    programme, said = preset("jincheng_2020"), oracles["jincheng_2020"]
    rows = programme.targets.select_related("area__parent", "technology").order_by("row_no")
    found = [
        {"town": row.area.parent.name, "village": "（散户）" if row.area.is_scattered else row.area.name,
         "households": int(row.quantity), "technology": row.technology.code}
        for row in rows
    ]  # fmt: skip
    assert found == said["rows"]


def test_jincheng_sums_by_town_and_technology(preset: LoadPreset, oracles: Oracles) -> None:
    programme, said = preset("jincheng_2020"), oracles["jincheng_2020"]
    towns, routes = Counter[str](), Counter[str]()
    for row in programme.targets.select_related("area__parent", "technology"):
        towns[row.area.parent.name] += int(row.quantity)
        routes[row.technology.code] += int(row.quantity)
    assert (towns, routes, towns.total()) == (said["by_town"], said["by_technology"], said["total"])
    printed = {(line.area_name, line.cell.technology): int(line.cell.quantity) for line in stated_lines(programme)}
    for town, number in said["by_town"].items():
        assert printed[town, ""] == number
    for route, number in said["by_technology"].items():
        assert printed["城区", route] == number
    assert printed["城区", ""] == said["total"] == 820


def test_jincheng_limits_phases_and_rates(preset: LoadPreset, oracles: Oracles) -> None:
    programme, said = preset("jincheng_2020"), oracles["jincheng_2020"]
    coal = said["coal_limits_percent"]
    assert limit(programme, "COAL_SULPHUR_PERCENT") == ("<=", Decimal(coal["sulphur_max"]))
    assert limit(programme, "COAL_ASH_PERCENT") == ("<=", Decimal(coal["ash_max"]))
    assert limit(programme, "ROOM_TEMP_C") == (">=", said["room_temperature_min_c"])
    assert programme.room_temp_min_c == said["room_temperature_min_c"]
    phases = programme.phases.values_list("starts_on", "ends_on")
    assert [[first.isoformat(), last.isoformat()] for first, last in phases] == said["phases"]
    rates = {one.code: (one.comparison, int(one.value), str(one.due_on)) for one in programme.indicators.all()}
    cover = said["coverage_targets_percent"]
    assert rates == {
        "built-up": ("=", cover["built_up"], cover["deadline"]),
        "rural": (">=", cover["rural_min"], cover["deadline"]),
    }


def test_litong_money_of_every_project_and_total(preset: LoadPreset, oracles: Oracles) -> None:
    programme, said = preset("litong_2021"), oracles["litong_2021_2023"]
    keys = ("total", "CENTRAL", "DISTRICT", "HOUSEHOLD", "ENTERPRISE")
    codes = {"waste_heat": "waste-heat", "double_replacement": "double", "park_venue": "park",
             "heat_network": "heat-network", "grid": "grid", "building_efficiency": "building-efficiency",
             "peri_urban": "peri-urban"}  # fmt: skip
    for name, numbers in said["projects"].items():
        funds = planned_funds(programme, [codes[name]])
        assert [funds.get(key, 0) for key in keys] == [number * FEN_PER_WAN for number in numbers], name
    for code, name in (("section-5C", "section_5C"), ("section-9", "section_9_total")):
        total = next(one for one in programme.settings["budget_totals"] if one["code"] == code)
        funds = planned_funds(programme, total["parts"])
        assert [funds.get(key, 0) for key in keys] == [n * FEN_PER_WAN for n in said["stated_totals"][name]]
    shares = shares_of_funds(funds)
    assert [str(shares[key]) for key in keys[1:4]] == said["stated_percent_of_22705"]


def test_litong_targets(preset: LoadPreset, oracles: Oracles) -> None:
    programme, said = preset("litong_2021"), oracles["litong_2021_2023"]
    printed, goals, area = stated(programme), said["household_targets"], said["new_area_wan_m2"]
    assert {year: int(printed[f"year-{year}"]) for year in ("2021", "2022", "2023")} | {
        "total": int(printed["rural"])
    } == goals
    assert printed["waste-heat"] + printed["double"] == goals["total"]
    towns = {row.area.name: int(row.quantity) for row in programme.targets.filter(part__code="peri-urban")}
    assert towns | {"total": sum(towns.values())} == said["bungalow_conversions"]
    projects = programme.parts.filter(parent__code="building-efficiency").values_list("code", flat=True)
    assert [printed[code] for code in projects] == [Decimal(number) for number in said["efficiency_projects_wan_m2"]]
    assert [printed[code] for code in ("network-area", "double-area", "park", "new-area")] == [
        Decimal(area[key]) for key in ("networks", "decentralised", "park", "total")
    ]
    assert limit(programme, "WARRANTY_YEARS") == (">=", said["warranty_years_min"])
    assert limit(programme, "GAS_BOILER_KW") == (">", said["gas_boiler_kw_strictly_above"])


def test_litong_rural_rate_follows_from_baseline_and_new_area(preset: LoadPreset) -> None:
    programme = preset("litong_2021")
    rate = rate_with(programme.indicators.get(code="rural"), stated(programme)["new-area"])
    assert rate is not None and round(rate, 1) == Decimal("80.3") and round(rate, 2) == Decimal("80.27")


def test_datong_targets_by_year_and_unit(preset: LoadPreset, oracles: Oracles) -> None:
    programme, said = preset("datong_2021"), oracles["datong_2021_2023"]
    names = {"central_heating_wan_m2": "central", "ultra_low_emission_wan_m2": "ultra-low",
             "electric_households": "electric", "gas_households": "gas", "building_wan_m2": "building",
             "rural_efficiency_households": "rural-efficiency"}  # fmt: skip
    lines = {line.code: line for line in stated_lines(programme)}
    wanted = {f"{names[key]}-{year}": (Decimal(str(number)), "household" if key.endswith("households") else "wan_m2")
              for year, numbers in said["targets"].items() for key, number in numbers.items()}  # fmt: skip
    assert {code: (line.cell.quantity, line.cell.unit) for code, line in lines.items()} == wanted
    for key, total in said["totals"].items():
        found = [line.cell.quantity for code, line in lines.items() if code.rsplit("-", 1)[0] == names[key]]
        assert sum(found) == Decimal(total), key
    assert programme.figures.get(group="confirmed").quantity == said["confirmed_households_2021"]
    days = [(one.standing.due_on.year, one.standing.due_on.strftime("%m-%d"))
            for one in calendar_of(programme, date(2022, 10, 1)) if one.deadline.code == "completion"]  # fmt: skip
    assert (2022, said["yearly_deadline"]) in days


def test_taishan_targets_and_ceilings(preset: LoadPreset, oracles: Oracles) -> None:
    programme, said = preset("taishan_2021"), oracles["taishan_2021"]
    printed = stated(programme)
    assert [printed[code] for code in ("rural-households", "rural-efficiency", "urban-efficiency")] == [
        said["rural_households"], said["rural_efficiency_households"], said["urban_efficiency_m2"]
    ]  # fmt: skip
    assert programme.venue_m2_per_household == said["venue_m2_per_household"]
    assert limit(programme, "VENUE_M2_PER_HOUSEHOLD") == ("=", said["venue_m2_per_household"])
    assert programme.deadlines.get(code="roster").due_on.strftime("%m-%d") == said["roster_deadline"]
    policy = load_policy(Policy.objects.get(programme=programme).document)
    assert printed["rural-households"] * ceiling(policy, EQUIPMENT) == said["ceiling_equipment_yuan"]
    assert printed["rural-households"] * ceiling(policy, RUNNING) == said["ceiling_running_yuan_per_season"]


DEFAULTS = """
policy: taishan_2021
defaults: {on: 2022-04-10, beneficiary: HOUSEHOLD, zone: RURAL, on_roster: true, accepted_on: 2021-10-20,
  meter_individual: true, technology: ELECTRIC}
cases:
"""
EQUIPMENT = DEFAULTS + "  - {id: equipment, rule: T-R6, facts: {costs: {DEVICE: 99999}}, expect: {}}\n"
RUNNING = DEFAULTS + (
    "  - {id: running, rule: T-R8, facts: {usage: [{energy: electricity_kwh, from: 2021-11-01, to: 2022-03-31, "
    "quantity: 99999}]}, expect: {}}\n"
)


def ceiling(policy: Any, case: str) -> Decimal:
    """What the policy pays at most to one household, in yuan: the rule asked with a cost far beyond the cap."""
    (one,) = read_cases(case)
    return Decimal(str(run_case(policy, one)["amount"]))


def test_baiyin_rates_growth_and_pipe_age(preset: LoadPreset, oracles: Oracles) -> None:
    programme, said = preset("baiyin_2023"), oracles["baiyin_2023_2024"]
    rates = {one.code: one for one in programme.indicators.all()}
    assert rates["collection-rate"].value == said["collection_rate_target_percent"]
    assert rates["room-temperature"].value == said["room_temperature_min_c"] == programme.room_temp_min_c
    assert rates["satisfaction"].value == said["satisfaction_min_percent"]
    growth = [rates["area-growth-2023"], rates["area-growth-2024"]]
    assert [one.value for one in growth] == [said["area_growth_percent_per_year"]] * 2
    assert [one.relative_to_year for one in growth] == [2022, 2023]
    assert value_due(growth[1], value_due(growth[0], Decimal(1))) == Decimal(said["two_year_growth_factor"])
    assert value_due(growth[1], Decimal(1050)) == Decimal("1081.5")  # over what 2023 really was, not what was asked
    assert limit(programme, "PIPE_AGE_YEARS") == (">=", said["pipe_age_years"])


@pytest.mark.parametrize("name", ["datong_2021", "taishan_2021", "litong_2021"])
def test_what_a_document_does_not_say_stays_empty(preset: LoadPreset, name: str) -> None:
    """None of these three names a room temperature; no printed number, limit or rate is a 0 in its place."""
    programme = preset(name)
    assert threshold(programme, "ROOM_TEMP_C") is None
    assert all(line.cell.quantity > 0 for line in stated_lines(programme))
    assert all(one.value > 0 for one in [*programme.thresholds.all(), *programme.indicators.all()])


def test_units_are_tables_of_their_own(preset: LoadPreset) -> None:
    """Households, m², km and boilers never stand in one table, so they can't be added up."""
    for name in ("litong_2021", "baiyin_2023", "jincheng_2020"):
        for table in target_tables(preset(name)):
            assert table.unit and table.lines[-1].is_sum


def test_every_clause_cited_is_quoted(preset: LoadPreset) -> None:
    for name in ("baiyin_2023", "datong_2021", "jincheng_2020", "litong_2021", "taishan_2021"):
        programme = preset(name)
        quoted = set(programme.documents.values_list("clauses__ref", flat=True))
        kinds = ("parts", "targets", "stated_sums", "indicators", "figures", "thresholds", "duties", "deadlines",
                 "leads", "phases", "technologies")  # fmt: skip
        cited = {clause for kind in kinds for clause in getattr(programme, kind).values_list("clause", flat=True)}
        assert cited - {""} <= quoted, name
