"""When the hub is away nobody is told that all is clear: one sentence on every page of the devices, and by command."""

from __future__ import annotations

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from core import clock
from devices.models import Heater
from telemetry.models import PollCycle
from tests import people
from tests.telemetry.said import bare_heater
from tests.telemetry.visiting import sign_in, words

pytestmark = pytest.mark.django_db
PAGES = ("home", "reports:home-part", "reports:overview", "reports:overview-part", "telemetry:alert-list",
         "telemetry:heater-list")  # fmt: skip
AWAY, STOPPED = "连不上接入中心：目前没有采集", "目前没有在采集：采集进程或调度进程已停"


@pytest.fixture
def heater() -> Heater:
    people.programme("370999", poll_period_s=30)
    return bare_heater()


def turn(outcome: str, cycle: int, age: dt.timedelta = dt.timedelta()) -> None:
    """A turn of the county that was planned and over `age` ago."""
    at = clock.now() - age
    fields = {"shard": 0, "cycle": cycle, "period_s": 30, "planned_at": at, "finished_at": at}
    PollCycle.objects.create(area=people.area("370999"), outcome=outcome, **fields)


def health() -> str:
    """What the command says, its complaint included."""
    out = StringIO()
    try:
        call_command("health", stdout=out)
    except CommandError as refused:
        return out.getvalue() + str(refused)
    return out.getvalue()


def said_on(client: Client, text: str) -> list[str]:
    return [name for name in PAGES if text in words(client.get(reverse(name)))]


@pytest.mark.parametrize("role", ["ops", "office"])
def test_a_hub_that_is_away_is_said_wherever_heaters_are_spoken_of(heater: Heater, role: str) -> None:
    client = sign_in(people.user(role, "370999"))
    turn("done", 1)
    assert (said_on(client, AWAY), said_on(client, STOPPED)) == ([], [])
    turn("hub away", 2)
    assert (said_on(client, AWAY), said_on(client, STOPPED)) == (list(PAGES), [])
    PollCycle.objects.all().delete()
    turn("done", 3, dt.timedelta(minutes=10))
    assert (said_on(client, AWAY), said_on(client, STOPPED)) == ([], list(PAGES))


def test_only_who_may_see_heaters_is_told(heater: Heater) -> None:
    turn("hub away", 1)
    assert AWAY not in words(sign_in(people.user("city_viewer", "370999")).get(reverse("reports:overview")))


def test_health_says_it_with_the_place(heater: Heater) -> None:
    turn("done", 1)
    assert "取暖设备：采集正常" in health()
    turn("hub away", 2)
    assert "取暖设备：没有采集" in health() and f"370999: {AWAY}" in health()
    Heater.objects.update(removed_on=clock.today(), poll_enabled=False)
    assert "取暖设备：没有采集" not in health(), "no heater hangs there"
