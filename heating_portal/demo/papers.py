"""What stands before the works: firms admitted, products shown, lots awarded, gas secured, contracts signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from accounts.acting import acting
from accounts.models import User
from devices.models import DeviceModel, Supplier
from devices.services.heaters import register_supplier
from heating_portal.demo.people import BY, person
from programmes.models import Programme
from retrofits.models import Admission, Contract, Project, Qualification, Task, TenderLot, TransitionalHome
from retrofits.services import contracts, enterprises, products, projects, supply, tenders, transition
from retrofits.services.buildings import enter_building

WHY = "demonstration"
RIVAL = "对照安装公司（虚构）"
SHOWN: dict[str, Any] = {
    "efficiency_grade": 1, "voltage_v": 220, "frequency_hz": 50, "certificate_no": "CCC-示例-0001",
    "certificate_until": date(2025, 12, 31), "insurance_no": "BX-示例-0001", "insurance_from": date(2020, 1, 1),
    "insurance_until": date(2025, 12, 31), "papers": ["parameters", "performance", "manual", "factory"],
    "uses": ["dwelling", "public"], "docking_no": "DJ-示例-0001", "docking_issuer": "示例平台服务单位（虚构）",
    "material": "不锈钢", "interface": "rs485", "protocol": "modbus_rtu", "has_wireless": True, "is_remote": True,
    "sample_on": date(2020, 6, 1), "protocol_paper": "通讯协议 V1.0（虚构）",
}  # fmt: skip
THERMAL_KW = {"ashp": Decimal(8), "hot_air": Decimal(7), "direct_electric": Decimal(6)}  # of a home's whole set
PRICE, QUALITY, SERVICE = "价格", "质量与能效", "售后服务"
CRITERIA = (tenders.Weighed(PRICE, 40, is_price=True), tenders.Weighed(QUALITY, 35), tenders.Weighed(SERVICE, 25))


def person_of_the_firm(task: Task) -> User:
    return person("supplier", task.area_id)


def prepare_jincheng(programme: Programme, day: date) -> None:
    """Certificates and admissions of the firms, and what their products show. Safe to run again."""
    office = person("office", programme.area_id)
    for supplier in Supplier.objects.exclude(code="rival"):
        admit(programme, supplier, day, office)
    with acting(office, WHY):
        for model in DeviceModel.objects.filter(product=None):
            power = {"thermal_power_kw": THERMAL_KW.get(model.kind, Decimal(8))}
            shown = SHOWN | power | {"is_direct": "direct" in model.kind, "is_low_power": "direct" not in model.kind}
            products.describe_product(device_model=model, values=shown, by=office)
    _waiting_homes(programme, day)


def _waiting_homes(programme: Programme, day: date) -> None:
    """Three dwellings that burn clean coal until their turn comes."""
    if TransitionalHome.objects.filter(programme=programme).exists():
        return
    waiting = Task.objects.filter(programme=programme, state=Task.State.LISTED).select_related("dwelling")
    for task in waiting.order_by("-dwelling__dwelling_no")[:3]:
        clerk = person("town_staff", task.area_id)
        with acting(clerk, WHY):
            transition.put_on_list(
                programme=programme, dwelling=task.dwelling, reason="later", fuel="clean_coal", since=day, by=clerk
            )


def admit(programme: Programme, supplier: Supplier, day: date, office: User) -> None:
    """Put forward, reviewed and admitted by two people. Safe to run again."""
    if Admission.objects.filter(programme=programme, supplier=supplier).exists():
        return
    leader = person("leading_group", programme.area_id)
    with acting(office, WHY):
        _certify(programme, supplier, office)
        put = enterprises.put_forward(
            programme=programme, supplier=supplier, on=day - timedelta(days=15), by=office
        )  # fmt: skip
        enterprises.review_admission(
            admission=put, experts="三位示例专家（虚构）", words="资料齐全，现场样机运行正常", warranty_months=36,
            service_point="示例路 1 号售后服务网点", on=day - timedelta(days=8), by=office,
        )  # fmt: skip
    with acting(leader, WHY):
        enterprises.decide_admission(admission=put, admit=True, on=day, by=leader)


def _certify(programme: Programme, supplier: Supplier, office: User) -> None:
    number = f"ZZ-{supplier.code}"
    if not Qualification.objects.filter(supplier=supplier, number=number).exists():
        enterprises.record_qualification(
            supplier=supplier, work="construction", name="机电安装工程资质（虚构）", number=number,
            issuer="示例住建部门", valid_from=date(2019, 1, 1), valid_until=date(2026, 12, 31), programme=programme,
            by=office,
        )  # fmt: skip


def prepare_taishan(programme: Programme, day: date) -> None:
    """Gas secured, devices chosen by tender, one project under way. Safe to run again."""
    office = person("office", programme.area_id)
    with acting(office, WHY):
        for number, step in enumerate(("plan", "contract")):
            if not programme.supply_steps.filter(step=step).exists():
                supply.record_step(
                    programme=programme, area=programme.area, step=step, done_on=day - timedelta(days=40 - 10 * number),
                    party="示例燃气公司（虚构）", paper_no=f"QY-2021-{number + 1}", by=office,
                )  # fmt: skip
        for technology in programme.technologies.all():
            _tender(programme, technology, day, office)
        _build(programme, day, office)


def _tender(programme: Programme, technology: Any, day: date, office: User) -> None:
    number = f"TS-2021-{technology.code}"
    if TenderLot.objects.filter(programme=programme, number=number).exists():
        return
    winner, rival = Supplier.objects.get(code="installer"), register_supplier(code="rival", name=RIVAL, by=BY)
    lot = tenders.open_lot(
        programme=programme, number=number, title=f"{technology.name}取暖设备及安装", technology=technology,
        departments=["区住建局", "区财政局", "区发改局"], criteria=CRITERIA, opened_on=day - timedelta(days=20),
        ceiling_fen=600_000, by=office,
    )  # fmt: skip
    best = tenders.enter_bid(
        lot=lot, supplier=winner, price_fen=568_000, points={PRICE: 88, QUALITY: 92, SERVICE: 95}, by=office
    )
    tenders.enter_bid(
        lot=lot, supplier=rival, price_fen=542_000, points={PRICE: 95, QUALITY: 78, SERVICE: 70}, by=office
    )
    tenders.award_lot(lot=lot, bid=best, on=day, by=office)


PAPERS = (("feasibility", "可研〔2021〕3号"), ("review", "办审〔2021〕11号"), ("approval", "批复〔2021〕27号"))


def _build(programme: Programme, day: date, office: User) -> None:
    project = Project.objects.filter(programme=programme, state=Project.State.PLANNED).first()
    if project is None:
        return
    for number, (kind, paper) in enumerate(PAPERS):
        if not project.papers.filter(kind=kind).exists():
            projects.file_paper(
                project=project, kind=kind, number=paper, issuer="示例单位（虚构）",
                dated_on=day + timedelta(days=number), by=office,
            )  # fmt: skip
    for deed in ("approve", "begin"):
        projects.move_project(project=project, deed=deed, by=office)
    block = enter_building(
        area=programme.area, by=office,
        values={"number": "LD-0001", "name": "示例小区 1 号楼（虚构）", "kind": "residential", "built_year": 1996,
                "floor_area_m2": Decimal("5320.00"), "homes": 60, "owner_unit": "示例小区业主委员会（虚构）"},
    )  # fmt: skip
    project.refresh_from_db()
    projects.edit_project(
        project=project, version=project.version, values={"building": block}, reason="首批改造楼栋", by=office
    )
    measure = project.measures.get()
    for weeks, done in ((4, 12_000), (9, 31_500)):
        projects.record_progress(measure=measure, on=day + timedelta(weeks=weeks), done=Decimal(done), by=office)


def sign(
    listed: Sequence[tuple[int, Task]], days: Mapping[int, date], fleet: Sequence[Sequence[Any]], ahead: int = 14
) -> None:
    """The households' supply contracts, two weeks before the installation, for the model they will get."""
    held = set(Contract.objects.filter(task__in=days, cancelled_on=None).values_list("task_id", flat=True))
    wanted = [(task, fleet[number][3].upper()) for number, task in listed if task.pk not in held]
    models = {
        model.model_no: model
        for model in DeviceModel.objects.filter(model_no__in={no for _t, no in wanted}).select_related("supplier")
    }
    signed = [
        (task, contracts.SupplyContract(
            f"GH-{task.pk:06d}", models[no].supplier, days[task.pk] - timedelta(days=ahead),
            task.dwelling.household.head_name, True, models[no], 36,
        ))
        for task, no in wanted
    ]  # fmt: skip
    _by_firm(signed, contracts.sign_contracts, "signed")


def commission(listed: Sequence[tuple[int, Task]], days: Mapping[int, date]) -> None:
    """Tried out on site and signed by the household, on the day of the installation."""
    done = [
        (task, contracts.Done("commissioned", days[task.pk], task.dwelling.household.head_name))
        for _number, task in listed
    ]
    _by_firm(done, contracts.confirm_all, "done")


def _by_firm(rows: Sequence[tuple[Task, Any]], service: Any, name: str) -> None:
    if rows:
        firm = person_of_the_firm(rows[0][0])
        with acting(firm, WHY):
            service(**{name: rows}, by=firm)
