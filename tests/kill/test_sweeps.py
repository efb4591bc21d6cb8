"""Worker, hub, broker and database killed in the middle of a sweep, one after the other, on one running plant; the
broker in the middle of a command too (worker, hub and database there: tests/devices/test_killed.py, test_sending.py).

After each, polling goes on by itself, and the command is verified having left once. At the end: every stored value is
what the boards show, every turn that brought nothing says so, and what the worker had read when the database went is
stored with its own time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from devices.simulator.fleet import numbered_fleet
from devices.simulator.house import House
from heating_portal.up.ports import free_port
from tests.kill.conftest import Theatre
from tests.kill.pausing import FOLDER, Pause
from tests.processes import Processes, processes
from tests.until import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kill")]
COUNT, PERIOD_S, SEED, PROFILE = 2, 5, 11, "linshi-ashp-08"
PAUSING, STORING = "tests.kill.pausing", "TEMP TABLE IF NOT EXISTS staged"
ECHOED = 'UPDATE "devices_command" SET "state" = %s, "duration_ms"'
"""What is written of a command between its echo and the reading back."""
BOARDS = ("simulate_heaters", "--count", str(COUNT), "--profile", PROFILE, "--seed", str(SEED), "--pace", "0")


WITHOUT_A_TURN = """
SELECT count(*) FROM telemetry_reading r WHERE NOT EXISTS
    (SELECT 1 FROM telemetry_pollcycle c WHERE c.stored > 0 AND r.at BETWEEN c.started_at AND c.finished_at)
"""


class Plant:
    """The running processes, and what the database says over a connection of the test's own."""

    def __init__(self, theatre: Theatre, portal: Processes, pause: Pause, faults: Path) -> None:
        self.theatre, self.portal, self.pause, self.faults = theatre, portal, pause, faults

    def start(self, name: str) -> None:
        if name == "worker":
            self.portal.worker("worker", "default,poll", PAUSING)
        else:
            self.portal.manage("hub", "dtu_hub")

    def asked(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows; none while the database is away."""
        try:
            with psycopg.connect(self.theatre.servers.database_url("case"), connect_timeout=5) as line:
                return line.execute(sql, values).fetchall()  # type: ignore[arg-type]
        except psycopg.OperationalError:
            return []

    def now(self) -> Any:
        return self.asked("SELECT clock_timestamp()")[0][0]

    def until_polled(self, what: str, seconds: float = 90) -> None:
        """Every heater has answered after this moment."""
        since = self.now()
        heard = "SELECT count(DISTINCT heater_id) FROM telemetry_reading WHERE at > %s"
        until(
            lambda: self.asked(heard, since) == [(COUNT,)],
            seconds=seconds,
            every_s=0.2,
            what=f"polled again after {what}",
        )

    def until_sweeping(self) -> None:
        """A sweep is under way: begun, and the boards are slow."""
        under_way = "SELECT 1 FROM telemetry_pollcycle WHERE started_at IS NOT NULL AND finished_at IS NULL"
        until(lambda: self.asked(under_way), seconds=90, what="a sweep is under way")


@pytest.fixture
def plant(theatre: Theatre) -> Iterator[Plant]:
    theatre.copy("portal")
    lines = [heater.line for heater in numbered_fleet(COUNT, PROFILE, SEED).heaters]
    theatre.stage.do("case", "heaters", lines=lines, profile=PROFILE, period_s=PERIOD_S)
    pause = Pause(theatre.folder / "pause")
    pause.clear()
    folder = theatre.servers.folder / "sweeps"
    faults = folder / "run" / "heater_faults.json"
    env = theatre.env | {
        "DATABASE_URL": theatre.servers.database_url("case"), FOLDER: str(pause.folder), "PORTAL_VAR": str(folder),
        "PORTAL_POLL_TICK_S": "0.5", "PORTAL_HUB_LISTEN": f"127.0.0.1:{free_port()}",
        "PORTAL_HUB_CONTROL": f"127.0.0.1:{free_port()}",
    }  # fmt: skip
    with processes(folder, env) as portal:
        faults.write_text(json.dumps({f"{line}/1": "slow_line" for line in lines}))
        made = Plant(theatre, portal, pause, faults)
        made.start("hub")
        portal.manage("boards", *BOARDS, "--control-file", str(faults))
        made.start("worker")
        portal.beat()
        yield made


def worker(plant: Plant) -> None:
    """Killed between reading and storing."""
    plant.pause.at(STORING)
    plant.pause.until_reached()
    plant.portal.kill("worker")
    plant.start("worker")


def hub(plant: Plant) -> None:
    plant.until_sweeping()
    plant.portal.kill("hub")
    plant.start("hub")


def broker(plant: Plant) -> None:
    plant.until_sweeping()
    plant.theatre.servers.kill("valkey")
    plant.theatre.servers.start_valkey()
    plant.until_polled("the broker's first death")
    command = broker_in_a_command(plant)
    state = "SELECT state, frames FROM devices_command WHERE id = %s"
    until(lambda: plant.asked(state, command)[0][0] == "verified", seconds=90, what="the command is verified")
    ((_state, frames),) = plant.asked(state, command)
    assert sum(frame.startswith("→ 0106") for frame in frames) == 1, frames


def broker_in_a_command(plant: Plant) -> int:
    """Killed and back while the worker stands between writing to the heater and reading back; the command's key."""
    plant.pause.at(ECHOED)
    command = plant.theatre.stage.do("case", "ask_for_water", degrees=45)
    plant.pause.until_reached()
    plant.theatre.servers.kill("valkey")
    plant.theatre.servers.start_valkey()
    plant.pause.end()
    return int(command)


def database(plant: Plant) -> None:
    """Killed between reading and storing: the worker keeps what it has read."""
    plant.pause.at(STORING)
    plant.pause.until_reached()
    plant.theatre.servers.kill("postgres")
    plant.theatre.servers.start_postgres()
    plant.pause.end()


def test_polling_survives_every_death_in_the_middle_of_a_sweep(plant: Plant) -> None:
    plant.until_polled("the start", seconds=180)  # five programs of Django come up first
    deaths: tuple[Callable[[Plant], None], ...] = (worker, hub, broker, database)
    for death in deaths:
        death(plant)
        plant.until_polled(death.__name__)
    assert wrong_values(plant) == []
    turns = plant.asked("SELECT shard, cycle, outcome, stored FROM telemetry_pollcycle ORDER BY shard, cycle")
    assert gaps_without_a_note(turns) == []
    (kept,) = plant.asked(WITHOUT_A_TURN)
    assert kept == (0,), "each reading belongs to a turn, also those that were stored late"


def wrong_values(plant: Plant) -> list[tuple[Any, ...]]:
    """Readings whose set temperature is another than the one the board of that heater was made with."""
    right = [round(10 * House(SEED + number, "ashp", 0).set_room_c) for number in range(COUNT)]
    found = plant.asked("SELECT heater_id, set_room_dc, at FROM telemetry_reading ORDER BY heater_id, at")
    keys = sorted({row[0] for row in found})
    assert len(keys) == COUNT
    return [row for row in found if row[1] not in (right[keys.index(row[0])], None)]  # None: that part got lost


def gaps_without_a_note(turns: list[tuple[Any, ...]]) -> list[tuple[int, int]]:
    """Turns that are missing from the list between the first and the last of their shard."""
    missing = []
    for shard in {row[0] for row in turns}:
        there = [row[1] for row in turns if row[0] == shard]
        missing += [(shard, cycle) for cycle in range(min(there), max(there)) if cycle not in there]
    return missing
