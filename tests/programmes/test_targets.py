"""The breakdown edited in place and read from a workbook: sums, units, places, other people's changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEntry
from programmes.models import Programme, Target
from programmes.plan_checks import findings
from programmes.plan_queries import stated_lines
from programmes.services import PlanRefused, import_targets
from tests import people
from tests.programmes.browsing import ONE, THREE, TWO, Plan, browser, small_plan
from tests.programmes.conftest import LoadPreset

pytestmark = pytest.mark.django_db
HEADINGS = ["序号", "改造主体", "村（社区）", "改造户数（户数）", "集中供热", "电代煤", "气代煤", "工业余热", "备注"]
ANNEX: list[list[object]] = [
    [1, "南村镇", "司匠村", 160, 160], [2, "", "青杨掌村", 10, 10], [3, "", "放马坪", 38, "", "", "", 38],
    [4, "", "下庄", 10, "", "", "", 10], [5, "", "浪井村", 12, "", "", "", 12], [6, "", "夥窑河村", 50, 50],
    [7, "", "南村村", 185, 185], [8, "", "北东村", 66, 66], ["小计", "", "", 531, 471, "", "", 60],
    # As in the document's text: this row begins a cell late.
    [9, "", "西上庄街道", "（散户）", 80, 80], ["小计", "", "", 80, 80],
    [10, "钟家庄街道", "时家岭社区", 89, "", 89], [11, "", "泽州东社区", 70, "", 70], [12, "", "洞头村", 26, "", 26],
    ["小计", "", "", 185, "", 185], [13, "东街街道", "南大街社区", 19, 19], ["小计", "", "", 19, 19],
    [14, "南街街道", "万苑社区", 5, 5], ["小计", "", "", 5, 5], ["总计", "", "", 820, 575, 185, "", 60],
]  # fmt: skip


def workbook(path: Path, lines: list[list[object]]) -> Path:
    """The annex as a sheet: a title, the headings, the lines; line n of `lines` is row n + 3."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("附件1")
        sheet.write(0, 0, "晋城市城区 2020 年冬季清洁取暖改造任务计划表")
        for row, line in enumerate([HEADINGS, *lines], 1):
            for column, value in enumerate(line):
                if value != "":
                    sheet.write(row, column, value)
    return path


def changed(line: int, column: int, value: object) -> list[list[object]]:
    lines = [list(one) for one in ANNEX]
    lines[line][column] = value
    return lines


def rows_of(programme: Programme) -> list[tuple[str, str, int]]:
    rows = programme.targets.select_related("technology").order_by("row_no")
    return [(row.area.name, row.technology.code, int(row.quantity)) for row in rows]


@pytest.mark.clause(
    "J-06", "附件1 改造任务计划表", serves="programmes.services:import_targets", page="programmes:target-import",
    model="programmes.Target",
)  # fmt: skip
def test_annex_1_from_a_sheet_is_what_the_preset_holds(preset: LoadPreset, tmp_path: Path) -> None:
    programme = preset("jincheng_2020")
    before = rows_of(programme)
    programme.targets.all().delete()
    office = people.user("office", "140502")
    count = import_targets(programme=programme, path=workbook(tmp_path / "a.xlsx", ANNEX), year=2020, by=office)
    assert (count, rows_of(programme)) == (14, before)
    assert {line.state for line in stated_lines(programme)} == {"agrees"}
    assert ("散户", "CENTRAL", 80) in before


