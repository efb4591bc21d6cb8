"""The second stream with real processes: simulated heaters, hub, poll worker, beat, database, chart.

Nothing is called here that polls: the test only looks at what the processes have written, until a deadline.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.acting import acting
from devices.models import Command, Heater
from devices.services.commands import request_command
from devices.simulator.faults import switch
from devices.simulator.fleet import numbered_fleet
from telemetry.models import Alert, LatestReading, PollCycle, Reading
from telemetry.partitions import name_of
from tests import people
from tests.databases import database_url
from tests.jobs.valkey import free_port
from tests.processes import Processes, empty_redis_database, processes
from tests.telemetry.plant import register
from tests.until import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("processes")]
COUNT, PERIOD_S, AREA, VILLAGE = 6, 2, "370999", "370999001001"


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Processes]:
    """The environment of the processes: this test's database, an empty Redis database and lines of its own."""
    door, control = free_port(), free_port()
    env = {
        "DATABASE_URL": database_url(),
        "PORTAL_MODE": "test",
        "PORTAL_VAR": str(tmp_path / "var"),
        "PORTAL_HUB_LISTEN": f"127.0.0.1:{door}",
        "PORTAL_HUB_CONTROL": f"127.0.0.1:{control}",
        "PORTAL_POLL_TICK_S": "0.5",
        "PORTAL_JOB_SWEEP_S": "1",
    }
    with (
        empty_redis_database(settings.REDIS_URL) as redis_url,
        processes(tmp_path / "var", env | {"REDIS_URL": redis_url}) as made,
    ):
        yield made


@pytest.fixture
def heaters(portal: Processes) -> list[Heater]:
    """Six registered heaters, their boards dialling in, and everything that polls them."""
    with acting("tests"):
        people.programme(AREA, poll_period_s=PERIOD_S)
        fleet = numbered_fleet(COUNT, "linshi-ashp-08", 1)
        made = [register(one.line, one.unit, one.profile, VILLAGE) for one in fleet.heaters]
    portal.manage("hub", "dtu_hub")
    portal.manage("heaters", "simulate_heaters", "--count", str(COUNT), "--control-file", str(faults(portal)))
    portal.worker("worker", "poll,default")
    portal.beat()
    return made


def faults(portal: Processes) -> Path:
    return portal.folder / "faults.json"


def stored() -> dict[int, int]:
    """Readings per heater so far."""
    found: dict[int, int] = {}
    for heater_id in Reading.objects.values_list("heater_id", flat=True):
        found[heater_id] = found.get(heater_id, 0) + 1
    return found


def polled(heaters: list[Heater], times: int, seconds: float = 120) -> None:
    until(
        lambda: all(stored().get(heater.pk, 0) >= times for heater in heaters), seconds=seconds,
        what=f"{times} readings of every heater",
    )  # fmt: skip


def partitions_in_use() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM telemetry_reading")
        return {row[0] for row in cursor.fetchall()}


def room_points(client: Client, heater: Heater) -> list[float]:
    """The room temperatures in the series that the heater page draws."""
    answer = client.get(reverse("telemetry:heater-series", args=[heater.platform_no]), {"period": "1h"})
    assert answer.status_code == 200
    chart = answer.json()
    lines = {line["token"]: line["values"] for panel in chart["panels"] for line in panel["series"]}
    return [value for value in lines["--t-indoor"] if value is not None]


def test_readings_reach_the_chart_and_a_command_the_heater(portal: Processes, heaters: list[Heater]) -> None:
    """All the while two beats are at work, which are one schedule."""
    began = dt.datetime.now(dt.UTC)
    portal.beat("second-beat")
    polled(heaters, 1)
    days = {began - dt.timedelta(days=1), began, began + dt.timedelta(days=1)}
    assert partitions_in_use() <= {name_of((day + dt.timedelta(hours=8)).date()) for day in days}
    _shown_on_the_page(heaters[0])
    _set_point_arrives(heaters[1])
    _unplugged_is_called_silent(portal, heaters)
    _two_beats_are_one_schedule(portal, heaters)


def _shown_on_the_page(heater: Heater) -> None:
    client = Client()
    client.force_login(people.user("town_staff", VILLAGE[:9]))
    latest = LatestReading.objects.get(heater=heater)
    assert latest.room_dc is not None
    points = room_points(client, heater)
    assert points and min(points) - 0.2 <= latest.room_dc / 10 <= max(points) + 0.2
    page = client.get(reverse("telemetry:heater-detail", args=[heater.platform_no]))
    assert page.status_code == 200
    assert reverse("telemetry:heater-series", args=[heater.platform_no]) in page.content.decode()


def _set_point_arrives(heater: Heater) -> None:
    """Wished here, sent by the worker, read back by it, and then polled by itself."""
    asked, now = Decimal("23.0"), dt.datetime.now(dt.UTC)
    assert LatestReading.objects.get(heater=heater).set_room_dc != int(asked * 10)
    command = request_command(
        heater=heater, point="set_room_t", asked=asked, reason="老人反映偏冷", by=people.user("ops", AREA),
        request_id=uuid.uuid4(), now=now,
    )  # fmt: skip
    until(lambda: Command.objects.get(pk=command.pk).finished_at, seconds=90, what="the command has ended")
    ended = Command.objects.get(pk=command.pk)
    assert (ended.state, ended.after) == (Command.State.VERIFIED, asked), (ended.note, ended.frames)
    until(lambda: LatestReading.objects.get(heater=heater).set_room_dc == int(asked * 10), what="the poll shows it too")


def _unplugged_is_called_silent(portal: Processes, heaters: list[Heater]) -> None:
    dead = heaters[-1]
    switch(faults(portal), f"{dead.bus.line}/{dead.unit}", "unplugged")
    until(lambda: Alert.objects.filter(cleared_at__isnull=True).exists(), seconds=90, what="an alert is open")
    alerts = Alert.objects.filter(cleared_at__isnull=True).values_list("heater_id", "kind")
    assert list(alerts) == [(dead.pk, Alert.Kind.UNIT_SILENT)]
    switch(faults(portal), f"{dead.bus.line}/{dead.unit}", None)
    # Three misses in a row, then the poller asks once a minute: plugged in again it is heard within that minute,
    # so here only the memory is looked at: the last true values stay, with the time at which they were true.
    assert LatestReading.objects.get(heater=dead).misses >= 3


def _two_beats_are_one_schedule(portal: Processes, heaters: list[Heater]) -> None:
    until(lambda: "Sending due task plan-polls" in portal.log("second-beat").read_text(), what="both beats are at work")
    turns = PollCycle.objects.latest("cycle").cycle + 3
    until(lambda: PollCycle.objects.filter(cycle__gte=turns).exists(), what="three more turns")
    # Counted in turns and not in seconds: a turn that waited for the worker ends close to its successor.
    begun = PollCycle.objects.filter(started_at__isnull=False).values("cycle").distinct().count()
    for heater in heaters:
        assert Reading.objects.filter(heater=heater).count() <= begun, "one reading per turn, whoever plans it"
