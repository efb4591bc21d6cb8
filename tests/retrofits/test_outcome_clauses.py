"""Unified prices, tests of demonstration sites, cleaner air, heating's share of an income, an enterprise's ledger."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.urls import reverse
from pytest import mark

from households.models import Dwelling
from retrofits import outcomes
from retrofits.models import Admission, HeatingBurden, Installation, InstallationImport, PilotTest, Task, UnifiedPrice
from retrofits.records import CostEntry
from retrofits.services import transition
from retrofits.services.acceptances import record_acceptance
from retrofits.services.installations import record_installation
from retrofits.services.workbooks import record_workbook, start_workbook
from tests import people
from tests.retrofits.asking import file_of
from tests.retrofits.conftest import DAY, OTHER_TOWN, VILLAGE, Works
from tests.retrofits.test_pages import client_of, page
from tests.retrofits.test_workbooks import FIELDS, HEADS

OUTCOMES = "retrofits:outcome-list"


def costing(works: Works, *costs: tuple[str, str]) -> Task:
    task = works.task()
    entry = works.entry(costs=tuple(CostEntry(kind, amount) for kind, amount in costs))
    record_installation(task=task, entry=entry, by=works.clerk, on=DAY)
    return task


@mark.clause("T-09", "统一标准、统一质量、统一施工、统一价格、统一运维", serves="retrofits.services.prices:set_price",
             page="retrofits:price-list", model="retrofits.UnifiedPrice")  # fmt: skip
def test_homes_billed_otherwise_than_the_unified_price_are_listed(works: Works) -> None:
    same = costing(works, ("DEVICE", "8000"), ("INSTALLATION", "900"), ("INDOOR_RADIATOR", "500"))
    dear, cheap = costing(works, ("DEVICE", "8900.01")), costing(works, ("DEVICE", "8899.99"))
    office, clerk = client_of(works.office), client_of(works.clerk)
    assert clerk.get(page("price-list")).context["table"].rows == []  # nothing is listed: nobody can say they differ
    form = {"device_model": works.model.pk, "price_fen": "8900", "standard": "DB37/T 示例", "service_contract": "YW-1",
            "service_unit": "示例运维", "decided_on": "2021-06-01"}  # fmt: skip
    assert office.post(page("price-new"), form | {"service_contract": " "}).status_code == 422
    assert office.post(page("price-new"), form).status_code == 302
    shown = clerk.get(page("price-list"))
    assert {row.item.task_id for row in shown.context["table"].rows} == {dear.pk, cheap.pk}
    assert all(words in shown.content.decode() for words in ("DB37/T 示例", "YW-1", "8,900.01", "8,899.99"))
    assert office.post(page("price-new"), form | {"price_fen": "8900.01"}).status_code == 422  # a change says why
    assert office.post(page("price-new"), form | {"price_fen": "8900.01", "reason": "重新定价"}).status_code == 302
    assert UnifiedPrice.objects.get().version == 2
    rows = clerk.get(page("price-list")).context["table"].rows
    assert {row.item.task_id for row in rows} == {same.pk, cheap.pk}
    assert clerk.post(page("price-new"), form).status_code == 403


@mark.clause("L-36", "示范点成效数据测试总结", serves="retrofits.services.outcomes:record_pilot_test",
             page="retrofits:admission-detail", model="retrofits.PilotTest")  # fmt: skip
def test_a_demonstration_site_leaves_its_data_and_a_summary(works: Works) -> None:
    site = Admission.objects.create(
        programme=works.programme, area_id="370999", supplier=works.supplier, is_pilot=True,
        applied_on=date(2022, 3, 16), entered_by=works.office,
    )  # fmt: skip
    office = client_of(works.office)
    form = {"deed": "pilot", "tested_from": "2022-03-16", "tested_until": "2022-03-25", "homes": "6",
            "room_temp_c": "19.4", "outdoor_temp_c": "-3.5", "energy_kwh": "1320", "heated_m2": "528",
            "summary": "室温达标，日均能耗 0.25"}  # fmt: skip
    faulty = ({"summary": " "}, {"homes": "0"}, {"tested_from": "2022-03-15"}, {"tested_until": "2022-03-15"})
    act = page("admission-act", site.pk)
    assert {office.post(act, form | one).status_code for one in faulty} == {422}
    assert [office.post(act, form).status_code for _n in range(2)] == [302, 409]
    shown = client_of(works.clerk).get(page("admission-detail", site.pk))
    ((test, daily),) = shown.context["tests"]
    assert (test, daily) == (PilotTest.objects.get(), Decimal("0.25"))  # 1,320 kWh ÷ 528 m² ÷ 10 days
    assert "室温达标" in shown.content.decode()
    Admission.objects.filter(pk=site.pk).update(is_pilot=False)
    assert office.post(act, form | {"tested_from": "2022-03-17"}).status_code == 422


def accepted(works: Works, old_heating: str, on: date = DAY) -> Task:
    task = works.ready()
    Dwelling.objects.filter(pk=task.dwelling_id).update(old_heating=old_heating)
    record_acceptance(
        task=task, visit=works.visit(), request_id=uuid.uuid4(), result="passed", by=works.inspector, on=on
    )
    return task


@mark.clause("L-82", "以颗粒物（PM10、PM2.5）为重点，协同CO2、SO2、NOX、粉尘",
             serves="retrofits.services.outcomes:homes_cleaned", page=OUTCOMES)  # fmt: skip
def test_cleaner_air_is_counted_from_coal_that_is_known_with_stated_factors(works: Works) -> None:
    stated = file_of("litong_2021", "programme.yaml")["programme"]["settings"]["environment"]
    works.programme.settings = {"environment": stated}
    works.programme.save()
    for old in ("coal_stove", "coal_kang", "", "electric"):
        accepted(works, old)
    works.installed()  # not accepted yet
    shown = client_of(works.clerk).get(page("outcome-list"))
    (year,) = shown.context["years"]
    assert (year.homes, year.coal_t) == (outcomes.Homes(2021, 2, 1), Decimal("5.0"))
    codes = [one["code"] for one in stated["factors"]]
    assert codes[:2] == ["PM25", "PM10"] and set(codes[2:]) == {"CO2", "SO2", "NOX", "DUST"}
    figures = dict(zip(codes, year.pollutants, strict=True))
    assert (figures["PM25"], figures["PM10"], figures["SO2"]) == (
        Decimal("0.00700"), Decimal("0.01100"), Decimal("0.00810"),
    )  # fmt: skip
    assert figures["DUST"] is None  # no factor: unknown, not nought
    text = shown.content.decode()
    assert all(one["source"] in text for one in stated["factors"]) and "未录入系数" in text


def test_without_factors_or_coal_nothing_is_made_up() -> None:
    assert outcomes.assumptions_of({}) is None
    bare = outcomes.assumptions_of({"environment": {"factors": [{"code": "SO2", "name": "SO2", "kg_per_t": "1"}]}})
    assert bare is not None
    (year,) = outcomes.spared([outcomes.Homes(2021, 3, 0)], bare)
    assert (year.coal_t, year.pollutants) == (None, (None,))


@mark.clause("D-18", "保持补贴政策延续不变…取暖支出占比一致时，补贴退出",
             serves="retrofits.services.outcomes:record_burden", page=OUTCOMES,
             model="retrofits.HeatingBurden")  # fmt: skip
@pytest.mark.parametrize(("after", "is_even"), [("1200.00", True), ("1200.01", False)])
def test_a_subsidy_may_end_where_heating_takes_no_more_than_before(works: Works, after: str, is_even: bool) -> None:
    office = client_of(works.office)
    form = {"area": "370999001", "season": "2021", "homes": "40", "income_before_fen": "20000",
            "spend_before_fen": "1000", "income_after_fen": "24000", "spend_after_fen": after,
            "source": "入户调查 2022-04"}  # fmt: skip
    faulty = ({"homes": "0"}, {"income_after_fen": "0"}, {"source": " "}, {"season": "1999"})
    assert {office.post(page("burden-new"), form | one).status_code for one in faulty} == {422}
    assert [office.post(page("burden-new"), form).status_code for _n in range(2)] == [302, 409]
    ((row, shares),) = client_of(works.clerk).get(page("outcome-list")).context["burdens"]
    assert row == HeatingBurden.objects.get()
    assert (shares["before"], shares["is_even"]) == (5.0, is_even)
    assert client_of(works.clerk).post(page("burden-new"), form).status_code == 403


def ledger(works: Works, path: Path, rows: list[list[str]]) -> list[tuple[str, str]]:
    """An enterprise's ledger, sent on the page's road and compared; where each difference is, and its code."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("企业台账")
        for number, texts in enumerate([list(HEADS), *rows]):
            sheet.write_row(number, 0, texts)
    made = start_workbook(
        programme=works.programme, area_code="370999001", content=[path.read_bytes()], file_name=path.name,
        by=works.clerk, is_ledger=True,
    )  # fmt: skip
    kept = record_workbook(made.pk, by=works.clerk)
    assert kept.state == InstallationImport.State.COMPARED
    text = client_of(works.clerk).get(page("workbook-detail", kept.pk)).content.decode()
    assert all(fault["sentence"] in text for fault in kept.faults["rows"] if "“" not in fault["sentence"])
    return [(fault["where"], fault["code"]) for fault in kept.faults["rows"]]


