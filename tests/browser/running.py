"""The portal as a visitor meets it: the demonstration in a database of its own, and all programs of `./portal up`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from django_otp.oath import hotp

from core.crypto import KeyRing, read_keys
from heating_portal.up import children
from heating_portal.up.ports import free_port
from heating_portal.up.running import answers, background_programs, python_program, web_program
from tests.demonstration import HOST, Demonstration, create_database, drop_database, environment, manage
from tests.processes import empty_redis_database
from tests.until import until


@dataclass
class RunningPortal:
    """One portal. `folder` is its PORTAL_VAR, `url` where it answers."""

    folder: Path
    env: dict[str, str]
    port: int
    programs: list[tuple[children.Program, subprocess.Popen[bytes]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database says, for finding addresses and for checking what a page claims."""
        with psycopg.connect(self.env["DATABASE_URL"], autocommit=True) as line:
            return line.execute(sql, values or None).fetchall()

    def one(self, sql: str, *values: Any) -> Any:
        """The only value of the only row; LookupError when there is none."""
        found = self.rows(sql, *values)
        if not found:
            raise LookupError(f"nothing for {sql} {values}")
        return found[0][0]

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; its output."""
        return manage(self.env, *arguments)

    def one_time_code(self, username: str) -> str:
        """What the person's authenticator shows: the next code that has not been used."""
        key, step, t0, drift, last, digits = self.rows(
            "SELECT key, step, t0, drift, last_t, digits FROM accounts_totpdevice d JOIN accounts_user u ON u.id = "
            "d.user_id WHERE u.username = %s AND confirmed", username,
        )[0]  # fmt: skip
        counter = max(int((time.time() - t0) // step) + drift, last + 1)
        return f"{hotp(bytes.fromhex(self._opened(key)), counter, digits):0{digits}d}"

    def _opened(self, envelope: str) -> str:
        """The portal's own field keys stand in its folder of secrets; the tests' are others."""
        ring = KeyRing(read_keys(Path(self.env["PORTAL_SECRETS"])), algorithm="aes-gcm")
        return ring.open(envelope).decode()

    def run_beside(self, name: str, *arguments: str) -> None:
        """Start one more program of the portal; it ends with the others."""
        self._run(python_program(name, *arguments, env=self.env))

    def _run(self, program: children.Program) -> None:
        program = replace(program, argv=(sys.executable, *program.argv[1:]), orphaned=signal.SIGKILL)
        self.programs.append((program, children.start(program, self.log(program.name))))

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def start(self) -> None:
        web = web_program(HOST, self.port, self.env)
        for program in (web, *background_programs(self.env, demo=True)):
            self._run(program)
        until(lambda: self._web_answers(), seconds=90, what="the web server answers")

    def _web_answers(self) -> bool:
        for program, process in self.programs:
            assert process.poll() is None, f"{program.name} ended: {self.log(program.name).read_text()[-2000:]}"
        return answers(HOST, self.port)

    def rest(self) -> None:
        """Only the web server goes on: whoever just looks at pages needs no heaters that change."""
        resting = [one for one in self.programs if one[0].name != "web"]
        self.programs = [one for one in self.programs if one[0].name == "web"]
        children.stop(reversed(resting))

    def stop(self) -> None:
        children.stop(reversed(self.programs))
        self.programs.clear()


@contextmanager
def running_portal(demonstration: Demonstration) -> Iterator[RunningPortal]:
    """A copy of the demonstration, running; everything is gone afterwards.

    Its queues are its own too: the workers of a portal beside it would take its jobs and find them in no table.
    """
    name = f"browser_{os.getpid()}"
    portal = RunningPortal(Path(tempfile.mkdtemp(prefix="portal-browser-")), {}, free_port())
    with empty_redis_database(os.environ["REDIS_URL"]) as redis_url:
        try:
            shutil.copytree(demonstration.folder, portal.folder, dirs_exist_ok=True, symlinks=True)
            with demonstration.to_myself():
                create_database(name, template=demonstration.database)
            portal.env = environment(portal.folder, name) | {"REDIS_URL": redis_url}
            if demonstration.kept:  # it may be older than the code: new migrations, new words, new static files
                portal.manage("prepare_portal", "--static")
            portal.start()
            yield portal
        finally:
            portal.stop()
            drop_database(name)
            shutil.rmtree(portal.folder, ignore_errors=True)
