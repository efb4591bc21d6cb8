"""Shims: the schedule of polls, one poll of one shard, hourly rows, partitions."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task
from django.conf import settings
from django.db import connection

from accounts.acting import acting
from core import clock
from devices.hub.client import HubUnavailable
from devices.hub_access import hub_client
from telemetry import alerting, lines, poller, queries, rollups, services
from telemetry.models import PollCycle
from telemetry.partitions import day_of, drop_before, ensure_partitions

log = logging.getLogger(__name__)
_LOCK_CLASS = 0x9011


@shared_task
def plan_polls() -> int:
    """Start every shard whose turn has come; several beats at once start it once."""
    now = clock.now()
    started = 0
    for area_id, period_s in queries.poll_periods().items():
        for shard in range(queries.SHARDS):
            cycle = services.plan_cycle(area_id=area_id, shard=shard, period_s=period_s, now=now)
            if cycle:
                poll_shard.apply_async([cycle.pk], expires=period_s)
                started += 1
    return started


@shared_task
def poll_shard(cycle_id: int) -> str:
    """Ask every heater of a shard once and store what it said. Delivered twice, it works once."""
    cycle = PollCycle.objects.filter(pk=cycle_id, finished_at__isnull=True).first()
    if cycle is None:
        return "over"
    with acting("poller"), _alone(cycle) as alone:
        return _poll(cycle) if alone else _skip(cycle)


def _poll(cycle: PollCycle) -> str:
    started = clock.now()
    PollCycle.objects.filter(pk=cycle.pk).update(started_at=started)
    ensure_partitions(started, ahead_days=1)
    units = poller.due(queries.units_of(cycle.area_id, cycle.shard), started.timestamp())
    if not units:
        services.close_cycle(cycle=cycle, outcome="nothing due", now=clock.now())
        return "nothing due"
    try:
        with hub_client() as hub:
            answers = list(hub.sweep(poller.requests(units), deadline_s=max(2.0, cycle.period_s * 0.8)))
    except HubUnavailable as error:
        log.warning("Hub away: %s", error)
        services.close_cycle(cycle=cycle, outcome="hub away", now=clock.now())
        return "hub away"
    outcome = poller.understand(units, answers)
    services.store_outcome(cycle=cycle, units=units, outcome=outcome, now=clock.now())
    return f"{len(outcome.samples)} of {len(units)}"


def _skip(cycle: PollCycle) -> str:
    services.close_cycle(cycle=cycle, outcome="overrun", now=clock.now())
    return "overrun"


@contextmanager
def _alone(cycle: PollCycle) -> Iterator[bool]:
    """True when no other worker is polling this shard: an overrun is skipped, never queued behind."""
    key = (int(cycle.area_id) * queries.SHARDS + cycle.shard) % 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_CLASS, key])
        locked = bool(cursor.fetchone()[0])
    try:
        yield locked
    finally:
        if locked:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_CLASS, key])


@shared_task
def roll_up() -> int:
    """Every five minutes: closed hours are summed and judged, and the lines are looked at for foreign frames."""
    now = clock.now()
    made = rollups.roll_up_hours(now=now, periods=queries.poll_periods())
    with acting("poller"):
        alerting.judge_hours(now=now)
        alerting.clear_of_removed(now=now)
        lines.look_for_second_masters(now=now)
    return made


@shared_task
def make_partitions() -> list[str]:
    """Once an hour: the days ahead; days older than are kept go, and so do the notes of turns older than a week."""
    now = clock.now()
    services.forget_cycles(now=now)
    if settings.READINGS_KEPT_DAYS:
        drop_before(day_of(now) - dt.timedelta(days=settings.READINGS_KEPT_DAYS), now)
    return ensure_partitions(now)
