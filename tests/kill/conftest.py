"""One pair of servers and one stage for all kill tests of a test process, and the databases they begin with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kill.servers import Servers, running_servers
from tests.kill.stage import Stage


@dataclass
class Theatre:
    """`folder` holds the village's files; `job` stores the roster of a database copied from "uploaded"."""

    servers: Servers
    stage: Stage
    folder: Path
    env: dict[str, str]
    job: int = 0

    def copy(self, template: str, name: str = "case") -> str:
        self.servers.copy_database(template, name)
        return name


def environment(servers: Servers) -> dict[str, str]:
    return {
        "PORTAL_MODE": "test",
        "PORTAL_VAR": str(servers.folder),
        "DATABASE_URL": servers.database_url("portal"),
        "REDIS_URL": servers.valkey.url,
        "ROLE": "worker",
        "PORTAL_TODAY": "",  # stage and web live on the same day, also where web is in demonstration mode
        "DJANGO_SETTINGS_MODULE": "heating_portal.settings",
    }


@pytest.fixture(scope="session")
def theatre() -> Iterator[Theatre]:
    with running_servers() as servers:
        env = environment(servers)
        stage = Stage(env, servers.folder / "stage.log")
        made = Theatre(servers, stage, servers.folder / "village", env)
        made.folder.mkdir()
        try:
            _prepare(made)
            yield made
        finally:
            stage.close()


def _prepare(theatre: Theatre) -> None:
    """Databases "uploaded" (a roster waits to be stored) and "drafted" (a batch waits to be locked)."""
    stage, folder = theatre.stage, str(theatre.folder)
    stage.do("portal", "migrate")
    theatre.copy("portal", "uploaded")
    theatre.job = stage.do("uploaded", "uploaded", folder=folder)
    theatre.copy("uploaded", "drafted")
    stage.do("drafted", "drafted", folder=folder)
