"""Child processes that never outlive the launcher, however it ends."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What to run: `stop` asks it to end, `orphaned` is sent by the kernel when the launcher is gone."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    user: int | None = None
    group: int | None = None
    stop: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGTERM
    grace_s: float = 10.0


def die_with_parent(how: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: the kernel signals the child when the launcher dies, even by kill -9 (Linux only)."""
    parent = os.getpid()

    def ask_kernel() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(how), 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return ask_kernel


def start(program: Program, log: Path) -> subprocess.Popen[bytes]:
    """Start `program` in a session of its own, output appended to `log`."""
    identity: dict[str, Any] = {}
    if program.user is not None:
        identity = {"user": program.user, "group": program.group, "extra_groups": []}
    with open(log, "ab") as output:
        return subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=program.cwd,
            env={**os.environ, **program.env},
            start_new_session=True,
            preexec_fn=die_with_parent(program.orphaned),
            **identity,
        )


def stop(running: Iterable[tuple[Program, subprocess.Popen[bytes]]]) -> list[str]:
    """Ask all to end, wait, then kill what is left with its descendants; names of those that had to be killed."""
    asked = list(running)
    for program, process in asked:
        if process.poll() is None:
            process.send_signal(program.stop)
    deadline = time.monotonic() + max((program.grace_s for program, _ in asked), default=0)
    killed = []
    for program, process in asked:
        try:
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            killed.append(program.name)
        kill_group(process.pid)
        process.wait()
    return killed


def kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


# --- children of a launcher that was killed ---------------------------------------------------------


def started_at(pid: int) -> str | None:
    """The kernel's start mark of a live process (field 22 of /proc/PID/stat); tells a re-used pid from ours."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def write_roll(path: Path, processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Note who is running, for the next start to clean up after a kill -9."""
    roll = {name: [process.pid, started_at(process.pid)] for name, process in processes.items()}
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(roll))
    temporary.replace(path)


def end_orphans(path: Path, wait_s: float = 10.0) -> list[str]:
    """End processes noted in `path` that are still alive; returns their names."""
    try:
        roll = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    alive = {name: pid for name, (pid, mark) in roll.items() if mark and started_at(pid) == mark}
    for name, pid in alive.items():
        signal_quietly(pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline and any(started_at(pid) for pid in alive.values()):
        time.sleep(0.05)
    for pid in alive.values():
        kill_group(pid)
    path.unlink(missing_ok=True)
    return sorted(alive)


def signal_quietly(pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except (ProcessLookupError, PermissionError):
        pass
