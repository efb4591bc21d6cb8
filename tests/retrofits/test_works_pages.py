"""The pages of what stands before and beside the works, driven by plain form posts."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Area
from retrofits.models import (
    Admission,
    Confirmation,
    Contract,
    GateRule,
    Product,
    Project,
    SupplyStep,
    Task,
    TenderLot,
    TransitionalHome,
)
from tests import people
from tests.retrofits.conftest import VILLAGE, Works
from tests.retrofits.test_pages import client_of, page
from tests.retrofits.test_projects import project


def gate(works: Works, code: str, clause: str, mode: str = "hard") -> None:
    GateRule.objects.create(programme=works.programme, gate=code, mode=mode, clause=clause)


def test_the_page_of_a_task_tells_what_blocks_by_which_clause_and_where_to_fix_it(works: Works) -> None:
    gate(works, "SUPPLY_CONTRACT", "J-40")
    gate(works, "ADMITTED", "L-24")
    task, client = works.task(), client_of(works.clerk)
    shown = client.get(page("task-detail", task.pk)).context["gates"]
    told = [(line.verdict.rule.clause, line.verdict.refusal.code, line.blocks, line.link) for line in shown]
    assert told == [("L-24", "FIRM_UNKNOWN", False, ""), ("J-40", "NO_CONTRACT", True, "#papers")]
    assert client.get(page("task-detail", task.pk)).context["shut"] == 1
    text = client.get(page("task-list")).content.decode()
    assert f"{page('task-detail', task.pk)}#gates" in text


def test_a_contract_is_signed_on_the_page_and_opens_its_gate(works: Works) -> None:
    gate(works, "SUPPLY_CONTRACT", "J-40")
    task, client = works.task(), client_of(works.clerk)
    form = {"deed": "contract", "number": "HT-1", "supplier": works.supplier.pk, "device_model": works.model.pk,
            "signed_on": "2021-11-30", "signer_name": "张示例", "warranty_months": "36"}  # fmt: skip
    assert client.post(page("task-paper", task.pk), {**form, "number": ""}).status_code == 422
    assert client.post(page("task-paper", task.pk), form).status_code == 302
    (line,) = client.get(page("task-detail", task.pk)).context["gates"]
    assert line.verdict.refusal.code == "NOT_CONFIRMED"  # the household's own tick is missing
    assert client.post(page("task-paper", task.pk), {"deed": "cancel", "reason": "漏签"}).status_code == 302
    form |= {"number": "HT-2", "confirms_product": "on"}
    assert client.post(page("task-paper", task.pk), form).status_code == 302
    (line,) = client.get(page("task-detail", task.pk)).context["gates"]
    assert line.verdict.state == "met"
    assert Contract.objects.filter(task=task, cancelled_on=None).count() == 1


@pytest.mark.clause(
    "J-08", "管网覆盖到的区域…优先集中供热", serves="retrofits.services.supply:give_reason",
    page="retrofits:task-detail", model="retrofits.GateReason",
)  # fmt: skip
def test_only_the_office_gives_a_reason_and_only_at_a_soft_gate(works: Works) -> None:
    gate(works, "NETWORK_FIRST", "J-08", "soft")
    gate(works, "ADMITTED", "L-24")
    task = works.task()
    Area.objects.filter(pk=task.area_id).update(in_heat_network=True)
    form = {"gate": "NETWORK_FIRST", "reason": "管径不足"}
    assert client_of(works.clerk).post(page("task-reason", task.pk), form).status_code == 403
    office = client_of(works.office)
    assert office.post(page("task-reason", task.pk), {**form, "gate": "ADMITTED"}).status_code == 422
    assert office.post(page("task-reason", task.pk), form).status_code == 302
    states = {
        line.verdict.rule.gate: line.verdict.state for line in office.get(page("task-detail", task.pk)).context["gates"]
    }
    assert states == {"NETWORK_FIRST": "excused", "ADMITTED": "blocked"}


def test_commissioning_is_recorded_and_the_task_runs(works: Works) -> None:
    task, client = works.installed(), client_of(works.clerk)
    form = {"deed": "confirm", "kind": "commissioned", "done_on": "2021-12-01"}
    assert client.post(page("task-paper", task.pk), form).status_code == 422  # nobody signed
    assert client.post(page("task-paper", task.pk), {**form, "signer_name": "张示例"}).status_code == 302
    assert Confirmation.objects.get().kind == "commissioned"
    Task.objects.filter(pk=task.pk).update(state="accepted")
    assert client.post(page("task-move", task.pk), {"deed": "start"}).status_code == 302
    assert Task.objects.get(pk=task.pk).state == "running"
    assert client.post(page("task-move", task.pk), {"deed": "accept"}).status_code == 422
    assert client.post(page("task-move", task.pk), {"deed": "reopen", "reason": "x"}).status_code == 403


def test_an_enterprise_is_put_forward_reviewed_and_admitted_by_two_people(works: Works) -> None:
    office, leader = client_of(works.office), client_of(people.user("leading_group", "370999"))
    assert office.post(page("admission-new"), {"supplier": works.supplier.pk}).status_code == 302
    made = Admission.objects.get()
    act = page("admission-act", made.pk)
    review = {"deed": "review", "experts": "甲", "words": "合格", "warranty_months": "36", "service_point": "网点"}
    certificate = {
        "deed": "certificate",
        "work": "construction",
        "name": "资质",
        "number": "1",
        "valid_from": "2020-01-01",
    }
    assert office.post(act, {**review, "experts": ""}).status_code == 422
    assert [office.post(act, form).status_code for form in (review, certificate)] == [302, 302]
    assert office.post(act, {"deed": "admit"}).status_code == 403
    assert leader.post(act, {"deed": "admit"}).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.decided_by_id != made.entered_by_id) == ("admitted", True)
    assert works.supplier.name in client_of(works.clerk).get(page("admission-list")).content.decode()
    assert office.get(page("admission-detail", made.pk)).status_code == 200


def test_a_product_is_described_and_a_stale_form_is_refused(works: Works) -> None:
    office = client_of(works.office)
    form = {"voltage_v": "220", "frequency_hz": "50", "papers": ["manual"], "uses": ["dwelling"], "version": ""}
    assert office.post(page("product-edit", works.model.pk), form).status_code == 302
    assert (Product.objects.get().voltage_v, Product.objects.get().papers) == (220, ["manual"])
    assert office.post(page("product-edit", works.model.pk), {**form, "version": "7"}).status_code == 422
    assert office.post(page("product-edit", works.model.pk), {**form, "voltage_v": "hot"}).status_code == 422
    assert client_of(works.clerk).post(page("product-edit", works.model.pk), form).status_code == 403


def test_a_step_of_gas_supply_is_entered_and_shown(works: Works) -> None:
    office = client_of(works.office)
    form = {"area": "370999", "step": "plan", "done_on": "2021-11-01", "party": "燃气公司", "paper_no": "Q-1"}
    assert office.post(page("supply-new"), form).status_code == 302
    assert office.post(page("supply-new"), {**form, "step": "safety"}).status_code == 422
    assert SupplyStep.objects.get().step == "plan"
    assert "Q-1" in client_of(works.clerk).get(page("supply-list")).content.decode()


def test_a_dwelling_goes_on_the_transitional_list_and_off(works: Works) -> None:
    task, clerk = works.task(), client_of(works.clerk)
    form = {"dwelling_no": task.dwelling.dwelling_no, "reason": "later", "fuel": "biomass", "since": "2021-11-01"}
    assert clerk.post(page("transition-new"), {**form, "dwelling_no": "X"}).status_code == 422
    assert clerk.post(page("transition-new"), form).status_code == 302
    home = TransitionalHome.objects.get()
    assert task.dwelling.dwelling_no in clerk.get(page("transition-list")).content.decode()
    end = {"on": "2021-12-01", "note": "集中供热"}
    assert clerk.post(page("transition-end", home.pk), {**end, "on": "2021-10-31"}).status_code == 422
    assert clerk.post(page("transition-end", home.pk), end).status_code == 302
    assert clerk.post(page("transition-end", home.pk), end).status_code == 409


def test_a_project_is_entered_measured_budgeted_and_moved(works: Works) -> None:
    office = client_of(works.office)
    form = {"code": "net-1", "area": "370999", "name": "管网", "subject": "network", "works": "new",
            "year_from": "2021", "year_to": "2022", "responsible_units": "甲镇、乙镇"}  # fmt: skip
    assert office.post(page("project-new"), {**form, "year_to": "2020"}).status_code == 422
    assert office.post(page("project-new"), form).status_code == 302
    made = Project.objects.get()
    assert made.responsible_units == ["甲镇", "乙镇"]
    act = page("project-act", made.pk)
    posts: list[tuple[dict[str, Any], int]] = [
        ({"deed": "measure", "name": "管网", "unit": "km", "planned": "24.58"}, 302),
        ({"deed": "funds", "total": "500", "CENTRAL": "100", "ENTERPRISE": "399.99"}, 422),
        ({"deed": "funds", "total": "500", "CENTRAL": "100", "ENTERPRISE": "400"}, 302),
        ({"deed": "approve"}, 422),
        ({"deed": "paper", "kind": "design", "number": "D-1", "issuer": "院", "dated_on": "2021-01-01"}, 302),
        ({"deed": "stop", "reason": "缓建"}, 302),
        ({"deed": "begin"}, 409),
    ]
    assert [office.post(act, form).status_code for form, _status in posts] == [status for _form, status in posts]
    assert made.funds.get(source="ENTERPRISE").amount_fen == 40_000
    edit = page("project-edit", made.pk)
    assert office.get(edit).status_code == 200
    version = Project.objects.get().version
    changed = {**form, "name": "新名", "version": version, "reason": "更正"}
    assert office.post(edit, changed).status_code == 302
    assert office.post(edit, changed).status_code == 422  # an old version
    assert client_of(works.clerk).get(page("project-detail", made.pk)).status_code == 200


def test_a_shared_cost_is_split_by_persons_on_the_page(works: Works) -> None:
    made = project(works)
    homes = [works.task().dwelling for _n in range(3)]
    for home, residents in zip(homes, (4, 2, None), strict=True):
        type(home.household).objects.filter(pk=home.household_id).update(residents=residents)
    office = client_of(works.office)
    form = {"deed": "share", "name": "支线", "amount": "100.01", "split_by": "head", "village": VILLAGE}
    answer = office.post(page("project-act", made.pk), form)
    assert (answer.status_code, homes[2].dwelling_no in answer.content.decode()) == (422, True)  # nobody counted there
    type(homes[2].household).objects.filter(pk=homes[2].household_id).update(residents=1)
    assert office.post(page("project-act", made.pk), form).status_code == 302
    assert list(made.shared_costs.get().shares.values_list("amount_fen", flat=True)) == [5714, 2857, 1430]


def test_a_lot_is_opened_bid_for_and_awarded(works: Works) -> None:
    office = client_of(works.office)
    form = {"number": "L-1", "title": "热风机", "departments": "住建局、财政局", "opened_on": "2021-06-01",
            "price_weight": "40", "criteria": "质量 35\n售后 25"}  # fmt: skip
    assert office.post(page("lot-new"), {**form, "criteria": "质量 34"}).status_code == 422
    assert office.post(page("lot-new"), {**form, "criteria": "质量"}).status_code == 422
    assert office.post(page("lot-new"), form).status_code == 302
    lot = TenderLot.objects.get()
    bid = {
        "deed": "bid",
        "supplier": works.supplier.pk,
        "price": "5680",
        "points_0": "80",
        "points_1": "90",
        "points_2": "95",
    }
    act = page("lot-act", lot.pk)
    assert office.post(act, {**bid, "points_0": "101"}).status_code == 422
    assert office.post(act, bid).status_code == 302
    assert office.post(act, {"deed": "award", "bid": "999999"}).status_code == 422
    assert office.post(act, {"deed": "award", "bid": lot.bids.get().pk}).status_code == 302
    lot.refresh_from_db()
    assert (lot.state, lot.bids.get().is_winner) == ("awarded", True)
    assert office.get(page("lot-detail", lot.pk)).status_code == 200


@pytest.mark.parametrize("name", ["admission-list", "product-list", "supply-list", "transition-list", "lot-list"])
def test_lists_without_rows_say_what_belongs_there(works: Works, name: str) -> None:
    assert client_of(works.inspector).get(page(name)).status_code == 200
