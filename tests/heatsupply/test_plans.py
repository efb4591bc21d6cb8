"""Fuel, prices, renewal plans, papers, risk, credit, issues and heated areas of Baiyin's document."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core.together import read
from heatsupply.models import (
    AreaReport,
    CreditScore,
    FeeAccount,
    FuelContract,
    HeatPaper,
    PipeSegment,
    PriceRecord,
    RenewalPlan,
    RenewalSegment,
    RoomSample,
    SupplyIssue,
)
from heatsupply.queries.credit import figures_of
from heatsupply.queries.networks import board_reading
from heatsupply.services import fuel, networks, plans
from reports.queries import todo_heat
from reports.queries.scope import Scope
from supervision.models import Case, CaseCompany
from tests.heatsupply.networks import COUNTY, OTHER_FIRM, TODAY, Heat, firm_person, heat, piece

__all__ = ["heat"]


def board(room: Heat) -> Any:
    return read(board_reading(room.office, COUNTY, room.programme, TODAY))


def to_dos(room: Heat, by: Any, right: str) -> list[str]:
    reading = dict(todo_heat.SOURCES)[right]
    return [line["icon"] for line in read(reading(Scope(by, room.programme, COUNTY)))]


# --- Fuel and prices ----------------------------------------------------------------------------------------------


@pytest.mark.clause(
    "B-06", "燃煤锅炉用煤纳入…保供范围；加强调度", serves="heatsupply.services.fuel:report_stock",
    page="heat:home", model="heatsupply.FuelStock",
)  # fmt: skip
def test_coal_for_less_than_a_week_warns_the_county_and_the_company(heat: Heat) -> None:
    home = reverse("heat:home")
    assert [line.company for line in board(heat).companies if line.lacks_stock] == [heat.company]  # burns coal
    assert to_dos(heat, heat.firm, "heatsupply.own") == ["clipboard-check"]  # its stock is not known
    stock = {"fuel": "coal", "on": "2023-11-19", "used_per_day": "100"}
    assert heat.post("stock", heat.firm, **stock, quantity="700").status_code == 302
    assert (board(heat).low, to_dos(heat, heat.office, "heatsupply.manage")) == ([], [])
    assert heat.post("stock", heat.firm, **stock | {"on": "2023-11-20"}, quantity="699.9").status_code == 302
    line = board(heat).low[0]
    assert (line.company, line.days) == (heat.company, 6)
    assert to_dos(heat, heat.office, "heatsupply.manage") == ["alert-triangle"]
    assert to_dos(heat, heat.firm, "heatsupply.own") == ["alert-triangle"]
    assert to_dos(heat, firm_person(OTHER_FIRM), "heatsupply.own") == []
    assert heat.company.name in heat.client().get(home).content.decode()
    assert heat.post("stock", heat.firm, **stock | {"on": "2023-11-21"}, quantity="1").status_code == 422  # tomorrow


@pytest.mark.clause(
    "B-07", "签订煤炭中长期合同", serves="heatsupply.services.fuel:sign_contract",
    page="heat:company-detail", model="heatsupply.FuelContract",
)  # fmt: skip
def test_a_coal_contract_of_a_year_is_one_of_middle_and_long_term(heat: Heat) -> None:
    contract = {"fuel": "coal", "supplier_name": "示例煤矿", "quantity": "60000", "signed_on": "2023-08-01",
                "valid_from": "2023-09-01", "valid_until": "2024-08-31"}  # fmt: skip
    assert heat.post("fuel_contract", number="M-1", **contract).status_code == 302
    assert heat.post("fuel_contract", number="M-1", **contract).status_code == 409
    assert heat.post("fuel_contract", number="M-2", **contract | {"valid_until": "2024-03-31"}).status_code == 302
    assert heat.post("fuel_contract", number="M-3", **contract | {"valid_until": "2023-08-31"}).status_code == 422
    assert dict(FuelContract.objects.values_list("number", "term")) == {"M-1": "long", "M-2": "short"}
    assert "M-1" in heat.client().get(heat.page()).content.decode()


@pytest.mark.clause(
    "B-23", "供热电价优惠、热价上下游联动、成本监审、政府企业分摊", serves="heatsupply.services.fuel:record_price",
    page="heat:company-detail", model="heatsupply.PriceRecord",
)  # fmt: skip
def test_prices_of_the_chain_show_their_change_and_whether_the_last_one_followed(heat: Heat) -> None:
    def price(kind: str, on: str, amount: str, by: Any = None) -> int:
        said = {"kind": kind, "valid_from": on, "amount": amount, "paper_no": "发改价〔2023〕1号"}
        return int(heat.post("price", by, **said).status_code)

    assert price("end", "2022-10-01", "23") == 302
    assert price("coal", "2022-10-01", "800") == 302
    assert price("end", "2022-10-01", "24") == 409
    assert price("coal", "2023-09-01", "900", heat.firm) == 403
    page = heat.client().get(heat.page())
    assert not page.context["prices_behind"]
    assert price("coal", "2023-09-01", "900") == 302
    page = heat.client().get(heat.page())
    changes = {(one.kind, one.valid_from.year): one.change for _label, one in page.context["prices"]}
    assert (page.context["prices_behind"], float(changes["coal", 2023]), changes["coal", 2022]) == (True, 0.125, None)
    assert [price(kind, "2023-11-01", "1") for kind in ("power", "ex_works", "government", "company")] == [302] * 4
    place = {"deed": "new_price", "area": COUNTY, "kind": "end", "valid_from": "2023-11-01", "amount": "25",
             "paper_no": "白发改〔2023〕2号"}  # fmt: skip
    assert heat.client().post(reverse("heat:act"), place).status_code == 302
    assert PriceRecord.objects.get(company=None).paper_no == "白发改〔2023〕2号"
    assert not heat.client().get(heat.page()).context["prices_behind"]
    audit = {"kind": "cost_audit", "title": "2023 年供热成本监审报告", "dated_on": "2023-10-08"}
    assert heat.post("paper", **audit).status_code == 302


# --- Renewal plans ------------------------------------------------------------------------------------------------


@pytest.mark.clause(
    "B-16", "科学制定年度改造计划…中央预算内/专债/自筹", serves="heatsupply.services.plans:draft_plan",
    page="heat:company-detail", model="heatsupply.RenewalPlan",
)  # fmt: skip
@pytest.mark.clause(
    "B-40", "中央补助、中央预算内投资、专项债券", serves="heatsupply.services.plans:draft_plan",
    page="heat:company-detail", model="heatsupply.RenewalFunds",
)  # fmt: skip
def test_a_years_plan_takes_due_pipes_names_its_money_and_makes_them_new(heat: Heat) -> None:
    old, leaking, _good = heat.lay(piece("G-1", 2001), piece("G-2", 2018, "leaking"), piece("G-3", 2020))
    plan = {"year": "2023", "name": "城区老旧管网", "cost_fen": "6000000", "central_grant": "1000000",
            "central_budget": "2000000", "special_bond": "2000000", "self_raised": "1000000"}  # fmt: skip
    assert heat.post("plan", **plan | {"codes": "G-1，G-3"}).status_code == 422  # G-3 is not due
    short = heat.post("plan", heat.firm, **plan | {"self_raised": "999999.99"})
    assert (short.status_code, "5,999,999.99" in short.content.decode()) == (422, True)
    assert heat.post("plan", heat.firm, **plan).status_code == 302  # all that are due
    made = RenewalPlan.objects.get()
    assert [line.why for line in made.lines.order_by("segment__code")] == [["AGE"], ["CONDITION_LEAKING"]]
    assert sum(made.funds.values_list("amount_fen", flat=True)) == made.cost_fen
    line = made.lines.get(segment=old)
    assert heat.post("laid", row=line.pk).status_code == 409  # not approved
    assert heat.post("approve", heat.firm, row=made.pk).status_code == 403
    assert heat.post("approve", row=made.pk).status_code == 302
    assert heat.post("laid", heat.firm, row=line.pk, on="2023-11-10").status_code == 302
    old.refresh_from_db()
    assert (old.year_laid, old.conditions, board(heat).networks[0].due) == (2023, [], 1)
    assert PipeSegment.objects.get(pk=leaking.pk).conditions == ["leaking"]
    assert RenewalSegment.objects.get(pk=line.pk).why == ["AGE"]


def test_who_drafted_a_plan_does_not_approve_it(heat: Heat) -> None:
    (old,) = heat.lay(piece("G-1", 1999))
    values = {"company": heat.company, "year": 2023, "name": "计划", "cost_fen": 100, "funds": {"self_raised": 100}}
    plan = plans.draft_plan(**values, segments=[old], by=heat.office)
    assert heat.post("approve", heat.office, row=plan.pk).status_code == 422
    assert heat.post("approve", heat.second, row=plan.pk).status_code == 302
    with pytest.raises(PermissionDenied):
        plans.draft_plan(**values | {"name": "别家"}, segments=[old], by=firm_person(OTHER_FIRM))


# --- Risk, papers, credit, issues -----------------------------------------------------------------------------------


@pytest.mark.clause(
    "B-24", "弃供、停供风险企业应急预案", serves="heatsupply.services.networks:rate_risk",
    page="heat:home", model="heatsupply.HeatingCompany",
)  # fmt: skip
@pytest.mark.clause(
    "B-24", "弃供、停供风险企业应急预案", serves="heatsupply.services.plans:move_paper",
    page="heat:company-detail", model="heatsupply.HeatPaper",
)  # fmt: skip
def test_a_company_that_may_stop_supply_is_asked_for_its_plan_until_one_is_in_force(heat: Heat) -> None:
    assert heat.post("risk", risk="may_stop", reason="").status_code == 422
    assert heat.post("risk", heat.firm, risk="stable", reason="一切正常").status_code == 403
    assert heat.post("risk", risk="strained", reason="煤款紧张").status_code == 302
    assert board(heat).without_plan == []
    assert heat.post("risk", risk="may_stop", reason="成本倒挂，停供风险").status_code == 302
    assert [line.company for line in board(heat).without_plan] == [heat.company]
    assert "file-text" in to_dos(heat, heat.office, "heatsupply.manage")
    paper = {"kind": "contingency", "title": "停供应急保障工作预案", "dated_on": "2023-11-01",
             "valid_until": "2023-11-20", "file": SimpleUploadedFile("plan.pdf", b"%PDF-1.4 plan")}  # fmt: skip
    assert heat.post("paper", heat.firm, **paper).status_code == 302
    kept = HeatPaper.objects.get()
    assert heat.post("paper_state", row=kept.pk, state="issued").status_code == 409  # nobody sent it up
    assert heat.post("paper_state", heat.firm, row=kept.pk, state="sent").status_code == 302
    assert heat.post("paper_state", heat.firm, row=kept.pk, state="issued").status_code == 403
    assert heat.post("paper_state", row=kept.pk, state="issued").status_code == 302
    assert board(heat).without_plan == []
    assert "file-text" not in to_dos(heat, heat.office, "heatsupply.manage")
    later = read(board_reading(heat.office, COUNTY, heat.programme, date(2023, 11, 21)))
    assert [line.company for line in later.without_plan] == [heat.company]  # it ran out
    file = reverse("heat:paper-file", args=[kept.pk])
    assert b"".join(heat.client(heat.firm).get(file)) == b"%PDF-1.4 plan"
    assert heat.client(firm_person(OTHER_FIRM)).get(file).status_code == 404


@pytest.mark.clause(
    "B-37", "各县区制定工作方案和工作落实计划", serves="heatsupply.services.plans:move_paper",
    page="heat:home", model="heatsupply.HeatPaper",
)  # fmt: skip
@pytest.mark.clause(
    "B-13", "积极申报北方地区冬季清洁取暖试点城市", serves="heatsupply.services.plans:keep_paper",
    page="heat:home", model="heatsupply.HeatPaper",
)  # fmt: skip
@pytest.mark.clause(
    "B-25", "尽快出台《白银市城镇供热管理办法》", serves="heatsupply.services.plans:keep_paper",
    page="heat:home", model="heatsupply.HeatPaper",
)  # fmt: skip
@pytest.mark.clause(
    "B-36", "对工作落实情况进行评估检查", serves="heatsupply.services.plans:keep_paper",
    page="heat:home", model="heatsupply.HeatPaper",
)  # fmt: skip
def test_papers_of_a_place_are_sent_up_sent_back_with_words_and_put_in_force(heat: Heat) -> None:
    client, act = heat.client(), reverse("heat:act")
    form = {"deed": "new_paper", "area": COUNTY, "dated_on": "2023-10-01", "kind": "county_plan", "title": "落实计划"}
    word = SimpleUploadedFile("plan.docx", b"PK\x03\x04")
    assert client.post(act, form | {"file": word}).status_code == 422
    assert client.post(act, form | {"file": SimpleUploadedFile("p.pdf", b"%PDF-1.7 x")}).status_code == 302
    assert client.post(act, form).status_code == 409
    paper = HeatPaper.objects.get()
    step, file = {"deed": "paper_state", "row": paper.pk}, {"deed": "paper_file", "row": paper.pk}
    assert client.post(act, step | {"state": "sent"}).status_code == 302
    better = SimpleUploadedFile("p2.pdf", b"%PDF-1.7 better")
    assert client.post(act, file | {"file": better}).status_code == 409  # it lies above
    assert client.post(act, step | {"state": "returned"}).status_code == 422
    assert client.post(act, step | {"state": "returned", "words": "缺目标分解"}).status_code == 302
    assert client.post(act, file | {"file": SimpleUploadedFile("p.txt", b"text")}).status_code == 422
    better.seek(0)
    assert client.post(act, file | {"file": better}).status_code == 302
    assert HeatPaper.objects.get().document.size_bytes == 15
    assert client.post(act, step | {"state": "sent"}).status_code == 302
    assert client.post(act, step | {"state": "issued"}).status_code == 302
    for kind in ("application", "regulation", "evaluation"):
        assert client.post(act, form | {"kind": kind, "title": kind}).status_code == 302
    page = client.get(reverse("heat:home"))
    assert sorted((one.kind, one.state) for one in page.context["board"].papers) == [
        ("application", "draft"), ("county_plan", "issued"), ("evaluation", "draft"), ("regulation", "draft"),
    ]  # fmt: skip
    assert heat.client(heat.firm).post(act, form | {"title": "x"}).status_code == 403


@pytest.mark.clause(
    "B-26", "建立健全供热信用评价体系", serves="heatsupply.services.credits:score_company",
    page="heat:company-detail", model="heatsupply.CreditScore",
)  # fmt: skip
def test_credit_is_the_weighted_mean_of_what_is_read_and_names_the_rest(heat: Heat) -> None:
    # The network is read: no backup, 0 %. What is typed needs words.
    assert heat.post("credit", year="2023", collection="101", reason="x").status_code == 422
    assert heat.post("credit", year="2023", collection="80").status_code == 422
    assert heat.post("credit", heat.firm, year="2023").status_code == 403
    assert heat.post("credit", year="2023", collection="80", warmth="96", reason="上年年报").status_code == 302
    score = CreditScore.objects.get()
    # (15 × 80 + 25 × 96 + 10 × 0) / 50 = 72.0
    assert score.points_tenths == 720
    assert score.missing == ["satisfaction", "repairs", "complaints", "checks", "fuel"]
    page = heat.client().get(heat.page()).content.decode()
    assert all(words in page for words in ("72.0", "上年年报"))
    assert heat.post("credit", year="2023", backup="100", reason="应急锅炉已签约").status_code == 302
    part = next(one for one in CreditScore.objects.get().components if one["code"] == "backup")
    assert (part["percent"], part["read"], part["reason"]) == ("100", "0", "应急锅炉已签约")


def test_the_figures_of_a_season_are_read_from_what_is_kept(heat: Heat) -> None:
    seen = {"programme": heat.programme, "company": heat.company, "area": heat.county, "season": "2023-2024"}
    FeeAccount.objects.create(
        **seen, account_no="1", account_index="1", charged_fen=200_000, reduced_fen=50_000, received_fen=50_000
    )
    day = datetime(2023, 12, 1, 4, tzinfo=UTC)
    RoomSample.objects.bulk_create(RoomSample(**seen, source="visit", room_dc=dc, measured_at=day) for dc in (180, 179))
    networks.record_check(
        network=heat.network, station=None, season=2023, checked_on=TODAY, meets_demand=True, by=heat.firm, today=TODAY
    )
    fuel.report_stock(
        company=heat.company, fuel="coal", on=TODAY, quantity=Decimal(10), used_per_day=Decimal(10), by=heat.firm,
        today=TODAY,
    )  # fmt: skip
    fuel.sign_contract(
        company=heat.company, fuel="coal", supplier_name="示例煤矿", number="M1", quantity=Decimal(760),
        signed_on=TODAY, valid_from=date(2023, 1, 1), valid_until=date(2024, 12, 31), by=heat.firm,
    )  # fmt: skip
    for number, (kind, answered, of) in enumerate(
        (("repair", 1, heat.company), ("repair", 9, heat.company), ("complaint", 1, heat.company),
         ("complaint", None, heat.company), ("repair", 9, heat.other))
    ):  # fmt: skip
        case = Case.objects.create(
            programme=heat.programme, area=heat.county, kind=kind, category="other", source="phone",
            number=f"N{number}", title="不热", opened_at=day, due_at=day + timedelta(days=2),
            answered_at=day + timedelta(days=answered) if answered else None,
        )  # fmt: skip
        CaseCompany.objects.create(case=case, heating_company=of)
    found = figures_of(heat.company, heat.programme, 2023, date(2023, 12, 20))
    assert {name: str(one.percent) for name, one in found.items()} == {
        "collection": "33.33", "warmth": "50", "repairs": "50", "complaints": "50", "checks": "100",
        "fuel": "50", "backup": "0",
    }  # fmt: skip
    assert (found["warmth"].on, found["warmth"].part) == (date(2023, 12, 1), Decimal(1))
    assert figures_of(heat.company, heat.programme, 2022, date(2023, 12, 20)).keys() == {"fuel", "backup"}


@pytest.mark.clause(
    "B-44", "靖远合理确定供热价格、签订供热合同；会宁成本倒挂", serves="heatsupply.services.plans:move_issue",
    page="heat:home", model="heatsupply.SupplyIssue",
)  # fmt: skip
def test_an_issue_has_an_owner_and_says_where_it_stands_until_it_is_settled(heat: Heat) -> None:
    client, act = heat.client(), reverse("heat:act")
    form = {
        "deed": "new_issue",
        "area": COUNTY,
        "title": "燃煤锅炉供热成本倒挂",
        "owner_unit": "示例县人民政府",
        "clause": "B-44",
    }
    assert client.post(act, form | {"owner_unit": ""}).status_code == 422
    assert client.post(act, form).status_code == 302
    assert client.post(act, form).status_code == 409
    issue = SupplyIssue.objects.get()
    step = {"deed": "issue_state", "row": issue.pk}
    assert client.post(act, step | {"state": "settled", "words": ""}).status_code == 422
    assert client.post(act, step | {"state": "worked", "words": "正在与电厂洽谈"}).status_code == 302
    assert "正在与电厂洽谈" in client.get(reverse("heat:home")).content.decode()
    assert client.post(act, step | {"state": "settled", "words": "已签订供热合同"}).status_code == 302
    issue.refresh_from_db()
    assert (issue.state, issue.settled_on) == ("settled", TODAY)
    assert client.post(act, step | {"state": "open", "words": "x"}).status_code == 409


# --- Heated area --------------------------------------------------------------------------------------------------


def report(room: Heat, company: Any, **areas: int) -> None:
    for year, area in areas.items():
        plans.report_area(company=company, year=int(year[1:]), heated_area_m2=area, by=room.office,
                          today=date(2025, 1, 5))  # fmt: skip


def growth(room: Heat) -> dict[int, tuple[Any, Any]]:
    """Year → (least area, reached)."""
    return {one.year.year: (one.wanted, one.is_met) for one in board(room).growth if not one.place}


@pytest.mark.clause(
    "B-04", "集中供热面积较2022年度提高3%", serves="heatsupply.services.plans:report_area",
    page="heat:home", model="heatsupply.AreaReport",
)  # fmt: skip
@pytest.mark.clause(
    "B-05", "较2023年度提高3%", serves="heatsupply.services.plans:report_area",
    page="heat:home", model="heatsupply.AreaReport",
)  # fmt: skip
def test_two_years_of_growth_compound_over_what_was_really_there(heat: Heat) -> None:
    report(heat, heat.company, y2022=10_000_000, y2023=10_300_000, y2024=10_608_999)
    assert growth(heat) == {2023: (10_300_000, True), 2024: (10_609_000, False)}  # × 1.0609, not 1.06
    assert "10,609,000" in heat.client().get(reverse("heat:home")).content.decode()
    report(heat, heat.company, y2023=10_500_000, y2024=10_815_000)  # corrected: more is asked of the next year
    assert growth(heat) == {2023: (10_300_000, True), 2024: (10_815_000, True)}
    assert heat.post("area", heat.firm, year="2024", heated_area_m2="1").status_code == 422  # of the future
    assert AreaReport.objects.count() == 3


def test_growth_is_unknown_while_a_company_has_told_only_one_of_the_years(heat: Heat) -> None:
    report(heat, heat.company, y2022=10_000_000, y2023=10_300_000)
    report(heat, heat.other, y2023=900_000)
    line = next(one for one in board(heat).growth if one.year.year == 2023)
    assert (line.year.growth, line.year.missing, line.is_met) == (None, 1, None)
    report(heat, heat.other, y2022=880_000)
    line = next(one for one in board(heat).growth if one.year.year == 2023)
    assert (line.year.area_m2, round(float(line.year.growth), 4)) == (11_200_000, Decimal("0.0294").__float__())
    assert line.is_met is False
