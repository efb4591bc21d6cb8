"""Real programs of the portal beside a test, each with its log; all are ended with the test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from redis import Redis

from heating_portal.up.children import die_with_parent
from heating_portal.up.running import BEAT, web_program

ROOT = Path(__file__).resolve().parents[1]
HELD_S = 600
QUIET = ("--without-gossip", "--without-mingle", "--loglevel=INFO")


class Processes:
    """Programs by name. `env` is what they all get besides the test's own environment."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder, self.env = folder, dict(env)
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def python(self, name: str, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        """Start `python ARGUMENTS` in a session of its own; it dies with the test even when that is killed."""
        env = {**os.environ, "PYTHONUNBUFFERED": "1", "ROLE": "worker", **self.env, **more}
        with open(self.log(name), "ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent(signal.SIGKILL),
            )  # fmt: skip
        self.running[name] = process
        return process

    def manage(self, name: str, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        return self.python(name, "manage.py", *arguments, **more)

    def worker(
        self, name: str, queues: str, app: str = "heating_portal.celery", **more: str
    ) -> subprocess.Popen[bytes]:
        """Without Django's checks: it loads the pages when a job names one."""
        flags = (f"--queues={queues}", "--concurrency=1", f"--hostname={name}@test")
        return self.python(name, "-m", "celery", "-A", app, "--skip-checks", "worker", *QUIET, *flags, **more)

    def beat(self, name: str = "beat", **more: str) -> subprocess.Popen[bytes]:
        """Its note of when what ran last is its own: a second beat knows nothing of the first."""
        flags = ("--pidfile=", f"--schedule={self.folder / name}.schedule", "--loglevel=INFO")
        return self.python(name, *BEAT, *flags, **more)

    def web(self, port: int, application: str = "heating_portal.wsgi:application") -> subprocess.Popen[bytes]:
        """The web server as `./portal up` starts it, with the pool of connections that only web processes have."""
        program = web_program("127.0.0.1", port, self.env | {"PORTAL_MODE": "demo"})
        return self.python("web", *program.argv[1:-1], application, **program.env)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def kill(self, name: str) -> None:
        """SIGKILL to the program and all it started."""
        process = self.running.pop(name)
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()

    def kill_all(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def tails(self, lines: int = 15) -> str:
        """The ends of all logs, for the message of a failed test."""
        texts = [
            (path.stem, path.read_text(errors="replace").splitlines()) for path in sorted(self.folder.glob("*.log"))
        ]
        return "\n".join(f"--- {name}\n" + "\n".join(text[-lines:]) for name, text in texts)


@contextmanager
def processes(folder: Path, env: Mapping[str, str]) -> Iterator[Processes]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run").mkdir(exist_ok=True)
    made = Processes(folder, env)
    try:
        yield made
    finally:
        made.kill_all()
        print(made.tails())  # pytest shows it below a test that failed


@contextmanager
def empty_redis_database(redis_url: str) -> Iterator[str]:
    """Address of a numbered database of that server in which nothing is, held for this test and emptied afterwards.

    Queues of other programs on the same server are neither seen nor touched.
    """
    for number in range(15, 0, -1):
        url = urlunsplit(urlsplit(redis_url)._replace(path=f"/{number}"))
        with Redis.from_url(url) as client:
            if client.dbsize() == 0 and client.set("held-by-a-test", os.getpid(), nx=True, ex=HELD_S):
                try:
                    yield url
                finally:
                    client.flushdb()
                return
    raise AssertionError(f"No database of {urlsplit(redis_url).hostname} is empty.")
