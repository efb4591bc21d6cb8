"""The Python environment in `.venv`, made from hash-locked requirement files and nothing else."""

import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from heating_portal.up.folders import ROOT, locked, make_folder
from heating_portal.up.refusals import CannotStart, from_os_error

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FIRST_SETUP_BYTES = 1200 * 2**20
NODE_FLOOR = 20


def say(line: str) -> None:
    print(line, flush=True)


def prepare(*locks: str) -> None:
    """Bring `.venv` in line with `requirements/NAME.txt` for every name; quick when nothing changed."""
    if all(is_installed(lock) for lock in locks):
        return
    make_folder(ROOT)
    with locked(ROOT / ".portal.lock"):
        try:
            if not works():
                make_venv()
            with ThreadPoolExecutor() as at_once:  # no package stands in two of them, so nobody waits for another
                list(at_once.map(install, [lock for lock in locks if not is_installed(lock)]))
        except OSError as error:
            raise from_os_error(error, VENV) from error


def stamp(lock: str) -> Path:
    return VENV / f".installed-{lock}"


def wanted(lock: str) -> str:
    """Fingerprint of a lock file for this Python."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_bytes()
    return f"{hashlib.sha256(text).hexdigest()} {sys.version_info.major}.{sys.version_info.minor}"


def is_installed(lock: str) -> bool:
    try:
        return PYTHON.exists() and stamp(lock).read_text() == wanted(lock)
    except OSError:
        return False


def works() -> bool:
    """False for no environment, or one left half-made, moved, or of another Python version."""
    if not PYTHON.exists():
        return False
    probe = "import sys, pip; sys.exit(sys.version_info[:2] != (%d, %d))" % sys.version_info[:2]
    return subprocess.run([PYTHON, "-c", probe], capture_output=True).returncode == 0


def demand_venv_module() -> None:
    """Debian ships Python without `ensurepip`; say which package brings it."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        package = "python%d.%d-venv" % sys.version_info[:2]
        raise CannotStart(
            f"当前 Python 缺少 venv/ensurepip 模块。请先安装软件包 {package}（apt-get install {package}）。",
            f"This Python lacks the venv/ensurepip modules. Install the package {package} (apt-get install {package}).",
        ) from None


def demand_room() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < FIRST_SETUP_BYTES:
        raise CannotStart(
            f"磁盘空间不足：{ROOT} 只剩 {free >> 20} MB，首次安装需要 {FIRST_SETUP_BYTES >> 20} MB。",
            f"Too little disk space: {free >> 20} MB left at {ROOT},"
            f" the first set-up needs {FIRST_SETUP_BYTES >> 20} MB.",
        )


def make_venv() -> None:
    demand_venv_module()
    demand_room()
    say("正在创建 Python 环境 … · Making the Python environment …")
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True)
    if done.returncode:
        raise CannotStart(
            f"无法创建 Python 环境：{tail(done.stdout + done.stderr)}",
            f"Could not make the Python environment in {VENV}: {tail(done.stdout + done.stderr)}",
        )


def install(lock: str) -> None:
    """Install exactly what the lock names, every file checked against its hash."""
    say(f"正在安装 requirements/{lock}.txt … · Installing requirements/{lock}.txt …")
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-deps",
        "--no-compile",  # most of it is never loaded, and Python compiles the rest as it loads it
        "--quiet",
        "--progress-bar=off",
    ]
    command += ["--disable-pip-version-check", "--no-input", "-r", ROOT / "requirements" / f"{lock}.txt"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"})
    if done.returncode:
        raise CannotStart(
            f"安装 requirements/{lock}.txt 失败：{tail(done.stderr)}",
            f"Installing requirements/{lock}.txt failed: {tail(done.stderr)}",
        )
    stamp(lock).write_text(wanted(lock))


def tail(text: str, lines: int = 3) -> str:
    return " ".join(text.strip().splitlines()[-lines:])[-600:]


def site_packages() -> Path:
    """Where the environment keeps its packages (the wheels' server binaries are found from here)."""
    return next((VENV / "lib").glob("python3*/site-packages"))


# --- Node, wanted only for building the front end -------------------------------------------------


def node_folder() -> Path:
    """Folder with `node` and `npm` of version 20 or newer: the machine's own, else from a Python package."""
    own = machines_node()
    if own:
        return own
    if not (VENV / "bin" / "npm").exists():
        prepare("node")
    return VENV / "bin"


def machines_node() -> Path | None:
    """Where the machine's own Node lies, None when it has none that is new enough."""
    found = shutil.which("node")
    return Path(found).parent if found and shutil.which("npm") and node_version(found) >= NODE_FLOOR else None


def node_version(node: str) -> int:
    """Major version of a `node` program, 0 when it does not answer."""
    done = subprocess.run([node, "--version"], capture_output=True, text=True)
    digits = done.stdout.strip().lstrip("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0
