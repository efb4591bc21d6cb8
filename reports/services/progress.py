"""The weekly record of progress (T-69): taken once per programme and week, by town, and never changed afterwards."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.acting import acting
from core import clock
from core.areas import CODE_LENGTHS, TOWN
from programmes.models import Programme
from reports.models import ProgressLine, ProgressWeek, SummaryTotal
from reports.queries.progress import FIGURES, Key, added_up, planned_of

LENGTH = CODE_LENGTHS[TOWN]


def monday_of(now: dt.datetime) -> dt.date:
    """The Monday that names the week of `now`, in local time."""
    today = timezone.localtime(now).date()
    return today - dt.timedelta(days=today.weekday())


def take_progress(*, now: dt.datetime | None = None) -> int:
    """Write down this week's progress of every programme that has none for it yet; returns how many were written.

    What is written stays: a figure that is corrected later shows in the next week, not in this one.
    """
    at = now or clock.now()
    waiting = Programme.objects.exclude(progress_weeks__monday=monday_of(at)).order_by("pk")
    return sum(_taken(programme.pk, at) for programme in waiting)


def _taken(pk: int, at: dt.datetime) -> bool:
    with acting("take_progress", "weekly record"), transaction.atomic():
        programme = Programme.objects.select_for_update().get(pk=pk)
        if programme.progress_weeks.filter(monday=monday_of(at)).exists():
            return False  # another run was quicker
        week = ProgressWeek.objects.create(programme=programme, monday=monday_of(at), taken_at=at)
        ProgressLine.objects.bulk_create(lines_of(week))
    return True


def lines_of(week: ProgressWeek) -> list[ProgressLine]:
    """One unsaved line per town, technology and year that has households or a planned number."""
    programme = week.programme
    rows: dict[Key, dict[str, Any]] = {
        (row["place"], row["technology"], row["year"]): row
        for row in added_up(SummaryTotal.objects.filter(programme=programme), LENGTH)
    }
    planned = planned_of(programme, programme.area_id, LENGTH)
    return [
        ProgressLine(
            week=week, area_id=key[0], technology=key[1], year=key[2],
            planned=round(planned[key]) if key in planned else None,
            **{code: rows[key][code] if key in rows else 0 for code in FIGURES},
        )
        for key in sorted({*rows, *planned}, key=lambda key: (key[0], key[1], key[2] or 0))
    ]  # fmt: skip
