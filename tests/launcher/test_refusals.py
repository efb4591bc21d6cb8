"""What cannot start says why in one sentence of Chinese and one of English, exits with 2 and leaves nothing behind."""

import ast
import fcntl
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from heating_portal.up import environment, folders
from heating_portal.up.folders import ROOT
from heating_portal.up.refusals import CannotStart
from tests.launcher.conftest import Run, bare

OLD_PYTHON = """
import sys
sys.version_info = (3, 9, 2, "final", 0)
sys.argv = ["portal", "up"]
exec(compile(open({path!r}, encoding="utf-8").read(), "portal", "exec"), {{"__name__": "__main__"}})
"""


def sentences(done: subprocess.CompletedProcess[str]) -> tuple[str, str]:
    assert done.returncode == 2, done.stderr
    zh, en = done.stderr.strip().splitlines()
    assert not zh.isascii() and en.isascii()
    return zh, en


def test_old_python_is_named_with_the_version_that_is_needed() -> None:
    script = OLD_PYTHON.format(path=str(ROOT / "portal"))
    done = subprocess.run(
        [sys.executable, "-c", script], env=bare(PATH="/nowhere"), capture_output=True, text=True, check=False
    )
    zh, en = sentences(done)
    assert "3.11" in zh and "needs Python 3.11 or newer; this is 3.9" in en


def test_entry_file_parses_on_any_python_3() -> None:
    tree = ast.parse((ROOT / "portal").read_text(encoding="utf-8"), feature_version=(3, 0))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr)
    assert not [node for node in ast.walk(tree) if isinstance(node, newer)]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.returns]


def test_missing_ensurepip_names_the_package(run: Run, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "ensurepip.py").write_text("raise ImportError('as on Debian')")
    zh, en = sentences(run("up", "--port", free_port(), PYTHONPATH=str(tmp_path / "broken")))
    package = "python%d.%d-venv" % sys.version_info[:2]
    assert package in zh and f"apt-get install {package}" in en


def test_taken_port_is_refused_before_anything_is_made(run: Run, copy: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        zh, en = sentences(run("up", "--port", str(port)))
    assert str(port) in zh and f"Port 127.0.0.1:{port} is taken" in en
    assert not (copy / ".venv").exists() and not (copy / "var" / "pg18").exists()


@pytest.mark.skipif(not Path("/sys").is_dir(), reason="needs a folder that even root cannot write to")
def test_unwritable_folder_is_named(run: Run) -> None:
    zh, en = sentences(run("up", PORTAL_VAR="/sys/heating-portal"))
    assert "没有写入权限" in zh and "Cannot write to /sys/heating-portal" in en


def test_a_second_start_of_the_same_installation_is_refused(run: Run, copy: Path) -> None:
    (copy / "var" / "run").mkdir(parents=True)
    with open(copy / "var" / "run" / "up.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        _, en = sentences(run("up"))
    assert "running already" in en


def test_full_disk_is_refused_with_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")(10**9, 10**9, 5 * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(CannotStart, match=r"5 MB left at .*, 300 MB needed"):
        folders.Folders(tmp_path / "var").make()
    with pytest.raises(CannotStart, match=r"first set-up needs"):
        environment.demand_room()


def test_changed_lock_file_makes_the_environment_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "runtime.txt").write_text("a==1\n")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "stamp", lambda lock: tmp_path / lock)
    assert not environment.is_installed("runtime")
    (tmp_path / "runtime").write_text(environment.wanted("runtime"))
    assert environment.is_installed("runtime")
    (tmp_path / "requirements" / "runtime.txt").write_text("a==2\n")
    assert not environment.is_installed("runtime")


def test_locks_installed_at_the_same_time_share_no_package() -> None:
    runtime, dev = ({line.split("==")[0] for line in lines_of(lock) if "==" in line} for lock in ("runtime", "dev"))
    assert len(runtime) > 50 and len(dev) > 20
    assert not runtime & dev


def lines_of(lock: str) -> list[str]:
    return (folders.ROOT / "requirements" / f"{lock}.txt").read_text().splitlines()


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
