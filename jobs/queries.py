"""Reads of jobs with more than one caller."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count

from accounts.models import User
from core import clock
from jobs.models import Job, JobQuerySet

TRAY_SIZE = 6
TRAY_HOURS = 24


@dataclass(frozen=True)
class Tray:
    """`jobs` newest first, at most `TRAY_SIZE`; `open_count` of all that wait or run."""

    jobs: list[Job]
    open_count: int
    now: dt.datetime


def tray_for(user: User, now: dt.datetime | None = None) -> Tray:
    """The user's own recent work."""
    now = now or clock.now()
    mine = Job.objects.filter(requested_by=user, created_at__gte=now - dt.timedelta(hours=TRAY_HOURS))
    return Tray(list(mine.order_by("-id")[:TRAY_SIZE]), Job.objects.open().filter(requested_by=user).count(), now)


def list_for(user: User, state: str = "") -> JobQuerySet:
    """Everything the user may see, newest first; `state` narrows it."""
    found = Job.objects.visible_to(user).select_related("requested_by", "area").order_by("-id")
    return found.filter(state=state) if state in Job.State.values else found


def counts_by_state() -> dict[str, int]:
    """For the system page and metrics: how many jobs stand in which state."""
    rows = Job.objects.order_by().values_list("state").annotate(number=Count("id"))
    return dict(rows)
