"""Amounts computed again: a few while the auditor waits, many by a job that says how far it is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from jobs.models import Job
from jobs.services import enqueue
from programmes.models import Programme
from reports.queries.recompute import Progress, Recomputed, recomputed
from reports.queries.scope import Scope
from reports.services.bench_log import note_query

JOB = "reports.recompute"


def ask_for_all(*, scope: Scope, on: dt.date, by: User) -> Job:
    """A job over everything calculated by that day in this place; asked again while it waits or runs, the same job."""
    assert scope.programme is not None
    args = {"programme_id": scope.programme.pk, "area_code": scope.area_code, "on": on.isoformat()}
    waiting = Job.objects.filter(kind=JOB, requested_by=by, args=args, state__in=[Job.State.WAITING, Job.State.RUNNING])
    return waiting.first() or enqueue(kind=JOB, args=args, by=by, area=scope.area_code)


def compute_all(*, programme_id: int, area_code: str, on: str, by: User, progress: Progress) -> dict[str, Any]:
    """What the job keeps as its result; asked with the rights its person has now, and written into the bench's log."""
    scope = Scope(by, Programme.objects.get(pk=programme_id), area_code)
    done = recomputed(scope, dt.date.fromisoformat(on), progress=progress)
    note_query(scope, "recompute", {"on": on}, said(done))
    return done.as_result()


def said(done: Recomputed) -> str:
    """For the log of questions."""
    return f"{done.found} / {done.count}"


def words(kept: dict[str, Any]) -> str:
    """One sentence on the job."""
    if not kept["found"]:
        return _("%(n)s amounts computed again: no difference") % {"n": kept["count"]}
    return _("%(n)s of %(all)s amounts differ") % {"n": kept["found"], "all": kept["count"]}


def result_of(by: User, key: str) -> dict[str, Any] | None:
    """What the person's own finished job with this number found; None where there is none."""
    if not (key.isascii() and key.isdigit()) or len(key) > 12:
        return None
    job = Job.objects.filter(pk=int(key), kind=JOB, requested_by=by, state=Job.State.DONE).first()
    return dict(job.result["found"]) if job and job.result else None
