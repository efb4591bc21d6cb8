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
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django_otp.oath import hotp

from core.crypto import KeyRing, read_keys
from heating_portal.up import children, keys
from heating_portal.up.ports import free_port
from heating_portal.up.running import answers, background_programs, python_program, web_program
from tests import databases
from tests.until import until

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
QUEUES_DATABASE = 11  # of the Redis server; other tests' queues are out of sight there
QUICK = {"PORTAL_JOB_SWEEP_S": "3", "PORTAL_POLL_TICK_S": "3"}
STORY_DAY = "2021-12-20"  # the business day of the pages: both programmes run and their policies are in force


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
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **self.env}, capture_output=True, text=True, timeout=420
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

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

    def stop(self) -> None:
        children.stop(reversed(self.programs))
        self.programs.clear()


@contextmanager
def running_portal(static_build: Path) -> Iterator[RunningPortal]:
    """The demonstration, loaded and running; everything is gone afterwards.

    Loading takes about a minute. PORTAL_BROWSER_DEMO names a folder in which a loaded demonstration is kept for the
    next run of whoever writes these tests.
    """
    kept = os.environ.get("PORTAL_BROWSER_DEMO")
    store = Path(kept) if kept else Path(tempfile.mkdtemp(prefix="portal-browser-"))
    name = f"browser_{os.getpid()}"
    portal = RunningPortal(Path(tempfile.mkdtemp(prefix="portal-browser-")), {}, free_port())
    try:
        load_demonstration(store, static_build)
        shutil.copytree(store / "var", portal.folder, dirs_exist_ok=True, symlinks=True)
        create_database(name, template=template_name(store))
        portal.env = environment(portal.folder, name)
        if kept:  # it may be older than the code: new migrations, new words, new static files
            portal.manage("prepare_portal", "--static")
        portal.start()
        yield portal
    finally:
        portal.stop()
        drop_database(name)
        shutil.rmtree(portal.folder, ignore_errors=True)
        if not kept:
            drop_database(template_name(store))
            shutil.rmtree(store, ignore_errors=True)


def load_demonstration(store: Path, static_build: Path) -> None:
    """Fill a template database and the folder `store/var` beside it, unless both are there."""
    folder = store / "var"
    if (store / "loaded").exists():
        return
    for part in ("run", "logs", "secrets", "files"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    keys.make_missing(folder / "secrets")
    (folder / "static_build").symlink_to(static_build)
    create_database(template_name(store))
    loading = RunningPortal(folder, environment(folder, template_name(store)), 0)
    print(loading.manage("prepare_portal", "--static", "--demo"))
    (store / "loaded").touch()


def environment(folder: Path, database: str) -> dict[str, str]:
    """What `./portal up` gives its programs, on this test run's servers."""
    hub = {"PORTAL_HUB_LISTEN": f"{HOST}:{free_port()}", "PORTAL_HUB_CONTROL": f"{HOST}:{free_port()}"}
    places = {"PORTAL_VAR": str(folder), "PORTAL_SECRETS": str(folder / "secrets")}
    servers = {
        "DATABASE_URL": database_url(database),
        "REDIS_URL": urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{QUEUES_DATABASE}")),
    }
    common = {"PORTAL_MODE": "demo", "ROLE": "worker", "PORTAL_TODAY": STORY_DAY}
    return {**common, **places, **servers, **hub, **QUICK}


def template_name(store: Path) -> str:
    return "browser_template_" + "".join(letter for letter in store.name.lower() if letter.isalnum())


def database_url(name: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def create_database(name: str, template: str = "template0") -> None:
    drop_database(name)
    with psycopg.connect(database_url("postgres"), autocommit=True) as line:
        line.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def drop_database(name: str) -> None:
    with psycopg.connect(database_url("postgres"), autocommit=True) as line:
        databases.drop_database(line, name)
