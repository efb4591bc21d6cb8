"""Clean coal of a place: three supply points with good, blocked and untested batches and a few sales."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from accounts.acting import acting
from accounts.models import Area
from core import clock
from heating_portal.demo.people import person
from heatsupply.models import CoalBatch, CoalPoint
from heatsupply.services import coal
from households.models import Household
from programmes.models import Programme

WHY = "demonstration"
POINTS = (
    # name, address, kg of the first batch, sulphur, ash, sales in kg
    ("惠民洁净煤供应点（演示）", "村委会东侧", 8_000, "0.32", "14.5", (600, 400, 500)),
    ("山口洁净煤供应点（演示）", "老供销社院内", 2_600, "0.5", "16.0", (800, 700, 600)),
    ("站前洁净煤供应点（演示）", "货场路 6 号", 5_000, "0.74", "17.2", ()),
)


def load(programme: Programme) -> None:
    """Once per programme; what is there stays."""
    if CoalPoint.objects.filter(programme=programme).exists():
        return
    villages = list(Area.objects.within(programme.area_id).filter(level=Area.Level.VILLAGE, task__isnull=False)
                    .exclude(in_no_coal_zone=True).distinct().order_by("code")[: len(POINTS)])  # fmt: skip
    for number, village in enumerate(villages):
        _point(programme, village, number, clock.today())


def _point(programme: Programme, village: Area, number: int, today: date) -> None:
    name, address, kg, sulphur, ash, sales = POINTS[number]
    clerk, office, begun = person("town_staff", village.code), person("office", programme.area_id), _ago(today, 45)
    east, north = _place(programme, number)
    with acting(clerk, WHY):
        point = coal.register_point(
            programme=programme, area=village, name=name, address=address, phone=f"0538-600030{number}",
            keeper="李样本", longitude=east, latitude=north, opened_on=begun, by=clerk,
        )  # fmt: skip
        coal.check_point(point=point, has_sign=True, has_rules=number != 2, on=_ago(today, 40), closes=False, by=clerk,
                         today=today)  # fmt: skip
        batch = _delivered(point, f"{programme.year_from}-{number + 1:02d}", begun, kg, today)
    with acting(office, WHY):
        coal.record_test(
            batch=batch, sampled_on=_ago(today, 35 - 12 * number), laboratory="示例检测中心（虚构）",
            report_no=f"MZ-{programme.year_from}-{number + 1:02d}", sulphur_percent=Decimal(sulphur),
            ash_percent=Decimal(ash), by=office, now=clock.now(), today=today,
        )  # fmt: skip
    with acting(clerk, WHY):
        _sales(batch, village, sales, today)
        if number == 1:
            _delivered(point, f"{programme.year_from}-09", _ago(today, 2), 6_000, today)


def _place(programme: Programme, number: int) -> tuple[Decimal, Decimal]:
    """Longitude and latitude near the middle of the place, no two points alike."""
    box = next(iter(programme.settings["boxes"].values()))
    east, north = (Decimal(str(box[one] + box[other])) / 2 for one, other in (("west", "east"), ("south", "north")))
    return round(east + number * Decimal("0.042"), 6), round(north + number % 2 * Decimal("0.05"), 6)


def _ago(today: date, days: int) -> date:
    return today - timedelta(days=days)


def _delivered(point: CoalPoint, number: str, on: date, kg: int, today: date) -> CoalBatch:
    clerk = person("town_staff", point.area_id)
    return coal.receive_batch(
        point=point, batch_no=number, maker="示例型煤厂（虚构）", received_on=on, received_kg=kg, by=clerk, today=today
    )


def _sales(batch: CoalBatch, village: Area, sales: tuple[int, ...], today: date) -> None:
    clerk = person("town_staff", village.code)
    homes = Household.objects.filter(area=village, merged_into=None).order_by("household_no")[: len(sales)]
    for number, (home, kg) in enumerate(zip(homes, sales, strict=False)):
        coal.sell(
            batch=batch, household_no=home.household_no, sold_on=_ago(today, 3 * number + 1), kg=kg,
            amount_fen=kg * 105, receipt_no=f"{batch.batch_no}-{number + 1:03d}", by=clerk, now=clock.now(),
            today=today,
        )  # fmt: skip
