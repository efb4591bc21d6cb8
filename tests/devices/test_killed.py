"""A worker or hub killed (SIGKILL) with a write on the wire: the board gets it once, reading back tells the rest."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

import pytest
from django.test import override_settings

from devices.hub.client import HubClient
from devices.hub_access import hub_client
from devices.models import Command, HubLease
from devices.protocol.frames import Request
from devices.services import commands
from tests import people
from tests.databases import database_url
from tests.devices import boards
from tests.devices.hubs import RawDtu
from tests.until import until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WORKER = """
import sys, django
django.setup()
from accounts.acting import acting
from core import clock
from devices.hub_access import hub_client
from devices.services.commands import send_command
with acting("worker"), hub_client() as hub:
    send_command(command_id=int(sys.argv[1]), hub=hub, now=clock.now())
"""


class Board:
    """A board behind a DTU of plain sockets. A write is done at once and answered only when it is let go."""

    def __init__(self) -> None:
        self.slave = boards.slave("linshi-ashp-08")
        self.slave.house.set_room_c = 19.0
        self.writes: list[bytes] = []
        self.written, self.let_go = threading.Event(), threading.Event()

    def reply(self, request: Request) -> bytes:
        answer = self.slave.answer(request)
        if request.is_write:
            self.writes.append(request.frame)
            self.written.set()
            self.let_go.wait(10)
        return answer

    def dial(self, port: int) -> RawDtu:
        return RawDtu(port, boards.LINE.removeprefix("dtu:").encode(), self.reply)


ENV = {"PORTAL_MODE": "test", "DJANGO_SETTINGS_MODULE": "heating_portal.settings"}


@contextmanager
def hub_process(folder: Path) -> Iterator[tuple[Popen[str], dict[str, Any]]]:
    """`manage.py dtu_hub` once it holds its lines; a lease that a killed hub left behind has run out."""
    HubLease.objects.update(expires_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    command = [sys.executable, "manage.py", "dtu_hub", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]
    env = os.environ | ENV | {"PORTAL_VAR": str(folder)}
    with Popen(command, stdout=PIPE, stderr=DEVNULL, text=True, env=env) as process:
        try:
            events = map(json.loads, process.stdout or ())
            yield process, next(event for event in events if event["event"] == "hub_started")
        finally:
            process.kill()


def worker(command: Command, control: int) -> Popen[bytes]:
    env = os.environ | ENV | {"PORTAL_HUB_CONTROL": f"127.0.0.1:{control}"}
    return Popen([sys.executable, "-c", WORKER, str(command.pk)], env=env, stdout=DEVNULL, stderr=DEVNULL)


def dialled_in(board: Board, started: dict[str, Any], secret: str) -> None:
    """The board's DTU is on that hub."""
    board.dial(started["listen"])
    with HubClient("127.0.0.1", started["control"], secret.encode()) as hub:
        until(lambda: any(line["connected"] for line in hub.lines([boards.LINE])), seconds=10, what="it dialled in")


@pytest.mark.parametrize("victim", ["worker", "hub"])
def test_a_command_killed_on_the_wire_reaches_the_board_once(
    victim: str, tmp_path: Path, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url())
    now, board = dt.datetime.now(dt.UTC), Board()
    command = commands.request_command(
        heater=boards.heater(), point="set_room_t", asked=Decimal("21.5"), reason="测试", request_id=uuid.uuid4(),
        by=people.user("ops", "370999"), now=now,
    )  # fmt: skip
    with ExitStack() as running:
        hub, started = running.enter_context(hub_process(tmp_path))
        dialled_in(board, started, settings.HUB_SECRET)
        sending = worker(command, started["control"])
        assert board.written.wait(60), "the write never came"  # a program of Django comes up first
        (sending if victim == "worker" else hub).kill()
        board.let_go.set()
        sending.wait(60)
        if victim == "hub":
            _second, started = running.enter_context(hub_process(tmp_path / "again"))
            dialled_in(board, started, settings.HUB_SECRET)
        with override_settings(HUB_CONTROL=f"127.0.0.1:{started['control']}"), hub_client() as client:
            done = commands.send_command(command_id=command.pk, hub=client, now=now, pause=lambda _s: None)
    assert len(board.writes) == 1, board.writes
    assert done.state in ("verified", "unknown") and (victim == "hub" or done.state == "verified"), done.note