@mark.clause("L-78", "项目技术企业建立项目台账", serves="retrofits.services.ledgers:differences",
             page="retrofits:workbook-upload", model="retrofits.InstallationImport")  # fmt: skip
def test_an_enterprises_ledger_is_reconciled_with_the_towns(works: Works, tmp_path: Path) -> None:
    first, second, third = works.entry(), works.entry(), works.entry()
    for entry in (first, second, third):
        record_installation(task=works.task(), entry=entry, by=works.clerk, on=DAY)
    unknown = replace(works.entry(), factory_address_code="SL-NOBODY")

    def row(entry: Any, cost: str = "8900") -> list[str]:
        return [*(getattr(entry, name) for name in FIELDS), cost]

    assert ledger(works, tmp_path / "a.xlsx", [row(one) for one in (first, second, third)]) == []
    otherwise = replace(second, heated_area_m2="90", installed_on="2021-12-02", occupant_name="")
    found = ledger(works, tmp_path / "b.xlsx", [row(first, "8899.99"), row(otherwise), row(unknown)])
    assert found == [
        ("企业台账!Q2", "DIFFERS"), ("企业台账!F3", "DIFFERS"), ("企业台账!O3", "DIFFERS"),
        ("企业台账!L4", "NOT_RECORDED"), ("—", "NOT_LISTED"),
    ]  # fmt: skip
    assert Installation.objects.count() == 3  # compared, never recorded


@mark.clause("D-40", "依托煤炭监管信息平台…逐步实现智慧化管理", serves="retrofits.services.transition:put_on_list",
             page="api:transitional-list", model="retrofits.TransitionalHome")  # fmt: skip
def test_a_platform_of_coal_supervision_asks_who_still_burns_what(works: Works) -> None:
    burning = {"programme": works.programme, "since": DAY, "reason": "later", "by": people.user("town_staff", "370999")}
    homes = [people.dwelling(area) for area in (VILLAGE, VILLAGE, OTHER_TOWN)]
    for home, fuel in zip(homes, ("clean_coal", "electric", "clean_coal"), strict=True):
        transition.put_on_list(dwelling=home, fuel=fuel, **burning)
    answer = client_of(works.clerk).get(reverse("api:transitional-list"), {"fuel": "clean_coal"}).json()
    (row,) = answer["results"]  # one town's only
    assert (row["dwelling_no"], row["fuel"], row["since"]) == (homes[0].dwelling_no, "clean_coal", DAY.isoformat())
    assert row["ended_on"] is None
