"""Processes that stop in the middle of their work with the database until they are told to go on, or are killed.

`celery -A tests.kill.pausing` and `gunicorn tests.kill.pausing:web()` are the real programs with this one habit. What
to stop at is a text of SQL written into a file: the first process that is about to run such a statement takes it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db.backends.signals import connection_created

from heating_portal.celery import app
from households.services.belt import Belt
from tests.until import until

__all__ = ["app"]
FOLDER = "PORTAL_TEST_PAUSE"
LONGEST_S = 60


class Pause:
    """The test's side and the process's side of one stop at a time, in a folder both see."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.wanted, self.reached, self.go = folder / "wanted", folder / "reached", folder / "go"

    def at(self, sql: str) -> None:
        """Ask for a stop before the next statement that holds `sql`."""
        self.clear()
        part = self.folder / "wanted.part"
        part.write_text(sql)
        part.rename(self.wanted)

    def until_reached(self, seconds: float = 90) -> int:
        """Id of the process that has stopped."""
        until(self.reached.exists, seconds=seconds, what=f"a process stops at “{self.wanted_text()}”")
        return int(self.reached.read_text())

    def end(self) -> None:
        """Let the stopped process go on."""
        self.go.touch()

    def clear(self) -> None:
        for path in (self.wanted, self.reached, self.go):
            path.unlink(missing_ok=True)

    def wanted_text(self) -> str:
        return self.wanted.read_text() if self.wanted.exists() else ""

    def statement(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if self.wanted.exists() and self.wanted_text() in str(sql):
            self._stop()
        return execute(sql, params, many, context)

    def _stop(self) -> None:
        try:
            self.wanted.rename(self.folder / "taken")  # only one process gets it
        except FileNotFoundError:
            return
        wait_here(self.reached, self.go)


def wait_here(reached: Path, go: Path) -> None:
    """Say that this process has stopped, and wait for the sign to go on."""
    part = reached.with_suffix(".part")
    part.write_text(str(os.getpid()))
    part.rename(reached)
    until(go.exists, seconds=LONGEST_S, what="told to go on")


def install() -> None:
    """Every connection of this process stops where the test wants it."""
    pause = Pause(Path(os.environ[FOLDER]))

    def watch(connection: Any, **_more: Any) -> None:
        if pause.statement not in connection.execute_wrappers:
            connection.execute_wrappers.insert(0, pause.statement)  # others take theirs off the end again

    connection_created.connect(watch, weak=False)
    execute = Belt.execute  # what goes on a belt goes past the wrappers

    def carried(self: Belt, statement: str) -> None:
        pause.statement(lambda sql, *_more: execute(self, sql), statement, None, False, {})

    Belt.execute = carried  # type: ignore[method-assign]


def web() -> Any:
    """The WSGI application, for gunicorn."""
    from heating_portal.wsgi import application

    return application


if os.environ.get(FOLDER):
    install()
