"""Works that are not one dwelling, each clause by the project it speaks of."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from pytest import mark

from accounts.models import Area
from core.refusals import Refused
from households.models import PublicVenue
from retrofits.models import Building, Project
from retrofits.services import projects
from tests import people
from tests.retrofits.asking import file_of
from tests.retrofits.conftest import OTHER_TOWN, VILLAGE, Works
from tests.retrofits.test_pages import client_of, page
from tests.retrofits.test_projects import bid, building, code_of, file, lot, progress, project

MEASURE = "retrofits.services.projects:add_measure"
MOVE = "retrofits.services.projects:move_project"
ENTER = "retrofits.services.projects:enter_project"
PROJECT = "retrofits:project-detail"


@mark.clause("D-20", "公益性机构的取暖工作", serves=ENTER, page=PROJECT, model="retrofits.Project")
def test_a_venue_is_chosen_for_a_project_of_its_own_place(works: Works) -> None:
    venue, other = (
        PublicVenue.objects.create(
            venue_no=f"V-{area}", area_id=area, name=f"小学{area[8]}", subtype="SCHOOL", heated_area_m2=900
        )
        for area in (VILLAGE, OTHER_TOWN)
    )  # fmt: skip
    office = client_of(works.office)
    form = {"code": "school", "area": "370999001", "name": "小学热源", "subject": "venue", "works": "new",
            "year_from": "2021", "year_to": "2021", "venue": other.pk}  # fmt: skip
    assert office.post(page("project-new"), form).status_code == 422  # lies in another town
    assert office.post(page("project-new"), {**form, "venue": venue.pk, "subject": "network"}).status_code == 422
    assert office.post(page("project-new"), {**form, "venue": venue.pk}).status_code == 302
    made = Project.objects.get()
    assert made.venue == venue
    text = client_of(works.clerk).get(page("project-detail", made.pk)).content.decode()
    assert "小学1" in text and "900" in text


@pytest.mark.parametrize(
    ("values", "measures"),
    [
        pytest.param({"subject": "network", "works": "renewal"},
                     {"新增集中供热面积": "wan_m2", "一级管网": "km", "换热站": "station", "室内系统": "household"},
                     marks=mark.clause("D-54", "新增集中供热面积按时投运；老旧管网、换热站及室内系统节能改造",
                                       serves=MEASURE, page=PROJECT, model="retrofits.ProjectMeasure")),
        pytest.param({"subject": "building", "works": "efficiency"}, {"门窗": "m2", "外墙": "m2"},
                     marks=mark.clause("J-18", "重点做好门窗部位保温", serves=MEASURE, page=PROJECT,
                                       model="retrofits.ProjectMeasure")),
    ],
)  # fmt: skip
def test_a_project_lists_its_parts_each_in_its_own_unit(
    works: Works, values: dict[str, str], measures: dict[str, str]
) -> None:
    made = building_of(works, **values)
    for name, unit in measures.items():
        projects.add_measure(project=made, name=name, unit=unit, planned=Decimal(12), by=works.office)
    shown = client_of(works.clerk).get(page("project-detail", made.pk)).context["measures"]
    assert [(one.name, one.unit) for one, _last in shown] == list(measures.items())
    file(works, made, "completion")
    for number, one in enumerate(made.measures.all(), 1):
        assert code_of(projects.move_project, project=made, deed="finish", by=works.office) == "NOT_MEASURED"
        progress(works, one, number, "12")
    assert projects.move_project(project=made, deed="finish", by=works.office).state == "finished"


def building_of(here: Works, /, **values: str) -> Project:
    made = building(here)
    Project.objects.filter(pk=made.pk).update(**values)
    return Project.objects.get(pk=made.pk)


@mark.clause("J-80", "城市建成区实现超低排放", serves=MOVE, page="retrofits:project-list", model="retrofits.Project")
def test_a_heat_source_counts_as_ultra_low_when_its_project_is_accepted(works: Works) -> None:
    made = building_of(works, subject="boiler", works="ultra_low")
    measure = projects.add_measure(project=made, name="锅炉", unit="t_h", planned=Decimal(80), by=works.office)
    progress(works, measure, 1, "80")
    file(works, made, "completion")
    projects.move_project(project=made, deed="finish", by=works.office)
    assert code_of(projects.move_project, project=made, deed="accept", by=works.office) == "PAPERS_MISSING"
    file(works, made, "acceptance")
    projects.move_project(project=made, deed="accept", by=works.office)
    kept = Project.objects.get(pk=made.pk)
    assert (kept.get_works_display(), kept.state) == ("超低排放", "accepted")


@mark.clause("D-41", "设计、施工、监理、设备材料采购、验收等环节规范管理",
             serves="retrofits.services.projects:file_paper", page=PROJECT, model="retrofits.ProjectPaper")  # fmt: skip
def test_every_stage_of_a_project_leaves_its_paper(works: Works) -> None:
    made = project(works)
    stages = ("design", "review", "approval", "construction", "supervision", "completion", "acceptance")
    bought = lot(works, project=made)
    bid(works, bought, "linshi", 500_000, 90, 90, 90)
    file(works, made, *stages)
    shown = client_of(works.clerk).get(page("project-detail", made.pk))
    assert sorted(paper.kind for paper in shown.context["papers"]) == sorted(stages)
    assert [one.number for one in shown.context["lots"]] == [bought.number]
    text = shown.content.decode()
    assert "施工合同" in text and "监理记录" in text


def a_building(office: Client, area: str = VILLAGE, number: str = "B-1") -> Building:
    """Entered by the office on the page."""
    form = {"area": area, "number": number, "name": f"安置楼 {number}", "kind": "residential",
            "floor_area_m2": "5300", "homes": "48", "built_year": "1998"}  # fmt: skip
    assert office.post(page("building-new"), form).status_code == 302
    return Building.objects.get(area_id=area, number=number)


@mark.clause("T-03", "城区建筑能效提升7万平方米", serves="retrofits.services.buildings:enter_building",
             page="retrofits:building-list", model="retrofits.Building")  # fmt: skip
def test_a_building_is_entered_once_and_named_by_its_project(works: Works) -> None:
    office = client_of(works.office)
    mine, other = a_building(office), a_building(office, OTHER_TOWN)
    again = {"area": VILLAGE, "number": "B-1", "name": "x", "kind": "public"}
    assert office.post(page("building-new"), again).status_code == 409
    assert office.post(page("building-new"), again | {"number": "B-2", "floor_area_m2": "0"}).status_code == 422
    form = {"code": "insulate", "area": "370999001", "name": "外墙保温", "subject": "building", "works": "efficiency",
            "year_from": "2021", "year_to": "2021", "building": other.pk}  # fmt: skip
    assert office.post(page("project-new"), form).status_code == 422  # lies in another town
    assert office.post(page("project-new"), {**form, "building": mine.pk, "subject": "network"}).status_code == 422
    assert office.post(page("project-new"), {**form, "building": mine.pk}).status_code == 302
    made = Project.objects.get()
    assert made.building == mine
    clerk = client_of(works.clerk)
    assert "5,300" in clerk.get(page("project-detail", made.pk)).content.decode()
    table = clerk.get(page("building-list")).context["table"]
    assert [(row.item.number, row.item.projects_n) for row in table.rows] == [("B-1", 1)]  # not the other town's
    assert clerk.post(page("building-new"), again | {"number": "B-3"}).status_code == 403


def finished_boiler(works: Works) -> Project:
    """A boiler's project with everything but its air measured."""
    stated = file_of("datong_2021", "programme.yaml")["programme"]["settings"]["emission_standard"]
    works.programme.settings = {"emission_standard": stated}
    works.programme.save()
    made = building_of(works, subject="boiler", works="ultra_low")
    file(works, made, "completion", "acceptance")
    projects.move_project(project=made, deed="finish", by=works.office)
    return Project.objects.get(pk=made.pk)


