"""Each process of the portal killed while a worker is in the middle of storing a roster.

Afterwards the roster is stored once, the job has ended well, and the chain of history holds: without anybody's help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.kill.conftest import Theatre
from tests.kill.pausing import FOLDER, Pause
from tests.kill.test_crash_points import HEALTHY, PAYOUT, changed
from tests.processes import Processes, processes
from tests.until import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kill")]
IN_THE_MIDDLE = 'UPDATE "households_importrow"'  # the register's new rows are written, nothing is committed
PAUSING = "tests.kill.pausing"


@pytest.fixture(scope="module")
def stored_once(theatre: Theatre) -> dict[str, Any]:
    """The accounts after an import that nobody disturbed."""
    theatre.copy("uploaded", "rehearsal")
    theatre.stage.do("rehearsal", "work", job=theatre.job)
    return dict(theatre.stage.do("rehearsal", "accounts"))


@pytest.fixture
def pause(theatre: Theatre) -> Pause:
    made = Pause(theatre.folder / "pause")
    made.clear()
    return made


@pytest.fixture
def portal(theatre: Theatre, pause: Pause) -> Iterator[Processes]:
    """Worker and beat on a database in which a roster waits to be stored."""
    theatre.copy("uploaded")
    env = theatre.env | {"DATABASE_URL": theatre.servers.database_url("case"), FOLDER: str(pause.folder)}
    env |= {"PORTAL_JOB_LEASE_S": "2", "PORTAL_JOB_SWEEP_S": "0.5", "PORTAL_HISTORY_SEAL_S": "0.5"}
    with processes(theatre.servers.folder / "processes", env) as made:
        made.worker("worker", "default", PAUSING)
        made.beat()
        yield made


Kill = Callable[[Theatre, Processes, Pause], None]


def worker(theatre: Theatre, portal: Processes, pause: Pause) -> None:
    portal.kill("worker")
    portal.worker("worker", "default", PAUSING)


def beat(theatre: Theatre, portal: Processes, pause: Pause) -> None:
    """Its schedule dies with it; the worker goes on, and a new beat brings back the sweeper."""
    portal.kill("beat")
    pause.end()
    portal.beat()


def redis(theatre: Theatre, portal: Processes, pause: Pause) -> None:
    theatre.servers.kill("valkey")
    pause.end()
    theatre.servers.start_valkey()


def postgres(theatre: Theatre, portal: Processes, pause: Pause) -> None:
    theatre.servers.kill("postgres")
    theatre.servers.start_postgres()
    pause.end()


def postgres_immediate_stop(theatre: Theatre, portal: Processes, pause: Pause) -> None:
    theatre.servers.crash_postgres()
    theatre.servers.start_postgres()
    pause.end()


def everything(theatre: Theatre, portal: Processes, pause: Pause) -> None:
    """As when the machine's plug is pulled, short of what the kernel still held."""
    for name in ("valkey", "postgres"):
        theatre.servers.kill(name)
    portal.kill_all()
    theatre.servers.start_postgres()
    theatre.servers.start_valkey()
    portal.worker("worker", "default", PAUSING)
    portal.beat()


@pytest.mark.parametrize("kill", [worker, beat, redis, postgres, postgres_immediate_stop, everything])
def test_an_import_goes_on_after_a_kill(
    kill: Kill, theatre: Theatre, portal: Processes, pause: Pause, stored_once: dict[str, Any]
) -> None:
    pause.at(IN_THE_MIDDLE)
    pause.until_reached()
    kill(theatre, portal, pause)
    until(lambda: state_of_job(theatre) == "done", seconds=60, what="the job has ended well")
    found = theatre.stage.do("case", "accounts")
    assert found == stored_once, changed(stored_once, found)
    until(lambda: theatre.stage.do("case", "health")["unsealed"] == 0, seconds=60, what="beat has had it sealed")
    assert theatre.stage.do("case", "health") == HEALTHY


def state_of_job(theatre: Theatre) -> str:
    """Asked over a connection of its own; "" while the database is away."""
    try:
        with psycopg.connect(theatre.servers.database_url("case"), connect_timeout=5) as line:
            row = line.execute("SELECT state FROM jobs_job WHERE id = %s", [theatre.job]).fetchone()
    except psycopg.OperationalError:
        return ""
    return str(row[0]) if row else ""


def test_a_payout_survives_its_database(theatre: Theatre, pause: Pause) -> None:
    """PostgreSQL killed in the middle of each step: the step is whole or absent, and done again it is done once."""
    theatre.copy("drafted")
    for deed, args in PAYOUT:
        killed_under(theatre, pause, deed, {"folder": str(theatre.folder), **args})
    assert theatre.stage.do("case", "health") == HEALTHY
    states = theatre.stage.do("case", "accounts")["states"]
    assert (states["subsidies_payoutline paid"], states["subsidies_payoutline failed"]) == (3, 1)


def killed_under(theatre: Theatre, pause: Pause, deed: str, args: dict[str, Any]) -> None:
    stage, before = theatre.stage, theatre.stage.do("case", "accounts")
    theatre.copy("case", "rehearsal")
    _result, points = stage.count("rehearsal", deed, **args)
    expected = stage.do("rehearsal", "accounts")
    pause.clear()
    last_commit = max(number for number, point in enumerate(points, 1) if point == "before COMMIT")
    with ThreadPoolExecutor(1) as pool:
        hold = {"die_at": last_commit, "hold": str(pause.folder)}
        under_way = pool.submit(stage.do, "case", deed, **hold, **args)
        pause.until_reached()
        theatre.servers.kill("postgres")
        theatre.servers.start_postgres()
        pause.end()
        with pytest.raises(AssertionError, match="OperationalError"):
            under_way.result(timeout=30)
    found = stage.do("case", "accounts")
    assert found in (before, expected), f"{deed}: {changed(before, found)}"
    stage.do("case", deed, **args)
    again = stage.do("case", "accounts")
    assert again == expected, f"{deed} done again: {changed(expected, again)}"
