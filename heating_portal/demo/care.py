"""Complaints, hazards, tickets and safety of a place, made through the services people use, on the story's days."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from PIL import Image, ImageDraw

from accounts.acting import acting
from accounts.models import Area, User
from devices.models import DeviceModel, Supplier
from heating_portal.demo.people import bind_accounts, person
from programmes.models import Programme
from retrofits.models import Task
from supervision.kinds import Category, Kind, Source
from supervision.models import Case, EnergyCompany, SafetyPost, ServedPlace, SpotCheck, TownScore
from supervision.scores import Component
from supervision.services import checks, network, public, safety, samples, served, service
from supervision.services.cases import Opening, move_case, open_case

WHY = "demonstration"
TALK = (
    ("complaint", Category.SUBSIDY, "设备补贴还没有到账", "九月安装完，邻居都到账了", "已核对，随下一批次拨付"),
    ("question", Category.SUBSIDY, "运行补贴怎么算", "一个采暖季最多补多少", ""),
    ("complaint", Category.SUPPLY_FAULT, "夜里停电两次", "三级以上大风后断电", ""),
    ("complaint", Category.FORCED_REMOVAL, "要求拆火炕", "采暖季没过就来拆", ""),
)
FOUND = (
    (Category.CO, "取暖间未留通风口", "已开通风口并装报警器"),
    (Category.ELECTRICAL, "插线板串接供电", ""),
    (Category.GAS_LEAK, "灶前阀渗漏", "已更换阀门"),
)


def load(programme: Programme) -> None:
    """Once per programme; what is there stays."""
    if Case.objects.filter(programme=programme).exists():
        return
    villages = list(Area.objects.within(programme.area_id).filter(level=Area.Level.VILLAGE, task__isnull=False)
                    .distinct().order_by("code")[:3])  # fmt: skip
    if not villages:
        return
    begun = datetime(programme.year_from, 12, 6, 1, 30, tzinfo=UTC)
    _talk(villages[0], begun)
    _hazards(programme, villages, begun)
    _tickets(programme, villages[0], begun)
    _safety(programme, villages)
    _oversight(programme, begun)


def _talk(village: Area, begun: datetime) -> None:
    """From the public page; the town's clerk takes up and answers."""
    town = village.parent or village
    clerk = person("town_staff", town.code)
    for number, (kind, category, title, words, reply) in enumerate(TALK):
        at = begun + timedelta(hours=5 * number)
        opening = Opening(Kind(kind), category, Source.PUBLIC, title, words, place_words=village.name)
        with acting("visitor", WHY):
            case, _code = public.ask(area=town, opening=opening, now=at)
        if reply:
            with acting(clerk, WHY):
                case = move_case(case=case, deed="take", by=clerk, now=at + timedelta(hours=3))
                move_case(case=case, deed="reply", words=reply, by=clerk, now=at + timedelta(days=2))


def _hazards(programme: Programme, villages: list[Area], begun: datetime) -> None:
    for number, (category, title, fixed) in enumerate(FOUND):
        village = villages[number % len(villages)]
        clerk, at = person("town_staff", village.code), begun + timedelta(days=number)
        finder = person("office", programme.area_id)
        opening = Opening(Kind.HAZARD, category, Source.PATROL, title, "入户巡查发现", place_words="演示住户",
                          responsible=village.name, photo=_photo(number))  # fmt: skip
        with acting(finder, WHY):
            case = open_case(programme=programme, area=village, opening=opening, by=finder, now=at)
        if fixed:
            with acting(clerk, WHY):
                case = move_case(
                    case=case, deed="fix", words=fixed, photo=_photo(number + 50), by=clerk, now=at + timedelta(hours=9)
                )
        if number == 0:
            with acting(finder, WHY):
                move_case(case=case, deed="close", by=finder, now=at + timedelta(hours=20))


