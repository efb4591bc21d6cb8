"""One run of one job: claim it under a lease, keep the lease alive, commit only while it is ours, say how
it ended.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, OperationalError, close_old_connections, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.acting import acting
from core.refusals import Refused
from jobs.models import Job
from jobs.registry import UnknownKind, registered
from jobs.services import hint_on_commit, max_attempts

log = logging.getLogger(__name__)
MESSAGE_MAX = 200


class LeaseLost(Exception):
    """This run may not commit any more."""


class Cancelled(Exception):
    """Somebody asked for the work to stop; raise it (or let `progress` raise it) to end the run."""


class JobRun:
    """What a handler gets. `job_id`, `requested_by` (a user or None), `attempt` (1 for the first)."""

    def __init__(self, job: Job, token: uuid.UUID) -> None:
        self.job_id, self.token, self.attempt = job.pk, token, job.attempts
        self.requested_by, self.area_id = job.requested_by, job.area_id
        self.cancelled = False
        self.lost = threading.Event()
        self.finished = False
        self._shown: tuple[int, int | None, str] = (0, None, "")

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Tell how far it is. Costs nothing: the heartbeat writes it. Raises `Cancelled` or `LeaseLost` when due."""
        self._shown = (done, total if total is not None else self._shown[1], message[:MESSAGE_MAX])
        self.check()

    def check(self) -> None:
        """Raise `LeaseLost` or `Cancelled` if the run should end here."""
        if self.lost.is_set():
            raise LeaseLost(self.job_id)
        if self.cancelled:
            raise Cancelled(self.job_id)

    @contextmanager
    def commit(self) -> Iterator[None]:
        """A transaction that only the holder of the lease can commit. Keep all effects of the work inside
        such blocks.

        The share lock lets the heartbeat go on and makes the sweeper pass by until the transaction ends.
        """
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT cancel_requested FROM jobs_job WHERE id = %s AND lease_token = %s AND state = 'running' "
                    "FOR KEY SHARE",
                    [self.job_id, self.token],
                )
                row = cursor.fetchone()
            if row is None:
                self.lost.set()
                raise LeaseLost(self.job_id)
            self.cancelled = self.cancelled or row[0]
            self.check()
            yield

    def finish(self, result: dict[str, Any] | None = None) -> None:
        """Mark the job done. Inside `commit()` the mark and the effects become true together: exactly once."""
        self._end(state=Job.State.DONE, result=result, **self._progress_fields())
        self.finished = True

    def beat(self) -> None:
        """Extend the lease, write progress, learn of a wish to cancel. Runs in the heartbeat's own connection."""
        changed = self._mine().update(heartbeat_at=Now(), lease_until=lease_end(), **self._progress_fields())
        if not changed:
            self.lost.set()
        elif self._mine().filter(cancel_requested=True).exists():
            self.cancelled = True

    def _end(self, **fields: Any) -> None:
        changed = self._mine().update(lease_token=None, lease_until=None, finished_at=Now(), **fields)
        if not changed:
            self.lost.set()
            raise LeaseLost(self.job_id)

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.job_id, lease_token=self.token, state=Job.State.RUNNING)

    def _progress_fields(self) -> dict[str, Any]:
        done, total, message = self._shown
        return {"progress_done": done, "progress_total": total, "message": message}


def run_job(job_id: int) -> str:
    """Do the work if it is still to do; returns what came of it, for the log. Safe to call any number of times."""
    with acting("jobs"):
        job = claim(job_id)
    if job is None:
        return "not waiting"
    run = JobRun(job, job.lease_token)  # type: ignore[arg-type]
    language = getattr(job.requested_by, "language", settings.LANGUAGE_CODE)
    who = job.requested_by or f"job {job.kind}"
    with acting(who, job.kind, job.request_id), translation.override(language), _heartbeat(run):
        return _work(job, run)


@transaction.atomic
def claim(job_id: int) -> Job | None:
    """Take the lease, or None when it is done, running elsewhere or cancelled."""
    job = Job.objects.select_for_update(skip_locked=True).filter(pk=job_id, state=Job.State.WAITING).first()
    if job is None:
        return None
    Job.objects.filter(pk=job_id).update(
        state=Job.State.RUNNING,
        lease_token=uuid.uuid4(),
        lease_until=lease_end(),
        heartbeat_at=Now(),
        attempts=F("attempts") + 1,
        started_at=Now(),
        progress_done=0,
    )
    return Job.objects.select_related("requested_by").get(pk=job_id)


def lease_end() -> Any:
    return Now() + timedelta(seconds=settings.JOB_LEASE_S)


def _work(job: Job, run: JobRun) -> str:
    """Run the handler and write its end."""
    try:
        result = registered(job.kind).run(run, **job.args)
        if not run.finished:
            run.finish(result)
        return "done"
    except LeaseLost:
        return "lost"
    except Cancelled:
        return _close(run, Job.State.CANCELLED)
    except Refused as refusal:
        return _close(run, Job.State.FAILED, refusal.code, refusal.sentence)
    except UnknownKind:
        return _close(run, Job.State.FAILED, "UNKNOWN_KIND", _("No part of the portal knows this kind of work."))
    except SoftTimeLimitExceeded:
        return _close(run, Job.State.FAILED, "TIMEOUT", _("The work took longer than allowed and was stopped."))
    except OperationalError:
        log.warning("Job %s met a database that was busy or away", job.pk, exc_info=True)
        return _try_again(job, run)
    except Exception:
        log.exception("Job %s (%s) failed", job.pk, job.kind)
        sentence = _("Something unexpected happened. Report this number: job %(number)d.") % {"number": job.pk}
        return _close(run, Job.State.FAILED, "UNEXPECTED", sentence)


def _close(run: JobRun, state: str, code: str = "", sentence: str = "") -> str:
    try:
        run._end(state=state, error_code=code, error=sentence[:1000], **run._progress_fields())
    except LeaseLost:
        return "lost"
    return str(state)


def _try_again(job: Job, run: JobRun) -> str:
    """Deadlock or lost connection: back to waiting now; if even that fails, the lease lapses and the
    sweeper does it.
    """
    if job.attempts >= max_attempts():
        return _close(run, Job.State.FAILED, "DATABASE_BUSY", _("The database was busy each time; try again later."))
    try:
        close_old_connections()
        with transaction.atomic():
            changed = run._mine().update(state=Job.State.WAITING, lease_token=None, lease_until=None, hinted_at=Now())
            if changed:
                hint_on_commit([job])
    except DatabaseError:
        return "left to the sweeper"
    return "again"


@contextmanager
def _heartbeat(run: JobRun) -> Iterator[None]:
    """Beats beside the work, unless a caller's transaction is open: another connection would not find the lease in
    it and call the work lost.
    """
    if connection.in_atomic_block:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_beat_until, args=(run, stop), name=f"heartbeat-{run.job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


def _beat_until(run: JobRun, stop: threading.Event) -> None:
    """Often enough for a moving progress bar, at least three times per lease."""
    pause = min(1.0, settings.JOB_LEASE_S / 4)
    try:
        with acting("heartbeat"):
            while not stop.wait(pause) and not run.lost.is_set() and not run.finished:
                _beat_once(run)
    finally:
        connection.close()


def _beat_once(run: JobRun) -> None:
    try:
        run.beat()
    except DatabaseError:  # the database is away: the lease may lapse, and commit() will find out
        log.warning("Heartbeat of job %s not written", run.job_id)
        connection.close()
