"""The whole portal: started, killed with kill -9, started again with its data, stopped without a trace."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from heating_portal.up.folders import ROOT
from heating_portal.up.testing import throwaway_folders
from tests.launcher.conftest import bare
from tests.launcher.test_refusals import free_port
from tests.until import until

SECOND_START_S = 10  # the promise, on two cores that have nothing else to do


class Portal:
    """One `./portal up` on a state folder of its own."""

    def __init__(self, var: Path) -> None:
        self.var, self.port, self.console = var, int(free_port()), var / "console.txt"

    def start(self) -> float:
        """Seconds until the launcher says that the portal runs."""
        began = time.monotonic()
        with open(self.console, "w") as console:
            self.launcher = subprocess.Popen(
                [sys.executable, str(ROOT / "portal"), "up", "--no-demo", "--port", str(self.port)],
                env=bare(PORTAL_VAR=str(self.var)),
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        until(self.says_it_runs, seconds=120, what="the portal runs")
        return time.monotonic() - began

    def says_it_runs(self) -> bool:
        assert self.launcher.poll() is None, self.console.read_text()
        return "Ctrl-C" in self.console.read_text()

    def status(self) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        line.request("GET", "/")
        return line.getresponse().status

    def database(self) -> psycopg.Connection:
        url = json.loads((self.var / "run" / "servers.json").read_text())["DATABASE_URL"]
        return psycopg.connect(url, autocommit=True)

    def processes(self) -> set[int]:
        """Every live process that was given this state folder, whoever its parent is."""
        mark = os.fsencode(self.var)
        return {int(entry.name) for entry in Path("/proc").glob("[0-9]*") if mark in birth_of(entry)}

    def await_nobody(self) -> None:
        until(lambda: not self.processes(), seconds=30, what="every process has ended")


def birth_of(process: Path) -> bytes:
    try:
        if (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return b""
        return (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_up_survives_kill_9_with_its_data_and_stops_without_a_trace() -> None:
    with throwaway_folders() as folders:
        portal = Portal(folders.var)
        portal.start()
        try:
            assert portal.status() < 500
            assert oct((portal.var / "secrets" / "django_key").stat().st_mode)[-3:] == "600"
            with portal.database() as database:
                database.execute("CREATE TABLE kept (name text)")
                database.execute("INSERT INTO kept VALUES ('王小明')")
            assert len(portal.processes()) > 5
            portal.launcher.kill()
            portal.launcher.wait()
            portal.await_nobody()

            seconds = portal.start()
            print(f"second start: {seconds:.1f} s, load {os.getloadavg()[0]:.1f}")
            assert seconds < SECOND_START_S * max(1.0, 1.5 * os.getloadavg()[0])
            assert portal.status() < 500
            with portal.database() as database:
                assert database.execute("SELECT name FROM kept").fetchall() == [("王小明",)]

            portal.launcher.send_signal(signal.SIGTERM)
            assert portal.launcher.wait(40) == 0, portal.console.read_text()
            portal.await_nobody()
        finally:
            portal.launcher.kill()
            portal.launcher.wait()
