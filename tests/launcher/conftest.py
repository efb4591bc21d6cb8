"""A copy of the launcher without an environment, and ways to run it as a bare machine would."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from heating_portal.up.folders import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]


def bare(**more: str) -> dict[str, str]:
    """The environment of a bare machine: no addresses of servers, no settings of the test run."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONIOENCODING": "utf-8", **more}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files the launcher needs to get as far as its refusals; no .venv, no Django code."""
    folder = tmp_path / "portal"
    shutil.copytree(ROOT / "heating_portal" / "up", folder / "heating_portal" / "up")
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    (folder / "heating_portal" / "__init__.py").touch()
    shutil.copy(ROOT / "portal", folder / "portal")
    return folder


@pytest.fixture
def run(copy: Path) -> Run:
    """`run("up", "--port", "1", PORTAL_VAR=…)`: the copy's launcher, to its end."""

    def run_it(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(copy / "portal"), *arguments]
        return subprocess.run(command, env=bare(**more), capture_output=True, text=True, timeout=60)

    return run_it
