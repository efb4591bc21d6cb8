"""What supervision keeps of a town: a case of every group, a sealed check, an outlet, a network point in alarm."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from core import clock
from devices.models import ModelSample
from supervision.models import (
    Case,
    CaseStep,
    DeviceArrival,
    DutyTerm,
    EnergyCompany,
    MaintenanceVisit,
    NetworkAlarm,
    NetworkPoint,
    PointCompany,
    PublicityMark,
    SafetyEvent,
    SafetyPost,
    ServiceOutlet,
    SpotCheck,
    SpotCheckLine,
    TownScore,
)

if TYPE_CHECKING:
    from tests.permissions.town import Town

DAY = dt.date(2021, 12, 8)
CASES = (
    ("complaint", "subsidy"), ("repair", "no_heat"), ("hazard", "co"), ("non_use", "not_running"), ("order", "other"),
)  # fmt: skip


def build(town: Town) -> None:
    """`size` of each."""
    for n in range(town.size):
        for kind, category in CASES:
            _case(town, kind, category, n)
        _registers(town, n)
        _oversight(town, n)


def _case(town: Town, kind: str, category: str, n: int) -> None:
    home, now = town.homes["accepted"][n], clock.now()
    made = Case.objects.create(
        programme=town.county, area=town.village, kind=kind, category=category, source="patrol",
        number=f"{town.code}-{kind[:4]}-{n}", title=f"{town.word}事项", words=f"{town.word}经过",
        place_words=f"{town.word}路", reporter_name=f"{town.word}人", reporter_phone=home.household.phone,
        dwelling=home,
        responsible=f"{town.word}单位", reply=f"{town.word}答复", opened_by=town.clerk, opened_at=now, due_at=now,
        supplier=town.objects["supplier"],
    )  # fmt: skip
    step = CaseStep.objects.create(
        case=made, deed="open", target="open", words=f"{town.word}经过", by=town.clerk, at=now,
        photo=town.document("case_photo"),
    )  # fmt: skip
    town.keep(f"case_{kind}", made), town.keep(f"step_{kind}", step)


def _registers(town: Town, n: int) -> None:
    if n == 0:
        SafetyPost.objects.create(
            area=town.village, kind="officer", person_name=f"{town.word}安全员", phone="19900000001", since=DAY
        )
        SafetyPost.objects.create(
            area=town.area, kind="body", body_name=f"{town.word}安全办", person_name=f"{town.word}人", since=DAY
        )
    SafetyEvent.objects.create(
        area=town.area, kind="training", on=clock.today(), topic=f"{town.word}培训", recorded_by=town.clerk
    )
    PublicityMark.objects.create(
        household=town.homes["accepted"][n].household, area=town.village, material=f"{town.word}明白纸", on=DAY,
        marked_by=town.clerk,
    )  # fmt: skip
    point = NetworkPoint.objects.create(
        area=town.village, code=f"{town.code}-p{n}", name=f"{town.word}站", kind="pressure", unit="MPa"
    )
    town.keep("network_alarm", NetworkAlarm.objects.create(
        point=point, area=town.village, opened_at=clock.now(), value=1, worst=1, done_words=f"{town.word}处置"
    ))  # fmt: skip


def _oversight(town: Town, n: int) -> None:
    home = town.homes["accepted"][n]
    company = EnergyCompany.objects.create(area=town.area, carrier="gas", name=f"{town.word}燃气{n}", phone="0538-0")
    PointCompany.objects.create(point=NetworkPoint.objects.get(code=f"{town.code}-p{n}"), energy_company=company)
    DeviceArrival.objects.create(
        programme=town.county, area=town.village, device_model=town.objects["device_model"], quantity=3, is_whole=True,
        arrived_on=DAY - dt.timedelta(days=n), received_by=f"{town.word}接收人", words=f"{town.word}协调",
        recorded_by=town.clerk,
    )  # fmt: skip
    ServiceOutlet.objects.create(
        supplier=town.objects["supplier"], area=town.area, name=f"{town.word}网点{n}", address=f"{town.word}路",
        phone="0538-0000000", team_size=3,
    )  # fmt: skip
    MaintenanceVisit.objects.create(
        heater=home.heaters.get(), area=town.village, supplier=town.objects["supplier"], visited_on=DAY, result="fine",
        words=f"{town.word}维护", recorded_by=town.clerk,
    )  # fmt: skip
    check = SpotCheck.objects.create(
        programme=town.county, area=town.village, name=f"{town.word}抽查{n}", planned_on=DAY, seed=f"{town.code}{n}",
        size=1, population=2, digest="0" * 64, sealed_at=clock.now(), sealed_by=town.signers[0], state="drawn",
        evaluation=f"{town.word}评估",
    )  # fmt: skip
    for place, task in enumerate([town.objects["task"], town.objects["task_installed"]][: min(town.size, 2)], 1):
        SpotCheckLine.objects.create(check_of=check, task=task, place=place, words=f"{town.word}发现")
    town.keep("spot_check", check)
    if n == 0:
        TownScore.objects.create(
            programme=town.county, area=town.area, year=2021, components=[], total_tenths=900, words=f"{town.word}评分",
            scored_by=town.signers[0], scored_at=clock.now(),
        )  # fmt: skip
    town.keep("duty", DutyTerm.objects.create(
        programme=town.county, area=town.area, code=f"{town.code}-{n}", unit=f"{town.word}单位",
        words=f"{town.word}职责",
        clause="T-92",
    ))  # fmt: skip
    # A model is sampled for the programme, not for a town: what is found of it concerns all of them.
    town.keep("sample", ModelSample.objects.create(
        programme=town.county, area=town.county.area, device_model=town.objects["device_model"], batch_no=f"B{n}",
        report_no=f"R{town.code[0]}{n}", laboratory="示例检测中心", sampled_on=DAY, result="failed",
        findings="能效不达标", recorded_by=town.clerk,
    ))  # fmt: skip
