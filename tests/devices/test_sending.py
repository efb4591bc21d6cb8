"""A command from wish to read-back, and everything that can go wrong on the way: what left is never sent twice."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from core.refusals import Refused
from devices.hub.client import HubUnavailable
from devices.models import Command, Heater
from devices.protocol.points import MODES
from devices.services import commands
from jobs import services
from jobs.models import Job
from tests import people
from tests.devices import boards
from tests.devices.boards import BoardHub

pytestmark = pytest.mark.django_db
NOW = dt.datetime.now(dt.UTC)
AGAIN = NOW + commands.TRY_AGAIN_AFTER
State = Command.State
SEND = "devices.services.commands:send_command"
REQUEST = "devices.services.commands:request_command"


def wish(heater: Heater, asked: str = "21.0", **changes: Any) -> Command:
    usual = {"point": "set_room_t", "reason": "老人反映偏冷", "request_id": uuid.uuid4(), "now": NOW}
    by = people.user("ops", "370999")
    return commands.request_command(heater=heater, asked=Decimal(asked), by=by, **(usual | changes))


def send(command: Command, hub: BoardHub, now: dt.datetime = NOW) -> Command:
    return commands.send_command(command_id=command.pk, hub=hub, now=now, pause=lambda _s: None)  # type: ignore[arg-type]


def plant(name: str = "linshi-ashp-08", **house: Any) -> tuple[Heater, BoardHub]:
    heater, slave = boards.heater(name), boards.slave(name)
    for key, value in house.items():
        setattr(slave.house, key, value)
    return heater, BoardHub({(boards.LINE, 1): slave})


WISHES = [("set_room_t", "21.5"), ("set_water_t", "47.0"), ("running", "1"), ("mode", str(MODES.index("dhw")))]


@pytest.mark.clause(
    "J-26",
    "附件2-2 Modbus-RTU…可以修改设定室内温度、进出水（送回风）温度、报警复位、开关机、运行模式",
    serves=SEND,
    page="telemetry:heater-command",
    model="devices.Command",
)
@pytest.mark.parametrize(("point", "asked"), [*WISHES, ("reset", "1")])
def test_every_kind_of_command_is_written_once_and_read_back(point: str, asked: str) -> None:
    heater, hub = plant(fault=3, running=False)
    done = send(wish(heater, asked, point=point), hub)
    assert (done.state, len(hub.writes)) == (State.VERIFIED, 1)
    assert done.after == (0 if point == "reset" else Decimal(asked)) and done.before != done.after
    assert [frame[0] for frame in done.frames] == ["→", "←"] * 3, "before, write, read-back, each with its answer"
    assert done.frames[-1].endswith("12 ms") and done.finished_at is not None


def test_a_reset_that_does_not_clear_the_fault_says_so() -> None:
    heater, hub = plant(fault=2)
    hub.after = lambda request: setattr(hub.slaves[boards.LINE, 1].house, "fault", 2)  # the cause is still there
    done = send(wish(heater, "1", point="reset"), hub)
    assert (done.state, done.after, len(hub.writes)) == (State.MISMATCH, 2, 1)


def test_what_is_echoed_but_not_applied_is_a_mismatch() -> None:
    heater, hub = plant(set_room_c=19.0)
    hub.after = lambda request: setattr(hub.slaves[boards.LINE, 1].house, "set_room_c", 19.0)
    done = send(wish(heater), hub)
    assert (done.state, done.before, done.after, len(hub.writes)) == (State.MISMATCH, 19, 19, 1)


@pytest.mark.parametrize("applied", [True, False])
def test_a_write_whose_answer_is_lost_is_read_back_and_never_repeated(applied: bool) -> None:
    heater, hub = plant(set_room_c=19.0)

    def lose(request: Any) -> Any:
        if request.is_write:
            hub.slaves[boards.LINE, 1].house.set_room_c = 21.0 if applied else 19.0
            return boards.result("unknown", sent=request.frame.hex())
        return None

    hub.after = lose
    done = send(wish(heater), hub)
    assert (done.state, len(hub.writes)) == (State.VERIFIED if applied else State.MISMATCH, 1)
    assert send(done, hub).state == done.state and len(hub.writes) == 1, "sent again: nothing more leaves"


def test_a_board_that_refuses_ends_it() -> None:
    heater, hub = plant()
    hub.before = lambda request: (
        boards.result("refused", code=3, sent="01", answer="0186") if request.is_write else None
    )
    done = send(wish(heater), hub)
    assert (done.state, done.note, hub.writes) == (State.REFUSED, "exception 3", [])


@pytest.mark.parametrize("when", ["before", "write"])
def test_what_did_not_leave_waits_and_expires(when: str) -> None:
    heater, hub = plant()
    away = boards.result("offline")
    hub.before = lambda request: away if when == "before" or request.is_write else None
    command = send(wish(heater), hub)
    assert (command.state, command.note, command.tries, hub.writes) == (State.QUEUED, "offline", 1, [])
    assert commands.tend_commands(now=NOW)["queued"] == 0, "not at once"
    assert commands.tend_commands(now=AGAIN)["queued"] == 1
    assert Job.objects.filter(kind="devices.send_command").count() == 2, "one job per try"
    commands.tend_commands(now=AGAIN)
    assert Job.objects.filter(kind="devices.send_command").count() == 2, "tending twice asks once"
    hub.before = lambda request: None
    late = NOW + commands.LIFETIME
    assert send(command, hub, late).state == State.EXPIRED and hub.writes == []


def test_a_hub_that_is_away_before_anything_was_sent_costs_nothing() -> None:
    heater, hub = plant()

    def away(request: Any) -> None:
        raise HubUnavailable("gone")

    hub.before = away
    command = send(wish(heater), hub)
    assert (command.state, command.note) == (State.QUEUED, "hub away")
    hub.before = lambda request: None
    assert send(command, hub, AGAIN).state == State.VERIFIED and len(hub.writes) == 1


def test_a_late_command_expires_instead_of_arriving_at_night() -> None:
    heater, hub = plant()
    command = wish(heater)
    assert commands.tend_commands(now=NOW + dt.timedelta(hours=6))["expired"] == 1
    assert send(command, hub, NOW + dt.timedelta(hours=6)).state == State.EXPIRED and hub.frames == []


@pytest.mark.clause(
    "J-26", "可以修改设定室内温度", serves=REQUEST, page="telemetry:heater-command", model="devices.Command"
)
@pytest.mark.parametrize(
    ("point", "asked"),
    [("set_room_t", "45.0"), ("set_room_t", "4.0"), ("set_room_t", "20.3"), ("mode", "5"), ("mode", "77"),
     ("running", "2"), ("power", "1")],
)  # fmt: skip
def test_what_the_profile_forbids_is_never_written_down(point: str, asked: str) -> None:
    heater, _hub = plant()
    with pytest.raises(Refused) as refusal:
        wish(heater, asked, point=point)
    assert refusal.value.code == "COMMAND_NOT_ALLOWED" and not Command.objects.exists()


def test_a_command_needs_a_reason_and_the_same_form_is_one_command() -> None:
    heater, _hub = plant()
    with pytest.raises(Refused) as refusal:
        wish(heater, reason="  ")
    assert refusal.value.code == "REASON_NEEDED"
    form = uuid.uuid4()
    assert wish(heater, request_id=form).pk == wish(heater, request_id=form).pk
    assert Job.objects.filter(kind="devices.send_command").count() == 1


def test_what_was_sent_and_left_by_its_job_is_read_back_and_not_sent_again() -> None:
    heater, hub = plant(set_room_c=19.0)
    command = wish(heater, "21.5")
    Command.objects.filter(pk=command.pk).update(state=State.SENT)
    early, late = NOW + dt.timedelta(minutes=5), NOW + dt.timedelta(minutes=11)
    assert commands.tend_commands(now=early)["left"] == 0, "its job may still be at it"
    assert commands.tend_commands(now=late)["left"] == 1
    assert Job.objects.filter(kind="devices.send_command", args={"command_id": command.pk}).count() == 2
    assert send(command, hub, late).state == State.MISMATCH and not hub.writes
    assert commands.tend_commands(now=late)["left"] == 0


def test_a_broker_that_dies_in_the_middle_of_a_command_takes_nothing_with_it(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    heater, hub = plant(set_room_c=19.0)
    hints: list[str] = []

    def away(*_args: Any, **_more: Any) -> None:
        hints.append("lost")
        raise ConnectionError("the broker is gone")

    monkeypatch.setattr(services.current_app, "send_task", away)
    with django_capture_on_commit_callbacks(execute=True):
        command = wish(heater, "21.5")
    hub.before = lambda request: boards.result("offline")
    assert send(command, hub).state == State.QUEUED
    hub.before = lambda request: None
    with django_capture_on_commit_callbacks(execute=True):
        assert commands.tend_commands(now=AGAIN)["queued"] == 1
    assert hints == ["lost", "lost"] and Job.objects.filter(kind="devices.send_command", state="waiting").count() == 2
    assert send(command, hub, AGAIN).state == State.VERIFIED and len(hub.writes) == 1


class Died(BaseException):
    """The process is gone: nothing more of it runs."""


class Death:
    """Dies at the n-th point: before an SQL statement, before an exchange, and after the board has done it.

    ``database``: not the process but its database is gone from there on; the worker goes on as long as it can without.
    """

    def __init__(self, at: int, database: bool) -> None:
        self.at, self.database, self.passed, self.last = at, database, 0, ""

    def point(self, what: str) -> None:
        self.passed, self.last = self.passed + 1, what
        if self.passed == self.at and not self.database:
            raise Died(what)

    def statement(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        self.point(sql[:60])
        if self.database and self.passed >= self.at:
            raise OperationalError("the server closed the connection unexpectedly")
        return execute(sql, *rest)


@pytest.mark.parametrize(
    ("point", "asked", "database"), [("set_room_t", "21.5", False), ("reset", "1", False), ("reset", "1", True)]
)
def test_a_worker_hub_or_database_killed_anywhere_in_a_command_sends_it_at_most_once(
    point: str, asked: str, database: bool
) -> None:
    """A hub that dies takes the exchange with it; a worker dies at any statement. Then everything runs again."""
    heater, hub = plant(fault=1, set_room_c=19.0)
    ends: dict[int, tuple[str, int]] = {}
    for at in range(1, 60):
        hub.writes.clear()
        house = hub.slaves[boards.LINE, 1].house
        house.fault, house.set_room_c = 1, 19.0
        command, death = wish(heater, asked, point=point), Death(at, database)
        hub.before = lambda request, death=death: death.point("exchange")
        hub.after = lambda request, death=death: death.point("exchanged")
        try:
            with connection.execute_wrapper(death.statement):
                send(command, hub)
            break
        except (Died, OperationalError):
            transaction.set_rollback(False)  # nothing has failed in the database itself
            hub.before = hub.after = lambda request: None
            done = send(command, hub)
            ends[at] = (done.state, len(hub.writes))
            assert len(hub.writes) <= 1, f"killed at {at} ({death.last}): sent {len(hub.writes)} times"
            assert done.state == (State.VERIFIED if hub.writes else State.MISMATCH), (at, death.last)
    assert len(ends) > 8 and {count for _state, count in ends.values()} == ({1} if database else {0, 1}), ends
