"""A fleet of heaters for the benchmarks: rows in the database, hubs, DTUs that dial in, workers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from accounts.acting import acting
from accounts.models import Area
from benchmarks.native import image, running
from devices.hub_access import hub_client
from devices.models import Bus, DeviceModel, Heater, Supplier
from devices.protocol.planner import plan
from devices.protocol.profile_files import bundled_profile
from devices.services.heaters import store_profile
from devices.simulator.house import House
from devices.simulator.slave import Slave
from heating_portal.up.children import die_with_parent

PROFILE = "linshi-ashp-08"
VILLAGE = "370999001001"
FIRST_ID = 861_990_000_000_000
JANUARY = 1_611_000_000.0
PER_HUB = 16_500
DIALS_PER_S = 1500


def register(count: int) -> None:
    """That many heaters, each behind a DTU of its own, with their history as the portal writes it."""
    with acting("benchmark"):
        for size in (2, 4, 6, 9, 12):
            Area.objects.get_or_create(code=VILLAGE[:size], defaults=area_fields(size))
        profile = store_profile(name=PROFILE, by=None)
        supplier = Supplier.objects.get_or_create(code="bench", defaults={"name": "示例厂"})[0]
        model = DeviceModel.objects.get_or_create(
            supplier=supplier, model_no=PROFILE,
            defaults={
                "name": "热泵", "kind": "ashp", "profile": profile, "docking_confirmed_on": date(2020, 9, 1),
            },
        )[0]  # fmt: skip
        lines = [f"dtu:{FIRST_ID + number:015d}" for number in range(count)]
        buses = Bus.objects.bulk_create([Bus(line=line, area_id=VILLAGE) for line in lines], batch_size=5000)
        Heater.objects.bulk_create(
            [
                Heater(
                    platform_no=f"B{number:07d}", area_id=VILLAGE, device_model=model, profile=profile, unit=1, bus=bus,
                    factory_no=f"B-{number}", installed_on=date(2020, 10, 1),
                )
                for number, bus in enumerate(buses)
            ],
            batch_size=5000,
        )  # fmt: skip


def area_fields(size: int) -> dict[str, object]:
    level = {2: "province", 4: "city", 6: "county", 9: "town", 12: "village"}[size]
    above = {2: 0, 4: 2, 6: 4, 9: 6, 12: 9}[size]
    return {"name": f"试验{size}", "level": level, "parent_id": VILLAGE[:above] or None}


def registers() -> dict[int, int]:
    """What every board shows: the registers of one simulated house."""
    profile = bundled_profile(PROFILE)
    slave = Slave(1, profile, House(7, profile.kind, JANUARY), lambda: JANUARY)
    shown: dict[int, int] = {}
    for block in plan(profile):
        request = block.read(1)
        shown.update(zip(range(block.addr, block.end), request.registers(slave.answer(request)), strict=True))
    return shown


@dataclass
class Setting:
    """Running hubs and their DTUs, played by `boards`. `idle_bytes`: memory of the hubs per registered idle line."""

    hubs: list[subprocess.Popen[str]]
    boards: list[subprocess.Popen[str]]
    idle_bytes: float = 0.0
    dialled_s: float = 0.0


@contextmanager
def dialled_in(program: Path, count: int) -> Iterator[Setting]:
    """Hubs with all lines registered and settled."""
    number = -(-count // PER_HUB)
    ports = [(free_port(), free_port()) for _ in range(number)]
    settings.HUB_CONTROL = ",".join(f"127.0.0.1:{control}" for _, control in ports)
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        hubs = [stack.enter_context(hub(k, number, *ports[k])) for k in range(number)]
        with hub_client() as client:  # the first turn after a start does this: it asks for every line there is
            client.claim(f"dtu:{FIRST_ID + one:015d}" for one in range(count))
        before = sum(map(resident, hubs))
        began = time.perf_counter()
        shown, boards = image(Path(folder), registers()), []
        for k, (listen, _) in enumerate(ports):
            rate = DIALS_PER_S  # ids are gone through at this rate by each; a part of them is its own
            dial = running(program, "dial", shown, listen, count, rate, FIRST_ID, k, number)
            boards.append(stack.enter_context(dial))
        with hub_client() as client:
            while (there := sum(one["connected"] for one in client.lines(wait_s=60))) < count:
                if time.perf_counter() - began > 300:
                    raise SystemExit(f"Only {there} of {count} lines have dialled in.")
                time.sleep(1.0)
        setting = Setting(hubs, boards, (sum(map(resident, hubs)) - before) / count, time.perf_counter() - began)
        time.sleep(1.5)  # the youngest lines settle
        yield setting


@contextmanager
def hub(number: int, hubs: int, listen: int, control: int) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "manage.py", "dtu_hub", f"--listen=127.0.0.1:{listen}", f"--control=127.0.0.1:{control}"]
    words += [f"--number={number}", f"--of={hubs}"]
    with child(words, '"hub_started"') as process:
        yield process


@contextmanager
def workers(count: int) -> Iterator[list[subprocess.Popen[str]]]:
    with ExitStack() as stack:
        words = [sys.executable, "-m", "benchmarks.fleet_worker"]
        yield [stack.enter_context(child(words, "ready")) for _ in range(count)]


@contextmanager
def child(words: list[str], ready: str) -> Iterator[subprocess.Popen[str]]:
    """A process of the portal, from the line that says it is ready; its further output is its own affair."""
    env = os.environ | {"ROLE": "worker", "PYTHONUNBUFFERED": "1", "PORTAL_HUB_CONTROL": settings.HUB_CONTROL}
    output = subprocess.PIPE if ready == "ready" else tempfile.TemporaryFile("w+")  # noqa: SIM115 - ends with us
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=output, text=True, env=env, preexec_fn=die_with_parent(signal.SIGKILL)
    )
    try:
        if ready == "ready":
            assert process.stdout and process.stdout.readline() == "ready\n"
        else:
            wait_for_line(output, ready, process)
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for_line(output: object, wanted: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        output.seek(0)  # type: ignore[attr-defined]
        if wanted in output.read():  # type: ignore[attr-defined]
            return
        time.sleep(0.1)
    raise SystemExit(f"{process.args} did not come up")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def resident(process: subprocess.Popen[str]) -> int:
    """Bytes of memory a process holds now."""
    return int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def worked_s(pids: list[int]) -> float:
    """Processor seconds of processes so far, their children not counted; 0 for one that is gone."""
    total = 0.0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(task.read_text().split()[0]) / 1e9
    return total


def backends() -> list[int]:
    """Processes of the database that serve anybody in this database, but us."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [row[0] for row in cursor.fetchall()]


def now() -> datetime:
    return datetime.now(UTC)
