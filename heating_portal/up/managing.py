"""`./portal COMMAND`: a management command with the servers' addresses, started for it if need be."""

import os
from collections.abc import Callable
from typing import NoReturn
from urllib.parse import urlsplit

from heating_portal.up import environment
from heating_portal.up.folders import ROOT, Folders, database_home, default_folders, locked
from heating_portal.up.postgres import binaries
from heating_portal.up.servers import Environment, owning, published, running_addresses, start_servers
from heating_portal.up.supervisor import StopRequested, Supervisor

MANAGE = [str(environment.PYTHON), str(ROOT / "manage.py")]


def manage(arguments: list[str]) -> int:
    """Run `manage.py` beside a running `up`, or with servers of its own; returns its exit code."""
    return beside_servers(lambda env: ([*MANAGE, *arguments], env))


def database_tool(arguments: list[str]) -> int:
    """Run psql, pg_dump, pg_restore … of the private PostgreSQL, connected to the portal's database."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("psql", [])

    def command(env: Environment) -> tuple[list[str], Environment]:
        address = urlsplit(env["DATABASE_URL"])
        login = {"PGUSER": address.username or "", "PGPASSWORD": address.password or ""}
        place = {"PGHOST": address.hostname or "", "PGPORT": str(address.port or 5432)}
        tool = binaries(database_home(default_folders().var)) / name
        return [str(tool), *rest], {**env, **place, **login, "PGDATABASE": address.path.strip("/")}

    return beside_servers(command)


def beside_servers(command: Callable[[Environment], tuple[list[str], Environment]]) -> int:
    """Run the command made for the servers' addresses; its exit code."""
    folders = default_folders()
    folders.make()
    environment.prepare("runtime")
    running = running_addresses(folders)
    if running is not None:
        become(*command(running), folders)
    with owning(folders):
        supervisor = Supervisor(folders)
        with supervisor.supervising():
            try:
                env = portal_environment(folders, saved_mode(folders)) | start_servers(supervisor)
            except StopRequested:
                return 130
            with published(folders, env):
                code = supervisor.run(*command(env), interactive=True)
            with locked(folders.run / "guests.lock"):  # commands that use our servers end first
                return code


def become(command: list[str], env: Environment, folders: Folders) -> NoReturn:
    """Turn into `command`, which uses the servers of a running portal and keeps a shared lock while it does."""
    with locked(folders.run / "guests.lock", shared=True) as guest:
        os.set_inheritable(guest.fileno(), True)
        os.execve(command[0], command, {**os.environ, **env})


def portal_environment(folders: Folders, mode: str) -> Environment:
    """What the settings read, beside the servers' addresses; only the web program needs the role `web`."""
    places = {"PORTAL_VAR": str(folders.var), "PORTAL_SECRETS": str(folders.secrets)}
    return {"PORTAL_MODE": mode, "ROLE": "worker", **places}


def saved_mode(folders: Folders) -> str:
    """Mode of the last `up` of this installation (PORTAL_MODE overrides it); a demonstration unless told otherwise."""
    try:
        return os.environ.get("PORTAL_MODE") or (folders.run / "mode").read_text().strip()
    except OSError:
        return "demo"
