"""What the documents ask before, at and after the works, each clause by the rule its own preset carries."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
import yaml
from pytest import mark

from accounts.models import Area
from core import clock
from core.refusals import Refused
from heating_portal import presets
from households.models import PublicVenue
from programmes.models import Checklist
from retrofits.faults import Faulty
from retrofits.models import Admission, GateRule, Installation, Project, Task, TransitionalHome
from retrofits.services import contracts, products, projects, supply, transition
from retrofits.services.acceptances import record_acceptance
from retrofits.services.contracts import Done
from retrofits.services.installations import record_installation
from retrofits.services.panels import sign_sheet
from tests import people
from tests.retrofits.conftest import DAY, OTHER_TOWN, VILLAGE, Works
from tests.retrofits.test_pages import client_of, page
from tests.retrofits.test_panels import DEPARTMENTS, member, refused, sheet_of
from tests.retrofits.test_projects import bid, building, code_of, file, lot, progress, project
from tests.retrofits.test_works_services import accept_faults, gas, limit

DESCRIBE = "retrofits.services.products:describe_product"
CONFIRM = "retrofits.services.contracts:confirm_all"
RECORD = "retrofits.services.installations:record_installation"
STEP = "retrofits.services.supply:record_step"
PUT = "retrofits.services.transition:put_on_list"
MEASURE = "retrofits.services.projects:add_measure"
MOVE = "retrofits.services.projects:move_project"
ENTER = "retrofits.services.projects:enter_project"
PRODUCT = "retrofits:product-edit"
TASK = "retrofits:task-detail"
SUPPLY = "retrofits:supply-list"
MODEL = "retrofits.Product"
PROJECT = "retrofits:project-detail"
WAITING = "retrofits:transition-list"
SPRING = date(2023, 4, 3)


@cache
def file_of(name: str, part: str) -> Any:
    return yaml.safe_load((presets.FOLDER / name / part).read_text(encoding="utf-8"))


def asks(works: Works, name: str, *gates: str) -> list[str]:
    """Let the programme ask for these gates as the preset does; the clauses they cite."""
    rules = {rule["gate"]: rule for rule in file_of(name, "works.yaml")["gates"]}
    for gate in gates:
        rule = rules[gate]
        GateRule.objects.create(
            programme=works.programme, gate=gate, mode=rule["mode"], clause=rule["clause"],
            families=rule.get("families", []),
        )  # fmt: skip
    for one in file_of(name, "programme.yaml").get("thresholds", []):
        works.programme.thresholds.get_or_create(code=one["code"], defaults=one)
    return [rules[gate]["clause"] for gate in gates]


def shut(works: Works, task: Task, **changes: str) -> list[tuple[str, str]]:
    """Gates (and faults) that keep the installation from being recorded, each with its code; [] when it is recorded."""
    try:
        record_installation(task=task, entry=works.entry(**changes), by=works.clerk, on=DAY)
    except Faulty as refusal:
        assert not Installation.objects.filter(task=task).exists()
        return [(fault.field, fault.code) for fault in refusal.faults]
    assert Task.objects.get(pk=task.pk).state == "installed"
    return []


SHOWN: dict[str, Any] = {
    "efficiency_grade": 1, "voltage_v": 220, "frequency_hz": 50, "certificate_no": "CCC-1", "certificate_until": DAY,
    "insurance_no": "BX-1", "insurance_from": DAY, "insurance_until": DAY, "docking_issuer": "示例平台",
    "papers": ["parameters", "performance", "manual", "factory"], "uses": ["dwelling"],
    "thermal_power_kw": Decimal("2.64"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("gate", "clause", "lacking", "code"),
    [
        pytest.param(
            "CERTIFICATE",
            "J-32",
            {"certificate_no": ""},
            "NO_CERTIFICATE",
            marks=mark.clause("J-32", "满足国家要求和强制认证", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
        pytest.param(
            "INSURANCE",
            "J-33",
            {"insurance_from": date(2021, 12, 9), "insurance_until": date(2022, 1, 1)},
            "INSURANCE_GAP",
            marks=mark.clause("J-33", "产品保险单", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
        pytest.param(
            "PAPERS",
            "J-34",
            {"papers": ["parameters", "performance", "manual"]},
            "PAPERS_MISSING",
            marks=mark.clause("J-34", "参数、性能、使用说明书、出厂合格证", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
        pytest.param(
            "USE",
            "J-35",
            {"uses": ["public"]},
            "NOT_FOR_DWELLINGS",
            marks=mark.clause("J-35", "适用于晋城地区农村住宅", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
        pytest.param(
            "SIZING",
            "J-36",
            {"thermal_power_kw": Decimal("2.63")},
            "UNDERSIZED",
            marks=mark.clause("J-36", "根据户型面积…选用相应配套系统", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
        pytest.param(
            "ELECTRICAL_RATING",
            "J-38",
            {"voltage_v": 380},
            "RATING",
            marks=mark.clause("J-38", "电压220V，频率50Hz", serves=DESCRIBE, page=PRODUCT, model=MODEL),
        ),
    ],
)
def test_a_product_that_lacks_one_thing_is_not_installed(
    works: Works, gate: str, clause: str, lacking: dict[str, Any], code: str
) -> None:
    """The dwelling has 88 m²: 2,640 W are 30 for each of them, 2,630 W are not."""
    works.programme.settings = {"sizing": file_of("jincheng_2020", "programme.yaml")["programme"]["settings"]["sizing"]}
    works.programme.save()
    assert asks(works, "jincheng_2020", gate) == [clause]
    products.describe_product(device_model=works.model, values=SHOWN | lacking, by=works.office)
    task = works.task()
    assert shut(works, task, installed_on=DAY.isoformat()) == [(gate, code)]
    mended = {name: SHOWN[name] for name in lacking}
    products.describe_product(
        device_model=works.model, values=mended, version=works.model.product.version, by=works.office
    )
    assert shut(works, task, installed_on=DAY.isoformat()) == []


@pytest.mark.parametrize(
    ("name", "gate", "clause", "kind", "code"),
    [
        pytest.param("jincheng_2020", "COMMISSIONED", "J-41", "commissioned", "NOT_COMMISSIONED",
                     marks=mark.clause("J-41", "现场调试，并经用户签字确认", serves=CONFIRM, page=TASK,
                                       model="retrofits.Confirmation")),
        pytest.param("litong_2021", "TRAINED", "L-37", "trained", "NOT_TRAINED",
                     marks=mark.clause("L-37", "组织安排企业对农户进行培训", serves=CONFIRM, page=TASK,
                                       model="retrofits.Confirmation")),
    ],
)  # fmt: skip
def test_a_home_is_accepted_after_its_household_signed(
    works: Works, name: str, gate: str, clause: str, kind: str, code: str
) -> None:
    assert asks(works, name, gate) == [clause]
    task = works.ready()
    assert accept_faults(works, task) == [code]
    unsigned = client_of(works.clerk).post(
        page("task-paper", task.pk), {"deed": "confirm", "kind": kind, "done_on": "2021-12-02"}
    )
    assert unsigned.status_code == 422 and accept_faults(works, task) == [code]
    contracts.confirm(task=task, done=Done(kind, date(2021, 12, 2), "张示例"), by=works.clerk, on=DAY)
    assert accept_faults(works, task) == []


@mark.clause("T-07", "坚持以气定改、以电定改", serves=STEP, page=SUPPLY, model="retrofits.SupplyStep")
def test_gas_or_grid_is_secured_before_a_village_starts(works: Works) -> None:
    asks(works, "taishan_2021", "GAS_CONTRACT", "GRID_CAPACITY")
    task, village = works.task(), Area.objects.get(code=VILLAGE)
    assert shut(works, task) == [("GRID_CAPACITY", "GRID_UNKNOWN")]
    gas(works)
    assert shut(works, task) == [("GAS_CONTRACT", "STEP_MISSING")]
    for step in ("plan", "contract"):
        supply.record_step(
            programme=works.programme, area=village, step=step, done_on=date(2021, 11, 1), party="燃气公司",
            paper_no=step, by=works.office,
        )  # fmt: skip
    assert shut(works, task) == []


@mark.clause("L-83", "六个近郊乡镇除安置楼之外的平房实施煤改电、煤改气", serves="retrofits.services.supply:give_reason",
             page=TASK, model="retrofits.GateReason")  # fmt: skip
def test_around_the_city_a_resettlement_building_needs_a_reason(works: Works) -> None:
    assert asks(works, "litong_2021", "BUNGALOW") == ["L-83"]
    task = works.task()
    Area.objects.filter(code="370999001").update(area_class="peri_urban")
    for kind, code in (("", "DWELLING_TYPE_UNKNOWN"), ("安置楼", "RESETTLEMENT")):
        type(task.dwelling).objects.filter(pk=task.dwelling_id).update(dwelling_type=kind)
        assert shut(works, task) == [("BUNGALOW", code)]
    supply.give_reason(task=task, gate="BUNGALOW", reason="安置楼未通热网", by=works.office)
    assert shut(works, task) == []


@mark.clause("D-12", "先规划、先设计、后改造", serves=STEP, page=SUPPLY, model="retrofits.SupplyStep")
def test_gas_goes_plan_design_conversion_in_datong(works: Works) -> None:
    gas(works)
    assert set(asks(works, "datong_2021", "GAS_PLAN", "GAS_DESIGN", "GAS_CONTRACT")) == {"D-12"}
    task = works.task()
    left = ["GAS_PLAN", "GAS_DESIGN", "GAS_CONTRACT"]
    for step in ("plan", "design", "contract"):
        assert [gate for gate, _code in shut(works, task)] == left
        supply.record_step(
            programme=works.programme, area=Area.objects.get(code="370999"), step=step, done_on=date(2021, 11, 1),
            party="燃气公司", paper_no=step, by=works.office,
        )  # fmt: skip
        left = left[1:]
    assert shut(works, task) == []


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        pytest.param("jincheng_2020", "J-15", marks=mark.clause(
            "J-15", "新改造尚未得到运行检验的，不得拆除原有燃煤取暖设施", serves=CONFIRM, page=TASK,
            model="retrofits.Confirmation")),
        pytest.param("taishan_2021", "T-08", marks=mark.clause(
            "T-08", "“先立后破”", serves=CONFIRM, page=TASK, model="retrofits.Confirmation")),
        pytest.param("datong_2021", "D-15", marks=mark.clause(
            "D-15", "杜绝强行“封火炕、拆暖炉、没收煤炭”", serves=CONFIRM, page=TASK, model="retrofits.Confirmation")),
    ],
)  # fmt: skip
def test_the_old_stove_goes_last_and_never_by_force(works: Works, name: str, clause: str) -> None:
    asked = asks(works, name, "STABLE_SEASON")
    assert asked == [clause] or clause == "D-15"
    task = works.installed()
    Task.objects.filter(pk=task.pk).update(state="running")
    removal = Done("old_removed", date(2023, 4, 2), "张示例")
    with pytest.raises(Faulty) as early:
        contracts.confirm(task=task, done=removal, by=works.clerk, on=SPRING)
    assert [(fault.field, fault.code) for fault in early.value.faults] == [("STABLE_SEASON", "SEASON_NOT_PROVEN")]
    assert asked[0] in early.value.faults[0].sentence
    contracts.confirm(
        task=task, done=Done("stable_season", date(2023, 4, 1), season=2022), by=works.clerk, on=SPRING
    )  # fmt: skip
    with pytest.raises(Refused) as forced:
        contracts.confirm(task=task, done=replace(removal, signer_name=" "), by=works.clerk, on=SPRING)
    assert forced.value.code == "FORCED_REMOVAL" and "封火炕、拆暖炉、没收煤炭" in forced.value.sentence
    assert contracts.confirm(task=task, done=removal, by=works.clerk, on=SPRING).signer_name == "张示例"


@mark.clause("J-42", "安装位置应根据用户意见确定", serves="retrofits.services.acceptances:record_acceptance",
             page="retrofits:visit-record", model="retrofits.Acceptance")  # fmt: skip
def test_the_position_is_the_households_choice(works: Works) -> None:
    checklist = next(one for one in file_of("jincheng_2020", "programme.yaml")["checklists"])
    position = next(item for item in checklist["items"] if item.get("clause") == "J-42")
    kept = Checklist.objects.get(programme=works.programme)
    kept.items = [*kept.items, position]
    kept.save()
    task = works.ready()
    values = {"task": task, "result": "passed", "by": works.inspector, "on": DAY}
    with pytest.raises(Faulty) as open_items:
        record_acceptance(request_id=uuid.uuid4(), visit=works.visit(), **values)
    assert [fault.field for fault in open_items.value.faults] == [position["code"]]
    answers = works.visit().answers | {position["code"]: "ok"}
    made = record_acceptance(request_id=uuid.uuid4(), visit=works.visit(answers=answers), **values)
    assert made.answers[position["code"]] == "ok"


@mark.clause("L-39", "切实规范台账录入和管理，确保台账真实准确", serves=RECORD, page="retrofits:installation-record",
             model="retrofits.Installation")  # fmt: skip
def test_a_record_is_checked_whole_and_a_device_stands_in_one(works: Works) -> None:
    works.programme.settings = {"boxes": {"370999": {"west": 112.8, "east": 112.9, "south": 35.4, "north": 35.5}}}
    works.programme.save()
    task, entry = works.task(), works.entry()
    record_installation(task=works.task(), entry=entry, by=works.clerk, on=DAY)
    wrong = {"village_name": "乙村", "heated_area_m2": "0", "longitude": "112.91", "installed_on": "2021-13-01",
             "factory_address_code": entry.factory_address_code}  # fmt: skip
    assert set(shut(works, task, **wrong)) == {
        ("village_name", "OTHER_PLACE"), ("heated_area_m2", "RANGE"), ("longitude", "OUTSIDE"),
        ("installed_on", "DATE"), ("factory_address_code", "TAKEN"),
    }  # fmt: skip
    assert shut(works, task, longitude="112.9", latitude="35.5") == []  # on the rim of the box


def test_a_place_outside_the_county_is_told_with_the_box(works: Works) -> None:
    works.programme.settings = {"boxes": {VILLAGE: {"west": 112.8, "east": 112.9, "south": 35.4, "north": 35.5},
                                          "370999": {"west": 1, "east": 2, "south": 1, "north": 2}}}  # fmt: skip
    works.programme.save()
    with pytest.raises(Faulty) as refusal:
        record_installation(task=works.task(), entry=works.entry(latitude="36.2"), by=works.clerk, on=DAY)
    (fault,) = refusal.value.faults
    assert "112.850000、36.200000" in fault.sentence and "甲一村" in fault.sentence and "35.4–35.5" in fault.sentence


@mark.clause("L-25", "费用由企业承担", serves=RECORD, page="retrofits:installation-record", model="retrofits.Admission")
def test_a_demonstration_site_costs_the_public_nothing(works: Works) -> None:
    site = Admission.objects.create(
        programme=works.programme, area_id="370999", supplier=works.supplier, is_pilot=True, applied_on=DAY,
        entered_by=works.office,
    )  # fmt: skip
    task, free = works.task(), works.entry().costs[0]
    assert shut(works, task) == [("costs", "PILOT_COST")]
    record_installation(
        task=task, entry=works.entry(costs=(replace(free, amount="0"),)), by=works.clerk, on=DAY
    )  # fmt: skip
    Admission.objects.filter(pk=site.pk).update(is_pilot=False)
    assert shut(works, works.task()) == []


@mark.clause("L-35", "检查验收 每年12-01..12-30", serves="retrofits.services.panels:sign_sheet",
             page="retrofits:joint-detail", model="retrofits.PanelSeat")  # fmt: skip
def test_departments_accept_in_december(works: Works) -> None:
    phases = {one["code"]: one for one in file_of("litong_2021", "programme.yaml")["phases"]}
    window = phases["acceptance-2022"]
    assert (str(window["starts_on"]), str(window["ends_on"])) == ("2022-12-01", "2022-12-30")
    days = {name: window[name].replace(year=2021) for name in ("starts_on", "ends_on")}
    works.programme.phases.create(**{**window, **days, "goal_year": 2021})
    sheet, signer = sheet_of(works), member(DEPARTMENTS[0])
    for day, code in (("2021-11-30", "OUT_OF_WINDOW"), ("2021-12-31", "OUT_OF_WINDOW")):
        with pytest.raises(Refused) as early:
            sign_sheet(sheet=sheet, by=signer, now=clock_at(day))
        assert early.value.code == code
        assert "2021-12-01" in early.value.sentence and "2021-12-30" in early.value.sentence
    assert sign_sheet(sheet=sheet, by=signer, now=clock_at("2021-12-30")).seats.count() == 1
    works.programme.phases.update(goal_year=2022)  # the window of another year says nothing of this one
    assert refused(sheet, signer) == "PERSON_SIGNED"


def clock_at(day: str) -> Any:
    return clock.now().replace(**dict(zip(("year", "month", "day"), map(int, day.split("-")), strict=True)), hour=4)


@pytest.mark.parametrize(
    ("reason", "fuel"),
    [
        pytest.param("later", "clean_coal", marks=mark.clause(
            "J-16", "未开展改造或无法供暖的区域…洁净煤兜底", serves=PUT, page=WAITING,
            model="retrofits.TransitionalHome")),
        pytest.param("no_network", "clean_coal", marks=mark.clause(
            "J-50", "偏远山区…“洁净煤+节能环保炉具”", serves=PUT, page=WAITING, model="retrofits.TransitionalHome")),
    ],
)  # fmt: skip
def test_clean_coal_is_the_last_resort_outside_the_no_coal_zone(works: Works, reason: str, fuel: str) -> None:
    home = people.dwelling(VILLAGE)
    values = {"programme": works.programme, "dwelling": home, "reason": reason, "fuel": fuel, "since": DAY}
    Area.objects.filter(code="370999001").update(in_no_coal_zone=True)
    assert code_of(transition.put_on_list, **values, by=works.clerk) == "NO_COAL_ZONE"
    Area.objects.filter(code=VILLAGE).update(in_no_coal_zone=False)  # said of the village itself
    transition.put_on_list(**values, by=works.clerk)
    text = client_of(works.clerk).get(page("transition-list")).content.decode()
    assert home.dwelling_no in text and "洁净煤" in text
    assert TransitionalHome.objects.get().reason == reason


@mark.clause("D-13", "管网5KM范围内已改造但未通气", serves=PUT, page=WAITING, model="retrofits.TransitionalHome")
def test_within_five_kilometres_a_converted_home_is_to_be_supplied(works: Works) -> None:
    radius = next(one for one in file_of("datong_2021", "programme.yaml")["thresholds"] if one["clause"] == "D-13")
    limit(works, radius["code"], radius["operator"], str(radius["value"]), "D-13")
    homes = {}
    for far, reason in (("5.00", "no_gas"), ("5.01", "no_gas"), ("1.00", "no_grid")):
        homes[far] = people.dwelling(VILLAGE)
        transition.put_on_list(
            programme=works.programme, dwelling=homes[far], reason=reason, fuel="none", since=DAY,
            network_km=Decimal(far), by=works.clerk,
        )  # fmt: skip
    client = client_of(works.clerk)
    table = client.get(f"{page('transition-list')}?reason=no_gas&near=1").context["table"]
    assert [row.item.dwelling_id for row in table.rows] == [homes["5.00"].pk]
    view = next(one for one in table.views if "near" in one.query)
    assert (view.count, "5" in str(view.label)) == (1, True)
    every = client.get(page("transition-list")).context["table"]
    assert {row.item.network_km: row.item.is_near for row in every.rows} == {
        Decimal("5.00"): True, Decimal("5.01"): False, Decimal("1.00"): True,
    }  # fmt: skip


# --- Projects -----------------------------------------------------------------------------------------------------


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
