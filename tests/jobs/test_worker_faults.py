"""The measured traps of message brokers, against a real worker and a real broker: nothing lost, nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.acting import acting
from accounts.models import SavedView, User
from jobs import services
from jobs.models import Job
from jobs.tasks import run_job
from tests.jobs.valkey import Broker
from tests.jobs.work import EFFECT
from tests.until import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
Start = Callable[[], "subprocess.Popen[bytes]"]


def ask(kind: str, by: User, **args: object) -> Job:
    return services.enqueue(kind=kind, args=args, by=by)


def effects() -> int:
    return SavedView.objects.filter(page=EFFECT).count()


def swept_until_done(job: Job, seconds: float = 40) -> Job:
    """What beat does, as often as the condition is looked at."""

    def done() -> bool:
        with acting("sweeper"):
            services.sweep()
        job.refresh_from_db()
        return not job.is_open

    until(done, seconds=seconds, what=f"job {job.pk} ends")
    return job


def process_of(folder: Path, job: Job, attempt: int = 1) -> int:
    path = folder / f"{job.pk}-{attempt}-began"
    until(path.exists, seconds=30, what="the handler began")
    return int(path.read_text())


@pytest.mark.parametrize("kind", ["tests.stuck_once", "tests.stuck_in_commit_once"])
def test_a_killed_pool_process_costs_nothing(kind: str, worker: Start, clerk: User, tmp_path: Path) -> None:
    worker()
    job = ask(kind, clerk)
    os.kill(process_of(tmp_path, job), signal.SIGKILL)
    assert swept_until_done(job).state == "done"
    assert (effects(), job.attempts) == (1, 2)


def test_a_killed_worker_costs_nothing(worker: Start, clerk: User, tmp_path: Path) -> None:
    first = worker()
    job = ask("tests.stuck_once", clerk)
    process_of(tmp_path, job)
    os.killpg(first.pid, signal.SIGKILL)
    worker()
    assert swept_until_done(job).state == "done"
    assert (effects(), job.attempts) == (1, 2)


def test_a_flushed_broker_costs_nothing(worker: Start, clerk: User, celery_here: Broker, settings: object) -> None:
    settings.JOB_OPEN_LIMIT = 100  # type: ignore[attr-defined]
    jobs = [ask("tests.effect", clerk) for _ in range(60)]
    assert celery_here.client.llen("default") == 60
    celery_here.client.flushall()
    worker()
    for job in jobs:
        assert swept_until_done(job).state == "done"
    assert effects() == 60


def test_one_message_ten_times_is_one_effect(worker: Start, clerk: User) -> None:
    job = ask("tests.effect", clerk)
    for _ in range(10):
        run_job.delay(job.pk)
    worker()
    assert swept_until_done(job).state == "done"
    last = ask("tests.effect", clerk)  # the copies stand before it in the queue
    swept_until_done(last)
    assert (effects(), job.attempts) == (2, 1)


def test_a_task_that_outlives_its_lease_by_far_keeps_it(worker: Start, clerk: User, tmp_path: Path) -> None:
    worker()
    job = ask("tests.until_told", clerk)
    process_of(tmp_path, job)
    first_beat = Job.objects.get(pk=job.pk).lease_until

    def leased_again() -> bool:
        with acting("sweeper"):
            services.sweep()
        run_job.delay(job.pk)  # a second copy, as after a visibility timeout
        return Job.objects.get(pk=job.pk).lease_until.timestamp() > first_beat.timestamp() + 2.5

    until(leased_again, what="two leases have passed")
    (tmp_path / f"{job.pk}-end").touch()
    assert swept_until_done(job).state == "done"
    assert (effects(), job.attempts) == (1, 1)


def test_the_broker_may_be_down_when_work_is_asked_for(worker: Start, clerk: User, celery_here: Broker) -> None:
    celery_here.stop()
    job = ask("tests.effect", clerk)
    assert Job.objects.get(pk=job.pk).state == "waiting"
    celery_here.start()
    worker()
    assert swept_until_done(job).state == "done"
    assert effects() == 1


def test_running_work_shows_progress_and_can_be_cancelled(worker: Start, clerk: User, tmp_path: Path) -> None:
    worker()
    job = ask("tests.until_told", clerk)
    until(lambda: Job.objects.get(pk=job.pk).progress_done > 0, what="progress is shown")
    with acting(clerk):
        services.cancel(job=job, by=clerk)
    assert swept_until_done(job).state == "cancelled"
    assert effects() == 0
