"""A PostgreSQL and a Valkey of one's own, to be killed; the shared ones of the test run must live on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg

from heating_portal.up import children, keys
from heating_portal.up.children import Program
from heating_portal.up.ports import free_port
from heating_portal.up.postgres import Postgres, unprivileged_user
from heating_portal.up.valkey import Valkey
from tests.databases import drop_database
from tests.until import until

# What a killed process loses is what it had not handed to the kernel: fsync is about power cuts and may stay off,
# while commits must be written (not delayed) before they are answered.
HANDED_OVER = ("-c", "synchronous_commit=on", "-c", "full_page_writes=on")
SECRET = "kill-tests"


class Servers:
    """Both servers below one folder. Their addresses stay the same over every kill and restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = Postgres(folder, free_port(), SECRET, durable=False)
        self.valkey = Valkey(folder, free_port(), SECRET, durable=True)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def prepare(self) -> None:
        for name in ("run", "secrets"):
            (self.folder / name).mkdir(mode=0o700)
        keys.make_missing(self.folder / "secrets")
        self.postgres.prepare()
        self.valkey.prepare()

    def database_url(self, name: str) -> str:
        return self.postgres.url.removesuffix("/portal") + f"/{name}"

    def start_postgres(self, seconds: float = 30) -> None:
        """Backends of a killed server hold its memory for a moment: try again as a supervisor does."""
        program = self.postgres.program()
        program = replace(program, argv=(*program.argv, *HANDED_OVER))

        def ready() -> bool:
            process = self._running.get("postgres")
            if process is None or process.poll() is not None:
                self._start("postgres", program)
            return self.postgres.is_ready() and self._lets_in()

        until(ready, seconds=seconds, what="PostgreSQL is ready")

    def _lets_in(self) -> bool:
        """The note of a killed server says “ready” for ever, so the door is tried."""
        try:
            psycopg.connect(self.postgres.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def start_valkey(self) -> None:
        """Somebody's outgoing line may hold the port for a moment: try again as a supervisor does."""

        def ready() -> bool:
            process = self._running.get("valkey")
            if process is None or process.poll() is not None:
                self._start("valkey", self.valkey.program())
            return self.valkey.is_ready()

        until(ready, seconds=60, what="Valkey is ready")

    def kill(self, name: str) -> None:
        """SIGKILL; for PostgreSQL to the postmaster, whose backends then end by themselves."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def crash_postgres(self) -> None:
        """What `pg_ctl stop -m immediate` does: every backend dies at once, nothing is written back."""
        process = self._running.pop("postgres")
        process.send_signal(signal.SIGQUIT)
        process.wait()

    def stop(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()

    def copy_database(self, template: str, name: str) -> None:
        """A fresh database like `template`; whatever was called `name` before is gone."""
        with psycopg.connect(self.database_url("postgres"), autocommit=True) as line:
            drop_database(line, name)
            # The copy's sequences believe that values ahead of them are logged, which they are for the template only: a
            # crash would hand them out again. Copying files ends with a checkpoint, so the next value is logged anew.
            line.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')

    def _start(self, name: str, program: Program) -> None:
        self._running[name] = children.start(program, self.folder / f"{name}.log")


@contextmanager
def running_servers() -> Iterator[Servers]:
    """Started, and gone with all their files afterwards. PostgreSQL's own user must reach the folder."""
    folder = Path(tempfile.mkdtemp(prefix="portal-kill-"))
    folder.chmod(0o711)
    owner = unprivileged_user()
    if owner:
        os.chown(folder, 0, owner.pw_gid)
    servers = Servers(folder)
    try:
        servers.prepare()
        servers.start_postgres()
        servers.start_valkey()
        yield servers
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)