def _photo(n: int) -> bytes:
    """A drawn picture, no two alike."""
    image = Image.new("RGB", (480, 360), (150 + n % 60, 150, 140))
    draw = ImageDraw.Draw(image)
    draw.rectangle((60 + n % 40, 60, 300 + n % 60, 280), fill=(90, 90 + n % 80, 100))
    draw.text((80, 300), f"demo {n:03d}", fill=(40, 40, 40))
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


def _tickets(programme: Programme, village: Area, begun: datetime) -> None:
    clerk = person("town_staff", village.code)
    task = Task.objects.filter(programme=programme, area=village, installation__isnull=False).order_by("pk").first()
    if task is None:
        return
    supplier, home = task.installation.supplier, task.dwelling
    for number, (category, title) in enumerate(((Category.NO_HEAT, "出风不热"), (Category.FAULT, "显示 E4"))):
        at = begun + timedelta(hours=30 * number)
        opening = Opening(Kind.REPAIR, category, Source.PHONE, title, dwelling=home, supplier=supplier)
        with acting(clerk, WHY):
            case = open_case(programme=programme, area=village, opening=opening, by=clerk, now=at)
            if number == 0:
                case = move_case(case=case, deed="take", by=clerk, now=at + timedelta(hours=2))
                case = move_case(case=case, deed="fix", words="更换主板", by=clerk, now=at + timedelta(hours=7))


def _safety(programme: Programme, villages: list[Area]) -> None:
    town, year = villages[0].parent or villages[0], programme.year_from
    clerk, since = person("town_staff", town.code), date(year, 9, 1)
    with acting(clerk, WHY):
        safety.appoint(area=town, kind="body", body_name=f"{town.name}清洁取暖安全办", person_name="王测试",
                       phone="19900000201", since=since, by=clerk)  # fmt: skip
        officers = [
            safety.appoint(area=village, kind=SafetyPost.Kind.OFFICER, person_name=name, since=since, by=clerk)
            for village, name in zip(villages, ("李样本", "张示例", "赵演示"), strict=False)
            if village.code.startswith(town.code)
        ]
        safety.record_event(area=town, kind="training", on=date(year, 10, 20), topic="一氧化碳和燃气安全",
                            attended=officers[:2], by=clerk)  # fmt: skip
        safety.record_event(area=town, kind="drill", on=date(year, 11, 5), topic="燃气泄漏处置",
                            by=clerk, partners="区消防救援大队（虚构）")  # fmt: skip
        safety.mark_publicity(area=villages[0], material="安全取暖明白纸", on=date(year, 11, 8), by=clerk)


def _oversight(programme: Programme, begun: datetime) -> None:
    office, county = person("office", programme.area_id), programme.area
    with acting(office, WHY):
        if checks.population(programme, county.code) and not SpotCheck.objects.filter(programme=programme).exists():
            size = min(4, len(checks.population(programme, county.code)))
            check = checks.seal_check(programme=programme, area=county, name="采暖季抽查", planned_on=begun.date(),
                                      size=size, by=office, now=begun, seed=f"{programme.year_from}1206")  # fmt: skip
            checks.draw_check(check=check, by=office, now=begun + timedelta(hours=4))
        model = DeviceModel.objects.order_by("pk").first()
        if model is not None:
            samples.record_sample(
                programme=programme, device_model=model, batch_no="2021-07", report_no=f"JC-{programme.year_from}-01",
                laboratory="示例检测中心（虚构）", sampled_on=date(programme.year_from, 9, 3), result="passed",
                by=office,
            )  # fmt: skip
        opening = Opening(Kind.ORDER, Category.LATE_WORKS, Source.OFFICE, "加快剩余户改造", "限期完成剩余户",
                          responsible="各街道镇")  # fmt: skip
        open_case(programme=programme, area=county, opening=opening, by=office, now=begun)
        _network(county, begun)
        _energy(programme, begun)
        _scores(programme, begun)


