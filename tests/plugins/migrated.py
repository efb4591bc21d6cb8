"""One migrated database for all workers of a run: the first to need it makes it, every worker's own is a copy."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.conf import settings

from heating_portal.up.folders import locked
from tests import databases
from tests.databases import database_url
from tests.demonstration import create_database, manage
from tests.plugins.demonstration import is_worker

DONE, EMPTY = "migrated", "template0"


@pytest.fixture(scope="session")
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of the database to copy; an empty one in a run of one process, which migrates its own."""
    if not is_worker(request.config):
        return EMPTY
    run = tmp_path_factory.getbasetemp().parent
    name = database_of(request.config.workerinput["testrunuid"])  # type: ignore[attr-defined]
    with locked(run / f"{DONE}.lock"):
        if not (run / DONE).exists():
            create_database(name, template="template1")
            manage({"DATABASE_URL": database_url(name)}, "migrate", "--verbosity=0")
            (run / DONE).write_text(name)
    return name


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, migrated: str) -> None:
    """In place of pytest-django's: tells Django which database to copy."""
    if migrated != EMPTY:
        settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = migrated


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not is_worker(session.config):
        folders: Any = session.config._tmp_path_factory  # type: ignore[attr-defined]
        done = folders.getbasetemp() / DONE
        if done.exists():
            with psycopg.connect(database_url("postgres"), autocommit=True) as line:
                databases.drop_database(line, done.read_text())


def database_of(run: str) -> str:
    return f"migrated_{run[:16]}"
