"""Works that are not one dwelling, each clause by the project it speaks of."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pytest import mark

from households.models import PublicVenue
from retrofits.models import Project
from retrofits.services import projects
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
