"""Shims: the schedule of polls, one poll of one shard, hourly rows, partitions."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from core import clock
from devices.hub.client import BlockResult, HubRefused, HubUnavailable
from devices.hub_access import hub_client
from jobs.registry import handler
from jobs.running import JobRun
from telemetry import alerting, lines, outgoing, poller, queries, rollups, services, turns, webhooks
from telemetry.models import PollCycle
from telemetry.partitions import day_of, drop_before, ensure_partitions
from telemetry.spool import Spool

log = logging.getLogger(__name__)
_LOCK_CLASS = 0x9011


@shared_task
def plan_polls() -> int:
    """Start every shard whose turn has come; several beats at once start it once."""
    now = clock.now()
    started = 0
    for area_id, period_s in queries.poll_periods().items():
        shards = queries.shards_of(area_id)
        first = (
            int(now.timestamp() // period_s) % shards
        )  # where workers are too few, it is not always the same that waits
        for shard in (*range(first, shards), *range(first)):
            cycle = services.plan_cycle(area_id=area_id, shard=shard, period_s=period_s, now=now)
            if cycle:
                turns.note_missing(cycle=cycle, now=now)
                # Nothing waits behind its own successor: what isn't begun or done by then is a gap.
                limit = max(10, period_s - 10)
                poll_shard.apply_async(
                    [cycle.pk, shards], expires=period_s, soft_time_limit=limit, time_limit=limit + 60
                )
                started += 1
    return started


@shared_task
def poll_shard(cycle_id: int, shards: int = queries.SHARDS) -> str:
    """Ask every heater of a shard once and store what it said. Delivered twice, it works once."""
    cycle = PollCycle.objects.filter(pk=cycle_id, finished_at__isnull=True).first()
    if cycle is None:
        return "over"
    with acting("poller"), _alone(cycle) as alone:
        return _poll(cycle, shards) if alone else _close(cycle, "overrun")


def _poll(cycle: PollCycle, shards: int) -> str:
    started = clock.now()
    PollCycle.objects.filter(pk=cycle.pk).update(started_at=started)
    ensure_partitions(started, ahead_days=1)
    spool = Spool(settings.RUN_DIR / "spool", f"{cycle.area_id}-{cycle.shard}")
    spool.give_back(now=started)
    everybody = queries.units_of(cycle.area_id, cycle.shard, shards)
    units = poller.due(everybody, started.timestamp()) + _returned(poller.resting(everybody, started.timestamp()))
    if not units:
        return _close(cycle, "nothing due")
    try:
        answers = _asked(units, cycle)
    except HubUnavailable as error:
        log.warning("Hub away: %s", error)
        return _close(cycle, "hub away")
    except SoftTimeLimitExceeded:
        return _close(cycle, "too long")
    outcome = poller.understand(units, answers, cycle.cycle)
    asked = [unit for unit in units if unit.heater_id not in outcome.spared]
    try:
        services.store_outcome(cycle=cycle, units=asked, outcome=outcome, now=clock.now())
    except (
        InterfaceError,
        OperationalError,
    ):  # the database went away in mid-turn: what was read is true and waits for it
        spool.keep(cycle, asked, outcome)
        raise
    return f"{len(outcome.samples)} of {len(units)}"


def _returned(resting: list[poller.Unit]) -> list[poller.Unit]:
    """Units that rest although their line is back; none where nobody rests or the hub can't be asked."""
    if not resting:
        return []
    try:
        with hub_client() as hub:
            return poller.returned(resting, hub.connected({unit.line for unit in resting}))
    except (HubUnavailable, HubRefused):
        return []


def _asked(units: list[poller.Unit], cycle: PollCycle) -> list[BlockResult]:
    """Both rounds of a turn, within six tenths of its period; the second begins when the first is over."""
    over = time.monotonic() + max(2.0, cycle.period_s * 0.6)
    spread_s = min(poller.SPREAD_S, poller.SPREAD_SHARE * cycle.period_s)
    with hub_client() as hub:
        answers = list(hub.sweep(poller.requests(units, cycle.cycle, spread_s), over - time.monotonic()))
        more = poller.again(units, answers, cycle.cycle)
        if more:
            answers += hub.sweep(more, max(1.0, over - time.monotonic()))
    return answers


def _close(cycle: PollCycle, outcome: str) -> str:
    services.close_cycle(cycle=cycle, outcome=outcome, now=clock.now())
    return outcome


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
            with (
                suppress(InterfaceError, OperationalError),
                connection.cursor() as cursor,
            ):  # a lost connection has lost its lock
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_CLASS, key])


@shared_task
def roll_up() -> int:
    """Every five minutes: closed hours are summed and judged, and the lines are looked at."""
    now = clock.now()
    made = rollups.roll_up_hours(now=now, periods=queries.poll_periods())
    with acting("poller"):
        alerting.judge_hours(now=now)
        alerting.clear_of_removed(now=now)
        lines.look_at_lines(now=now)
    return made


@shared_task
def push_readings() -> int:
    """Every 30 s: a job for each receiver whose turn has come."""
    with acting("pusher"):
        return webhooks.ask_for_pushes(now=clock.now())


@handler("telemetry.push_readings", _("Send readings to a platform above"))
def push_to_one(run: JobRun, webhook_id: int) -> dict[str, Any]:
    """Batch after batch until nothing is left, one is not taken, or enough for one piece of work."""
    sent = 0
    for _turn in range(webhooks.BATCHES_AT_ONCE):
        with run.commit():
            batch = webhooks.next_batch(webhook_id=webhook_id, now=clock.now())
        if batch is None:
            break
        answer = outgoing.post(batch.address, batch.body, batch.headers(clock.now()), inside=settings.WEBHOOK_INSIDE)
        with run.commit():
            hook = webhooks.settle(batch=batch, answer=answer, now=clock.now())
        sent += batch.count if answer.ok else 0
        run.progress(sent)
        if not answer.ok:
            return {"message": hook.last_answer}
    return {"message": str(sent)}


@handler("telemetry.try_webhook", _("Try the address of a platform above"))
def try_one(run: JobRun, webhook_id: int) -> dict[str, Any]:
    """An empty, signed batch marked as a trial; what came back stands on the page."""
    batch = webhooks.trial(webhook_id=webhook_id)
    answer = outgoing.post(batch.address, batch.body, batch.headers(clock.now()), inside=settings.WEBHOOK_INSIDE)
    with run.commit():
        hook = webhooks.note_trial(webhook_id=webhook_id, answer=answer, now=clock.now())
    return {"message": hook.last_answer}


@shared_task
def make_partitions() -> list[str]:
    """Once an hour: the days ahead; days older than are kept go, and so do the notes of turns older than a week."""
    now = clock.now()
    services.forget_cycles(now=now)
    if settings.READINGS_KEPT_DAYS:
        drop_before(day_of(now) - dt.timedelta(days=settings.READINGS_KEPT_DAYS), now)
    return ensure_partitions(now)
