"""What is known of a home beside its works and money: photos nobody asks for, cases, what its heater reported."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.test import Client

from core import clock
from core.together import read
from devices.models import Command, Heater
from households.models import Dwelling
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


def test_cases_and_the_heaters_own_story_stand_in_the_file(world: World) -> None:
    home, neighbour, clerk = world.dwelling(A1, "paid"), world.dwelling(A1, "listed"), world.staff["clerk_a"]
    case(world, home, "出风不热")
    case(world, home, "强拆", kind="complaint", category="forced_removal", is_sensitive=True)
    case(world, neighbour, "邻居的事")
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
    assert [event.look for event in care.events] == ["bad", "", ""]  # the cold room is not over, the fault is
    assert "19.0 ℃ → 21.0 ℃" in care.events[2].title
    assert read(care_of(home, world.staff["clerk_b"])) == type(care)([], [], [], [])

    client = Client()
    client.force_login(clerk, backend="accounts.backends.PersonBackend")
    text = client.get(f"/households/{home.dwelling_no}/").content.decode()
    assert "出风不热" in text and "21.0 ℃" in text
    assert "强拆" not in text and "邻居的事" not in text


def test_a_photo_is_missing_only_where_the_programme_asks_for_one(world: World) -> None:
    home, client = world.dwelling(A1, "listed"), Client()
    client.force_login(world.staff["clerk_a"], backend="accounts.backends.PersonBackend")

    def tiles() -> int:
        return client.get(f"/households/{home.dwelling_no}/").content.decode().count('class="photo"')

    assert tiles() == 3
    RequiredPaper.objects.filter(programme=world.programme, paper="photos").delete()
    assert tiles() == 0
