"""The list of heaters: what the boards said, no data, places, and how it refreshes itself."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import devices.tasks  # noqa: F401 - the handler of devices.send_command
from accounts.models import User
from telemetry.hexes import comb, look_of
from telemetry.models import LatestReading, PollCycle
from tests import people
from tests.telemetry.plant import Plant, register
from tests.telemetry.said import bare_heater
from tests.telemetry.visiting import VILLAGE, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def test_the_list_shows_what_the_boards_said(plant: Plant, page: Client) -> None:
    text = words(page.get(reverse("telemetry:heater-list")))
    for heater in plant.heaters:
        latest = LatestReading.objects.get(heater=heater)
        assert heater.platform_no in text
        assert f"{latest.supply_dc / 10:.1f}℃" in text  # type: ignore[operator]
    assert "100.0%" in text and "3 of 3 heaters" in text


def test_no_data_is_not_switched_off(plant: Plant, page: Client) -> None:
    off, silent, never = plant.heaters
    LatestReading.objects.filter(heater=off).update(running=False)
    LatestReading.objects.filter(heater=silent).update(at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=91))
    LatestReading.objects.filter(heater=never).delete()
    address = reverse("telemetry:heater-list")
    for state, heater, look in [("off", off, "st--note"), ("silent", silent, "st--warn"), ("never", never, "st")]:
        response = page.get(address, {"state": state})
        listed = re.findall(r'class="id" href="/dev/(\w+)/"', response.content.decode())
        assert listed == [heater.platform_no], state
        assert f'class="{"st " + look if look != "st" else "st"}"' in response.content.decode()
    text = words(page.get(address))
    assert "1 of 3 heaters" in text and "Send somebody" in text
    assert f"look at its gateway first Lines and gateways {silent.bus.line} 1/2" in text


def test_a_place_and_a_line_narrow_the_list(plant: Plant, page: Client) -> None:
    register("dtu:861990000000042", 1, "linshi-ashp-08", "370999001002")
    for query, count in [({"place": "370999001002"}, 1), ({"place": "370999001"}, 4), ({"line": "serial"}, 1)]:
        response = page.get(reverse("telemetry:heater-list"), query)
        assert response.content.decode().count("<tr data-row") == count, query


def test_the_live_part_is_the_same_address_and_says_when_nothing_changed(plant: Plant, page: Client) -> None:
    address = reverse("telemetry:heater-list")
    asks = {"HX-Request": "true", "X-Unattended": "1"}
    part = page.get(address, headers=asks)
    assert b"<html" not in part.content and b"<tr data-row" in part.content
    assert page.get(address, headers=asks | {"If-None-Match": part["ETag"]}).status_code == 304
    LatestReading.objects.filter(heater=plant.heaters[0]).update(at=dt.datetime.now(dt.UTC))
    assert page.get(address, headers=asks | {"If-None-Match": part["ETag"]}).status_code == 200


def test_a_hub_that_is_away_is_said_on_the_list(plant: Plant, page: Client) -> None:
    cycle = PollCycle.objects.order_by("pk").last()
    assert cycle
    PollCycle.objects.create(
        area=cycle.area, shard=0, cycle=cycle.cycle + 1, period_s=30, planned_at=dt.datetime.now(dt.UTC),
        finished_at=dt.datetime.now(dt.UTC), outcome="hub away",
    )  # fmt: skip
    assert "nothing is being read" in words(page.get(reverse("telemetry:heater-list")))


def test_a_long_list_asks_no_more_than_a_short_one(ops: User, page: Client) -> None:
    people.programme("370999", poll_period_s=30)
    bare_heater(1)
    page.get(reverse("telemetry:heater-list"))
    with CaptureQueriesContext(
        connection,
    ) as short:
        page.get(reverse("telemetry:heater-list"))
    for unit in range(2, 30):
        bare_heater(unit)
    with CaptureQueriesContext(connection) as long:
        page.get(reverse("telemetry:heater-list"))
    assert len(long) == len(short)
    assert len(long) <= 16, [q["sql"][:90] for q in long.captured_queries]


def test_villages_are_cells_that_lead_to_their_heaters(plant: Plant, page: Client) -> None:
    register("dtu:861990000000042", 1, "linshi-ashp-08", "370999001002")
    text = page.get(reverse("telemetry:heater-list")).content.decode()
    cells = re.findall(r'href="\?place=(\d{12})"><title>([^<]+)</title><polygon class="(l-\w+)"', text)
    assert cells == [
        (VILLAGE, "甲一村: 3 of 3 with data, 0 with a fault", "l-good"),
        ("370999001002", "甲二村: 0 of 1 with data, 0 with a fault", "l-none"),
    ]


@pytest.mark.parametrize(
    "online, heard, look", [(0, 0, "none"), (0, 100, "lost"), (69, 100, "lost"), (70, 100, "late"), (94, 100, "late"),
                            (95, 100, "good")],
)  # fmt: skip
def test_a_cell_is_coloured_by_data_and_never_heard_is_its_own_look(online: int, heard: int, look: str) -> None:
    assert look_of({"total": 100, "online": online, "heard": heard}) == look


def test_cells_do_not_overlap() -> None:
    villages = [{"place": str(n), "name": "", "total": 1, "online": 1, "faults": 0, "heard": 1} for n in range(23)]
    middles = [cell.middle for cell in comb(villages).cells]
    apart = min((ax - bx) ** 2 + (ay - by) ** 2 for n, (ax, ay) in enumerate(middles) for bx, by in middles[:n])
    assert apart >= 75**2
