"""A set-point command from the wish to what was read back."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path

import pytest

from devices.hub_access import hub_client
from devices.models import Command, Heater
from devices.services import commands
from tests import people
from tests.telemetry.plant import running_plant

pytestmark = pytest.mark.django_db
PLACES = [("dtu:861990000000018", 1)]
NOW = dt.datetime.now(dt.UTC)


def wish(heater: Heater, asked: str = "21.0", **changes: object) -> Command:
    usual = {"point": "set_room_t", "reason": "老人反映偏冷", "request_id": uuid.uuid4(), "now": NOW}
    by = people.user("ops", "370999")
    return commands.request_command(heater=heater, asked=Decimal(asked), by=by, **(usual | changes))  # type: ignore[arg-type]


@pytest.mark.clause(
    "J-26",
    "Modbus-RTU…可以修改设定室内温度",
    serves="devices.services.commands:send_command",
    page="telemetry:heater-detail",
    model="devices.Command",
)
def test_a_set_point_is_written_and_read_back(tmp_path: Path) -> None:
    with running_plant(tmp_path, PLACES) as plant:
        command = wish(plant.heaters[0])
        with hub_client() as hub:
            done = commands.send_command(command_id=command.pk, hub=hub, now=NOW, pause=lambda _s: None)
    assert (done.state, done.after) == (Command.State.VERIFIED, Decimal("21.0"))
    assert done.before is not None and done.before != done.after
    assert len(done.frames) >= 6, "before, write and read-back, each with its answer"


def test_a_line_that_is_away_keeps_the_command_waiting(tmp_path: Path) -> None:
    """What the hub never sent may still go out later; tests/devices/test_sending.py has every other end."""
    with running_plant(tmp_path, PLACES) as plant:
        heater = plant.heaters[0]
        command = wish(heater)
        heater.bus.line = "dtu:861990000000901"
        heater.bus.save()
        with hub_client() as hub:
            done = commands.send_command(command_id=command.pk, hub=hub, now=NOW, pause=lambda _s: None)
    assert (done.state, done.note, done.tries, done.frames) == (Command.State.QUEUED, "offline", 1, [])