@pytest.mark.parametrize(
    ("line", "column", "value", "words"),
    [
        (8, 3, 530, ("D11", "530", "531")),  # 小计 of 南村镇, all routes
        (8, 4, 470, ("E11", "470", "471")),  # its column of central heating
        (19, 3, 821, ("D22", "821", "820")),  # 总计
        (19, 6, 1, ("G22", "1", "0")),  # a total where no row has anything
        (0, 3, 161, ("D3", "161", "160")),  # a row and its technologies
        (0, 4, "一百六", ("E3", "一百六")),
        (1, 2, "没有这个村", ("C4", "没有这个村")),
        (1, 2, "司匠村", ("C4", "司匠村")),  # twice
        (11, 1, "无此镇", ("B14", "无此镇")),
    ],
)
def test_a_sheet_that_disagrees_is_refused_and_the_cell_named(
    preset: LoadPreset, tmp_path: Path, line: int, column: int, value: object, words: tuple[str, ...]
) -> None:
    programme = preset("jincheng_2020")
    before = rows_of(programme)
    path = workbook(tmp_path / "a.xlsx", changed(line, column, value))
    with pytest.raises(PlanRefused) as refusal:
        import_targets(programme=programme, path=path, year=2020, by=people.user("office", "140502"))
    told = [one for one in refusal.value.problems if words[0] in one]
    assert told and all(word in told[0] for word in words)
    assert rows_of(programme) == before


def test_a_sheet_in_itself_right_but_not_the_documents_is_refused(preset: LoadPreset, tmp_path: Path) -> None:
    """One household less everywhere: the sheet's sums agree, the document's 820 does not."""
    programme = preset("jincheng_2020")
    lines = changed(0, 3, 159)
    lines[0][4], lines[8][3], lines[8][4], lines[19][3], lines[19][4] = 159, 530, 470, 819, 574
    with pytest.raises(PlanRefused, match="SUM_DIFFERS") as refusal:
        import_targets(
            programme=programme,
            path=workbook(tmp_path / "a.xlsx", lines),
            year=2020,
            by=people.user("office", "140502"),
        )
    assert any("820" in one and "819" in one for one in refusal.value.problems)
    assert programme.targets.get(row_no=1).quantity == 160


def test_the_import_page_names_the_cell(preset: LoadPreset, tmp_path: Path) -> None:
    preset("jincheng_2020")
    path = workbook(tmp_path / "a.xlsx", changed(8, 3, 530))
    file = SimpleUploadedFile("任务计划表.xlsx", path.read_bytes())
    client = browser(people.user("office", "140502"))
    answer = client.post("/programmes/jincheng-2020/targets/import/", {"file": file, "year": "2020"})
    assert answer.status_code == 422
    assert "D11" in answer.content.decode()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x00" * 2000, "村,户数\n".encode()])
def test_a_file_that_is_no_table_is_refused_in_words(content: bytes) -> None:
    plan = small_plan()
    file = SimpleUploadedFile("x.xlsx", content)
    answer = browser(plan.office).post(f"{plan.url}targets/import/", {"file": file, "year": "2021"})
    assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()


@pytest.fixture
def plan() -> Plan:
    return small_plan()


def test_households_move_between_villages_when_the_sum_stays(plan: Plan) -> None:
    answer = browser(plan.office).post(f"{plan.url}targets/", plan.form(**{f"a{ONE}": "35", f"a{TWO}": "15"}))
    assert answer.status_code == 302
    assert [plan.cell(code).quantity for code in (ONE, TWO)] == [35, 15]


def test_one_village_alone_is_refused_with_the_documents_number(plan: Plan) -> None:
    answer = browser(plan.office).post(f"{plan.url}targets/", plan.form(**{f"a{ONE}": "35"}))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "甲镇" in text and "50" in text and "55" in text
    assert 'value="35"' in text  # what was typed stays
    assert plan.cell(ONE).quantity == 30


def test_with_a_reason_it_is_stored_and_a_person_is_asked(plan: Plan) -> None:
    form = plan.form(**{f"a{ONE}": "35"}) | {"reason": "区政府会议纪要增加5户"}
    client = browser(plan.office)
    assert client.post(f"{plan.url}targets/", form).status_code == 302
    assert plan.cell(ONE).quantity == 35
    assert [one.code for one in findings(plan.programme)] == ["SUM_DIFFERS"]
    assert "55" in client.get(plan.url).content.decode()
    assert AuditEntry.objects.filter(table="programmes_target", reason="区政府会议纪要增加5户").count() == 1


