"""Projects with papers, measures, money and shared costs; tender lots with scoring and award."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import Area
from core.refusals import Refused
from devices.models import Supplier
from households.models import Dwelling
from retrofits import project_states
from retrofits.models import GateRule, Project, TenderLot
from retrofits.services import projects, tenders
from retrofits.services.installations import record_installation
from retrofits.services.tenders import Weighed
from tests import people
from tests.retrofits.conftest import DAY, VILLAGE, Works

CRITERIA = (Weighed("价格", 40, is_price=True), Weighed("质量", 35), Weighed("售后", 25))


def project(works: Works, **changes: Any) -> Project:
    values = {"name": "东片区供热管网", "subject": "network", "works": "new", "year_from": 2021, "year_to": 2022}
    return projects.enter_project(
        programme=works.programme, area=Area.objects.get(code="370999"), code="net-1", values=values | changes,
        by=works.office,
    )  # fmt: skip


def code_of(deed: Any, /, **values: Any) -> str:
    with pytest.raises(Refused) as refusal:
        deed(**values)
    return refusal.value.code


def file(works: Works, of: Project, *kinds: str) -> None:
    for kind in kinds:
        projects.file_paper(
            project=of, kind=kind, number=f"{kind}-1", issuer="示例院", dated_on=date(2021, 3, 1), by=works.office
        )


@pytest.mark.clause(
    "L-26", "编制可行性研究报告或者初步设计", serves="retrofits.services.projects:move_project",
    page="retrofits:project-detail", model="retrofits.ProjectPaper",
)  # fmt: skip
@pytest.mark.parametrize("first", ["feasibility", "design"])
def test_a_project_is_approved_with_study_or_design_review_and_approval(works: Works, first: str) -> None:
    made = project(works)
    move = {"project": made, "deed": "approve", "by": works.office}
    assert code_of(projects.move_project, **move) == "PAPERS_MISSING"
    file(works, made, first, "review")
    assert code_of(projects.move_project, **move) == "PAPERS_MISSING"
    file(works, made, "approval")
    assert projects.move_project(**move).state == "approved"
    assert code_of(projects.move_project, **move) == "PROJECT_STATE"


@pytest.mark.clause(
    "L-11", "一级供热管网2*12.29Km", serves="retrofits.services.projects:record_progress",
    model="retrofits.ProjectMeasure",
)  # fmt: skip
def test_a_network_is_finished_when_its_kilometres_are_built(works: Works) -> None:
    made = building(works)
    measure = projects.add_measure(
        project=made, name="一级管网", unit="km", planned=Decimal("24.58"), by=works.office
    )  # fmt: skip
    file(works, made, "completion")
    progress(works, measure, 1, "24.57")
    assert code_of(projects.move_project, project=made, deed="finish", by=works.office) == "NOT_MEASURED"
    progress(works, measure, 2, "24.58")
    assert code_of(progress, works=works, measure=measure, day=3, done="20") == "PROGRESS_BACK"
    assert projects.move_project(project=made, deed="finish", by=works.office).state == "finished"
    assert code_of(projects.move_project, project=made, deed="accept", by=works.office) == "PAPERS_MISSING"
    file(works, made, "acceptance")
    assert projects.move_project(project=made, deed="accept", by=works.office).state == "accepted"


def building(works: Works) -> Project:
    made = project(works)
    file(works, made, "design", "review", "approval")
    for deed in ("approve", "begin"):
        projects.move_project(project=made, deed=deed, by=works.office)
    return made


def progress(works: Works, measure: Any, day: int, done: str) -> None:
    projects.record_progress(measure=measure, on=date(2021, 6, day), done=Decimal(done), by=works.office)


@pytest.mark.clause("L-15", "总投资", serves="retrofits.services.projects:set_funds", model="retrofits.ProjectFunds")
def test_sources_add_up_to_the_total_to_the_fen(works: Works) -> None:
    made, money = project(works), {"CENTRAL": 100_000_000, "ENTERPRISE": 400_000_000}
    values = {"project": made, "amounts": money, "by": works.office}
    assert code_of(projects.set_funds, **values, total_fen=500_000_001) == "FUNDS_SUM"
    assert projects.set_funds(**values, total_fen=500_000_000).total_fen == 500_000_000
    projects.set_funds(project=made, amounts={"CENTRAL": 5}, total_fen=None, by=works.office)
    assert [(one.source, one.amount_fen) for one in made.funds.all()] == [("CENTRAL", 5)]


def test_from_every_state_a_project_can_go_on() -> None:
    sources = {move.source for move in project_states.MOVES}
    assert sources == set(Project.State)
    assert {move.target for move in project_states.MOVES} == set(Project.State)


def test_two_who_correct_one_project_do_not_overwrite_each_other(works: Works) -> None:
    made = project(works)
    values = {"project": made, "version": 1, "values": {"name": "改名"}, "by": works.office}
    assert code_of(projects.edit_project, **values, reason="") == "REASON_MISSING"
    projects.edit_project(**values, reason="更正")
    assert code_of(projects.edit_project, **values, reason="更正") == "PROJECT_CHANGED"
    with pytest.raises(PermissionDenied):
        projects.edit_project(project=made, version=2, values={}, reason="x", by=works.clerk)


def test_a_shared_cost_is_split_by_area_and_the_last_dwelling_takes_the_rest(works: Works) -> None:
    homes = [people.dwelling(VILLAGE, heated_area_m2=area) for area in (60, 70, 77)]
    made = project(works)
    values = {"project": made, "amount_fen": 100_001, "dwellings": homes, "by": works.office}
    cost = projects.share_cost(**values, name="支线", split_by="area")
    shares = [(one.dwelling_id, one.amount_fen) for one in cost.shares.order_by("id")]
    assert shares == [(homes[0].pk, 28_985), (homes[1].pk, 33_816), (homes[2].pk, 37_200)]
    assert sum(amount for _home, amount in shares) == 100_001
    assert code_of(projects.share_cost, **values, name="支线", split_by="area") == "SHARE_KNOWN"
    heads = {homes[0].pk: 3, homes[1].pk: 1}
    assert code_of(projects.share_cost, **values, name="站房", split_by="head", persons=heads) == "SHARE_FAULTY"
    Dwelling.objects.filter(pk=homes[2].pk).update(heated_area_m2=None)
    values["dwellings"] = list(Dwelling.objects.filter(pk__in=[home.pk for home in homes]))
    assert code_of(projects.share_cost, **values, name="阀井", split_by="area") == "SHARE_FAULTY"


# --- Tenders ------------------------------------------------------------------------------------------------------


def lot(works: Works, **changes: Any) -> TenderLot:
    values = {
        "number": "L-1", "title": "空气源热风机", "departments": ["住建局", "财政局"], "criteria": CRITERIA,
        "opened_on": DAY, "by": works.office,
    }  # fmt: skip
    return tenders.open_lot(programme=works.programme, **values | changes)


def bid(works: Works, of: TenderLot, name: str, price: int, *points: int, **more: Any) -> Any:
    firm = Supplier.objects.get_or_create(code=name, defaults={"name": name})[0]
    given = dict(zip(("价格", "质量", "售后"), points, strict=True))
    return tenders.enter_bid(lot=of, supplier=firm, price_fen=price, points=given, by=works.office, **more)


@pytest.mark.clause(
    "J-52", "不片面追求低价中标", serves="retrofits.services.tenders:open_lot", page="retrofits:lot-list",
    model="retrofits.Criterion",
)  # fmt: skip
def test_price_alone_never_decides(works: Works) -> None:
    assert code_of(lot, works=works, criteria=[Weighed("价格", 100, is_price=True)]) == "PRICE_ONLY"
    assert code_of(lot, works=works, criteria=[Weighed("价格", 40, is_price=True)]) == "WEIGHTS_NOT_100"
    opened = lot(works)
    cheap, good = bid(works, opened, "cheap", 500_000, 100, 60, 50), bid(works, opened, "good", 560_000, 85, 95, 90)
    assert [one.supplier.code for one, _points in tenders.ranking(opened)] == ["good", "cheap"]
    assert tenders.ranking(opened)[0][1] == Decimal("89.75")
    assert code_of(tenders.award_lot, lot=opened, bid=cheap, by=works.office) == "NOT_THE_BEST"
    assert tenders.award_lot(lot=opened, bid=good, on=DAY, by=works.office).state == "awarded"
    assert code_of(tenders.award_lot, lot=opened, bid=cheap, reason="x", by=works.office) == "LOT_STATE"


@pytest.mark.clause(
    "D-39", "组织相关部门联合进行", serves="retrofits.services.tenders:open_lot", model="retrofits.TenderLot"
)
def test_one_department_alone_holds_no_tender(works: Works) -> None:
    assert code_of(lot, works=works, departments=["住建局"]) == "NOT_JOINT"
    assert code_of(lot, works=works, departments=["住建局", " 住建局 "]) == "NOT_JOINT"


@pytest.mark.clause(
    "J-45", "中标设备需符合相关数据接入要求", serves="retrofits.services.tenders:enter_bid", model="retrofits.Bid"
)
def test_a_lot_under_annex_2_takes_docked_models_only(works: Works) -> None:
    opened = lot(works, refers_to_data_access=True, ceiling_fen=600_000)
    bare = lambda: bid(works, opened, "linshi", 500_000, 90, 90, 90)  # noqa: E731
    assert code_of(bare) == "NOT_DOCKED"
    works.model.docking_confirmed_on = None
    assert code_of(lambda: bid(works, opened, "linshi", 1, 90, 90, 90, device_model=works.model)) == "NOT_DOCKED"
    works.model.docking_confirmed_on = DAY
    over = lambda: bid(works, opened, "linshi", 600_001, 90, 90, 90, device_model=works.model)  # noqa: E731
    assert code_of(over) == "OVER_CEILING"
    assert bid(works, opened, "linshi", 600_000, 90, 90, 90, device_model=works.model).lot == opened


@pytest.mark.clause(
    "T-47", "组织招标择优选购", serves="retrofits.services.tenders:award_lot", page="retrofits:lot-detail",
    model="retrofits.TenderLot",
)  # fmt: skip
def test_only_the_winner_of_a_lot_installs(works: Works) -> None:
    GateRule.objects.create(programme=works.programme, gate="TENDER", mode="hard", clause="T-47")
    task, opened = works.task(), lot(works)
    won = bid(works, opened, "linshi", 500_000, 90, 90, 90)
    with pytest.raises(Refused) as refusal:
        record_installation(task=task, entry=works.entry(), by=works.clerk, on=DAY)
    assert [fault.code for fault in refusal.value.faults] == ["NO_AWARD"]  # type: ignore[attr-defined]
    tenders.award_lot(lot=opened, bid=won, on=DAY, by=works.office)
    record_installation(task=task, entry=works.entry(), by=works.clerk, on=DAY)