@mark.clause("D-23", "锅炉大气污染物排放标准 DB14/1929－2019",
             serves="retrofits.services.project_air:record_emission", page=PROJECT,
             model="retrofits.EmissionTest")  # fmt: skip
def test_a_boiler_is_accepted_when_its_air_meets_the_standard(works: Works) -> None:
    made, office = finished_boiler(works), client_of(works.office)
    accept = {"project": made, "deed": "accept", "by": works.office}
    assert code_of(projects.move_project, **accept) == "EMISSION_MISSING"
    form = {"deed": "emission", "limit": "10", "tested_on": "2021-12-01", "tester": "示例检测", "report_no": "J-1"}
    for pollutant, value in (("particles", "10.01"), ("so2", "9"), ("nox", "0")):
        sent = form | {"pollutant": pollutant, "value": value}
        assert office.post(page("project-act", made.pk), sent).status_code == 302
    with pytest.raises(Refused) as above:
        projects.move_project(**accept)
    assert above.value.code == "EMISSION_ABOVE"
    assert all(words in above.value.sentence for words in ("颗粒物 10.01 > 10.00", "DB14/1929－2019", "D-23"))
    again = form | {"pollutant": "particles", "value": "10.00", "report_no": "J-2", "tested_on": "2021-12-02"}
    assert office.post(page("project-act", made.pk), again).status_code == 302
    assert office.post(page("project-act", made.pk), again).status_code == 409
    assert "J-2" in client_of(works.clerk).get(page("project-detail", made.pk)).content.decode()
    assert projects.move_project(**accept).state == "accepted"


