"""The two servers every command needs: those named in the environment, those of a running `up`, or our own."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from heating_portal.up import keys
from heating_portal.up.folders import Folders, database_home, locked
from heating_portal.up.ports import free_port
from heating_portal.up.postgres import Postgres
from heating_portal.up.refusals import CannotStart
from heating_portal.up.supervisor import Supervisor
from heating_portal.up.valkey import Valkey

Environment = dict[str, str]


def start_servers(supervisor: Supervisor, *, durable: bool = True) -> Environment:
    """Start what the environment does not name; returns DATABASE_URL, REDIS_URL and where the database's socket is."""
    folders = supervisor.folders
    keys.make_missing(folders.secrets)
    waiting: list[Postgres | Valkey] = []
    env = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
    if "DATABASE_URL" not in env:
        home = database_home(folders.var)
        postgres = Postgres(home, free_port(), keys.read(folders.secrets, "postgres_password"), durable)
        waiting.append(postgres)
        env |= {"DATABASE_URL": postgres.url, "PORTAL_DATABASE_SOCKETS": postgres.sockets}
    if "REDIS_URL" not in env:
        waiting.append(Valkey(folders.var, free_port(), keys.read(folders.secrets, "valkey_password"), durable))
        env["REDIS_URL"] = waiting[-1].url
    for server in waiting:
        server.prepare()
        supervisor.start(server.program())
    for server in waiting:
        supervisor.wait_for(server.is_ready, server.program().name)
    return env


@contextmanager
def owning(folders: Folders) -> Iterator[None]:
    """Hold this installation: one `up` (or one command with servers of its own) at a time."""
    try:
        with locked(folders.run / "up.lock", wait=False):
            yield
    except BlockingIOError:
        raise CannotStart(
            f"该安装已在运行（{folders.var}）。请先停止它，或用 PORTAL_VAR 指定另一个数据文件夹。",
            f"This installation is running already ({folders.var}). Stop it first, or name another state folder"
            " in PORTAL_VAR.",
        ) from None


def addresses(folders: Folders) -> Path:
    return folders.run / "servers.json"


@contextmanager
def published(folders: Folders, env: Environment) -> Iterator[None]:
    """Let `./portal COMMAND` find the servers of this process; the file holds passwords, hence its mode."""
    path = addresses(folders)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(env, file)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def running_addresses(folders: Folders) -> Environment | None:
    """Environment of the portal that holds this installation now, None when nobody does."""
    try:
        with locked(folders.run / "up.lock", wait=False):
            return None
    except BlockingIOError:
        try:
            return dict(json.loads(addresses(folders).read_text()))
        except OSError as error:
            raise CannotStart(
                "门户正在启动，请稍后再试。", "The portal is just starting; try again in a moment."
            ) from error
