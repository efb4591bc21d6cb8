"""The demonstration's people and rosters, and the presets they come from, against the documents' numbers."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core import areas
from core.strict_yaml import read_yaml
from core.workbooks.read import read_workbook
from heating_portal.demo import rosters
from heating_portal.demo.presets import JINCHENG, PRESETS, TAISHAN, places, programme, target_rows
from households.roster.parse import ParsedRoster, parse_roster
from households.roster.rows import RosterContext, Village

TODAY = date(2021, 6, 1)
BOTH = pytest.mark.parametrize("preset", [JINCHENG, TAISHAN])


def context(preset: str, town_code: str = "") -> RosterContext:
    known = places(preset)
    wanted: dict[str, list[str]] = {}
    for target in target_rows(preset):
        wanted.setdefault(target.village.code, []).append(target.technology)
    villages = tuple(
        Village(p.code, p.name, p.aliases, known[p.parent].name, tuple(wanted[p.code]), p.code.startswith(town_code))
        for p in known.values()
        if p.level == "village"
    )
    technologies = {t["code"]: t["name"] for t in programme(preset)["technologies"]}
    return RosterContext(villages, technologies, TODAY)


def parsed(preset: str, roster: rosters.WrittenRoster) -> ParsedRoster:
    return parse_roster(read_workbook(roster.path), context(preset, roster.town_code))


def test_jincheng_targets_are_annex_1() -> None:
    rows = target_rows(JINCHENG)
    by_town: Counter[str] = Counter()
    by_technology: Counter[str] = Counter()
    for row in rows:
        by_town[row.town.name] += row.households
        by_technology[row.technology] += row.households
    assert len(rows) == 14 and by_town.total() == 820
    assert by_town == {"南村镇": 531, "西上庄街道": 80, "钟家庄街道": 185, "东街街道": 19, "南街街道": 5}
    assert by_technology == {"CENTRAL": 575, "ELECTRIC": 185, "WASTE_HEAT": 60}


@BOTH
def test_places_hang_together(preset: str) -> None:
    known = places(preset)
    for place in known.values():
        assert areas.level_of(place.code) == place.level
        assert (areas.parent_of(place.code) or "") == place.parent and (not place.parent or place.parent in known)


@BOTH
def test_every_cited_clause_is_quoted_in_a_document(preset: str) -> None:
    data = programme(preset)
    quoted = {clause["ref"] for document in data["documents"] for clause in document["clauses"]}
    items = [item for checklist in data["checklists"] for item in checklist["items"]]
    cited = {row["clause"] for key in ("phases", "technologies", "targets") for row in data[key]}
    assert cited | {item["clause"] for item in items} <= quoted


@BOTH
def test_accounts_are_different_people_on_known_places(preset: str) -> None:
    accounts = read_yaml((PRESETS / preset / "accounts.yaml").read_text(encoding="utf-8"))["accounts"]
    for key in ("username", "person_no"):
        assert len({account[key] for account in accounts}) == len(accounts)
    grants = [(grant["role"], grant["area"]) for account in accounts for grant in account["grants"]]
    assert {area for _, area in grants} <= set(places(preset))
    sealed = {area for role, area in grants if role == "village_staff"}
    assert sealed == {target.village.code for target in target_rows(preset)}
    assert all(len({grant["role"] for grant in account["grants"]}) == 1 for account in accounts)


@pytest.mark.parametrize(("preset", "households"), [(JINCHENG, 820), (TAISHAN, 600)])
def test_people_are_as_many_as_the_targets_and_all_different(preset: str, households: int) -> None:
    people = rosters.make_people(preset)
    assert len(people) == households and people == rosters.make_people(preset)
    for field in ("id_number", "phone", "bank_card"):
        assert len({getattr(person, field) for person in people}) == households
    assert len({(p.village_code, p.group, p.door_no) for p in people}) == households


def test_no_number_is_used_in_two_presets() -> None:
    ids = [{person.id_number for person in rosters.make_people(preset)} for preset in (JINCHENG, TAISHAN)]
    assert not ids[0] & ids[1]


@BOTH
def test_clean_rosters_are_untidy_yet_need_no_correction(tmp_path: Path, preset: str) -> None:
    people = {person.id_number: person for person in rosters.make_people(preset)}
    counted: Counter[str] = Counter()
    tidied = 0
    for roster in rosters.write_rosters(preset, tmp_path):
        result = parsed(preset, roster)
        assert {f.code for f in result.findings} <= set(), result.findings
        assert result.counts["ready"] == roster.households == len(result.rows)
        tidied += sum(issue.code == "I_TIDIED" for row in result.rows for issue in row.issues)
        counted += result.per_village()
        for row in result.rows:
            person = people.pop(str(row.values["id_number"]))
            assert row.values["phone"] == person.phone and row.values["bank_card"] == person.bank_card
            assert row.values["heated_area_m2"] == Decimal(person.area) and row.values["head_name"] == person.head_name
            assert (row.values["village"], row.values["door_no"]) == (person.village_code, person.door_no)
    expected: Counter[str] = Counter()
    for target in target_rows(preset):
        expected[target.village.code] += target.households
    assert not people and counted == expected and tidied > 100


@BOTH
def test_every_fault_of_a_messy_roster_is_found_and_nothing_else(tmp_path: Path, preset: str) -> None:
    seen: Counter[str] = Counter()
    for roster in rosters.write_rosters(preset, tmp_path, variant=rosters.MESSY):
        result = parsed(preset, roster)
        found = {(row.row_no, i.code) for row in result.rows for i in row.issues if i.family != "I"}
        assert found == {(fault.row_no, fault.code) for fault in roster.faults}
        seen.update(fault.code for fault in roster.faults)
    assert set(seen) == {code for code, _ in rosters.MISTAKES}
