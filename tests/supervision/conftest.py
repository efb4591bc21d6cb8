"""A county with two towns, a supplier, and the people around complaints and hazards."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from PIL import Image

from accounts.models import Area, TOTPDevice, User
from core.refusals import Refused
from devices.models import Bus, DeviceModel, Heater, RegisterProfile, Supplier
from households.models import Roster, RosterRow
from programmes.models import Programme
from retrofits.models import Task
from supervision.models import Case
from supervision.services.cases import Opening, open_case
from telemetry.models import Alert
from tests import people

COUNTY, TOWN, VILLAGE, OTHER_TOWN = "370999", "370999001", "370999001001", "370999002"
NOW = datetime(2021, 12, 8, 2, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRM = "临示热泵（虚构）"
PROFILE = Path(settings.BASE_DIR) / "devices/profiles/linshi-ashp-08.yaml"


def photo(shade: int = 120) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (shade % 256, (shade * 7) % 256, 90)).save(out, "JPEG")
    return out.getvalue()


def code_of(deed: Any, /, **values: Any) -> str:
    """Code of the refusal that `deed` answers with."""
    with pytest.raises(Refused) as refusal:
        deed(**values)
    return refusal.value.code


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.PersonBackend")
    if user.needs_second_factor:
        device = TOTPDevice.objects.create(user=user, name="phone")
        session = client.session
        session["otp_device_id"] = device.persistent_id
        session.save()
    return client


@dataclass
class Room:
    programme: Programme
    supplier: Supplier
    model: DeviceModel
    office: User
    clerk: User
    officer: User
    other_clerk: User
    firm: User

    def area(self, code: str = VILLAGE) -> Area:
        return Area.objects.get(code=code)

    def opening(self, kind: str = "hazard", category: str = "co", **changes: Any) -> Opening:
        values: dict[str, Any] = {"source": "patrol", "title": "取暖间门窗密闭", "words": "无烟道，未装报警器"}
        return Opening(kind=kind, category=category, **(values | changes))

    def case(self, kind: str = "hazard", category: str = "co", *, by: User | None = None, at: str = VILLAGE,
             now: datetime = NOW, **changes: Any) -> Case:  # fmt: skip
        return open_case(
            programme=self.programme, area=self.area(at), opening=self.opening(kind, category, **changes),
            by=by or self.office, now=now,
        )  # fmt: skip


@pytest.fixture
def room(db: None) -> Room:
    programme = people.programme()
    for code in (VILLAGE, "370999001002", "370999002001"):
        people.area(code)
    supplier = Supplier.objects.create(code="linshi", name=FIRM)
    model = DeviceModel.objects.create(supplier=supplier, name="空气源热泵", model_no="LS-08", kind="ashp")
    firm = people.user("supplier", COUNTY)
    return Room(
        programme, supplier, model, people.user("office", COUNTY), people.user("town_staff", TOWN),
        people.user("village_staff", VILLAGE), people.user("town_staff", OTHER_TOWN), people.bind(firm, supplier),
    )  # fmt: skip


def heater_of(room: Room, home: Any = None, *, firm: Supplier | None = None, at: str = VILLAGE) -> Heater:
    """A heater of the room's maker, or of another firm, straight in the tables."""
    n = Heater.objects.count() + 1
    profile, _new = RegisterProfile.objects.get_or_create(
        name="sample", version=1, defaults={"document": PROFILE.read_text(encoding="utf-8"), "sha256": "0" * 64}
    )
    bus, _new = Bus.objects.get_or_create(line="tcp:127.0.0.1:1", defaults={"area_id": at})
    model = room.model if firm is None else DeviceModel.objects.get_or_create(
        supplier=firm, model_no="X-1", defaults={"name": "另一型号", "kind": "ashp"}
    )[0]  # fmt: skip
    return Heater.objects.create(
        platform_no=f"H{n:05d}", area_id=at, dwelling=home, device_model=model, profile=profile, factory_no=f"F{n}",
        bus=bus, unit=n, installed_on=NOW.date(),
    )  # fmt: skip


def alert_of(heater: Heater, kind: str = "coal_return") -> Alert:
    return Alert.objects.create(heater=heater, area_id=heater.area_id, kind=kind, opened_at=NOW)


def task_of(room: Room, at: str = VILLAGE, state: str = "accepted") -> Task:
    """A home whose works are done, straight in the tables."""
    route = room.programme.technologies.first() or people.technology(room.programme)
    roster, _new = Roster.objects.get_or_create(
        programme=room.programme, area_id=at, defaults={"state": "approved", "prepared_by": room.clerk}
    )
    home = people.dwelling(at)
    row = RosterRow.objects.create(roster=roster, dwelling=home, technology=route)
    return Task.objects.create(
        programme=room.programme, area_id=at, dwelling=home, technology=route, roster_row=row, state=state
    )


def of(organisation: Any, role: str = "supplier", at: str = COUNTY) -> User:
    """Somebody with that role who works for that organisation."""
    return people.bind(people.user(role, at), organisation)
