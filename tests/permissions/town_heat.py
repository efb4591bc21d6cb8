"""What heat supply keeps of a town: a company with its source, network, pipes, compound, fuel, plan, paper, issue."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from core import clock
from heatsupply.models import (
    AreaReport,
    Compound,
    CreditScore,
    ExchangeStation,
    FuelContract,
    FuelStock,
    HeatingCompany,
    HeatNetwork,
    HeatPaper,
    HeatSource,
    NetworkCheck,
    NetworkSource,
    PipeSegment,
    PriceRecord,
    RenewalFunds,
    RenewalPlan,
    RenewalSegment,
    SupplyIssue,
)

if TYPE_CHECKING:
    from tests.permissions.town import Town

DAY = dt.date(2021, 12, 8)


def build(town: Town) -> None:
    """`size` companies with one of everything each."""
    for n in range(town.size):
        company = HeatingCompany.objects.create(
            area=town.area, name=f"{town.word}热力{n}", risk="may_stop", risk_words=f"{town.word}原因"
        )
        town.keep("heating_company", company)
        _network(town, company, n)
        _fuel(town, company)
        _papers(town, company, n)


def _network(town: Town, company: HeatingCompany, n: int) -> None:
    source = HeatSource.objects.create(
        company=company, area=town.area, name=f"{town.word}热源", kind="coal", state="running", capacity_mw=50,
        contract_no=f"{town.code}-R",
    )  # fmt: skip
    network = HeatNetwork.objects.create(company=company, area=town.area, name=f"{town.word}管网", heated_area_m2=9000)
    NetworkSource.objects.create(network=network, source=source, role="main")
    station = ExchangeStation.objects.create(
        network=network, area=town.area, code=f"{town.code}-H", name=f"{town.word}站", capacity_mw=5
    )
    NetworkCheck.objects.create(
        network=network, station=station, season=clock.today().year, checked_on=DAY, meets_demand=False,
        findings=f"{town.word}发现", due_on=DAY, recorded_by=town.clerk,
    )  # fmt: skip
    compound = Compound.objects.create(
        company=company, station=station, area=town.village, name=f"{town.word}小区{n}", homes=10,
        heated_area_m2=900, is_new=True,
    )  # fmt: skip
    segment = PipeSegment.objects.create(
        network=network, area=town.area, compound=compound, code=f"{town.code}-G{n}", length_m=10, year_laid=1999
    )
    plan = RenewalPlan.objects.create(
        company=company, area=town.area, year=2021, name=f"{town.word}计划", cost_fen=town.fen, drafted_by=town.clerk
    )
    RenewalSegment.objects.create(plan=plan, segment=segment, why=["AGE"])
    RenewalFunds.objects.create(plan=plan, source="self_raised", amount_fen=town.fen)


def _fuel(town: Town, company: HeatingCompany) -> None:
    FuelContract.objects.create(
        company=company, fuel="coal", term="long", supplier_name=f"{town.word}煤矿", number=f"{town.code}-M",
        quantity=10, signed_on=DAY, valid_from=DAY, valid_until=DAY, recorded_by=town.clerk,
    )  # fmt: skip
    FuelStock.objects.create(company=company, on=DAY, quantity=1, used_per_day=1, recorded_by=town.clerk)
    PriceRecord.objects.create(
        company=company, area=town.area, kind="end", valid_from=DAY, amount=23, paper_no=f"{town.word}号",
        recorded_by=town.clerk,
    )  # fmt: skip
    CreditScore.objects.create(
        company=company, year=2021, points_tenths=900, remark=f"{town.word}信用", scored_by=town.clerk, scored_on=DAY
    )
    AreaReport.objects.create(company=company, year=2021, heated_area_m2=9000, recorded_by=town.clerk)


def _papers(town: Town, company: HeatingCompany, n: int) -> None:
    town.keep("heat_paper", HeatPaper.objects.create(
        company=company, area=town.area, kind="cost_audit", title=f"{town.word}监审", dated_on=DAY,
        document=town.document("heat_paper", content_type="application/pdf"), recorded_by=town.clerk,
    ))  # fmt: skip
    HeatPaper.objects.create(
        area=town.area, kind="county_plan", title=f"{town.word}方案{n}", dated_on=DAY, recorded_by=town.clerk
    )
    SupplyIssue.objects.create(
        area=town.area,
        company=company,
        title=f"{town.word}事项{n}",
        owner_unit=f"{town.word}单位",
        recorded_by=town.clerk,
    )
