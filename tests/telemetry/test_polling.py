"""From RTU frames to rows: polling, gaps, silence, and no cycle twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from programmes.models import Programme
from telemetry import queries, rollups, services, tasks
from telemetry.models import Alert, LatestReading, PollCycle, Reading
from telemetry.partitions import bounds_of, ensure_partitions, existing_partitions
from tests import people
from tests.telemetry.plant import Plant, running_plant

pytestmark = pytest.mark.django_db
PLACES = [("dtu:861990000000018", 1), ("dtu:861990000000018", 2), ("serial:serial0", 1)]
AREA = "370999001001"


@pytest.fixture
def programme() -> Programme:
    return people.programme("370999", poll_period_s=30)


def poll(at: dt.datetime | None = None) -> list[str]:
    """One turn of every shard, as the poll worker does it."""
    now = at or dt.datetime.now(dt.UTC)
    cycles = [
        services.plan_cycle(area_id="370999", shard=shard, period_s=30, now=now) for shard in range(queries.SHARDS)
    ]
    return [tasks.poll_shard(cycle.pk) for cycle in cycles if cycle]


def turns(count: int) -> list[dt.datetime]:
    start = dt.datetime.now(dt.UTC)
    return [start + dt.timedelta(seconds=30 * i) for i in range(count)]


def test_every_heater_is_read_over_both_kinds_of_line(tmp_path: Path, programme: Programme) -> None:
    with running_plant(tmp_path, PLACES) as plant:
        poll()
        latest = {row.heater_id: row for row in LatestReading.objects.all()}
    assert set(latest) == {heater.pk for heater in plant.heaters}
    assert all(row.supply_dc is not None and row.running is not None and row.misses == 0 for row in latest.values())
    assert Reading.objects.count() == 3


@pytest.mark.clause(
    "J-22",
    "适时采集…用能情况、运行状态、取暖效果",
    serves="telemetry.services:store_outcome",
    model="telemetry.Reading",
)
def test_readings_land_in_the_partition_of_their_day(tmp_path: Path, programme: Programme) -> None:
    with running_plant(tmp_path, PLACES[:1]):
        poll()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM telemetry_reading")
        names = {row[0] for row in cursor.fetchall()}
    assert names <= existing_partitions() - {"telemetry_reading_default"}
    assert len(names) == 1


def test_a_cycle_delivered_twice_stores_once(tmp_path: Path, programme: Programme) -> None:
    with running_plant(tmp_path, PLACES[:1]):
        poll()
        again = [tasks.poll_shard(cycle.pk) for cycle in PollCycle.objects.all()]
    assert set(again) == {"over"}
    assert Reading.objects.count() == 1


def test_the_same_turn_is_planned_once(programme: Programme) -> None:
    now = dt.datetime.now(dt.UTC)
    assert services.plan_cycle(area_id="370999", shard=0, period_s=30, now=now)
    assert services.plan_cycle(area_id="370999", shard=0, period_s=30, now=now) is None


def test_an_unplugged_unit_is_called_silent_and_its_neighbours_are_not(tmp_path: Path, programme: Programme) -> None:
    with running_plant(tmp_path, PLACES) as plant:
        poll(turns(1)[0])
        plant.unplug(plant.heaters[0])
        _until_silent(plant)
        for moment in turns(5)[1:]:
            poll(moment)
    alerts = Alert.objects.filter(cleared_at__isnull=True)
    assert [(alert.heater_id, alert.kind) for alert in alerts] == [(plant.heaters[0].pk, "unit_silent")]
    silent = LatestReading.objects.get(heater=plant.heaters[0])
    assert silent.misses >= 3
    assert silent.at is not None, "the last true values stay, with their own time"
    assert Reading.objects.filter(heater=plant.heaters[0]).count() == 1


def _until_silent(plant: Plant) -> None:
    """The switch file is watched by the simulator's own thread: ask until the board no longer answers."""
    from devices.hub_access import hub_client
    from devices.protocol.frames import Block

    heater = plant.heaters[0]
    with hub_client() as hub:
        for _ in range(200):
            if not hub.read(heater.bus.line, heater.unit, Block("h", 100, 1), deadline_s=1).answer:
                return
    raise AssertionError("the unplugged board still answers")


def test_a_lost_line_is_one_alert_not_one_per_heater(tmp_path: Path, programme: Programme) -> None:
    from tests.telemetry.plant import register

    with running_plant(tmp_path, PLACES[:1]):
        first = register("dtu:861990000000026", 1, "linshi-ashp-08", AREA)
        register("dtu:861990000000026", 2, "linshi-ashp-08", AREA)
        for moment in turns(4):
            poll(moment)
    assert [(alert.heater_id, alert.kind) for alert in Alert.objects.all()] == [(first.pk, "line_silent")]


def test_an_answer_clears_the_silence(tmp_path: Path, programme: Programme) -> None:
    with running_plant(tmp_path, PLACES[:1]) as plant:
        heater = plant.heaters[0]
        Alert.objects.create(
            heater=heater, area_id=AREA, kind="unit_silent", opened_at=dt.datetime.now(dt.UTC), evidence={}
        )
        poll()
    assert Alert.objects.get().cleared_at is not None


