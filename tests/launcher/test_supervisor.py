"""Children are restarted when they die, stopped in order, and never outlive the launcher."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from heating_portal.up import children
from heating_portal.up.children import Program
from heating_portal.up.folders import ROOT, Folders, database_home
from heating_portal.up.postgres import Postgres
from heating_portal.up.refusals import CannotStart
from heating_portal.up.servers import start_servers
from heating_portal.up.supervisor import Supervisor
from heating_portal.up.testing import throwaway_folders, with_defaults
from heating_portal.up.valkey import Valkey

SLEEPER = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
ORPHAN_MAKER = """
import sys, time
from pathlib import Path
from heating_portal.up.children import Program, start
child = start(Program("sleeper", (sys.executable, "-c", "import time; time.sleep(600)")), Path(sys.argv[1]))
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folders() -> Iterator[Folders]:
    with throwaway_folders() as made:
        yield made


def test_a_program_that_dies_is_started_again_and_said_so(folders: Folders) -> None:
    said: list[str] = []
    supervisor = Supervisor(folders, said.append)
    with supervisor.supervising():
        supervisor.start(Program("sleeper", SLEEPER))
        first = supervisor.kept["sleeper"].process
        first.kill()
        began = time.monotonic()
        while supervisor.kept["sleeper"].process.pid == first.pid:
            supervisor.step(60)  # wakes for the death, then for the restart, not for the end of the minute
        assert time.monotonic() - began < 30
        second = supervisor.kept["sleeper"].process
        assert second.poll() is None
    assert second.poll() is not None
    assert "sleeper | ended (SIGKILL)" in said[0]


def test_pauses_between_restarts_grow_and_are_bounded(folders: Folders) -> None:
    supervisor = Supervisor(folders, lambda line: None)
    with supervisor.supervising():
        supervisor.start(Program("dies", (sys.executable, "-c", "raise SystemExit(3)")))
        kept = supervisor.kept["dies"]
        pauses = [kept.plan_restart() for _ in range(9)]
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_stop_kills_what_ignores_the_request_with_its_descendants(folders: Folders) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    log = folders.logs / "stubborn.log"
    program = Program("stubborn", (sys.executable, "-c", stubborn), grace_s=0.2)
    process = children.start(program, log)
    supervisor = Supervisor(folders, lambda line: None)
    supervisor.wait_for(lambda: "up" in log.read_text(), "stubborn", 10)
    assert children.stop([(program, process)]) == ["stubborn"]
    assert process.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals are Linux's")
def test_children_die_with_a_launcher_that_is_killed(folders: Folders) -> None:
    command = [sys.executable, "-c", ORPHAN_MAKER, str(folders.logs / "sleeper.log")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout
        child = int(launcher.stdout.readline())
        launcher.kill()
    supervisor = Supervisor(folders)
    supervisor.wait_for(lambda: children.started_at(child) is None, "sleeper", 10)


def test_processes_left_by_a_killed_start_are_ended_and_strangers_are_not(folders: Folders) -> None:
    ours, stranger = (subprocess.Popen(SLEEPER, start_new_session=True, stdout=subprocess.DEVNULL) for _ in range(2))
    roll = folders.run / "children.json"
    roll.write_text(json.dumps({"sleeper": [ours.pid, children.started_at(ours.pid)], "reused": [stranger.pid, "1"]}))
    try:
        assert children.end_orphans(roll) == ["sleeper"]
        assert ours.wait(10) == -signal.SIGTERM
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_servers_keep_data_through_kill_9_and_refuse_strangers(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    supervisor = Supervisor(folders, lambda line: None)
    with supervisor.supervising():
        env = start_servers(supervisor)
        url = env["DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as database:
            database.execute("CREATE TABLE kept (name text)")
            database.execute("INSERT INTO kept VALUES ('王小明')")
            assert not database.execute("SELECT rolsuper FROM pg_roles WHERE rolname = 'portal'").fetchone()[0]
        postgres = supervisor.kept["postgres"].process
        postgres.kill()
        supervisor.wait_for(lambda: supervisor.kept["postgres"].process.pid != postgres.pid, "postgres", 15)
        supervisor.wait_for(lambda: answers_sql(url), "postgres", 30)
        with psycopg.connect(url) as database:
            assert database.execute("SELECT name FROM kept").fetchall() == [("王小明",)]
            database.execute("CREATE EXTENSION pg_trgm")
            assert database.execute("SELECT show_trgm('王小明')").fetchone() != ([],)
        with pytest.raises(psycopg.OperationalError, match=r"password"):
            psycopg.connect(url.replace("portal:", "portal:wrong"))
        with pytest.raises(psycopg.OperationalError, match=r"password|authentication"):
            psycopg.connect(url.replace("portal:", "postgres:x"))
        by_socket = f"{url}?host={quote(env['PORTAL_DATABASE_SOCKETS'], safe='')}"
        with psycopg.connect(by_socket) as database:
            assert database.execute("SELECT inet_client_addr()").fetchone() == (None,)
        with pytest.raises(psycopg.OperationalError, match=r"password"):
            psycopg.connect(by_socket.replace("portal:", "portal:wrong"))
        assert not Valkey(folders.var, port_of(env["REDIS_URL"]), "wrong").is_ready()
    for address in (env["DATABASE_URL"], env["REDIS_URL"]):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port_of(address)))


def answers_sql(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def test_named_files_run_in_one_process_and_folders_in_one_more_than_there_are_cores(tmp_path: Path) -> None:
    file = tmp_path / "test_x.py"
    file.touch()
    assert with_defaults([f"{file}::test_a", "-x"]) == ["-n", "0", f"{file}::test_a", "-x"]
    workers = str((os.cpu_count() or 1) + 1)
    assert with_defaults([str(tmp_path)]) == [
        "-n", workers, "--dist", "loadgroup", "--no-loadscope-reorder", str(tmp_path)
    ]  # fmt: skip
    assert with_defaults(["-n4", str(file)]) == ["-n4", str(file)]


def test_a_folder_too_deep_for_a_socket_has_none_and_serves_by_port(folders: Folders, tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    assert Postgres(folders.var, 5432, "a" * 64).sockets == str(Postgres(folders.var, 5432, "a" * 64).data)
    assert Postgres(deep, 5432, "a" * 64).sockets == ""


def test_lost_secrets_are_named_instead_of_a_failing_password(folders: Folders) -> None:
    first = Postgres(folders.var, 1, "a" * 64, durable=False)
    first.prepare()
    first.prepare()
    with pytest.raises(CannotStart, match=r"made with other secrets"):
        Postgres(folders.var, 1, "b" * 64, durable=False).prepare()


def test_root_under_a_closed_home_keeps_the_database_where_postgres_can_reach_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    monkeypatch.setattr("heating_portal.up.folders.reachable_by_postgres", lambda folder: False)
    monkeypatch.setattr("heating_portal.up.folders.make_folder", made.append)
    home = database_home(tmp_path)
    assert made == [home] and home != tmp_path and (tmp_path / "pg18").readlink() == home / "pg18"
    assert database_home(tmp_path) == home and len(made) == 1