def test_what_is_no_boiler_or_is_taken_away_needs_no_test(works: Works) -> None:
    made = finished_boiler(works)
    Project.objects.filter(pk=made.pk).update(works="elimination")
    assert projects.move_project(project=made, deed="accept", by=works.office).state == "accepted"
    form = {"deed": "emission", "pollutant": "nox", "value": "1", "limit": "9", "tested_on": "2021-12-01",
            "tester": "x", "report_no": "J-9"}  # fmt: skip
    assert client_of(works.office).post(page("project-act", made.pk), form).status_code == 422


@mark.clause("D-21", "新能源与清洁取暖联动，以工反哺农", serves="retrofits.services.project_air:support_project",
             page=PROJECT, model="retrofits.ProjectSupport")  # fmt: skip
def test_a_new_energy_project_supports_a_heating_project(works: Works) -> None:
    heating, office = project(works), client_of(works.office)
    solar = projects.enter_project(
        programme=works.programme, area=Area.objects.get(code="370999"), code="pv-100",
        values={"name": "100MW 光伏", "subject": "new_energy", "works": "new", "year_from": 2021, "year_to": 2022},
        by=works.office,
    )  # fmt: skip
    projects.add_measure(project=solar, name="装机", unit="mw", planned=Decimal(100), by=works.office)
    form = {"deed": "support", "giver": solar.pk, "amount_fen": "350000", "agreed_on": "2021-06-01", "paper_no": "X-1"}
    assert office.post(page("project-act", solar.pk), form | {"giver": heating.pk}).status_code == 422
    assert office.post(page("project-act", heating.pk), form | {"amount_fen": "0"}).status_code == 422
    assert [office.post(page("project-act", heating.pk), form).status_code for _n in range(2)] == [302, 409]
    for one in (heating, solar):
        shown = client_of(works.clerk).get(page("project-detail", one.pk)).content.decode()
        assert "100MW 光伏 → 东片区供热管网" in shown and "350,000.00" in shown


@mark.clause("D-43", "邀请纪检监察部门对…全过程进行监督", serves="retrofits.services.tenders:ranked",
             page="retrofits:lot-detail", model="retrofits.Bid")  # fmt: skip
def test_discipline_reads_tender_and_works_and_changes_nothing(works: Works) -> None:
    opened, task = lot(works), works.installed()
    bid(works, opened, "linshi", 500_000, 90, 80, 70)
    discipline = client_of(people.user("auditor", "370999"))
    seen = discipline.get(page("lot-detail", opened.pk)).context["bids"]
    assert [(one.price_fen, points) for one, points in seen] == [(500_000, Decimal("81.50"))]
    assert discipline.get(page("task-detail", task.pk)).status_code == 200
    assert discipline.get(page("admission-list")).status_code == 200
    deeds = (("lot-act", opened.pk), ("task-paper", task.pk), ("task-withdraw", task.pk))
    sent = {"deed": "fail", "reason": "x"}
    assert {discipline.post(page(name, key), sent).status_code for name, key in deeds} == {403}
