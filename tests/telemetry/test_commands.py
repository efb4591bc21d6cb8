"""A set-point command from the wish to what was read back."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path

import pytest

from core.refusals import Refused
from devices.hub_access import hub_client
from devices.models import Command, Heater
from devices.services import commands
from jobs.models import Job
from tests import people
from tests.telemetry.plant import running_plant

pytestmark = pytest.mark.django_db(transaction=True)
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


def test_wishing_queues_a_job_and_the_same_form_twice_queues_one(tmp_path: Path) -> None:
    with running_plant(tmp_path, PLACES) as plant:
        form = uuid.uuid4()
        assert wish(plant.heaters[0], request_id=form).pk == wish(plant.heaters[0], request_id=form).pk
    assert Job.objects.filter(kind="devices.send_command").count() == 1


@pytest.mark.clause(
    "J-26",
    "可以修改设定室内温度",
    serves="devices.services.commands:request_command",
    page="telemetry:heater-detail",
    model="devices.Command",
)
@pytest.mark.parametrize("asked", ["45.0", "4.0", "20.3"])
def test_what_the_profile_forbids_is_never_sent(tmp_path: Path, asked: str) -> None:
    with running_plant(tmp_path, PLACES) as plant, pytest.raises(Refused) as refusal:
        wish(plant.heaters[0], asked)
    assert refusal.value.code == "COMMAND_NOT_ALLOWED"
    assert not Command.objects.exists()


def test_a_command_needs_a_reason(tmp_path: Path) -> None:
    with running_plant(tmp_path, PLACES) as plant, pytest.raises(Refused) as refusal:
        wish(plant.heaters[0], reason="  ")
    assert refusal.value.code == "REASON_NEEDED"


def test_a_late_command_expires_instead_of_arriving_at_night(tmp_path: Path) -> None:
    with running_plant(tmp_path, PLACES) as plant:
        command = wish(plant.heaters[0])
        with hub_client() as hub:
            done = commands.send_command(command_id=command.pk, hub=hub, now=NOW + dt.timedelta(hours=6))
    assert done.state == Command.State.EXPIRED
    assert done.frames == []


def test_a_run_that_died_after_sending_only_reads_back(tmp_path: Path) -> None:
    with running_plant(tmp_path, PLACES) as plant:
        command = wish(plant.heaters[0])
        Command.objects.filter(pk=command.pk).update(state=Command.State.SENT)
        with hub_client() as hub:
            done = commands.send_command(command_id=command.pk, hub=hub, now=NOW, pause=lambda _s: None)
    assert done.state == Command.State.MISMATCH, "nobody wrote, so the old value is read back; it is not written now"
    assert all(frame[2:].split(" ")[0][2:4] in {"03", "04"} for frame in done.frames if frame.startswith("→"))


def test_a_silent_heater_leaves_the_command_unknown(tmp_path: Path) -> None:
    with running_plant(tmp_path, PLACES) as plant:
        heater = plant.heaters[0]
        command = wish(heater)
        heater.bus.line = "dtu:861990000000901"
        heater.bus.save()
        with hub_client() as hub:
            done = commands.send_command(command_id=command.pk, hub=hub, now=NOW, pause=lambda _s: None)
    assert done.state == Command.State.UNKNOWN
