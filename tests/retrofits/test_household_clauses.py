"""What a household chooses, signs and keeps, each clause by the rule its own preset carries."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date

import pytest
from django.conf import settings
from pytest import mark

from accounts.models import Area
from core.refusals import Refused
from households.models import Dwelling
from programmes.models import Checklist
from retrofits.faults import Faulty
from retrofits.models import Task
from retrofits.services import contracts
from retrofits.services.acceptances import record_acceptance
from retrofits.services.contracts import Done
from retrofits.services.homes import tariff_on
from retrofits.services.installations import record_installation
from tests.retrofits.asking import asks, file_of, shut
from tests.retrofits.conftest import DAY, Works
from tests.retrofits.test_pages import client_of, page
from tests.retrofits.test_works_services import accept_faults

CONFIRM = "retrofits.services.contracts:confirm_all"
TASK = "retrofits:task-detail"
SPRING = date(2023, 4, 3)


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


@mark.clause("L-27", "农户意愿自主选择不同的改造方式", serves=CONFIRM, page=TASK, model="retrofits.Confirmation")
def test_the_household_signs_what_it_chose_before_the_works(works: Works) -> None:
    assert asks(works, "litong_2021", "CHOSEN_BY_HOUSEHOLD") == ["L-27"]
    task, clerk = works.task(), client_of(works.clerk)
    assert shut(works, task) == [("CHOSEN_BY_HOUSEHOLD", "NOT_CHOSEN")]
    form = {"deed": "confirm", "kind": "route_chosen", "done_on": "2021-11-20", "signer_name": ""}
    assert clerk.post(page("task-paper", task.pk), form).status_code == 422
    assert clerk.post(page("task-paper", task.pk), form | {"signer_name": "张示例"}).status_code == 302
    assert "技术路线由住户自主选择" in clerk.get(page("task-detail", task.pk)).content.decode()
    assert shut(works, task) == []


@mark.clause("L-44", "双方责任义务、供暖方式、服务质量、准入退出机制",
             serves="retrofits.services.contracts:sign_contracts", page=TASK, model="retrofits.Contract")  # fmt: skip
def test_a_contract_names_all_that_the_document_lists(works: Works) -> None:
    assert asks(works, "litong_2021", "CONTRACT_CONTENT") == ["L-44"]
    stated = file_of("litong_2021", "programme.yaml")["programme"]["settings"]["contract_items"]
    works.programme.settings = {"contract_items": stated}
    works.programme.save()
    task, clerk = works.task(), client_of(works.clerk)
    assert shut(works, task) == [("CONTRACT_CONTENT", "NO_CONTRACT")]
    form = {"deed": "contract", "supplier": works.supplier.pk, "signed_on": "2021-11-20", "signer_name": "张示例"}
    lacking = form | {"number": "HT-1", "contents": [one for one in stated if one != "entry_exit"]}
    assert clerk.post(page("task-paper", task.pk), lacking).status_code == 302
    with pytest.raises(Faulty) as refusal:
        record_installation(task=task, entry=works.entry(), by=works.clerk, on=DAY)
    (fault,) = refusal.value.faults
    assert (fault.code, "准入与退出" in fault.sentence) == ("CONTRACT_LACKS", True)
    clerk.post(page("task-paper", task.pk), {"deed": "cancel", "reason": "补条款"})
    assert clerk.post(page("task-paper", task.pk), form | {"number": "HT-2", "contents": stated}).status_code == 302
    assert shut(works, task) == []


@pytest.fixture
def priced(works: Works, monkeypatch: pytest.MonkeyPatch) -> Task:
    """A task of an electric home behind its own meter, in the season, where Taishan's prices are offered."""
    monkeypatch.setattr(settings, "PORTAL_TODAY", "2021-12-08", raising=False)
    stated = file_of("taishan_2021", "programme.yaml")["programme"]["settings"]
    works.programme.settings = {"tariffs": stated["tariffs"]}
    works.programme.season_start, works.programme.season_end = "11-01", "03-31"
    works.programme.save()
    task = works.task()
    Dwelling.objects.filter(pk=task.dwelling_id).update(meter_is_individual=True)
    return Task.objects.get(pk=task.pk)


@mark.clause("T-34", "用电按照居民阶梯电价第一档电价标准执行", serves="retrofits.services.homes:tariff_on", page=TASK,
             model="retrofits.TariffChoice")  # fmt: skip
def test_everybody_behind_one_meter_heats_at_the_first_tier(works: Works, priced: Task) -> None:
    shown = client_of(works.clerk).get(page("task-detail", priced.pk)).content.decode()
    assert "居民阶梯电价第一档" in shown and "T-34" in shown and "非现金补贴" in shown
    Dwelling.objects.filter(pk=priced.dwelling_id).update(meter_is_individual=None)
    assert "T-34" not in client_of(works.clerk).get(page("task-detail", priced.pk)).content.decode()


@mark.clause("T-35", "可自愿选择执行居民峰谷分时电价政策", serves="retrofits.services.homes:choose_tariff", page=TASK,
             model="retrofits.TariffChoice")  # fmt: skip
