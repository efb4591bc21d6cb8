from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.loading import AreasRefused, load_areas
from accounts.models import Area, AuditEntry
from core.strict_yaml import read_yaml
from heating_portal import presets
from programmes.loading import ProgrammeRefused, store_programme
from programmes.models import Programme
from programmes.queries import target_tables

pytestmark = pytest.mark.django_db
ROWS = [
    {"code": "37", "level": "province", "name": "示例省"},
    {"code": "3709", "level": "city", "name": "示例市", "parent": "37"},
    {"code": "370999", "name": "示例县", "parent": "3709", "aliases": ["甲县", "示县"]},
]


@pytest.fixture
def jincheng() -> dict[str, Any]:
    load_areas(path=presets.FOLDER / "jincheng_2020" / "areas.csv", by="tests")
    text = (presets.FOLDER / "jincheng_2020" / "programme.yaml").read_text(encoding="utf-8")
    return read_yaml(text)


def problems_of(document: dict[str, Any]) -> list[str]:
    with pytest.raises(ProgrammeRefused) as refusal:
        store_programme(document=document, by="tests")
    assert Programme.objects.count() == 0
    return refusal.value.problems


def test_places_come_from_json_csv_and_workbook_alike(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(ROWS), encoding="utf-8")
    (tmp_path / "b.csv").write_text("代码,名称,上级,别名\n370999001,甲镇,370999,甲|甲镇政府\n", encoding="utf-8")
    with xlsxwriter.Workbook(str(tmp_path / "c.xlsx")) as book:
        sheet = book.add_worksheet()
        for column, (head, value) in enumerate({"code": "370999001001", "name": "甲一村", "level": "village"}.items()):
            sheet.write_string(0, column, head)
            sheet.write_string(1, column, value)
    made = [load_areas(path=tmp_path / name, by="tests").created for name in ("a.json", "b.csv", "c.xlsx")]
    assert made == [3, 1, 1]
    village = Area.objects.get(code="370999001001")
    assert (village.level, village.parent.name, village.parent.aliases) == ("village", "甲镇", ["甲", "甲镇政府"])


def test_loading_places_again_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(ROWS), encoding="utf-8")
    load_areas(path=tmp_path / "a.json", by="tests")
    before = AuditEntry.objects.count()
    assert load_areas(path=tmp_path / "a.json", by="tests").same == 3
    assert AuditEntry.objects.count() == before


def test_all_problems_of_a_places_file_are_told_and_nothing_is_kept(tmp_path: Path) -> None:
    lines = ["code,level,name,parent,grid_capacity_ok,colour", "37,province,示例省,,,", "37,province,又一省,,,"]
    lines += ["370,city,短码,37,,", "370999,county,无上级,3709,,", "3708,town,错级别,37,,", "3706,city,,37,maybe,"]
    (tmp_path / "bad.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(AreasRefused) as refusal:
        load_areas(path=tmp_path / "bad.csv", by="tests")
    told = "\n".join(refusal.value.problems)
    for words in ("colour", "370", "3709", "town", "3706", "grid_capacity_ok"):
        assert words in told
    assert Area.objects.count() == 0


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"absent\.csv"):
        call_command("load_areas", str(tmp_path / "absent.csv"))


def test_annex_1_is_stored_exactly(jincheng: dict[str, Any]) -> None:
    programme = store_programme(document=jincheng, by="tests")
    table = target_tables(programme)[0]
    sums = {line.area.name if line.area else "": int(line.total) for line in table.lines if line.is_sum}
    assert sums == {"南村镇": 531, "钟家庄街道": 185, "": 820}
    total = {route.code: int(table.lines[-1].by_route[route.pk]) for route in table.routes}
    assert total == {"CENTRAL": 575, "ELECTRIC": 185, "WASTE_HEAT": 60}
    assert [line.row_no for line in table.lines if not line.is_sum] == list(range(1, 15))


@pytest.mark.parametrize("row", range(14))
def test_one_household_more_anywhere_breaks_the_sums(jincheng: dict[str, Any], row: int) -> None:
    jincheng["targets"][row]["quantity"] += 1
    told = problems_of(jincheng)
    assert any("820" in words and "821" in words for words in told)
    assert len(told) >= 3  # the town, the route and the total disagree, each named


def test_the_cell_that_disagrees_is_named(jincheng: dict[str, Any]) -> None:
    jincheng["target_totals"] = [{"area": "140502101", "technology": "CENTRAL", "quantity": 470}]
    (told,) = problems_of(jincheng)
    assert all(words in told for words in ("南村镇", "CENTRAL", "470", "471"))


def test_all_problems_of_a_programme_are_told_at_once(jincheng: dict[str, Any]) -> None:
    bad = copy.deepcopy(jincheng)
    bad["programme"]["colour"] = "red"
    bad["phases"][0]["starts_on"] = "soon"
    bad["targets"][0]["area"] = "999999999999"
    bad["targets"][1]["technology"] = "MAGIC"
    bad["checklists"][0]["items"][0]["kind"] = "guess"
    bad["nonsense"] = 1
    told = "\n".join(problems_of(bad))
    for words in ("colour", "phases[1].starts_on", "999999999999", "MAGIC", "items[1].kind", "nonsense"):
        assert words in told


@pytest.mark.parametrize("name", presets.names())
def test_presets_load_and_loading_again_writes_nothing(name: str) -> None:
    call_command("load_programme", name)
    counts = AuditEntry.objects.count()
    call_command("load_programme", name)
    assert AuditEntry.objects.count() == counts
    assert Programme.objects.get().duties.exists()


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(CommandError, match="baiyin_2023, datong_2021, jincheng_2020, litong_2021, taishan_2021"):
        call_command("load_programme", "atlantis_1999")
