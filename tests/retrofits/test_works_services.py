"""Contracts, confirmations, sets of devices, gas supply, the old stove, dwellings that wait: the real services."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import Area
from core.refusals import Refused
from retrofits.faults import Faulty
from retrofits.models import Bundle, BundlePart, Confirmation, Contract, GateRule, Installation, Task, TransitionalHome
from retrofits.services import contracts, enterprises, products, supply, transition
from retrofits.services.contracts import Done, SupplyContract
from retrofits.services.installations import record_installation
from retrofits.services.tasks import move_task
from telemetry.models import HourlyRollup
from tests import people
from tests.retrofits.conftest import DAY, VILLAGE, Works

TODAY = date(2023, 5, 1)


def gate(works: Works, code: str, clause: str, mode: str = "hard") -> None:
    GateRule.objects.create(programme=works.programme, gate=code, mode=mode, clause=clause)


def limit(works: Works, code: str, operator: str, value: str, clause: str) -> None:
    works.programme.thresholds.create(code=code, name=code, operator=operator, value=value, clause=clause)


def contract(works: Works, number: str = "HT-1", **changes: object) -> SupplyContract:
    given = SupplyContract(number, works.supplier, date(2021, 12, 1), "张示例", True, works.model, 36)
    return replace(given, **changes)  # type: ignore[arg-type]


def refused(works: Works, task: Task, **changes: str) -> list[str]:
    """Codes with which recording the installation is refused."""
    with pytest.raises(Faulty) as refusal:
        record_installation(task=task, entry=works.entry(**changes), by=works.clerk, on=DAY)
    assert Task.objects.get(pk=task.pk).state == "listed"
    assert not Installation.objects.filter(task=task).exists()
    return [fault.code for fault in refusal.value.faults]


@pytest.mark.clause(
    "J-40", "签订供货合同书", serves="retrofits.services.contracts:sign_contracts", model="retrofits.Contract"
)
def test_without_a_signed_supply_contract_nothing_is_installed(works: Works) -> None:
    gate(works, "SUPPLY_CONTRACT", "J-40")
    task = works.task()
    assert refused(works, task) == ["NO_CONTRACT"]
    contracts.sign_contract(task=task, contract=contract(works, signed_on=date(2021, 12, 2)), by=works.clerk, on=DAY)
    assert refused(works, task) == ["SIGNED_LATER"]  # installed on the first, signed on the second
    assert refused(works, task, installed_on="2021-11-30") == ["SIGNED_LATER"]
    record_installation(task=task, entry=works.entry(installed_on="2021-12-02"), by=works.clerk, on=DAY)
    assert Task.objects.get(pk=task.pk).state == "installed"


def test_a_refusal_tells_gate_reason_and_clause_beside_the_faults_of_the_entry(works: Works) -> None:
    gate(works, "SUPPLY_CONTRACT", "J-40")
    with pytest.raises(Faulty) as refusal:
        record_installation(task=works.task(), entry=works.entry(unit="300"), by=works.clerk, on=DAY)
    found = {fault.field: fault for fault in refusal.value.faults}
    assert set(found) == {"unit", "SUPPLY_CONTRACT"}
    assert "J-40" in found["SUPPLY_CONTRACT"].sentence


def test_a_household_has_one_living_contract(works: Works) -> None:
    task = works.task()
    made = contracts.sign_contract(task=task, contract=contract(works), by=works.clerk, on=DAY)
    with pytest.raises(Refused) as refusal:
        contracts.sign_contract(task=task, contract=contract(works, "HT-2"), by=works.clerk, on=DAY)
    assert refusal.value.code == "CONTRACT_KNOWN"
    contracts.cancel_contract(contract=made, reason="换产品", by=works.clerk, on=DAY)
    contracts.sign_contract(task=task, contract=contract(works, "HT-2"), by=works.clerk, on=DAY)
    assert Contract.objects.filter(task=task).count() == 2


def test_many_contracts_are_recorded_at_once_or_not_at_all(works: Works, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    tasks = [works.task() for _n in range(12)]
    signed = [(task, contract(works, f"HT-{n}")) for n, task in enumerate(tasks)]
    with pytest.raises(Refused):
        contracts.sign_contracts(signed=[*signed, (tasks[0], contract(works, "HT-99"))], by=works.clerk, on=DAY)
    assert not Contract.objects.exists()
    with django_assert_max_num_queries(12):
        contracts.sign_contracts(signed=signed, by=works.clerk, on=DAY)
    assert Contract.objects.count() == 12


def test_a_contract_needs_the_right_over_the_place(works: Works) -> None:
    with pytest.raises(PermissionDenied):
        stranger = people.user("town_staff", "370999002")
        contracts.sign_contract(task=works.task(), contract=contract(works), by=stranger, on=DAY)


@pytest.mark.clause(
    "L-24", "进行评审并实行摸底登记", serves="retrofits.services.enterprises:decide_admission",
    page="retrofits:admission-list", model="retrofits.Admission",
)  # fmt: skip
def test_only_an_admitted_enterprise_installs_and_nobody_admits_his_own(works: Works) -> None:
    gate(works, "ADMITTED", "L-24")
    task, leader = works.task(), people.user("leading_group", "370999")
    assert refused(works, task) == ["NOT_ADMITTED"]
    put = enterprises.put_forward(programme=works.programme, supplier=works.supplier, on=DAY, by=works.office)
    with pytest.raises(Refused) as early:
        enterprises.decide_admission(admission=put, admit=True, on=DAY, by=leader)
    assert early.value.code == "ADMISSION_STATE"
    words = {"experts": "甲、乙", "words": "合格", "service_point": "示例路 1 号"}
    enterprises.review_admission(admission=put, **words, warranty_months=36, on=DAY, by=works.office)
    with pytest.raises(PermissionDenied):
        enterprises.decide_admission(admission=put, admit=True, on=DAY, by=works.office)
    twin = people.user("leading_group", "370999", person_no=works.office.person_no)
    with pytest.raises(Refused) as own:
        enterprises.decide_admission(admission=put, admit=True, on=DAY, by=twin)
    assert own.value.code == "OWN_ENTRY"
    with pytest.raises(Refused) as bare:
        enterprises.decide_admission(admission=put, admit=True, on=DAY, by=leader)
    assert bare.value.code == "NO_QUALIFICATION"
    certify(works, until=DAY)
    enterprises.decide_admission(admission=put, admit=True, on=date(2021, 12, 1), by=leader)
    record_installation(task=task, entry=works.entry(), by=works.clerk, on=DAY)


def certify(works: Works, until: date) -> None:
    enterprises.record_qualification(
        supplier=works.supplier, work="construction", name="资质", number="Z-1", valid_from=date(2020, 1, 1),
        valid_until=until, programme=works.programme, by=works.office,
    )  # fmt: skip


@pytest.mark.parametrize(("until", "codes"), [(date(2021, 12, 1), []), (date(2021, 11, 30), ["QUALIFICATION_EXPIRED"])])
@pytest.mark.clause(
    "J-72", "有资质的设计、施工和监理单位", serves="retrofits.services.enterprises:record_qualification",
    model="retrofits.Qualification",
)  # fmt: skip
def test_a_qualification_holds_to_its_last_day(works: Works, until: date, codes: list[str]) -> None:
    gate(works, "QUALIFIED", "J-72")
    task = works.task()
    certify(works, until)
    if codes:
        assert refused(works, task) == codes
    else:
        record_installation(task=task, entry=works.entry(), by=works.clerk, on=DAY)


@pytest.mark.parametrize(("months", "passes"), [(35, False), (36, True)])
@pytest.mark.clause(
    "L-77", "不低于3年的售后保证体系", serves="retrofits.services.enterprises:review_admission",
    model="retrofits.Admission",
)  # fmt: skip
def test_a_warranty_below_three_years_is_refused(works: Works, months: int, passes: bool) -> None:
    limit(works, "WARRANTY_YEARS", ">=", "3", "L-77")
    put = enterprises.put_forward(programme=works.programme, supplier=works.supplier, on=DAY, by=works.office)
    values = {"experts": "甲", "words": "合格", "service_point": "网点", "warranty_months": months, "by": works.office}
    if passes:
        assert enterprises.review_admission(admission=put, **values).state == "reviewed"
        return
    with pytest.raises(Refused) as refusal:
        enterprises.review_admission(admission=put, **values)
    assert (refusal.value.code, refusal.value.values["clause"]) == ("WARRANTY_SHORT", "L-77")


@pytest.mark.parametrize(("power", "codes"), [("15.0", ["POWER"]), ("15.1", [])])
@pytest.mark.clause(
    "L-49", "大于15千瓦", serves="retrofits.services.products:describe_product", model="retrofits.Product"
)
def test_a_gas_boiler_of_exactly_fifteen_kilowatts_is_not_installed(works: Works, power: str, codes: list[str]) -> None:
    gas(works)
    gate(works, "GAS_POWER", "L-49")
    limit(works, "GAS_BOILER_KW", ">", "15", "L-49")
    products.describe_product(device_model=works.model, values={"thermal_power_kw": Decimal(power)}, by=works.office)
    task = works.task()
    if codes:
        assert refused(works, task) == codes
    else:
        record_installation(task=task, entry=works.entry(), by=works.clerk, on=DAY)


@pytest.mark.parametrize(("grade", "codes"), [(3, ["GRADE"]), (2, []), (None, ["GRADE_UNKNOWN"])])
@pytest.mark.clause(
    "J-13", "不得低于2级", serves="retrofits.services.products:describe_product", model="retrofits.Product"
)
def test_a_gas_boiler_below_grade_two_is_not_installed(works: Works, grade: int | None, codes: list[str]) -> None:
    gas(works)
    gate(works, "GAS_GRADE", "J-13")
    limit(works, "GAS_BOILER_GRADE", "<=", "2", "J-13")
    products.describe_product(device_model=works.model, values={"efficiency_grade": grade}, by=works.office)
    assert works.model.product.efficiency_grade == grade
    task = works.task()
    if codes:
        assert refused(works, task) == codes
    else:
        record_installation(task=task, entry=works.entry(), by=works.clerk, on=DAY)


def gas(works: Works) -> None:
    works.programme.technologies.update(family="GAS")


@pytest.mark.clause(
    "J-12", "气源合同签订不到位、基础设施、安全保障不到位…不得进行改造", serves="retrofits.services.supply:record_step",
    page="retrofits:supply-list", model="retrofits.SupplyStep",
)  # fmt: skip
@pytest.mark.clause(
    "J-11", "先规划、先合同、后改造", serves="retrofits.services.supply:record_step", page="retrofits:supply-list",
    model="retrofits.SupplyStep",
)  # fmt: skip
def test_gas_goes_plan_contract_works_and_a_county_step_reaches_its_villages(works: Works) -> None:
    gas(works)
    for code in ("GAS_PLAN", "GAS_CONTRACT", "GAS_INFRASTRUCTURE", "GAS_SAFETY"):
        gate(works, code, "J-12")
    task, county = works.task(), Area.objects.get(code="370999")
    step(works, county, "plan", 1)
    with pytest.raises(Refused) as order:
        step(works, county, "infrastructure", 2)
    assert (order.value.code, order.value.values["step"]) == ("STEP_OUT_OF_ORDER", "气源合同")
    step(works, county, "contract", 2)
    assert refused(works, task) == ["STEP_MISSING", "STEP_MISSING"]
    step(works, county, "infrastructure", 3)
    step(works, Area.objects.get(code=VILLAGE), "safety", 4)
    record_installation(task=task, entry=works.entry(), by=works.clerk, on=DAY)


def step(works: Works, area: Area, name: str, day: int) -> None:
    supply.record_step(
        programme=works.programme, area=area, step=name, done_on=date(2021, 11, day), party="燃气公司",
        paper_no=f"Q-{day}", by=works.office,
    )  # fmt: skip


@pytest.mark.clause(
    "L-28", "1种冬季清洁取暖模式", serves="retrofits.services.supply:give_reason", model="retrofits.GateReason"
)
def test_a_second_technology_in_a_group_needs_a_reason(works: Works) -> None:
    gate(works, "ONE_TECHNOLOGY", "L-28", "soft")
    task, other = works.task(), works.task()
    route = people.technology(works.programme, "GAS")
    Task.objects.filter(pk=other.pk).update(technology=route)
    assert refused(works, task) == ["OTHER_TECHNOLOGY"]
    with pytest.raises(PermissionDenied):
        supply.give_reason(task=task, gate="ONE_TECHNOLOGY", reason="x", by=works.clerk)
    with pytest.raises(Refused):
        supply.give_reason(task=task, gate="ONE_TECHNOLOGY", reason=" ", by=works.office)
    supply.give_reason(task=task, gate="ONE_TECHNOLOGY", reason="散居庄点，管道不到", by=works.office)
    record_installation(task=task, entry=works.entry(), by=works.clerk, on=DAY)


@pytest.mark.clause(
    "D-14", "未经过一个采暖季稳定运行的，决不允许拆除原有供暖设施", serves="retrofits.services.contracts:confirm_all",
    model="retrofits.Confirmation",
)  # fmt: skip
def test_the_old_stove_stays_until_a_whole_season_is_proven(works: Works) -> None:
    gate(works, "STABLE_SEASON", "D-14")
    task = works.installed()  # on 2021-12-01, after the season began
    Task.objects.filter(pk=task.pk).update(state="running")
    removed = Done("old_removed", date(2023, 4, 1), "张示例")
    with pytest.raises(Faulty) as shut:
        contracts.confirm(task=task, done=removed, by=works.clerk, on=TODAY)
    assert [fault.code for fault in shut.value.faults] == ["SEASON_NOT_PROVEN"]
    for season, code in ((2021, "SEASON_OPEN"), (2023, "SEASON_OPEN")):
        with pytest.raises(Refused) as refusal:
            proof = Done("stable_season", date(2023, 4, 1), season=season)
            contracts.confirm(task=task, done=proof, by=works.clerk, on=TODAY)
        assert refusal.value.code == code
    contracts.confirm(task=task, done=Done("stable_season", date(2023, 4, 1), season=2022), by=works.clerk, on=TODAY)
    contracts.confirm(task=task, done=removed, by=works.clerk, on=TODAY)
    assert Confirmation.objects.filter(task=task, kind="old_removed").count() == 1


def test_a_season_is_over_only_on_the_day_after_its_last(works: Works) -> None:
    task = works.installed()
    Task.objects.filter(pk=task.pk).update(state="running")
    last = date(2023, 3, 31)
    with pytest.raises(Refused):
        contracts.confirm(task=task, done=Done("stable_season", last, season=2022), by=works.clerk, on=TODAY)
    done = Done("stable_season", last + timedelta(days=1), season=2022)
    contracts.confirm(task=task, done=done, by=works.clerk, on=TODAY)


@pytest.mark.parametrize(("days", "code"), [(120, "SEASON_NOT_RUN"), (121, "")])
def test_a_heater_on_line_proves_its_season_by_days_with_heat(works: Works, days: int, code: str) -> None:
    """80 % of the season's 151 days are 120.8."""
    works.programme.settings = {"stable_season": {"running_days_percent": 80}}
    works.programme.save()
    task = works.installed()
    Task.objects.filter(pk=task.pk).update(state="running")
    first = datetime(2022, 11, 1, 0, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    HourlyRollup.objects.bulk_create(
        HourlyRollup(heater=task.installation.heater, hour=first + timedelta(days=n, hours=h), n=60, minutes_on=on)
        for n in range(-2, 151)  # two days before the season, and hours without heat, prove nothing
        for h, on in ((0, 30 if n < days else 0), (1, 30 if n < days else None))
    )
    proof = Done("stable_season", date(2023, 4, 1), season=2022)
    if code:
        with pytest.raises(Refused) as refusal:
            contracts.confirm(task=task, done=proof, by=works.clerk, on=TODAY)
        assert (refusal.value.code, "120" in refusal.value.sentence) == (code, True)
        proof = replace(proof, note="电表 1,900 kWh，入户核实")
    assert contracts.confirm(task=task, done=proof, by=works.clerk, on=TODAY).season == 2022


@pytest.mark.clause(
    "L-46", "1台热风机+1台直热式电暖器+1套电热炕", serves="retrofits.services.contracts:record_device",
    model="retrofits.Bundle",
)  # fmt: skip
def test_a_set_of_devices_is_complete_before_it_is_accepted(works: Works) -> None:
    gate(works, "BUNDLE", "L-46")
    task = works.ready()
    made = Bundle.objects.create(technology=task.technology, code="set", name="成套")
    for kind in ("ashp", "direct_electric", "electric_kang"):
        BundlePart.objects.create(bundle=made, kind=kind, name=kind)
    assert accept_faults(works, task) == ["NO_BUNDLE"]
    contracts.choose_bundle(task=task, bundle=made, by=works.clerk)
    contracts.record_device(task=task, kind="direct_electric", model_no="D", factory_code="D-1", by=works.clerk)
    assert accept_faults(works, task) == ["DEVICES_MISSING"]
    with pytest.raises(Refused) as twice:
        contracts.record_device(task=task, kind="direct_electric", model_no="D", factory_code="D-2", by=works.clerk)
    assert twice.value.code == "NOT_IN_SET"
    contracts.record_device(task=task, kind="electric_kang", model_no="K", factory_code="K-1", by=works.clerk)
    assert accept_faults(works, task) == []


def accept_faults(works: Works, task: Task) -> list[str]:
    """Gates that keep the task from being accepted now."""
    from retrofits import states

    task = Task.objects.get(pk=task.pk)
    move = states.find(task, "accept")
    assert move is not None
    return [fault.code for fault in states.shut_gates(task, move, on=DAY)]


@pytest.mark.clause(
    "D-13", "已改造但未通气", serves="retrofits.services.transition:put_on_list", page="retrofits:transition-list",
    model="retrofits.TransitionalHome",
)  # fmt: skip
def test_a_converted_dwelling_waits_on_the_list_until_gas_is_on(works: Works) -> None:
    gas(works)
    gate(works, "GAS_ON", "D-13")
    task = works.installed()
    values = {"programme": works.programme, "dwelling": task.dwelling, "reason": "no_gas", "fuel": "clean_coal"}
    with pytest.raises(Refused) as far:
        transition.put_on_list(**values, since=DAY, by=works.clerk)
    assert far.value.code == "HOME_FAULTY"
    home = transition.put_on_list(**values, since=DAY, network_km=Decimal("4.8"), by=works.clerk)
    with pytest.raises(Refused) as twice:
        transition.put_on_list(**values, since=DAY, network_km=Decimal(1), by=works.clerk)
    assert twice.value.code == "ON_LIST"
    Task.objects.filter(pk=task.pk).update(state="accepted")
    with pytest.raises(Faulty):
        move_task(task=task, deed="start", by=works.clerk)
    contracts.confirm(task=task, done=Done("gas_on", DAY + timedelta(days=3)), by=works.clerk, on=TODAY)
    assert TransitionalHome.objects.get(pk=home.pk).ended_on == DAY + timedelta(days=3)
    assert move_task(task=task, deed="start", by=works.clerk).state == "running"


def test_a_withdrawn_task_comes_back_unless_another_lives(works: Works) -> None:
    from retrofits.services.tasks import withdraw_task

    task = works.task()
    withdraw_task(task=task, reason="外出", by=works.office)
    with pytest.raises(Refused) as bare:
        move_task(task=task, deed="reopen", by=works.office)
    assert bare.value.code == "REASON_MISSING"
    assert move_task(task=task, deed="reopen", reason="已返乡", by=works.office).state == "listed"
    assert move_task(task=task, deed="return", reason="路线有误", by=works.clerk).state == "returned"
    assert move_task(task=task, deed="relist", by=works.office).state == "listed"
