"""A process that knows the portal and does one deed per child: `python -m tests.kill.stage`.

It reads a JSON line {"database", "deed", "args", "die_at", "hold"} and answers one: {"result", "points"}, or
{"died": true}, or {"failed": "traceback"}. Each deed runs in a fork with connections of its own, so a deed may kill its
process.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from heating_portal.up.children import die_with_parent

ROOT = Path(__file__).resolve().parents[2]


class Died(Exception):
    """The deed's process was killed at the point asked for."""


class Stage:
    """The test's side of it."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        with open(log, "ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.kill.stage"], cwd=ROOT, env={**os.environ, **env}, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=output, start_new_session=True, preexec_fn=die_with_parent(9), text=True,
            )  # fmt: skip

    def do(self, database: str, deed: str, *, die_at: int = 0, hold: str = "", **args: Any) -> Any:
        """The deed's result. Raises `Died`, or AssertionError with the traceback of a deed that failed.

        With a folder in `hold` the process doesn't die at that point but waits there (`tests.kill.pausing`).
        """
        return self.count(database, deed, die_at=die_at, hold=hold, **args)[0]

    def count(self, database: str, deed: str, *, die_at: int = 0, hold: str = "", **args: Any) -> tuple[Any, list[str]]:
        """The deed's result and the points it passed."""
        answer = self._ask({"database": database, "deed": deed, "args": args, "die_at": die_at, "hold": hold})
        if answer.get("died"):
            raise Died(f"{deed} at point {die_at}")
        assert "failed" not in answer, f"{deed}: {answer.get('failed')}"
        return answer["result"], answer["points"]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the stage has ended; see its log"
        return dict(json.loads(line))


# --- the other side ---------------------------------------------------------------------------------


def serve(questions: IO[str], answers: IO[str]) -> None:
    for line in questions:
        answers.write(json.dumps(in_a_fork(json.loads(line))) + "\n")
        answers.flush()


def in_a_fork(question: dict[str, Any]) -> dict[str, Any]:
    """Do the deed in a child; its death by a signal is an answer too."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with os.fdopen(writer, "w") as out:
            out.write(json.dumps(done(question)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        text = told.read()
    os.waitpid(child, 0)
    return dict(json.loads(text)) if text else {"died": True}


def done(question: dict[str, Any]) -> dict[str, Any]:
    from django.conf import settings
    from django.db import connection

    from tests.kill import deeds
    from tests.kill.dying import counted

    settings.JOB_MAX_ATTEMPTS = 100_000  # every death is an attempt
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = question["database"]
    try:
        with counted(question["die_at"], action(question["hold"])) as points:
            result = getattr(deeds, question["deed"])(**question["args"])
        return {"result": result, "points": points.passed}
    except Exception:
        return {"failed": traceback.format_exc()}


def action(hold: str) -> Callable[[], None]:
    """What to do at the point: die, or wait in the folder `hold`."""
    from tests.kill import dying, pausing

    if not hold:
        return dying.die
    pause = pausing.Pause(Path(hold))
    return lambda: pausing.wait_here(pause.reached, pause.go)


def load_everything() -> None:
    """Once, so that no child has to: modules of all apps, handlers of all kinds of work."""
    import django
    from django.utils.module_loading import autodiscover_modules

    django.setup()
    autodiscover_modules("tasks", "urls")
    importlib.import_module("tests.kill.deeds")


if __name__ == "__main__":
    load_everything()
    serve(sys.stdin, sys.stdout)
