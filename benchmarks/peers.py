"""Environments of peers that must not mix with the portal's own packages: hash-locked, inside `.venv`."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from heating_portal.up.environment import VENV
from heating_portal.up.folders import ROOT


def peer_python(lock: str) -> Path:
    """Python of an environment that holds exactly `requirements/LOCK.txt`, made anew when the lock changes."""
    wanted = ROOT / "requirements" / f"{lock}.txt"
    folder = VENV / lock
    stamp, python = folder / "installed", folder / "bin" / "python"
    print_of_lock = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != print_of_lock:
        _run([sys.executable, "-m", "venv", "--clear", folder])
        flags = ["--require-hashes", "--no-deps", "--quiet", "--no-input", "--disable-pip-version-check"]
        _run([python, "-m", "pip", "install", *flags, "-r", wanted])
        stamp.write_text(print_of_lock)
    return python


def _run(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The peer could not be installed: {' '.join(done.stderr.split())[-600:]}")