def test_a_missing_hub_leaves_a_gap_and_says_so(programme: Programme, settings: object, tmp_path: Path) -> None:
    with running_plant(tmp_path, PLACES[:1]):
        pass
    settings.HUB_CONTROL = "127.0.0.1:1"  # type: ignore[attr-defined]
    outcomes = poll()
    assert "hub away" in outcomes
    assert Reading.objects.count() == 0
    assert PollCycle.objects.filter(outcome="hub away", answered=0).exists()


def test_an_overrun_is_skipped_not_queued(programme: Programme) -> None:
    cycle = services.plan_cycle(area_id="370999", shard=0, period_s=30, now=dt.datetime.now(dt.UTC))
    assert cycle
    with _other_connection_holds_the_shard(cycle):
        assert tasks.poll_shard(cycle.pk) == "overrun"
    cycle.refresh_from_db()
    assert cycle.outcome == "overrun"


def _other_connection_holds_the_shard(cycle: PollCycle) -> object:
    from contextlib import contextmanager

    import psycopg

    @contextmanager
    def held():  # type: ignore[no-untyped-def]
        parameters = connection.get_connection_params()
        wanted = ("host", "port", "dbname", "user", "password")
        with psycopg.connect(**{key: parameters[key] for key in wanted if parameters.get(key)}) as other:
            key = (int(cycle.area_id) * queries.SHARDS + cycle.shard) % 2**31
            other.execute("SELECT pg_advisory_lock(%s::int, %s::int)", [0x9011, key])
            yield

    return held()


def test_readings_that_waited_in_the_default_partition_move_along() -> None:
    day = dt.date(2031, 5, 4)
    start, _end = bounds_of(day)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS telemetry_reading_20310504")
        cursor.execute("INSERT INTO telemetry_reading (heater_id, at) VALUES (1, %s)", [start + dt.timedelta(hours=5)])
    assert f"telemetry_reading_{day:%Y%m%d}" in ensure_partitions(start)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM telemetry_reading")
        assert cursor.fetchone() == (f"telemetry_reading_{day:%Y%m%d}",)


@pytest.mark.parametrize(
    "misses, wait_s, asked",
    [
        (0, 0, True),
        (2, 1, True),
        (3, 30, False),
        (3, 70, True),
        (5, 100, False),
        (5, 270, True),
        (40, 1500, False),
        (40, 2000, True),
    ],
)
def test_dead_units_are_asked_less_and_less(misses: int, wait_s: float, asked: bool) -> None:
    from devices.protocol.profile_files import bundled_profile
    from telemetry import poller

    unit = poller.Unit(1, "dtu:1", 1, bundled_profile("linshi-ashp-08"), misses, asked_at=1000.0)
    assert bool(poller.due([unit], 1000.0 + wait_s)) is asked


def test_hours_are_rolled_up_and_renewed(tmp_path: Path, programme: Programme) -> None:
    hour = dt.datetime(2021, 1, 18, 3, tzinfo=dt.UTC)
    with running_plant(tmp_path, PLACES[:1]) as plant:
        heater = plant.heaters[0]
    rows: list[Callable[[], None]] = []
    with connection.cursor() as cursor:
        for minute, supply, running in [(0, 300, True), (30, 400, False), (59, 500, True)]:
            cursor.execute(
                "INSERT INTO telemetry_reading (heater_id, at, supply_dc, running, energy_dkwh) "
                "VALUES (%s, %s, %s, %s, %s)",
                [heater.pk, hour + dt.timedelta(minutes=minute), supply, running, 1000 + minute],
            )
    assert rows == []
    assert rollups.roll_up_hours(now=hour + dt.timedelta(hours=1, minutes=5)) == 1
    from telemetry.models import HourlyRollup

    row = HourlyRollup.objects.get()
    assert (row.n, row.supply_min_dc, row.supply_avg_dc, row.supply_max_dc) == (3, 300, 400, 500)
    assert (row.minutes_on, row.energy_dkwh) == (40, 59)
    assert rollups.roll_up_hours(now=hour + dt.timedelta(hours=1, minutes=6)) == 0


def test_old_days_are_dropped_and_the_last_45_never() -> None:
    from telemetry.partitions import drop_before

    now = dt.datetime(2031, 7, 1, tzinfo=dt.UTC)
    for day in (dt.date(2031, 5, 1), dt.date(2031, 6, 1)):
        ensure_partitions(bounds_of(day)[0], ahead_days=0)
    dropped = drop_before(dt.date(2031, 7, 1), now)
    assert "telemetry_reading_20310501" in dropped
    assert "telemetry_reading_20310601" in existing_partitions()
    assert "telemetry_reading_default" in existing_partitions()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE telemetry_reading_20310601, telemetry_reading_20310531")


def test_notes_of_old_turns_are_forgotten(programme: Programme) -> None:
    now = dt.datetime.now(dt.UTC)
    for age in (0, 8):
        services.plan_cycle(area_id="370999", shard=0, period_s=30, now=now - dt.timedelta(days=age))
    assert services.forget_cycles(now=now) == 1
