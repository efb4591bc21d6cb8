"""The plan of the works by place (T-46, J-70): steps of a town or village, who answers, the day planned and reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import Area, User
from core import clock
from core.areas import is_inside
from core.refusals import Refused
from programmes.calendar import Standing
from programmes.models import Milestone, Programme
from programmes.plan_queries import leads_of, rollout_order

EDIT = "milestones.edit"
SHOWN = 400
LEVELS = ("town", "village")


@dataclass(frozen=True)
class MilestoneLine:
    """One step with how it stands today and who leads there."""

    milestone: Milestone
    standing: Standing
    leads: list[str]


def lines_of(programme: Programme, user: User, area_code: str, today: date) -> list[MilestoneLine]:
    """Steps in the chosen place, kinds of places in the order the document names, at most `SHOWN`."""
    order = {name: n for n, name in enumerate(rollout_order(programme))}
    rows = (
        Milestone.objects.visible_to(user).within(area_code).filter(programme=programme).select_related("area__parent")
    )
    found = sorted(
        rows[:SHOWN], key=lambda one: (order.get(one.area.area_class, len(order)), one.area_id, one.planned_on)
    )
    leads = leads_of(programme)
    return [MilestoneLine(one, Standing(one.planned_on, one.actual_on, today), leads(one.area_id)) for one in found]


def plan_milestone(
    *,
    programme: Programme,
    area: Area,
    name: str,
    planned_on: date,
    note: str = "",
    responsible: str = "",
    by: User,
) -> Milestone:
    """Plan a step of a town or village. Raises Refused: NOT_HERE, NO_NAME, ALREADY_PLANNED (conflict)."""
    if area.level not in LEVELS or not is_inside(area.code, programme.area_id):
        raise Refused("NOT_HERE", _("Choose a town or village of the programme."))
    if not name.strip():
        raise Refused("NO_NAME", _("Name the step."))
    with acting(by, "plan_milestone"), transaction.atomic():
        Programme.objects.select_for_update().get(pk=programme.pk)
        if programme.milestones.filter(area=area, name=name.strip()).exists():
            raise Refused("ALREADY_PLANNED", _("This step is already planned for %(place)s."), conflict=True,
                          place=area.name)  # fmt: skip
        return Milestone.objects.create(
            programme=programme, area=area, name=name.strip()[:80], planned_on=planned_on, note=note.strip()[:200],
            responsible=responsible.strip()[:40], recorded_by=by,
        )  # fmt: skip


def plan_backwards(
    *,
    programme: Programme,
    area: Area,
    due_on: date,
    steps: Sequence[tuple[str, int]],
    today: date,
    responsible: str = "",
    by: User,
) -> list[Milestone]:
    """Plan all steps of a place from its last day back: each ends on the day before the next begins (L-38, 倒排工期).

    `steps` in the order of the works, each with how many days it takes. All are planned or none. Raises Refused:
    STEP_FAULTY, TOO_LATE (the first would have begun before today) and what `plan_milestone` refuses.
    """
    if not steps or any(not name.strip() or not 1 <= days <= 730 for name, days in steps):
        raise Refused("STEP_FAULTY", _("Each step needs a name and how many days it takes, from 1 to 730."))
    ends = ends_of(due_on, [days for _name, days in steps])
    begins = ends[0] - timedelta(days=steps[0][1] - 1)
    if begins < today:
        words = _("Counted back from %(due)s the works would have had to begin on %(day)s.")
        raise Refused("TOO_LATE", words, due=due_on, day=begins)
    with transaction.atomic():
        return [
            plan_milestone(programme=programme, area=area, name=name, planned_on=day, responsible=responsible, by=by)
            for (name, _days), day in zip(steps, ends, strict=True)
        ]


def ends_of(due_on: date, days: Sequence[int]) -> list[date]:
    """The last day of each step when the last of all is `due_on`."""
    return [due_on - timedelta(days=sum(days[number + 1 :])) for number in range(len(days))]


def change_milestone(
    *, milestone: Milestone, version: int, planned_on: date, actual_on: date | None, note: str = "",
    responsible: str = "", by: User, today: Callable[[], date] = clock.today,
) -> Milestone:  # fmt: skip
    """Move the planned day or write down the day it was reached. Raises Refused: DAY_TO_COME, CHANGED (conflict)."""
    if actual_on is not None and actual_on > today():
        raise Refused("DAY_TO_COME", _("%(day)s is still to come."), day=actual_on)
    with acting(by, "change_milestone"), transaction.atomic():
        row: Milestone = Milestone.objects.select_for_update().get(pk=milestone.pk)
        if row.version != version:
            raise Refused("CHANGED", _("Somebody changed this step meanwhile; look again."), conflict=True)
        row.planned_on, row.actual_on, row.note = planned_on, actual_on, note.strip()[:200]
        row.version, row.recorded_by, row.responsible = row.version + 1, by, responsible.strip()[:40]
        row.save()
        return row
