"""Builds the interface's static files with npm when their sources changed; the portal runs without them."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from heating_portal.up import environment
from heating_portal.up.environment import machines_node, node_folder, say, tail
from heating_portal.up.folders import ROOT, default_folders, locked
from heating_portal.up.refusals import CannotStart

SKIPPED = {"node_modules", ".git", ".venv", "var", "tests", "docs", "locale", "__pycache__", "requirements"}
READ = {".html", ".py", ".js", ".mjs", ".css", ".svg"}  # icons are collected from templates and tags


def build_beside(*locks: str) -> Path:
    """Build while the Python packages of `locks` are installed; afterwards where Node itself is one of them."""
    with ThreadPoolExecutor(1) as beside:
        early = beside.submit(build) if machines_node() else None
        environment.prepare(*locks)
        return early.result() if early else build()


def build() -> Path:
    """Build into `var/static_build` when needed; returns that folder. Without npm: one line, no failure."""
    folder = default_folders().var / "static_build"
    if not (ROOT / "package-lock.json").is_file() or not (ROOT / "frontend" / "build.mjs").is_file():
        return folder
    with locked(default_folders().run / "frontend.lock"):
        stamp, now = folder / ".built-from", fingerprint()
        if not stamp.is_file() or stamp.read_text() != now:
            try:
                run_build(folder)
                stamp.write_text(now)
            except (CannotStart, OSError) as error:
                lines = str(error).splitlines() or [""]
                say(f"前端未构建，图表将显示为表格 · Front end not built, charts fall back to tables: {lines[-1]}")
    return folder


def fingerprint() -> str:
    """Changes when any file the build reads changes (names, sizes and times, no contents)."""
    digest = hashlib.sha256()
    for path in sorted([*sources(ROOT), str(ROOT / "package-lock.json")]):
        about = os.stat(path)
        digest.update(f"{path} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def sources(folder: Path | str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED:
                    yield from sources(entry.path)
            elif os.path.splitext(entry.name)[1] in READ:
                yield entry.path


def run_build(folder: Path) -> None:
    node = node_folder()
    env = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}
    lock = ROOT / "package-lock.json"
    installed = ROOT / "node_modules" / ".installed"
    fresh = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not installed.is_file() or installed.read_text() != fresh:
        say("正在安装前端依赖 … · Installing front-end packages …")
        npm(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], env)
        installed.write_text(fresh)
    say("正在构建前端 … · Building the front end …")
    folder.mkdir(parents=True, exist_ok=True)
    npm(["node", "frontend/build.mjs", str(folder)], env)


def npm(command: list[str], env: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    if done.returncode:
        what = " ".join(command[:2])
        reasons = [line for line in done.stderr.splitlines() if "rror" in line and not line.startswith("    at ")]
        why = tail("\n".join(reasons[:3]) or done.stderr)
        raise CannotStart(f"{what} 失败：{why}", f"{what} failed: {why}")
