"""The database, beat or broker was away: gaps are noted, what was read is kept, nothing is invented."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from devices.hub.client import BlockResult
from telemetry import poller, services, tasks, turns
from telemetry.models import LatestReading, PollCycle, Reading
from telemetry.partitions import ensure_partitions
from telemetry.poller import Outcome
from telemetry.spool import Spool
from tests import people
from tests.telemetry.said import bare_heater, sample, unit_of

pytestmark = pytest.mark.django_db
AREA, PERIOD_S = "370999", 30
NOW = dt.datetime.now(dt.UTC)


def cycle(at: dt.datetime) -> PollCycle:
    planned = services.plan_cycle(area_id=AREA, shard=0, period_s=PERIOD_S, now=at)
    assert planned
    return planned


@pytest.fixture(autouse=True)
def _programme() -> None:
    people.programme(AREA, poll_period_s=PERIOD_S)
    ensure_partitions(NOW)


def test_turns_that_never_came_are_noted_as_gaps() -> None:
    first = cycle(NOW - dt.timedelta(minutes=5))
    last = cycle(NOW)
    assert turns.note_missing(cycle=last, now=NOW) == 9
    assert turns.note_missing(cycle=last, now=NOW) == 0
    noted = PollCycle.objects.filter(outcome="not polled").order_by("cycle")
    assert [one.cycle for one in noted] == list(range(first.cycle + 1, last.cycle))
    assert all(one.finished_at and one.answered == one.stored == 0 for one in noted)


def test_a_clock_that_steps_invents_nothing_and_repeats_nothing() -> None:
    """Ten minutes back: turns that were had are not had again, newer values stay; an hour on: a gap, and it says so."""
    heater, back = bare_heater(), NOW - dt.timedelta(minutes=10)
    store = lambda at, **values: services.store_outcome(  # noqa: E731
        cycle=planned, units=[unit_of(heater)], outcome=Outcome([sample(heater, at, **values)]), now=at
    )
    planned = cycle(NOW)
    store(NOW, room_dc=200)
    planned = cycle(back)  # a turn nobody had had: it may be polled
    store(back, room_dc=150)
    assert services.plan_cycle(area_id=AREA, shard=0, period_s=PERIOD_S, now=NOW) is None, "that turn was had"
    latest = LatestReading.objects.get()
    assert (latest.at, latest.room_dc) == (NOW, 200) and Reading.objects.count() == 2
    planned = cycle(NOW + dt.timedelta(hours=1))
    assert turns.note_missing(cycle=planned, now=NOW) == 119
    store(NOW + dt.timedelta(hours=1), room_dc=190)
    assert LatestReading.objects.get().room_dc == 190


def test_a_long_gap_is_noted_for_a_while_only() -> None:
    cycle(NOW - dt.timedelta(days=30))
    assert turns.note_missing(cycle=cycle(NOW), now=NOW) == turns.NOTED_AT_MOST


def test_what_was_read_while_the_database_was_away_is_stored_with_its_own_time(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store fails in mid-turn; the next turn stores the earlier readings first, then its own."""
    settings.RUN_DIR = tmp_path
    heater = bare_heater()
    before, after = NOW - dt.timedelta(seconds=60), NOW - dt.timedelta(seconds=30)
    moments, store = iter([before, after]), services.store_outcome
    answered = lambda units, _cycle: list(_answers(units[0], next(moments)))  # noqa: E731
    monkeypatch.setattr(tasks, "_asked", answered)

    def away(**_more: Any) -> None:
        raise OperationalError("the connection is lost")

    shard = heater.bus_id % 4
    earlier, later = (
        services.plan_cycle(area_id=AREA, shard=shard, period_s=PERIOD_S, now=moment) for moment in (before, after)
    )
    assert earlier and later
    monkeypatch.setattr(services, "store_outcome", away)
    with pytest.raises(OperationalError):
        tasks.poll_shard(earlier.pk)
    assert Reading.objects.count() == 0
    monkeypatch.setattr(services, "store_outcome", store)
    assert tasks.poll_shard(later.pk) == "1 of 1"
    assert sorted(Reading.objects.values_list("at", flat=True)) == [before, after]
    assert LatestReading.objects.get().at == after
    assert PollCycle.objects.get(pk=earlier.pk).outcome == "stored"
    assert list((tmp_path / "spool").iterdir()) == []


def _answers(unit: poller.Unit, at: dt.datetime) -> list[BlockResult]:
    return [
        BlockResult(unit.line, unit.unit, block, tuple([210] * block.count), "", 0, 40.0, at.timestamp())
        for block in poller.blocks_of(unit, 0)
    ]


def test_the_spool_holds_one_turn_the_newest_and_none_that_is_old(tmp_path: Path) -> None:
    heater, spool = bare_heater(), Spool(tmp_path, "a")
    old, new = cycle(NOW - dt.timedelta(hours=2)), cycle(NOW - dt.timedelta(minutes=1))
    for one in (old, new):
        spool.keep(one, [unit_of(heater)], Outcome([sample(heater, one.planned_at, supply_dc=400)]))
    assert spool.give_back(now=NOW) == 1 and spool.give_back(now=NOW) == 0
    assert [reading.at for reading in Reading.objects.all()] == [new.planned_at]
    spool.keep(old, [unit_of(heater)], Outcome([sample(heater, old.planned_at, supply_dc=400)]))
    spool.give_back(now=NOW)
    assert Reading.objects.count() == 1
    spool.path.write_text("{half a fi")
    assert spool.give_back(now=NOW) == 0 and not spool.path.exists()


def test_a_place_with_many_lines_has_many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    from telemetry import queries

    heaters = [bare_heater(1, line=f"dtu:86199000000{number:04d}") for number in range(6)]
    monkeypatch.setattr(queries, "LINES_PER_SHARD", 1)
    assert queries.shards_of(AREA) == 6
    found = [unit.heater_id for shard in range(6) for unit in queries.units_of(AREA, shard, 6)]
    assert sorted(found) == sorted(heater.pk for heater in heaters)
