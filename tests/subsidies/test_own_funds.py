"""Switches about a fact in the portal: own funds (Q20), second homes (Q11), demolition (Q10), shared costs (Q7)."""

from __future__ import annotations

import pytest

from households.models import Dwelling
from retrofits.models import Project
from retrofits.services import projects
from subsidies.models import Entitlement, StatedFact
from subsidies.services import entitlements, own_funds, stated
from tests import people
from tests.subsidies.conftest import POLICY, VILLAGE, Money, release
from tests.subsidies.test_pages import Sign, enter
from tests.subsidies.test_policies_desk import run_jobs

__all__ = ["enter"]
pytestmark = pytest.mark.django_db
LONG = POLICY.replace("2024-12-31", "2044-12-31")
FUNDS = LONG.replace("  roster: {clause: 四}", "  roster: {clause: 四}\n  own_funds: {clause: 六}")
TO_TOWN = FUNDS.replace("own_funds: {clause: 六}", "own_funds: {clause: 六, evidence: [PAID_TO_TOWN]}")


def living(money: Money) -> dict[str, str]:
    """Reason of each dwelling's conversion that stands now."""
    rows = Entitlement.objects.filter(benefit_kind="CONVERSION").exclude(state="void").order_by("dwelling_id")
    return {one.dwelling.dwelling_no: one.reason for one in rows.select_related("dwelling")}


@pytest.mark.clause(
    "L-23", "群众自筹资金到位", serves="subsidies.services.own_funds:prove_all", page="subsidies:entitlement-list",
    model="subsidies.StatedFact",
)  # fmt: skip
def test_a_towns_list_of_own_funds_opens_the_gate_for_all_but_those_it_names(money: Money, enter: Sign) -> None:
    release(money.programme, FUNDS)
    tasks = [money.accepted() for _n in range(3)]
    money.assess()
    client = enter(money.maker)
    assert "3 笔等待自筹资金" in client.get("/pay/entitlements/").content.decode()
    numbers = list(living(money))
    assert set(living(money).values()) == {"SELF_FUNDS_MISSING"}
    form = {"area": VILLAGE, "evidence": "PAID_TO_TOWN", "document_no": "收款清单7号", "without": f"{numbers[1]}、X-9"}
    refused = client.post("/pay/entitlements/assess/", form)
    assert refused.status_code == 422 and "X-9" in refused.content.decode() and not StatedFact.objects.exists()
    assert client.post("/pay/entitlements/assess/", {**form, "without": numbers[1]}).status_code == 302
    run_jobs()
    assert list(living(money).values()) == ["OK_CAPPED", "SELF_FUNDS_MISSING", "OK_CAPPED"]
    waits = Entitlement.objects.get(reason="SELF_FUNDS_MISSING", state="assessed")
    assert "<dt>计入任务</dt><dd>1 户</dd>" in client.get(f"/pay/entitlements/{waits.pk}/").content.decode()
    for task in tasks:
        task.refresh_from_db()
    assert [task.self_funds_proven for task in tasks] == [True, None, True]
    said = own_funds.OwnFunds(money.programme, people.area(VILLAGE), "PAID_TO_TOWN", "收款清单7号", (numbers[1],))
    assert (own_funds.prove_all(said, by=money.maker), StatedFact.objects.count()) == (0, 2)


def test_what_the_policy_takes_as_proof_decides_and_another_paper_is_stated_once(money: Money) -> None:
    release(money.programme, TO_TOWN)
    money.accepted()
    money.assess()
    said = own_funds.OwnFunds(money.programme, people.area(VILLAGE), "ESCROW", "专户凭证1号")
    assert own_funds.prove_all(said, by=money.maker) == 1
    assert list(living(money).values()) == ["SELF_FUNDS_MISSING"]
    assert own_funds.prove_all(said, by=money.maker) == 0
    one = Entitlement.objects.exclude(state="void").get(benefit_kind="CONVERSION")
    assert stated.statable(one)[0] == "own_funds_evidence"
    stated.state_fact(
        entitlement=one, name="own_funds_evidence", text="交到乡镇", document_no="收据9号", by=money.maker
    )
    assert entitlements.reassess_entitlement(entitlement=one, reason="已交", by=money.maker).reason == "OK_CAPPED"