def test_a_household_may_choose_peak_and_valley_for_a_season(works: Works, priced: Task) -> None:
    clerk = client_of(works.clerk)
    form = {"deed": "tariff", "season": "2021", "tariff": "time_of_use", "effective_on": "2021-12-01"}
    assert clerk.post(page("task-paper", priced.pk), form).status_code == 422  # nobody signed
    signed = form | {"signer_name": "张示例"}
    assert clerk.post(page("task-paper", priced.pk), signed | {"effective_on": "2021-10-31"}).status_code == 422
    assert clerk.post(page("task-paper", priced.pk), signed).status_code == 302
    assert clerk.post(page("task-paper", priced.pk), signed).status_code == 409
    chosen = list(priced.tariffs.all())
    days = {date(2021, 11, 30): "T-34", date(2021, 12, 1): "T-35", date(2022, 3, 31): "T-35", date(2022, 11, 1): "T-34"}
    assert {day: tariff_on(priced, chosen, day).clause for day in days} == days  # type: ignore[union-attr]
    assert tariff_on(priced, chosen, date(2022, 4, 1)) is None
    assert "T-35" in clerk.get(page("task-detail", priced.pk)).content.decode()


@mark.clause("J-79", "加大“煤改电”电力市场化交易", serves="retrofits.services.homes:choose_tariff", page=TASK,
             model="retrofits.TariffChoice")  # fmt: skip
def test_a_traded_price_says_where_it_comes_from(works: Works, priced: Task) -> None:
    """Nobody heats at it without having chosen it."""
    works.programme.settings["tariffs"] = file_of("jincheng_2020", "programme.yaml")["programme"]["settings"]["tariffs"]
    works.programme.save()
    task, clerk = Task.objects.get(pk=priced.pk), client_of(works.clerk)
    assert tariff_on(task, [], date(2021, 12, 1)) is None
    form = {"deed": "tariff", "season": "2021", "tariff": "market_price", "effective_on": "2021-12-01",
            "signer_name": "张示例"}  # fmt: skip
    assert clerk.post(page("task-paper", task.pk), form).status_code == 422  # from whom?
    named = form | {"price_source": "示例风电场 合同 FD-001"}
    assert clerk.post(page("task-paper", task.pk), named).status_code == 302
    assert tariff_on(task, list(task.tariffs.all()), date(2021, 12, 2)).clause == "J-79"  # type: ignore[union-attr]
    shown = clerk.get(page("task-detail", task.pk)).content.decode()
    assert "示例风电场 合同 FD-001" in shown and "市场化交易电价" in shown


@mark.clause("T-27", "按照有关规定缴纳配套费和取暖费", serves="retrofits.services.homes:record_fee", page=TASK,
             model="retrofits.UserFee")  # fmt: skip
def test_users_of_central_heating_in_town_pay_two_fees(works: Works) -> None:
    task, clerk = works.task(), client_of(works.clerk)
    form = {"deed": "fee", "kind": "connection", "amount_fen": "4200.50", "due_on": "2021-11-15"}
    assert clerk.post(page("task-paper", task.pk), form).status_code == 422  # an electric home
    works.programme.technologies.update(family="CENTRAL")
    assert clerk.post(page("task-paper", task.pk), form).status_code == 422  # not in town
    Area.objects.filter(code="370999001").update(area_class="built_up")
    assert clerk.post(page("task-paper", task.pk), form | {"amount_fen": "0"}).status_code == 422
    assert clerk.post(page("task-paper", task.pk), form | {"kind": "heating"}).status_code == 422  # of which season?
    for one in (form, form | {"kind": "heating", "season": "2021", "amount_fen": "1936"}):
        assert clerk.post(page("task-paper", task.pk), one).status_code == 302
    assert sorted(task.user_fees.values_list("kind", "amount_fen")) == [("connection", 420_050), ("heating", 193_600)]
    shown = clerk.get(page("task-detail", task.pk)).content.decode()
    assert "配套费" in shown and "取暖费" in shown and "4,200.50" in shown
    paid = form | {"paid_on": "2021-11-12", "receipt_no": "SJ-1"}
    assert [clerk.post(page("task-paper", task.pk), one).status_code for one in (paid, form)] == [302, 409]


@mark.clause("T-14", "农村地区光伏试点…“双清”暖心工程", serves="retrofits.services.homes:record_pv", page=TASK,
             model="retrofits.PvPlant")  # fmt: skip
def test_photovoltaics_are_recorded_with_the_home_where_the_document_combines_them(works: Works) -> None:
    task, clerk = works.task(), client_of(works.clerk)
    form = {"deed": "pv", "capacity_kw": "5.4", "connected_on": "2021-10-01", "grid_no": "GF-0001"}
    assert clerk.post(page("task-paper", task.pk), form).status_code == 422
    pilot = next(one for one in file_of("taishan_2021", "programme.yaml")["principles"] if one["code"] == "PV_PILOT")
    works.programme.principles.create(**pilot)
    assert clerk.post(page("task-paper", task.pk), form | {"capacity_kw": "0"}).status_code == 422
    assert clerk.post(page("task-paper", task.pk), form).status_code == 302
    assert clerk.post(page("task-paper", works.task().pk), form).status_code == 409  # another home's account
    assert "GF-0001" in clerk.get(page("task-detail", task.pk)).content.decode()
