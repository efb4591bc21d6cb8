"""The county of the reports' tests, with files kept in a folder of the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import flushing
from tests.reports.world import World

flushing.install()


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def world(db: None) -> World:
    return World()
