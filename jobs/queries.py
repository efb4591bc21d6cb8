"""Reads of jobs with more than one caller."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from core import clock
from jobs.models import Job, JobQuerySet

TRAY_SIZE = 6
TRAY_HOURS = 24


@dataclass(frozen=True)
class Card:
    """One job as `parts/job.html` shows it; addresses are empty where the step is not open."""

    pk: int
    title: Any
    state: str
    done: int
    total: int | None
    time_left: str
    error: str
    message: str
    result_url: str
    result_word: str
    cancel_url: str
    retry_url: str


@dataclass(frozen=True)
class Tray:
    """`cards` newest first, at most `TRAY_SIZE`; `open_count` of all that wait or run."""

    cards: list[Card]
    open_count: int


def card_of(job: Job, now: dt.datetime | None = None) -> Card:
    """What a page needs to know of a job."""
    result = job.result or {}
    left = job.seconds_left(now or clock.now())
    again = job.state in (Job.State.FAILED, Job.State.CANCELLED)
    stoppable = job.is_open and not job.cancel_requested
    return Card(
        pk=job.pk,
        title=job.title(),
        state="queued" if job.state == Job.State.WAITING else job.state,
        done=job.progress_done,
        total=job.progress_total,
        time_left="" if left is None else _words(left),
        error=job.error or (_("cancelled") if job.state == Job.State.CANCELLED else ""),
        message=result.get("message", "") or job.message,
        result_url=safe_path(result.get("url", "")),
        result_word=result.get("word", ""),
        cancel_url=reverse("jobs:job-cancel", args=[job.pk]) if stoppable else "",
        retry_url=reverse("jobs:job-retry", args=[job.pk]) if again else "",
    )


def safe_path(url: str) -> str:
    """`url` when it is a path of this site, else nothing: a result never leads elsewhere."""
    return url if url.startswith("/") and not url.startswith(("//", "/\\")) else ""


def tray_for(user: User, now: dt.datetime | None = None) -> Tray:
    """The user's own recent work."""
    now = now or clock.now()
    mine = Job.objects.filter(requested_by=user, created_at__gte=now - dt.timedelta(hours=TRAY_HOURS))
    cards = [card_of(job, now) for job in mine.order_by("-id")[:TRAY_SIZE]]
    return Tray(cards, Job.objects.open().filter(requested_by=user).count())


def _words(seconds: int) -> str:
    if seconds < 90:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    minutes = round(seconds / 60)
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def list_for(user: User, state: str = "") -> JobQuerySet:
    """Everything the user may see, newest first; `state` narrows it."""
    found = Job.objects.visible_to(user).select_related("requested_by", "area").order_by("-id")
    return found.filter(state=state) if state in Job.State.values else found


def counts_by_state() -> dict[str, int]:
    """For the system page and metrics: how many jobs stand in which state."""
    rows = Job.objects.order_by().values_list("state").annotate(number=Count("id"))
    return dict(rows)
