"""One village's heating season: the power company's file, the cross-check with a few heaters, a claim back that waits.

The file goes through the services people use: on trial, then applied. It holds what such files hold: a row of nobody's
number, and a counter that went back.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from accounts.acting import acting
from accounts.models import Area, User
from core.seasons import Season, months_of
from devices.models import DeviceModel, Heater
from devices.services.heaters import register_heater, remove_heater
from heating_portal.demo.people import person
from households.models import Dwelling
from programmes.models import Programme
from retrofits.models import Task
from subsidies.models import Clawback, Entitlement, ReadingImport
from subsidies.services import clawbacks, operation, reading_imports
from telemetry.rollups import HourSaid, take_over_hours

WHY = "demonstration"
SEASON = Season(date(2021, 11, 1), date(2022, 3, 31))
TAKEN_ON, REMOVED_ON = date(2022, 4, 11), date(2022, 4, 12)
HEAD = ["用户编号", "用户名称", "上次抄表日期", "本次抄表日期", "上次示数", "本次示数", "用电量（千瓦时）"]
DAY, CLOCK = timedelta(days=1), ZoneInfo("Asia/Shanghai")
#: What the heaters of four homes say: minutes on in an hour, tenths of a kWh in an hour, room in tenths of a degree.
SAID = ((22, 1, 201), (0, 0, 84), (40, 14, 215), (35, 9, 208))


def season_file(tasks: Sequence[Task]) -> bytes:
    """The company's export: five months of every home, one row of an unknown number, one counter that went back."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["示例供电公司（虚构）2021-2022 采暖季抄表明细"])
    writer.writerow(HEAD)
    for number, task in enumerate(tasks):
        writer.writerows(_months(task.dwelling, Decimal(1_000 + 37 * number), used(number)))
    writer.writerow(["099990000000", "", "2021-10-31", "2021-11-30", "10", "310", "300"])
    home = tasks[0].dwelling.dwelling_no
    writer.writerow([home, "", "2022-03-31", TAKEN_ON.isoformat(), "9200", "9020", ""])
    return out.getvalue().encode("utf-8-sig")


def used(number: int) -> Decimal:
    """Between 620 and about 3,600 kWh; some above the 3,000 kWh at which the cap is reached."""
    return Decimal(62_000 + number * 7_919 % 298_000) / 100


def take_in(programme: Programme, village: str, tasks: Sequence[Task], clerk: User) -> None:
    """Upload, trial, apply; a second run finds the file."""
    with acting(clerk, WHY):
        made, _fresh = reading_imports.start_import(
            programme=programme, area=Area.objects.get(code=village), carrier="electricity",
            content=[season_file(tasks)], file_name="抄表明细 2021-2022.csv", by=clerk,
        )  # fmt: skip
        if made.state != ReadingImport.State.APPLIED:
            made = reading_imports.check_import(made.pk)
            reading_imports.apply_import(made.pk, digest=made.plan_digest, by=clerk)


def compare(programme: Programme, tasks: Sequence[Task], unread: Iterable[Task], now: datetime) -> None:
    """Heaters at three homes that claim and at one that does not, and the comparison of the season."""
    maker = person("finance", programme.area_id)
    homes = [task.dwelling for task in (*tasks[1:4], *list(unread)[:1])]
    model = DeviceModel.objects.filter(profile__isnull=False).order_by("pk").first()
    if model is None or Heater.objects.filter(dwelling__in=homes).exists():
        return
    with acting(maker, WHY):
        for unit, (home, said) in enumerate(zip(homes, SAID, strict=False), 1):
            _heater(home, model, unit, said, maker)
        operation.check_operation(programme=programme, season=SEASON, now=now)


def claim_back(programme: Programme, now: datetime) -> None:
    """A paid amount that finance wants back; somebody else decides."""
    maker = person("finance", programme.area_id)
    paid = Entitlement.objects.filter(programme=programme, state="paid").order_by("pk").first()
    if paid is None or Clawback.objects.filter(programme=programme).exists():
        return
    with acting(maker, WHY):
        clawbacks.propose_clawback(
            entitlement=paid, amount_fen=50_000, reason=Clawback.Reason.OTHER, way=Clawback.Way.RETURN,
            words="复核发票后核减设备价款 500 元，发票复印件附后", by=maker, now=now,
        )  # fmt: skip


def _months(home: Dwelling, counter: Decimal, kwh: Decimal) -> Iterable[list[str]]:
    """A fifth of the season's use in each month, the last takes the rest."""
    months = months_of(SEASON)
    for at, month in enumerate(months, 1):
        part = (kwh / 5).quantize(Decimal("0.1")) if at < len(months) else kwh - 4 * (kwh / 5).quantize(Decimal("0.1"))
        days = [(month.first_day - DAY).isoformat(), month.last_day.isoformat()]
        yield [home.dwelling_no, "", *days, f"{counter:f}", f"{counter + part:f}", f"{part:f}"]
        counter += part


def _heater(home: Dwelling, model: DeviceModel, unit: int, said: tuple[int, int, int], by: User) -> None:
    """A heater of that season, taken away since, with what it said hour by hour."""
    heater = register_heater(
        dwelling=home, device_model=model, factory_no=f"YX2021{unit:04d}", line="serial:demo-season", unit=unit,
        installed_on=date(2021, 10, 20), by=by,
    )  # fmt: skip
    take_over_hours(heater=heater, hours=_season_hours(said))
    remove_heater(heater=heater, on=REMOVED_ON, by=by)


def _season_hours(said: tuple[int, int, int]) -> Iterable[HourSaid]:
    minutes_on, energy_dkwh, room_dc = said
    hour, end = (datetime.combine(day, time(), CLOCK) for day in (SEASON.first_day, SEASON.last_day + DAY))
    while hour < end:
        yield HourSaid(hour, 12, minutes_on, energy_dkwh, room_dc, -20)
        hour += timedelta(hours=1)
