"""One loaded demonstration for the whole run, in the folder that all workers share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.demonstration import Demonstration, forget, shared

FOLDER = "demonstration"


@pytest.fixture(scope="session")
def demonstration(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, migrated: str
) -> Demonstration:
    ours = tmp_path_factory.getbasetemp()
    run = ours.parent if is_worker(request.config) else ours
    built = Path(settings.STATIC_BUILD_DIR)
    return shared(run / FOLDER, built.resolve() if (built / "portal.css").is_file() else None, migrated)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The last to go, with or without workers, is the process that started the run."""
    if not is_worker(session.config):
        folders: Any = session.config._tmp_path_factory  # type: ignore[attr-defined]
        forget(folders.getbasetemp() / FOLDER)


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