def _network(county: Area, begun: datetime) -> None:
    office, code = person("office", county.code), f"DEMO-{county.code}-P1"
    network.register_point(area=county, code=code, name="演示一号换热站供水", kind="pressure", unit="MPa",
                           low=Decimal("0.2"), high=Decimal("0.6"), by=office)  # fmt: skip
    said = [
        network.Said(code, begun + timedelta(hours=hour), Decimal(value))
        for hour, value in ((0, "0.42"), (1, "0.17"), (2, "0.16"))
    ]
    network.take_values(said=said, by=office, now=begun + timedelta(days=1))


GAS = ("泰山示例燃气（虚构）", "370902")


def _energy(programme: Programme, begun: datetime) -> None:
    """A gas company that sends the values of its own points and answers for a leak; its account sees no more."""
    name, code = GAS
    if programme.area_id != code:
        return
    office, county = person("office", code), programme.area
    company = network.keep_company(area=county, carrier="gas", name=name, phone="19900000203", by=office)
    bind_accounts("energy", [company])
    points = (
        ("Q1", "泰前调压站出口压力", "pressure", "kPa", "1.8", "3.2"),
        ("Q2", "泰前调压站可燃气体", "leak", "%LEL", None, "20"),
    )
    for suffix, words, kind, unit, low, high in points:
        network.register_point(area=county, code=f"DEMO-{code}-{suffix}", name=words, kind=kind, unit=unit,
                               low=Decimal(low) if low else None, high=Decimal(high), company=company,
                               by=office)  # fmt: skip
    values = (("Q1", ("2.4", "2.5", "2.3")), ("Q2", ("0", "3", "26")))
    said = [
        network.Said(f"DEMO-{code}-{suffix}", begun + timedelta(hours=hour), Decimal(value))
        for suffix, row in values for hour, value in enumerate(row)
    ]  # fmt: skip
    sender = person("energy_company", code)
    _villages(company, office, sender, begun)
    with acting(sender, WHY):
        network.take_values(said=said, by=sender, now=begun + timedelta(days=1))
    opening = Opening(
        Kind.HAZARD, Category.GAS_LEAK, Source.PATROL, "调压站可燃气体超限", "报警值 26 %LEL", company=company
    )
    open_case(programme=programme, area=county, opening=opening, by=office, now=begun + timedelta(hours=3))


def _villages(company: EnergyCompany, office: User, sender: User, begun: datetime) -> None:
    """The company serves the villages of two towns and has said of one village what its network can do."""
    towns = Area.objects.within(company.area_id).filter(level=Area.Level.TOWN, children__task__isnull=False)
    for town in towns.distinct().order_by("code")[:2]:
        served.serve(company=company, area=town, by=office)
    first = ServedPlace.objects.filter(company=company).select_related("area").first()
    if first is not None and first.said_at is None:
        said = served.Said(True, "泰示燃函〔2021〕3 号（虚构）", ServedPlace.Works.DONE, begun.date())
        with acting(sender, WHY):
            served.confirm(company=company, area=first.area, said=said, by=sender, now=begun + timedelta(days=1))
    maker = Supplier.objects.filter(code="installer").first()
    if maker is not None:
        service.keep_site(supplier=maker, area=company.area, address="示例工业园 1 号", makes=True, sells=True,
                          seen_on=begun.date(), by=office)  # fmt: skip


def _scores(programme: Programme, begun: datetime) -> None:
    """Last year's score of each town, with figures that only show the page."""
    office = person("office", programme.area_id)
    towns = (
        Area.objects.within(programme.area_id).filter(level=Area.Level.TOWN, children__task__isnull=False).distinct()
    )
    for number, town in enumerate(towns.order_by("code")[:6]):
        if not TownScore.objects.filter(programme=programme, area=town).exists():
            points = {one.code: one.most_tenths * (19 - number) // 20 for one in Component}
            checks.score_town(
                programme=programme, area=town, year=programme.year_from, points=points, by=office, now=begun
            )
