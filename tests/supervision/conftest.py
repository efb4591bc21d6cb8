"""A county with two towns, a supplier, and the people around complaints and hazards."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from accounts.models import Area, TOTPDevice, User
from core.refusals import Refused
from devices.models import DeviceModel, Supplier
from programmes.models import Programme
from supervision.models import Case
from supervision.services.cases import Opening, open_case
from tests import people

COUNTY, TOWN, VILLAGE, OTHER_TOWN = "370999", "370999001", "370999001001", "370999002"
NOW = datetime(2021, 12, 8, 2, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRM = "临示热泵（虚构）"


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
    User.objects.filter(pk=firm.pk).update(unit=FIRM)
    return Room(
        programme, supplier, model, people.user("office", COUNTY), people.user("town_staff", TOWN),
        people.user("village_staff", VILLAGE), people.user("town_staff", OTHER_TOWN), User.objects.get(pk=firm.pk),
    )  # fmt: skip