def test_a_refused_form_sent_again_with_a_reason_still_changes_the_cell(plan: Plan) -> None:
    """The page remembers what was stored, not what was typed: otherwise the second sending would change nothing."""
    client = browser(plan.office)
    refused = client.post(f"{plan.url}targets/", plan.form(**{f"a{ONE}": "35"})).content.decode()
    inputs = dict(re.findall(r'name="([cs]-[^"]+)" value="([^"]*)"', refused))
    assert sorted(inputs.values()) == ["1:20", "1:30", "20", "35"] and "<details open>" in refused
    assert client.post(f"{plan.url}targets/", inputs | {"reason": "会议纪要"}).status_code == 302
    assert plan.cell(ONE).quantity == 35


def test_many_towns_are_folded_and_what_was_typed_is_open(plan: Plan) -> None:
    for code in ("370999002001", "370999003001", "370999004001"):
        Target.objects.create(
            programme=plan.programme, area=people.area(code), technology=plan.route, year=2021, quantity=10
        )
    client = browser(plan.office)
    page = client.get(f"{plan.url}targets/").content.decode()
    assert page.count("<details><summary") == 4 and "<details open>" not in page
    refused = client.post(f"{plan.url}targets/", plan.form(**{f"a{ONE}": "35"})).content.decode()
    assert refused.count("<details open>") == 1


def test_a_cell_somebody_else_changed_meanwhile_is_a_conflict(plan: Plan) -> None:
    form = plan.form(**{f"a{ONE}": "35", f"a{TWO}": "15"})
    row = plan.cell(ONE)
    row.quantity, row.version = 32, 2
    row.save()
    assert browser(plan.office).post(f"{plan.url}targets/", form).status_code == 409
    assert plan.cell(ONE).quantity == 32


@pytest.mark.parametrize("text", ["-1", "1e99", "NaN", "三十", "1.234"])
def test_what_is_no_quantity_is_refused(plan: Plan, text: str) -> None:
    answer = browser(plan.office).post(f"{plan.url}targets/", plan.form(**{f"a{ONE}": text}))
    assert answer.status_code == 422 and plan.cell(ONE).quantity == 30


def test_an_emptied_cell_is_no_row_and_never_a_zero(plan: Plan) -> None:
    form = plan.form(**{f"a{ONE}": "50", f"a{TWO}": ""})
    assert browser(plan.office).post(f"{plan.url}targets/", form).status_code == 302
    assert plan.cell(TWO) is None and plan.cell(ONE).quantity == 50


def test_another_unit_is_a_table_of_its_own(plan: Plan) -> None:
    added = {"add_area": THREE, "add_measure": "CONVERSION", "add_unit": "wan_m2", "add_year": "2021",
             "add_technology": str(plan.route.pk), "add_quantity": "3.6"}  # fmt: skip
    client = browser(plan.office)
    assert client.post(f"{plan.url}targets/", plan.form() | added).status_code == 302
    assert {line.found for line in stated_lines(plan.programme)} == {50}  # 3.6 is not among the households
    page = client.get(f"{plan.url}targets/").content.decode()
    assert "万㎡" in page and "53.6" not in page


@pytest.mark.parametrize(
    "forged",
    [{"add_area": "110101001001"}, {"add_unit": "kg"}, {"add_year": "1999"}, {"add_technology": "999999"},
     {"add_measure": "MAGIC"}, {"add_quantity": ""}],
)  # fmt: skip
def test_a_forged_row_is_refused(plan: Plan, forged: dict[str, str]) -> None:
    people.area("110101001001")
    added = {"add_area": THREE, "add_measure": "CONVERSION", "add_unit": "km", "add_year": "2021", "add_quantity": "3"}
    answer = browser(plan.office).post(f"{plan.url}targets/", plan.form() | added | forged)
    assert answer.status_code == 422 and Target.objects.count() == 2


def test_a_town_reads_the_plan_and_may_not_change_it(plan: Plan) -> None:
    client = browser(people.user("town_staff", "370999001"))
    assert client.get(plan.url).status_code == 200
    assert client.post(f"{plan.url}targets/", plan.form(**{f"a{ONE}": "35", f"a{TWO}": "15"})).status_code == 403
    assert plan.cell(ONE).quantity == 30
