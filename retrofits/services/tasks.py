"""Tasks are pulled from approved rosters; whoever is not on one gets no works (T-45)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from households.models import RosterRow
from programmes.models import Programme
from retrofits import states
from retrofits.models import Task
from retrofits.queries import rows_to_open

RIGHT = "tasks.open"
AT_ONCE = 500


@dataclass(frozen=True)
class Opened:
    """How many tasks this call made, and how many rows somebody else had opened meanwhile."""

    created: int
    skipped: int


def open_tasks(*, programme: Programme, area_codes: Sequence[str] | None = None, by: User) -> Opened:
    """A task for each row of an approved roster that has none, inside the areas (default: all where `by` may).

    Safe to repeat and to run side by side: the database holds one task per row and one living task per dwelling.
    """
    codes = by.area_codes_for(RIGHT) if area_codes is None else list(area_codes)
    if not codes or not all(by.has_right(RIGHT, code) for code in codes):
        raise PermissionDenied(RIGHT)
    with transaction.atomic():
        rows = rows_to_open(programme, codes).select_related("dwelling")
        wanted = [_task(programme, row) for row in rows]
        before = Task.objects.filter(programme=programme).count()
        Task.objects.bulk_create(wanted, batch_size=AT_ONCE, ignore_conflicts=True)
        created = Task.objects.filter(programme=programme).count() - before
    return Opened(created, len(wanted) - created)


def _task(programme: Programme, row: RosterRow) -> Task:
    return Task(
        programme=programme,
        area_id=row.dwelling.area_id,
        dwelling=row.dwelling,
        technology_id=row.technology_id,
        roster_row=row,
    )


@transaction.atomic
def withdraw_task(*, task: Task, reason: str, by: User) -> Task:
    """End a task that will not be done; the dwelling may come back with a later roster."""
    task = states.locked(task)
    passage = states.demand(task, "withdraw", by, reason)
    task.withdrawn_reason = reason.strip()[:300]
    task.save(update_fields=["withdrawn_reason"])
    states.go(task, passage)
    return task


PLAIN_DEEDS = ("return", "relist", "start", "reopen", "settle")


@transaction.atomic
def move_task(*, task: Task, deed: str, reason: str = "", by: User, on: date | None = None) -> Task:
    """One of the steps that need nothing but a reason: return, relist, start, reopen, settle.

    Raises `Refused` TASK_STATE (409), REASON_MISSING, OTHER_TASK, ROSTER_NOT_APPROVED, OWN_WORK; `Faulty` GATES_SHUT.
    """
    if deed not in PLAIN_DEEDS:
        raise Refused("NO_SUCH_DEED", _("There is no such step."))
    task = states.locked(task)
    passage = states.demand(task, deed, by, reason, on=on)
    if passage.move.needs_reason:
        task.state_reason = reason.strip()[:300]
        task.save(update_fields=["state_reason"])
    states.go(task, passage)
    return task
