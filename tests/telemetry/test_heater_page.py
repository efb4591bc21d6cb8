"""The page of one heater, and who may see it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import devices.tasks  # noqa: F401 - the handler of devices.send_command
from devices.models import Command
from telemetry.models import LatestReading
from tests import people
from tests.telemetry.plant import Plant
from tests.telemetry.said import bare_heater
from tests.telemetry.visiting import OTHER_TOWN, PARTS, detail, sign_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def test_the_page_of_a_heater_shows_registers_line_and_address(plant: Plant, page: Client) -> None:
    heater = plant.heaters[0]
    text = words(page.get(detail(heater)))
    latest = LatestReading.objects.get(heater=heater)
    assert f"{latest.set_room_dc / 10:.1f} ℃" in text  # type: ignore[operator]
    assert heater.factory_no in text and heater.bus.line in text and str(heater.profile) in text
    assert "connected" in text and "Answer time" in text
    with CaptureQueriesContext(connection) as asked:
        page.get(detail(heater))
    assert len(asked) <= 17, [q["sql"][:90] for q in asked.captured_queries]


def test_a_register_is_only_shown_raw_when_it_was_just_read_which_ends_the_back_off(plant: Plant, page: Client) -> None:
    heater = plant.heaters[1]
    LatestReading.objects.filter(heater=heater).update(misses=40)
    assert not re.search(r'<td class="mono">[0-9A-F]{4}', page.get(detail(heater)).content.decode())
    read = page.post(detail(heater, "heater-read"), headers={"HX-Request": "true"}).content.decode()
    assert re.search(r'<td class="mono">[0-9A-F]{4}', read)
    assert "Read from the heater just now" in read
    assert LatestReading.objects.get(heater=heater).misses == 0


def test_a_hub_that_is_away_leaves_the_page_standing(plant: Plant, page: Client, settings: Any) -> None:
    settings.HUB_CONTROL = "127.0.0.1:1"
    response = page.get(detail(plant.heaters[0]))
    assert response.status_code == 200
    assert "The hub, which holds the lines, can&#x27;t be reached." in response.content.decode()
    assert "can&#x27;t be reached" in page.post(detail(plant.heaters[0], "heater-read")).content.decode()


def test_an_unplugged_heater_answers_read_now_with_the_reason(plant: Plant, page: Client) -> None:
    from tests.telemetry.test_polling import _until_silent

    plant.unplug(plant.heaters[0])
    _until_silent(plant)
    assert "does not answer" in words(page.post(detail(plant.heaters[0], "heater-read")))


def test_a_heater_that_was_never_read_has_a_page(page: Client) -> None:
    text = words(page.get(detail(bare_heater())))
    assert "never heard" in text and "power now" not in text


@pytest.mark.parametrize("name", PARTS)
def test_a_heater_of_another_town_does_not_exist(name: str) -> None:
    heater = bare_heater()
    assert sign_in(people.user("ops", OTHER_TOWN)).get(detail(heater, name)).status_code == 404
    assert sign_in(people.user("finance", "370999")).get(detail(heater, name)).status_code == 403


def test_writing_needs_the_right_over_the_place() -> None:
    heater = bare_heater()
    looks, elsewhere = sign_in(people.user("town_staff", "370999001")), sign_in(people.user("ops", OTHER_TOWN))
    assert looks.post(detail(heater, "heater-command")).status_code == 403
    assert elsewhere.post(detail(heater, "heater-command")).status_code == 404
    assert elsewhere.post(detail(heater, "heater-read")).status_code == 404
    assert not Command.objects.exists()


def test_who_may_only_look_is_told_who_grants_the_right() -> None:
    client = sign_in(people.user("town_staff", "370999001"))
    text = client.get(detail(bare_heater())).content.decode()
    assert 'name="value"' not in text
    assert "security administrator" in text or "安全管理员" in text


def test_other_peoples_heaters_are_not_counted(plant: Plant) -> None:
    client = sign_in(people.user("ops", OTHER_TOWN))
    response = client.get(reverse("telemetry:heater-list"))
    assert plant.heaters[0].platform_no not in response.content.decode()