LIFTED = LONG.replace(
    "LONG_VACANT, VOLUNTARY_GIVE_UP]}",
    "LONG_VACANT, VOLUNTARY_GIVE_UP], unless: [{code: SECOND_HOME, when: [{fact: second_home_approved, is: true}]}, "
    "{code: DEMOLITION_PLAN, when: [{fact: demolition_year, operator: '<', value: 2018}]}]}",
)


@pytest.mark.parametrize(
    ("home", "name", "text"),
    [
        ({"is_second_home": True}, "second_home_approved", "是"),
        ({"exclusion": "DEMOLITION_PLAN"}, "demolition_year", "2017年"),
    ],
)
def test_an_exclusion_stands_until_somebody_proves_the_exception(
    money: Money, home: dict[str, object], name: str, text: str
) -> None:
    release(money.programme, LIFTED)
    task = money.accepted()
    Dwelling.objects.filter(pk=task.dwelling_id).update(**home)
    money.assess()
    one = Entitlement.objects.get(benefit_kind="CONVERSION")
    assert (one.reason, stated.missing_fact(one)) == (home.get("exclusion", "SECOND_HOME"), name)
    stated.state_fact(entitlement=one, name=name, text=text, document_no="领导小组办公室批复3号", by=money.maker)
    assert entitlements.reassess_entitlement(entitlement=one, reason="批复", by=money.maker).reason == "OK_CAPPED"


def test_a_year_in_the_ground_of_the_exclusion_is_read(money: Money) -> None:
    release(money.programme, LIFTED)
    for note in ("2017年列入拆迁计划", "2021年列入拆迁计划", "列入拆迁计划"):
        task = money.accepted()
        Dwelling.objects.filter(pk=task.dwelling_id).update(exclusion="DEMOLITION_PLAN", exclusion_note=note)
    money.assess()
    assert list(living(money).values()) == ["OK_CAPPED", "DEMOLITION_PLAN", "DEMOLITION_PLAN"]


BY_HOUSEHOLD = LONG.replace(
    "    cost_scope: [DEVICE, INSTALLATION]\n",
    "    cost_scope: [DEVICE, INSTALLATION, SECONDARY_NETWORK]\n    shared_costs: household\n",
)


def test_a_projects_cost_is_part_of_each_dwellings_and_must_be_laid_by_the_policys_key(money: Money) -> None:
    release(money.programme, BY_HOUSEHOLD)
    tasks = [money.accepted(costs=[("DEVICE", 100_000)]) for _n in range(3)]
    Dwelling.objects.update(heated_area_m2=50)
    project = Project.objects.create(
        programme=money.programme, area_id=VILLAGE, code="p-1", name="甲村管网", subject="dwellings",
        year_from=2021, year_to=2021,
    )  # fmt: skip
    common = {"project": project, "name": "二次管网（甲村）", "amount_fen": 100_000, "by": money.office}
    homes = [task.dwelling for task in tasks]
    for home in homes:
        home.refresh_from_db()
    projects.share_cost(split_by="area", dwellings=homes, **common)
    money.assess()
    rows = Entitlement.objects.filter(benefit_kind="CONVERSION")
    assert {(one.outcome, one.reason, one.amount_fen) for one in rows} == {("undefined", "SHARED_COST_KEY", None)}
    projects.share_cost(split_by="even", dwellings=homes, **common)
    again = [entitlements.reassess_entitlement(entitlement=one, reason="重新分摊", by=money.maker) for one in rows]
    assert sorted(one.amount_fen or 0 for one in again) == [133_333, 133_333, 133_334]
