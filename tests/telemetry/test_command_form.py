"""A set-point by the form on the page."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.test import Client

import devices.tasks  # noqa: F401 - the handler of devices.send_command
from accounts.models import User
from devices.hub_access import hub_client
from devices.models import Command
from devices.services.commands import send_command
from jobs.models import Job
from tests.telemetry.plant import Plant
from tests.telemetry.said import bare_heater
from tests.telemetry.visiting import code_of, detail, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def form(user: User, **changes: str) -> dict[str, str]:
    usual = {"deed": "set_room_t", "value": "21.5", "reason": "老人反映偏冷", "request_id": str(uuid.uuid4())}
    return usual | {"token": code_of(user)} | changes


def test_a_set_point_goes_from_the_form_to_the_board_and_back(plant: Plant, page: Client, ops: User) -> None:
    heater = plant.heaters[0]
    response = page.post(detail(heater, "heater-command"), form(ops), follow=True)
    assert response.status_code == 200 and "is on its way" in words(response)
    command = Command.objects.get()
    with hub_client() as hub:
        send_command(command_id=command.pk, hub=hub, now=dt.datetime.now(dt.UTC), pause=lambda _s: None)
    shown = page.get(detail(heater, "heater-commands")).content.decode()
    assert shown.count('<li class="did">') == 4
    assert "→ 21.5 ℃" in shown and "frames" in shown
    assert "data-hurry" not in shown, "a command that has ended is not asked for again"


def test_the_same_form_twice_is_one_command_and_needs_one_code(page: Client, ops: User) -> None:
    heater, sent = bare_heater(), form(ops)
    assert [page.post(detail(heater, "heater-command"), sent).status_code for _ in range(2)] == [302, 302]
    assert Command.objects.count() == 1
    assert Job.objects.filter(kind="devices.send_command").count() == 1


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"token": "000000"}, "one-time code is wrong"),
        ({"token": ""}, "Type the six-digit one-time code"),
        ({"value": "45"}, "45 ℃ is outside what this heater takes: 5 to 30 ℃"),
        ({"value": "20.3"}, "20.3 ℃ is between two steps"),
        ({"value": "warm"}, "Enter a number"),
        ({"value": ""}, "Write the temperature"),
        ({"deed": "mode:6"}, "Select a valid choice"),
        ({"reason": "  "}, "required"),
        ({"request_id": "x"}, "UUID"),
    ],
)
def test_a_wrong_form_comes_back_with_a_sentence(
    page: Client, ops: User, changes: dict[str, str], sentence: str
) -> None:
    response = page.post(detail(bare_heater(), "heater-command"), form(ops, **changes))
    assert response.status_code == 422
    assert sentence in words(response)
    assert not Command.objects.exists()


def test_heating_is_not_switched_off_in_the_cold_by_one_person(page: Client, ops: User) -> None:
    """Nothing is known of the outdoor temperature and it is November: a second person of another role has to agree."""
    heater = bare_heater()
    response = page.post(detail(heater, "heater-command"), form(ops, deed="running:0", value=""), follow=True)
    assert "somebody of another role has to approve" in words(response)
    command = Command.objects.get()
    assert (command.state, command.order.needs, command.asked) == ("held", ["cold"], 0)
    assert not Job.objects.filter(kind="devices.send_command").exists()


def test_a_code_given_for_one_value_is_worth_nothing_for_another(page: Client, ops: User) -> None:
    heater, token = bare_heater(), code_of(ops)
    assert page.post(detail(heater, "heater-command"), form(ops, token=token)).status_code == 302
    assert page.post(detail(heater, "heater-command"), form(ops, token=token, value="25")).status_code == 422
    assert Command.objects.count() == 1
