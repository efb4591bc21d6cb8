"""What is known of a home beside its works and money: photos nobody asks for, cases, what its heater reported."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from accounts.models import User
from core import clock
from core.together import read
from devices.models import Command, Heater
from heatsupply.models import CoalBatch, CoalPoint, CoalSale, FeeAccount, HeatingCompany
from households.models import ChangeRequest, Dwelling, Meter, MeterSupply
from programmes.models import RequiredPaper
from reports.queries.household_care import care_of
from supervision.models import Case
from telemetry.models import Alert
from tests.reports.world import A1, World

pytestmark = pytest.mark.django_db


def case(world: World, home: Dwelling, title: str, **fields: object) -> Case:
    given = {"kind": "repair", "category": "no_heat", "source": "phone", **fields}
    return Case.objects.create(
        programme=world.programme, area_id=home.area_id, dwelling=home, number=f"C-{title}", title=title,
        opened_at=clock.now(), **given,
    )  # fmt: skip


def asked_change(world: World, home: Dwelling) -> None:
    """A shared gas meter, and a wish to give up that waits for the office."""
    meter = Meter.objects.create(number="G-77", carrier="gas", is_shared=True, area_id=home.area_id)
    MeterSupply.objects.create(meter=meter, dwelling=home, carrier="gas")
    ChangeRequest.objects.create(
        number=f"{home.dwelling_no}-C1", kind="give_up", level="town", area_id=home.area_id, dwelling=home,
        seen_version=1, reason="本人申请", asked_by=world.staff["clerk_a"], asked_person_no="P1", asked_at=clock.now(),
    )  # fmt: skip


def supply(world: World, home: Dwelling) -> None:
    """A sale of clean coal and a season's heat fee."""
    seen = {"programme": world.programme, "area_id": home.area_id}
    point = CoalPoint.objects.create(**seen, name="示例煤点", address="村口", opened_on=dt.date(2021, 11, 1))
    batch = CoalBatch.objects.create(
        point=point, area_id=home.area_id, batch_no="B-1", maker="示例煤厂（虚构）", received_on=dt.date(2021, 11, 2),
        received_kg=9_000, state="passed",
    )  # fmt: skip
    CoalSale.objects.create(
        batch=batch, area_id=home.area_id, household=home.household, season=2021, sold_on=dt.date(2021, 11, 20), kg=150,
        amount_fen=12_345, receipt_no="R1", recorded_by=world.staff["office"], recorded_at=clock.now(),
    )  # fmt: skip
    company = HeatingCompany.objects.create(area_id=home.area_id[:6], name="示例热力（虚构）")
    FeeAccount.objects.create(
        **seen, company=company, season="2021-2022", dwelling=home, account_no="A1", account_index="A1",
        charged_fen=1_000,
    )  # fmt: skip


def test_cases_and_the_heaters_own_story_stand_in_the_file(world: World) -> None:
    home, neighbour, clerk = world.dwelling(A1, "paid"), world.dwelling(A1, "listed"), world.staff["clerk_a"]
    case(world, home, "出风不热")
    case(world, home, "强拆", kind="complaint", category="forced_removal", is_sensitive=True)
    case(world, neighbour, "邻居的事")
    supply(world, home)
    asked_change(world, home)
    heater, now = Heater.objects.get(dwelling=home), clock.now()
    told = {"heater": heater, "area_id": home.area_id}
    over = now - dt.timedelta(hours=1)
    Alert.objects.create(kind="fault", opened_at=now - dt.timedelta(hours=2), cleared_at=over, **told)
    Alert.objects.create(kind="room_cold", opened_at=now, **told)
    Command.objects.create(
        request_id=uuid.uuid4(), point="set_room_t", before=Decimal(19), asked=Decimal(21), state="verified",
        reason="x", requested_by=world.staff["office"], expires_at=now, **told,
    )  # fmt: skip

    care = read(care_of(home, clerk))
    assert [one.title for one in care.cases] == ["出风不热"]
    assert [event.look for event in care.events] == ["", "bad", "", ""]  # the cold room is not over, the fault is
    assert "19.0 ℃ → 21.0 ℃" in care.events[3].title
    assert read(care_of(home, world.staff["clerk_b"])) == type(care)([], [], [], [], [], [])

    client = Client()
    client.force_login(clerk, backend="accounts.backends.PersonBackend")
    text = client.get(f"/households/{home.dwelling_no}/").content.decode()
    assert "出风不热" in text and "21.0 ℃" in text and "待审批：" in text and "G-77" in text
    assert "强拆" not in text and "邻居的事" not in text

    said, asked = over_the_api(clerk, home)
    assert asked <= 12
    assert [(one["number"], one["title"]) for one in said["cases"]] == [("C-出风不热", "出风不热")]
    assert [one["bad"] for one in said["events"]].count(True) == 1 and "21.0 ℃" in str(said["events"])
    assert said["coal_sales"] == [{"sold_on": "2021-11-20", "kg": 150, "amount_fen": 12_345}]
    owed = {"season": "2021-2022", "charged_fen": 1_000, "received_fen": 0, "owing_fen": 1_000}
    assert (said["heat_fees"], said["departure"]) == ([owed], None)
    assert said["meters"] == [{"number": "G-77", "carrier": "gas", "is_shared": True}]
    assert said["open_change"]["kind"] == "give_up" and said["meter_no"] == home.meter_no
    assert said["old_heating"] == home.old_heating


def over_the_api(user: User, home: Dwelling) -> tuple[dict[str, Any], int]:
    """What the API says of a home, and in how many queries."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
    with CaptureQueriesContext(connection) as asked:
        said = client.get(f"/api/households/{home.dwelling_no}/file/").json()
    return said, len(asked)


def test_a_photo_is_missing_only_where_the_programme_asks_for_one(world: World) -> None:
    home, client = world.dwelling(A1, "listed"), Client()
    client.force_login(world.staff["clerk_a"], backend="accounts.backends.PersonBackend")

    def tiles() -> int:
        return client.get(f"/households/{home.dwelling_no}/").content.decode().count('class="photo"')

    assert tiles() == 3
    RequiredPaper.objects.filter(programme=world.programme, paper="photos").delete()
    assert tiles() == 0
