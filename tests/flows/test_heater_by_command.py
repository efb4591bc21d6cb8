"""Readings and a set-point by command, from boards that answer over a real hub."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.demonstration import current_code, give_device
from accounts.models import TOTPDevice
from devices.models import Command, Heater
from jobs.models import Job
from telemetry.models import PollCycle, Reading
from tests import people
from tests.flows.test_path_by_command import refused, run
from tests.telemetry.plant import running_plant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
AREA, LINE = "370999", "dtu:861990000000018"


def test_one_turn_asks_every_heater_and_stores_what_it_said(tmp_path: Path) -> None:
    people.programme(AREA)
    with running_plant(tmp_path, [(LINE, 1), (LINE, 2)]) as plant:
        plant.unplug(plant.heaters[1])
        said = run("poll_once", "--area", AREA)
    turns = PollCycle.objects.filter(area_id=AREA, outcome="stored")
    assert [(turn.asked, turn.answered) for turn in turns] == [(2, 1)]
    assert Reading.objects.get().heater_id == plant.heaters[0].pk
    assert said.splitlines()[-1].count("2") == said.splitlines()[-1].count("1") == 1
    assert AREA in refused("poll_once", "--area", "3709")


def test_a_set_point_is_queued_with_reason_and_code(settings: Any, tmp_path: Path) -> None:
    settings.DEMONSTRATION = True
    person, neighbour = people.user("ops", AREA), people.user("ops", "370998")
    devices = [give_device(person), give_device(neighbour)]
    with running_plant(tmp_path, [(LINE, 1)]) as plant:
        wish = (heater_no(plant.heaters), "20.5", "--reason", "老人反映偏冷")
        refused("set_room_temperature", *wish, "--by", neighbour.username, "--code", current_code(neighbour))
        refused("set_room_temperature", *wish, "--by", person.username, "--code", "000000")
        TOTPDevice.objects.filter(pk__in=[device.pk for device in devices]).update(throttling_failure_count=0)
        assert not Command.objects.exists()
        run("set_room_temperature", *wish, "--by", person.username, "--code", current_code(person))
    command = Command.objects.get()
    assert (command.asked, command.state, command.requested_by) == (Decimal("20.5"), Command.State.QUEUED, person)
    assert Job.objects.filter(kind="devices.send_command").count() == 1
    assert "warm" in refused("set_room_temperature", wish[0], "warm", *wish[2:], "--by", person.username, "--code", "1")


def heater_no(heaters: list[Heater]) -> str:
    return heaters[0].platform_no
