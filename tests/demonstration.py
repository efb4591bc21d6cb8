"""The demonstration as `./portal up` loads it: by a process of its own, into a database from which others are copied.

The first load is killed on the way and a second one completes it, so every page and story shown later stands on that.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from heating_portal.up import keys
from heating_portal.up.children import die_with_parent
from heating_portal.up.folders import locked
from heating_portal.up.ports import free_port
from tests import databases
from tests.databases import database_url
from tests.until import until

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
QUEUES_DATABASE = 11  # of the Redis server; other tests' queues are out of sight there
QUICK = {"PORTAL_JOB_SWEEP_S": "3", "PORTAL_POLL_TICK_S": "3"}
STORY_DAY = "2021-12-20"  # the business day of the pages: both programmes run and their policies are in force
KILLED_AFTER = 100  # acceptances; the whole demonstration has over six hundred
LOCK = "demonstration.lock"
LOAD = ("prepare_portal", "--static", "--demo")


@dataclass(frozen=True)
class Demonstration:
    """A database to copy from, the portal's folder beside it, and how many acceptances the killed load left."""

    database: str
    folder: Path
    kept: bool
    left_by_the_killed: int

    @property
    def env(self) -> dict[str, str]:
        return environment(self.folder, self.database)

    @contextmanager
    def to_myself(self) -> Iterator[None]:
        """While it is copied nobody may be connected to it, and the other way round."""
        with locked(self.folder.parent / LOCK):
            yield

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(database_url(self.database), autocommit=True) as line:
            return line.execute(sql).fetchall()


def shared(store: Path, static_build: Path | None, template: str) -> Demonstration:
    """The demonstration of this run: whoever asks first loads it into a copy of the database `template`, in about a
    minute, and others wait for it meanwhile.

    PORTAL_BROWSER_DEMO names a folder in which the load is kept for the next run of whoever writes these tests.
    """
    kept = os.environ.get("PORTAL_BROWSER_DEMO")
    store = Path(kept) if kept else store
    store.mkdir(parents=True, exist_ok=True)
    done = store / "loaded"
    with locked(store / LOCK):
        if not done.exists():
            done.write_text(str(load(_database(store), store / "var", static_build, template)))
    return Demonstration(_database(store), store / "var", bool(kept), int(done.read_text()))


def forget(store: Path) -> None:
    """Take away what `shared` has left there, at the end of the whole run."""
    if (store / LOCK).exists():
        drop_database(_database(store))
        shutil.rmtree(store, ignore_errors=True)


def _database(store: Path) -> str:
    folder = hashlib.sha256(str(store).encode()).hexdigest()[:16]
    return f"browser_template_{folder}"


def load(database: str, folder: Path, static_build: Path | None, template: str) -> int:
    """Fill a database without rows, killed once on the way. Returns how many acceptances the killed load left."""
    for part in ("run", "logs", "secrets", "files"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    keys.make_missing(folder / "secrets")
    if static_build:
        (folder / "static_build").symlink_to(static_build)
    create_database(database, template)
    env = environment(folder, database)
    left = kill_on_the_way(database, env)
    print(manage(env, *LOAD))
    return left


def kill_on_the_way(database: str, env: Mapping[str, str]) -> int:
    """kill -9 as soon as `KILLED_AFTER` homes are accepted; how many there are then."""
    log = Path(env["PORTAL_VAR"]) / "logs" / "killed-load.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *LOAD], cwd=ROOT, env={**os.environ, **env}, stdout=output, stderr=output,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )  # fmt: skip

    def far_enough() -> bool:
        assert process.poll() is None, f"the load ended before it could be killed: {log.read_text()[-2000:]}"
        return accepted(line) >= KILLED_AFTER

    with psycopg.connect(database_url(database), autocommit=True) as line:
        try:
            until(far_enough, seconds=600, what=f"{KILLED_AFTER} homes are accepted", every_s=0.5)
        finally:
            process.kill()
            process.wait()
        return accepted(line)


def accepted(line: psycopg.Connection) -> int:
    """How many acceptances there are; none while there is no table of them."""
    if line.execute("SELECT to_regclass('retrofits_acceptance')").fetchone() == (None,):
        return 0
    return int((line.execute("SELECT count(*) FROM retrofits_acceptance").fetchone() or (0,))[0])


def manage(env: Mapping[str, str], *arguments: str) -> str:
    """Run a management command to its end; its output."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True,
        timeout=420,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


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


def create_database(name: str, template: str = "template0") -> None:
    drop_database(name)
    with psycopg.connect(database_url("postgres"), autocommit=True) as line:
        line.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def drop_database(name: str) -> None:
    with psycopg.connect(database_url("postgres"), autocommit=True) as line:
        databases.drop_database(line, name)
