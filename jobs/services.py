"""Asking for work, stopping it, trying again, and bringing lost work back."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import actor
from accounts.models import Area, User
from core.logging import mask_numbers
from core.refusals import Refused
from jobs.models import Job
from jobs.registry import registered

log = logging.getLogger(__name__)
RUN_JOB = "jobs.tasks.run_job"
ARGS_MAX_BYTES = 2000
ARG_TEXT_MAX = 200


def enqueue(
    *,
    kind: str,
    args: dict[str, Any] | None = None,
    by: User | None,
    area: Area | str | None = None,
    idempotency_key: str | None = None,
) -> Job:
    """Write the wish down and, once committed, hint to the workers. The broker may be down: the sweeper hints again.

    `args` are ids, numbers and short codes. With an `idempotency_key` a second wish returns the first one's job.
    Raises `Refused` (JOB_ARGS, TOO_MANY_JOBS) and `UnknownKind`.
    """
    known = registered(kind)
    _check_args(args or {})
    if by is not None:
        _check_quota(by)
    fields: dict[str, Any] = {
        "kind": kind,
        "args": args or {},
        "queue": known.queue,
        "requested_by": by,
        "area_id": area.code if isinstance(area, Area) else area,
        "request_id": actor().get("request_id", ""),
    }
    job, created = _insert(fields, idempotency_key)
    if created:
        hint_on_commit([job])
    return job


def cancel(*, job: Job, by: User) -> Job:
    """Stop at the next safe point; work that has not begun stops at once."""
    with transaction.atomic():
        job = _locked(job, by)
        if job.state == Job.State.WAITING:
            job.state, job.finished_at, job.cancel_requested = Job.State.CANCELLED, Now(), True
        elif job.state == Job.State.RUNNING:
            job.cancel_requested = True
        else:
            raise Refused(
                "JOB_NOT_OPEN", _("This work is already finished; there is nothing to cancel."), conflict=True
            )
        job.save(update_fields=["state", "finished_at", "cancel_requested"])
    return _fresh(job)


def retry(*, job: Job, by: User) -> Job:
    """Begin a failed or cancelled piece of work again."""
    with transaction.atomic():
        job = _locked(job, by)
        if job.state not in (Job.State.FAILED, Job.State.CANCELLED):
            raise Refused("JOB_NOT_FAILED", _("Only failed or cancelled work can be started again."), conflict=True)
        _back_to_waiting(job, attempts=0)
        hint_on_commit([job])
    return _fresh(job)


def sweep() -> dict[str, int]:
    """Bring back runs whose lease lapsed and hint again to what still waits. Safe beside other sweepers."""
    with transaction.atomic():
        lapsed = Job.objects.select_for_update(skip_locked=True).filter(state=Job.State.RUNNING, lease_until__lt=Now())
        outcomes = [_reclaim(job) for job in lapsed.order_by("id")[:500]]
    with transaction.atomic():
        silent = Now() - timedelta(seconds=rehint_s())
        waiting = Job.objects.select_for_update(skip_locked=True).filter(state=Job.State.WAITING)
        waiting = waiting.annotate(last_hint=Coalesce("hinted_at", "created_at")).filter(last_hint__lt=silent)
        due = list(waiting.order_by("id")[:1000])
        Job.objects.filter(pk__in=[job.pk for job in due]).update(hinted_at=Now())
        hint_on_commit(due)
    return {"lapsed": len(outcomes), "given_up": outcomes.count(Job.State.FAILED), "hinted": len(due)}


def rehint_s() -> float:
    """How long a waiting job stays silent before the hint is sent again."""
    return float(getattr(settings, "JOB_REHINT_S", 2 * settings.JOB_SWEEP_S))


def hint_on_commit(jobs: Iterable[Job]) -> None:
    ids = [(job.pk, job.queue) for job in jobs]
    if ids:
        transaction.on_commit(lambda: _hint(ids), robust=True)


def _hint(ids: list[tuple[int, str]]) -> None:
    """Send the hints; the first failure ends it, because the rest would wait for the same dead broker."""
    try:
        for job_id, queue in ids:
            current_app.send_task(RUN_JOB, (job_id,), queue=queue, retry=False, ignore_result=True)
    except Exception as error:  # the wish is safe in PostgreSQL; any trouble of the broker is the sweeper's business
        log.warning("Hint not sent; the sweeper will send it again: %s", type(error).__name__)


def _check_args(args: dict[str, Any]) -> None:
    text = json.dumps(args, ensure_ascii=False)
    if len(text.encode()) > ARGS_MAX_BYTES or any(len(item) > ARG_TEXT_MAX for item in _texts(args)):
        raise Refused("JOB_ARGS", gettext_lazy("A job takes ids, not content: its arguments are too large."))
    if mask_numbers(text) != text:
        raise Refused("JOB_ARGS", gettext_lazy("A job takes ids, not personal numbers."))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)


def _check_quota(by: User) -> None:
    limit = getattr(settings, "JOB_OPEN_LIMIT", 50)
    if Job.objects.open().filter(requested_by=by).count() >= limit:
        message = gettext_lazy("You have %(limit)d jobs waiting; let some finish or cancel them first.")
        raise Refused("TOO_MANY_JOBS", message, limit=limit)


def _insert(fields: dict[str, Any], key: str | None) -> tuple[Job, bool]:
    if key is None:
        return Job.objects.create(**fields), True
    try:
        with transaction.atomic():
            return Job.objects.create(**fields, idempotency_key=key), True
    except IntegrityError:
        found = Job.objects.filter(idempotency_key=key).first()
        if found is None:
            raise
        return found, False


def _locked(job: Job, by: User) -> Job:
    """The row under lock, if `by` may steer it: its owner, or who sees everybody's work there."""
    found = Job.objects.select_for_update().filter(pk=job.pk).first()
    if found is None or not Job.objects.visible_to(by).filter(pk=job.pk).exists():
        raise Refused("JOB_NOT_YOURS", gettext_lazy("This work belongs to someone else."))
    return found


def _back_to_waiting(job: Job, *, attempts: int) -> None:
    Job.objects.filter(pk=job.pk).update(
        state=Job.State.WAITING,
        attempts=attempts,
        lease_token=None,
        lease_until=None,
        cancel_requested=False,
        finished_at=None,
        progress_done=0,
        message="",
        error="",
        error_code="",
        hinted_at=Now(),
    )


def _reclaim(job: Job) -> str:
    """What becomes of a run whose worker fell silent."""
    closed = {"lease_token": None, "lease_until": None, "finished_at": Now()}
    if job.cancel_requested:
        Job.objects.filter(pk=job.pk).update(state=Job.State.CANCELLED, **closed)
        return Job.State.CANCELLED
    if job.attempts >= max_attempts():
        sentence = _("The work was lost %(count)d times while running and was given up; start it again or report it.")
        Job.objects.filter(pk=job.pk).update(
            state=Job.State.FAILED, error_code="LOST", error=sentence % {"count": job.attempts}, **closed
        )
        return Job.State.FAILED
    _back_to_waiting(job, attempts=job.attempts)
    hint_on_commit([job])
    return Job.State.WAITING


def max_attempts() -> int:
    return int(getattr(settings, "JOB_MAX_ATTEMPTS", 5))


def _fresh(job: Job) -> Job:
    job.refresh_from_db()
    return job
