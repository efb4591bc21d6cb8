"""Baiyin's heat supply: four invented companies with sources, networks, pipes, fuel, plans and what is lacking."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from accounts.acting import acting
from accounts.models import Area, User
from heating_portal import presets
from heating_portal.demo import heat_fees
from heating_portal.demo.people import BY, bind_accounts, make_people, person
from heatsupply.models import HeatingCompany, HeatNetwork, HeatSource
from heatsupply.rules.pipe_rows import PipeRow
from heatsupply.services import compounds, credits, fuel, networks, plans
from programmes.models import Programme

WHY, BAIYIN, CITY = "demonstration", "baiyin_2023", "6204"
AUTUMN, STORY = date(2023, 10, 12), date(2023, 12, 5)
# name, county, kind, heat source and its kind, MW, contracted MW, heated area m², peak MW
COMPANIES = (
    ("示例铜城热力（虚构）", "620402", "resale", "示例第一热电厂", "chp", "320", "260", 9_600_000, "420"),
    ("示例平川热力（虚构）", "620403", "boiler", "平川示例热源厂", "coal", "174", "", 3_900_000, "160"),
    ("样本靖远热电（虚构）", "620421", "plant", "靖远样本电厂", "chp", "210", "120", 3_100_000, "130"),
    ("样本会宁供热（虚构）", "620422", "boiler", "会宁样本锅炉房", "coal", "280", "", 3_400_000, "150"),
)
# number, level, metres, year laid, conditions, course
PIPES = (
    ("G-01", "primary", "1820", 1998, (), ((104.1736, 36.5448), (104.1802, 36.5461))),
    ("G-02", "primary", "2460.5", 2003, (), ((104.1802, 36.5461), (104.1895, 36.5477))),
    ("G-03", "primary", "3100", 2004, (), ((104.1895, 36.5477), (104.2011, 36.5489))),
    ("G-04", "secondary", "640", 2012, ("leaking",), ()),
    ("G-05", "secondary", "910", 2016, ("heat_loss",), ()),
    ("G-06", "secondary", "1280", 2021, (), ()),
)
AREAS = {"620402": (9_200_000, 9_560_000), "620403": (3_800_000, 3_900_000), "620421": (3_000_000, 3_100_000),
         "620422": (3_350_000, 3_400_000)}  # fmt: skip
ISSUES = (
    ("620421", "与发电企业合理确定供热价格、签订供热合同", "靖远县人民政府"),
    ("620422", "燃煤锅炉供热企业成本倒挂", "会宁县人民政府"),
)


def load() -> Programme:
    """The programme, its people and the companies. Safe to run again: what is there stays."""
    preset = presets.find(BAIYIN)
    programme = presets.load(preset, by=BY, settings={"heat_fees": heat_fees.TERMS})
    make_people((preset.read("accounts.yaml") or {}).get("accounts", []))
    office = person("office", CITY)
    with acting(office, WHY):
        if not HeatingCompany.objects.within(CITY).exists():
            made = [_company(line, office) for line in COMPANIES]
            _backup(made, office)
            _fuel(made, office)
            _compounds(made, office)
            _papers(made, office)
        bind_accounts("heating", HeatingCompany.objects.within(CITY))
    return programme


def _company(line: tuple[str, str, str, str, str, str, str, int, str], office: User) -> HeatingCompany:
    name, county, kind, source_name, source_kind, power, contracted, area_m2, peak = line
    area = Area.objects.get(code=county)
    company = networks.register_company(area=area, name=name, kind=kind, service_phone="19900000620", by=office)
    done = ("flexible", "heating") if source_kind == "chp" else ()
    source = networks.add_source(
        company=company, name=source_name, kind=source_kind, capacity_mw=Decimal(power), retrofits=done, by=office
    )
    if contracted:
        networks.contract_heat(source=source, contracted_mw=Decimal(contracted), contract_no=f"RL-2023-{county}",
                               contract_until=date(2024, 4, 30), by=office)  # fmt: skip
    networks.start_source(source=source, on=AUTUMN, by=office)
    network = networks.add_network(company=company, name=f"{area.name}城区管网", heated_area_m2=area_m2,
                                   peak_mw=Decimal(peak), by=office)  # fmt: skip
    networks.feed_network(network=network, source=source, role="main", by=office)
    _pipes(network, county, office)
    for year, m2 in zip((2022, 2023), AREAS[county], strict=True):
        plans.report_area(company=company, year=year, heated_area_m2=m2, by=office, today=date(2024, 1, 8))
    return company


def _pipes(network: HeatNetwork, county: str, office: User) -> None:
    shift = int(county[-2:]) % 5 / 10
    rows = [
        PipeRow(f"{county[-2:]}-{code}", level, Decimal(metres), 300, year, conditions,
                tuple((lng + shift, lat) for lng, lat in line))
        for code, level, metres, year, conditions, line in PIPES
    ]  # fmt: skip
    networks.add_segments(network=network, rows=rows, by=office)
    station = networks.add_station(network=network, code=f"H-{county[-2:]}", name="一号换热站", capacity_mw=Decimal(12),
                                   demand_mw=Decimal(11), lng=Decimal("104.18"), lat=Decimal("36.54"),
                                   by=office)  # fmt: skip
    networks.record_check(network=network, station=station, season=2022, checked_on=date(2022, 10, 10),
                          meets_demand=True, by=office, today=STORY)  # fmt: skip


def _backup(made: list[HeatingCompany], office: User) -> None:
    """Jingyuan and Pingchuan back each other up; the city's second source is planned."""
    _copper, river, plant, _hill = made
    own = HeatSource.objects.get(company=river)
    theirs = HeatSource.objects.get(company=plant)
    for company, source in ((river, theirs), (plant, own)):
        network = HeatNetwork.objects.get(company=company)
        networks.feed_network(network=network, source=source, role="backup", by=office)
    second = networks.add_source(company=made[0], name="白银城区第二热源（规划）", kind="gas", capacity_mw=Decimal(116),
                                 gas_need_m3=18_000_000, by=office)  # fmt: skip
    networks.feed_network(network=HeatNetwork.objects.get(company=made[0]), source=second, role="backup", by=office)


