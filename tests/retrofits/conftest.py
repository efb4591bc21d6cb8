"""A village with an approved roster, a supplier with a docked model, and the people around it."""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from PIL import Image

from accounts.models import User
from core import clock
from devices.models import DeviceModel, Supplier
from devices.services.heaters import store_profile
from households.models import Roster, RosterRow
from programmes.models import Checklist, Programme
from retrofits.models import Task
from retrofits.records import CostEntry, InstallationEntry
from retrofits.services.installations import record_installation
from retrofits.services.photos import add_photo
from retrofits.services.tasks import open_tasks
from retrofits.visits import Visit
from telemetry.models import LatestReading, Reading
from tests import flushing, people
from tests.standing import commits, standing

flushing.install()

VILLAGE, OTHER_TOWN = "370999001001", "370999002001"
DAY = date(2021, 12, 8)
NUMBERS = count(1)
ITEMS = [
    {"code": "IDENTITY", "text": "户主与名单一致", "kind": "yes_no", "required": True},
    {"code": "WIRING", "text": "专线与计量表", "kind": "yes_no", "required": True},
    {"code": "DATA", "text": "平台数据", "kind": "telemetry", "required": True, "technologies": ["ELECTRIC"]},
    {"code": "ROOM_TEMP", "text": "室温", "kind": "number", "required": True, "min": "16", "max": "35"},
    {"code": "PHOTO_AFTER", "text": "改造后照片", "kind": "photo", "required": True},
    {"code": "USER_SIGNATURE", "text": "住户签字", "kind": "signature", "required": True},
]


def picture(shade: int = 120, **save: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (shade % 256, (shade * 7) % 256, 90)).save(out, "JPEG", **save)
    return out.getvalue()


@dataclass
class Works:
    programme: Programme
    supplier: Supplier
    model: DeviceModel
    office: User
    clerk: User
    inspector: User

    def task(self, area: str = VILLAGE) -> Task:
        """A fresh dwelling, listed, approved and opened."""
        self.row(area)
        open_tasks(programme=self.programme, area_codes=[area], by=self.office)
        return Task.objects.latest("id")

    def row(self, area: str = VILLAGE, **fields: Any) -> RosterRow:
        roster = Roster.objects.filter(programme=self.programme, area_id=area).first() or Roster.objects.create(
            programme=self.programme,
            area_id=area,
            state=Roster.State.APPROVED,
            prepared_by=self.clerk,
            approved_at=clock.now(),
        )
        return RosterRow.objects.create(
            roster=roster, dwelling=people.dwelling(area), technology=self.programme.technologies.get(), **fields
        )

    def entry(self, **changes: Any) -> InstallationEntry:
        n = next(NUMBERS)
        entry = InstallationEntry(
            town_name="甲镇", village_name="甲一村", door_no="3 组 18 号",
            occupant_name="张示例", occupant_phone="19900000147",
            heated_area_m2="88", longitude="112.85", latitude="35.49", manufacturer="临示热泵（虚构）",
            device_name="空气源热泵",
            model_no="LS-08", factory_address_code=f"SL{n:08d}", wireless_address_code=f"8619900000{n:05d}",
            supplier="linshi", installed_on="2021-12-01", unit="1", costs=(CostEntry("DEVICE", "8900", "INV-1"),),
        )  # fmt: skip
        return replace(entry, **changes)

    def installed(self, area: str = VILLAGE, by: User | None = None) -> Task:
        task = self.task(area)
        record_installation(task=task, entry=self.entry(), by=by or self.clerk, on=DAY)
        return Task.objects.get(pk=task.pk)

    def ready(self, by: User | None = None) -> Task:
        """Installed, photographed, and the heater heard of just now."""
        task = self.installed(by=by)
        now = clock.now()
        LatestReading.objects.create(heater=task.installation.heater, at=now, supply_dc=446, return_dc=398)
        self.heard(task, now=now)
        add_photo(task=task, stage="after", content=picture(next(NUMBERS)), by=self.inspector)
        return task

    def heard(self, task: Task, *, now: datetime, count: int = 10, every_s: int = 30, supply_dc: int = 446) -> None:
        """Readings of the task's heater, the newest at `now`."""
        heater = task.installation.heater
        moments = [now - timedelta(seconds=every_s * n) for n in range(count)]
        Reading.objects.bulk_create([Reading(heater=heater, at=at, supply_dc=supply_dc) for at in moments])

    def visit(self, **changes: Any) -> Visit:
        answers = {"IDENTITY": "ok", "WIRING": "ok", "ROOM_TEMP": "19.3"}
        return replace(Visit(answers=answers, opinion="满意", signer_name="张示例"), **changes)


@pytest.fixture(scope="module")
def standing_works(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[Works | None]:
    if commits(request):
        yield None
        return
    with standing(django_db_blocker, tmp_path_factory.mktemp("files")):
        yield make_works()


@pytest.fixture
def works(db: None, standing_works: Works | None) -> Works:
    """One village for all tests of a file, each with a copy to change; its own where a test of the file commits."""
    return copy.deepcopy(standing_works) or make_works()


def make_works() -> Works:
    programme = people.programme(poll_period_s=30)
    people.technology(programme, has_heater=True)
    Checklist.objects.create(programme=programme, kind="acceptance", items=ITEMS)
    people.area(VILLAGE), people.area(OTHER_TOWN)
    supplier = Supplier.objects.create(code="linshi", name="临示热泵（虚构）")
    profile = store_profile(name="linshi-ashp-08", by="tests")
    model = DeviceModel.objects.create(
        supplier=supplier, name="空气源热泵", model_no="LS-08", kind="ashp", profile=profile, docking_confirmed_on=DAY
    )
    return Works(
        programme, supplier, model, people.user("office", "370999"), people.user("town_staff", "370999001"),
        people.user("inspector", "370999"),
    )  # fmt: skip
