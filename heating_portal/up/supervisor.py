"""Keeps a set of programs running: restarts what dies, stops everything in order."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from heating_portal.up import children
from heating_portal.up.children import Program
from heating_portal.up.folders import Folders
from heating_portal.up.refusals import CannotStart

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # a program that lived this long starts again without a pause
LOG_LIMIT_BYTES = 20 * 2**20


class StopRequested(Exception):
    """Ctrl-C or SIGTERM arrived."""


class Kept:
    """One program under supervision."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program, self.log = program, log
        self.pause_s = FIRST_PAUSE_S
        self.start()

    def start(self) -> None:
        self.process = children.start(self.program, self.log)
        self.since = time.monotonic()
        self.due: float | None = None

    def plan_restart(self) -> float:
        """Choose when to start again; returns the pause in seconds."""
        now = time.monotonic()
        pause = FIRST_PAUSE_S if now - self.since > STEADY_S else self.pause_s
        self.pause_s = min(pause * 2, LONGEST_PAUSE_S)
        self.due = now + pause
        return pause


class Supervisor:
    """Programs in the order they were started; they are stopped in the reverse order."""

    def __init__(self, folders: Folders, say: Callable[[str], None] = print) -> None:
        self.folders, self.say = folders, say
        self.kept: dict[str, Kept] = {}
        self.stop_requested = False
        self._wake, self._waker = os.pipe()
        for end in (self._wake, self._waker):
            os.set_blocking(end, False)

    @property
    def roll(self) -> Path:
        return self.folders.run / "children.json"

    @contextmanager
    def supervising(self) -> Iterator["Supervisor"]:
        """Handle signals for the length of the block; whatever ends it, nothing is left running."""
        orphans = children.end_orphans(self.roll)
        if orphans:
            self.say(f"已清理上次遗留的进程 · Ended processes left by a killed start: {', '.join(orphans)}")
        caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
        before = {number: signal.signal(number, self._note) for number in caught}
        wakeup = signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        try:
            yield self
        finally:
            self.stop_all()
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(self._wake)
            os.close(self._waker)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self.stop_requested = True

    def start(self, program: Program) -> None:
        self.kept[program.name] = Kept(program, self.folders.logs / f"{program.name}.log")
        self._write_roll()

    def step(self, timeout_s: float) -> None:
        """Sleep until a child dies, a restart is due, a signal comes or time is over; restart what is due."""
        pauses = [kept.due - time.monotonic() for kept in self.kept.values() if kept.due is not None]
        select.select([self._wake], [], [], max(0.0, min([timeout_s, *pauses])))
        try:
            while os.read(self._wake, 512):
                pass
        except BlockingIOError:
            pass
        if self.stop_requested:
            raise StopRequested
        for name, kept in self.kept.items():
            self._look_after(name, kept)

    def _look_after(self, name: str, kept: Kept) -> None:
        if kept.due is None and kept.process.poll() is not None:
            children.kill_group(kept.process.pid)
            pause = kept.plan_restart()
            self.say(f"{name:>10} | ended ({ending(kept.process)}), again in {pause:g} s, see {kept.log}")
        if kept.due is not None and time.monotonic() >= kept.due:
            kept.start()
            self._write_roll()

    def wait_for(self, is_ready: Callable[[], bool], name: str, timeout_s: float = 60.0) -> None:
        """Go on supervising until `is_ready()`; a program that never gets there is one sentence with its log."""
        deadline = time.monotonic() + timeout_s
        while not is_ready():
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"{name} 在 {timeout_s:.0f} 秒内没有就绪，请看日志 {self.folders.logs / name}.log。",
                    f"{name} was not ready within {timeout_s:.0f} s; see {self.folders.logs / name}.log.",
                )
            self.step(0.05)

    def watch(self) -> None:
        """Supervise until asked to stop."""
        while True:
            self.step(5.0)
            for kept in self.kept.values():
                shorten(kept.log)

    def run(self, argv: list[str], env: dict[str, str], *, interactive: bool = False) -> int:
        """Run one command to its end while the servers are looked after; returns its exit code (130 when stopped)."""
        process = subprocess.Popen(
            argv,
            env={**os.environ, **env},
            stdin=None if interactive else subprocess.DEVNULL,
            start_new_session=not interactive,
            preexec_fn=children.die_with_parent(signal.SIGTERM),
        )
        try:
            while process.poll() is None:
                self.step(1.0)
        except StopRequested:
            # In the same terminal the command has had the Ctrl-C already; a second one would cut short its clean-up.
            if not interactive:
                process.send_signal(signal.SIGINT)
            return self._wait_or_kill(process)
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    def _wait_or_kill(self, process: subprocess.Popen[bytes]) -> int:
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return 130

    def stop_all(self) -> None:
        """First the portal's own programs together, then each server, last started first."""
        servers: list[str] = [name for name in ("valkey", "postgres") if name in self.kept]
        batches = [[name for name in self.kept if name not in servers], *([server] for server in servers)]
        for names in batches:
            for name in children.stop([(self.kept[name].program, self.kept[name].process) for name in names]):
                self.say(f"{name:>10} | did not end in time and was killed")
        self.kept.clear()
        self.roll.unlink(missing_ok=True)

    def _write_roll(self) -> None:
        children.write_roll(self.roll, {name: kept.process for name, kept in self.kept.items()})


def ending(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def shorten(log: Path) -> None:
    """Keep a log below its limit: the older part moves to NAME.log.1, the writer goes on in the same file."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.with_suffix(".log.1").write_bytes(log.read_bytes())
        os.truncate(log, 0)