def _fuel(made: list[HeatingCompany], office: User) -> None:
    for company, tons in ((made[1], "9600"), (made[3], "1900")):
        fuel.sign_contract(
            company=company, fuel="coal", supplier_name="示例煤业（虚构）", number=f"MT-2023-{company.area_id[-2:]}",
            quantity=Decimal(90_000), signed_on=date(2023, 8, 20), valid_from=date(2023, 9, 1),
            valid_until=date(2024, 8, 31), by=office,
        )  # fmt: skip
        fuel.report_stock(company=company, fuel="coal", on=STORY, quantity=Decimal(tons), used_per_day=Decimal(300),
                          by=office, today=STORY)  # fmt: skip
    for kind, day, amount in (("end", date(2021, 10, 1), "23.5"), ("coal", date(2022, 9, 1), "620"),
                              ("coal", date(2023, 9, 1), "745")):  # fmt: skip
        fuel.record_price(area=made[3].area, company=made[3], kind=kind, valid_from=day, amount=Decimal(amount),
                          paper_no="示例价〔2023〕1号", by=office)  # fmt: skip


def _compounds(made: list[HeatingCompany], office: User) -> None:
    copper = made[0]
    old = compounds.add_compound(
        company=copper, area=copper.area, by=office,
        plot=compounds.Plot("示例一小区（虚构）", 860, 78_000, "residents", built_year=1999, metered_homes=320),
    )  # fmt: skip
    compounds.settle_keeper(compound=old, keeper="property", cost_owner="residents", renewed_year=2023, by=office)
    compounds.hand_over(compound=old, company=copper, handed_over_on=date(2023, 10, 20), handover_no="YJ-2023-06",
                        by=office)  # fmt: skip
    compounds.plan_work(compound=old, kind="household", year=2024, homes=200, by=office)
    compounds.add_compound(
        company=copper, area=copper.area, by=office,
        plot=compounds.Plot("样本新城（虚构）", 1_240, 131_000, "developer", is_new=True, built_year=2023),
    )  # fmt: skip


def _papers(made: list[HeatingCompany], office: User) -> None:
    copper, hill = made[0], made[3]
    networks.rate_risk(company=hill, risk="may_stop", reason="煤价上涨，成本倒挂", on=AUTUMN, by=office)
    plans.draft_plan(
        company=copper, year=2023, name="城区老旧管网更新", cost_fen=1_260_000_000, by=office,
        funds={"central_budget": 500_000_000, "special_bond": 460_000_000, "self_raised": 300_000_000},
        segments=list(HeatNetwork.objects.get(company=copper).segments.select_related("network")
                      .filter(code__in=["02-G-01", "02-G-02"])),
    )  # fmt: skip
    percents = {"collection": Decimal(82), "warmth": Decimal(96), "satisfaction": Decimal(88), "checks": Decimal(100)}
    credits.score_company(company=copper, year=2023, read={}, percents=percents, reason="演示数据（虚构）", on=STORY,
                          by=office)  # fmt: skip
    city = Area.objects.get(code=CITY)
    sent = plans.keep_paper(area=hill.area, company=None, kind="county_plan", title="会宁县供热工作落实计划（演示）",
                            dated_on=AUTUMN, by=office)  # fmt: skip
    plans.move_paper(paper=sent, state="sent", by=office)
    plans.keep_paper(area=city, company=None, kind="regulation", title="白银市城镇供热管理办法（起草稿，演示）",
                     dated_on=AUTUMN, by=office)  # fmt: skip
    for county, title, owner in ISSUES:
        plans.open_issue(area=Area.objects.get(code=county), title=title, owner_unit=owner, clause="B-44", by=office)
