"""Insulation works measured with the programme's table (L-56 … L-61): the values decide, nobody ticks "passed"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from programmes.models import Checklist
from programmes.queries import checklist_for
from retrofits import states
from retrofits.faults import Faulty
from retrofits.models import Task, WorksCheck
from retrofits.queries import TelemetryEvidence, items_of
from retrofits.visits import Visit, open_items

RIGHT = "acceptances.record"
KIND = "insulation"
OUT_OF_TOLERANCE = frozenset({"FAILED", "TOO_LOW", "TOO_HIGH"})
MEASURED_IN = (Task.State.LISTED, Task.State.INSTALLED, Task.State.RECTIFY)


@transaction.atomic
def record_works_check(*, task: Task, request_id: UUID, answers: Mapping[str, str], by: User, on: date) -> WorksCheck:
    """Keep one measuring; it has passed when every value lies within its tolerance; once per `request_id`.

    Raises `Faulty` (WORKS_CHECK_INCOMPLETE) for items not answered or no number, `Refused` NO_CHECKLIST (the programme
    defines none), TASK_STATE, and what keeps the installer from judging own work.
    """
    task = states.locked(task)
    earlier = WorksCheck.objects.filter(request_id=request_id).first()
    if earlier:
        return earlier
    if not by.has_right(RIGHT, task.area_id):
        raise PermissionDenied(RIGHT)
    checklist = _checklist(task, by)
    items = items_of(checklist, task)
    kept = {item["code"]: str(answers.get(item["code"], "")).strip()[:40] for item in items}
    faults = open_items(items, Visit(answers=kept), stages=set(), evidence=TelemetryEvidence("not_networked"))
    lacking = [fault for fault in faults if fault.code not in OUT_OF_TOLERANCE]
    if lacking:
        raise Faulty("WORKS_CHECK_INCOMPLETE", _("%(count)d items are still open."), lacking)
    return WorksCheck.objects.create(
        task=task, area_id=task.area_id, request_id=request_id, checklist=checklist, checked_by=by, checked_on=on,
        answers={code: answer for code, answer in kept.items() if answer}, faults=[fault.field for fault in faults],
        result=WorksCheck.Result.FAILED if faults else WorksCheck.Result.PASSED,
    )  # fmt: skip


def demand_works_check(task: Task) -> None:
    """A home whose last measuring was out of tolerance is not accepted before it is measured anew."""
    last = task.works_checks.order_by("-id").first()
    if last is not None and last.result == WorksCheck.Result.FAILED:
        words = _("The works were measured on %(day)s and out of tolerance; measure them again first.")
        raise Refused("WORKS_CHECK_FAILED", words, day=last.checked_on.isoformat())


def _checklist(task: Task, by: User) -> Checklist:
    if task.state not in MEASURED_IN:
        words = _("The task is “%(state)s” by now; this step is no longer open. Load the page again.")
        raise Refused("TASK_STATE", words, conflict=True, state=task.get_state_display())
    refusal = states.not_the_installer(task, by) if getattr(task, "installation", None) else None
    if refusal:
        raise refusal
    checklist = checklist_for(task.programme, KIND)
    if checklist is None:
        raise Refused("NO_CHECKLIST", _("The programme defines no table for insulation works."))
    return checklist
