"""The built interface: weights over the line, and nothing that Chromium 86 or Firefox 91 cannot run."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KB = 1024
BUDGET_KB = {
    "portal.css": 13,
    "portal.js": 9,
    "phone.js": 12,
    "worker.js": 1,
    "htmx.js": 17,
    "charts.js": 192,
    "icons.svg": 8,
}


def node_path() -> str:
    """PATH with a Node on it: the machine's or the one of the Python package."""
    inside = Path(sys.prefix) / "bin"
    return f"{os.environ.get('PATH', '')}{os.pathsep}{inside}"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    found = shutil.which(command[0], path=node_path())
    if found is None or not (ROOT / "node_modules" / "esbuild").is_dir():
        pytest.skip("NODE NOT FOUND or packages not installed: the browser floor is unchecked")
    env = {**os.environ, "PATH": node_path()}
    return subprocess.run([found, *command[1:]], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(("name", "budget_kb"), BUDGET_KB.items())
def test_a_file_stays_within_its_weight(built: Path, name: str, budget_kb: int) -> None:
    weight = len(gzip.compress((built / name).read_bytes(), 9))
    assert weight <= budget_kb * KB, f"{name} weighs {weight} bytes over the line, {budget_kb} KB are allowed"


def test_scripts_hold_to_the_browser_floor(built: Path) -> None:
    done = run("node", "frontend/check_floor.mjs")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("{ using z = x; }", "needs syntax"),
        ("class A { static { A.q = 1; } }", "needs syntax"),
        ("[1].at(-1);", ".at( is missing"),
        ("structuredClone({});", "structuredClone is missing"),
    ],
)
def test_the_script_check_notices_what_is_too_new(tmp_path: Path, source: str, complaint: str) -> None:
    file = tmp_path / "new.js"
    file.write_text(source)
    done = run("node", "frontend/check_floor.mjs", str(file))
    assert done.returncode == 1
    assert complaint in done.stderr


def stylelint(*files: str) -> subprocess.CompletedProcess[str]:
    return run("node", "node_modules/stylelint/bin/stylelint.mjs", "--config", str(ROOT / ".stylelintrc.json"), *files)


def test_styles_hold_to_the_browser_floor() -> None:
    done = stylelint("frontend/css/**/*.css")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "rule",
    [
        "a:has(b) { top: 0; }",
        "a { color: color-mix(in srgb, red, blue); }",
        "@layer x { a { top: 0; } }",
        ".a { .b { top: 0; } }",
        "a { color: light-dark(red, blue); }",
        "@container (min-width: 1px) { a { top: 0; } }",
    ],
)
def test_the_style_check_notices_what_is_too_new(tmp_path: Path, rule: str) -> None:
    file = tmp_path / "new.css"
    file.write_text(rule + "\n")
    assert stylelint(str(file)).returncode == 2


def test_every_icon_in_use_is_in_the_sprite(built: Path) -> None:
    import re

    sprite = (built / "icons.svg").read_text()
    used: set[str] = set()
    for file in (ROOT / "templates").rglob("*.html"):
        used |= set(re.findall(r'\{% icon "([a-z0-9-]+)"', file.read_text()))
    missing = sorted(name for name in used if f'id="i-{name}"' not in sprite)
    assert used
    assert not missing, f"rebuild the interface, or these are not icons of the set: {missing}"
