from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from core.refusals import Refused
from households.models import Roster
from retrofits import states
from retrofits.models import Task
from retrofits.services.tasks import open_tasks, withdraw_task
from tests import people
from tests.retrofits.conftest import OTHER_TOWN, VILLAGE, Works


def test_opening_twice_makes_one_task_per_row(works: Works) -> None:
    works.row(), works.row()
    assert open_tasks(programme=works.programme, by=works.office).created == 2
    assert open_tasks(programme=works.programme, by=works.office).created == 0
    assert Task.objects.count() == 2


@pytest.mark.clause(
    "L-45", "确村确户", serves="retrofits.services.tasks:open_tasks", page="retrofits:task-list", model="retrofits.Task"
)
@pytest.mark.clause(
    "T-45",
    "核准后实施",
    serves="retrofits.services.tasks:open_tasks",
    page="retrofits:task-list",
    model="retrofits.Task",
)
def test_only_approved_rows_without_exclusion_are_opened(works: Works) -> None:
    works.row(exclusion="LONG_VACANT")
    row = works.row()
    Roster.objects.update(state=Roster.State.TOWN_SEALED)
    assert open_tasks(programme=works.programme, by=works.office).created == 0
    Roster.objects.update(state=Roster.State.APPROVED)
    assert open_tasks(programme=works.programme, by=works.office).created == 1
    assert Task.objects.get().roster_row == row


def test_a_dwelling_listed_again_keeps_its_one_living_task(works: Works) -> None:
    task = works.task()
    second = Roster.objects.create(
        programme=works.programme, area_id=VILLAGE, version_no=2, state="approved", prepared_by=works.clerk
    )
    second.rows.create(dwelling=task.dwelling, technology=task.technology)
    assert open_tasks(programme=works.programme, by=works.office).created == 0
    withdraw_task(task=task, reason="拆迁", by=works.office)
    assert open_tasks(programme=works.programme, by=works.office).created == 1


def test_places_outside_ones_right_are_refused(works: Works) -> None:
    works.row(OTHER_TOWN)
    office_of_one_town = people.user("office", "370999001")
    with pytest.raises(PermissionDenied):
        open_tasks(programme=works.programme, area_codes=[OTHER_TOWN], by=office_of_one_town)
    assert open_tasks(programme=works.programme, by=office_of_one_town).created == 0


def test_withdrawing_needs_a_reason(works: Works) -> None:
    with pytest.raises(Refused) as refusal:
        withdraw_task(task=works.task(), reason="  ", by=works.office)
    assert refusal.value.code == "REASON_MISSING"


def test_every_state_can_be_left_and_reached() -> None:
    assert {move.source for move in states.MOVES} == set(Task.State)
    assert {move.target for move in states.MOVES} == set(Task.State)


def test_from_every_state_a_road_leads_to_running() -> None:
    """No state traps a task: from each of them it can still end in "running"."""
    roads: dict[str, set[str]] = {}
    for move in states.MOVES:
        roads.setdefault(move.source, set()).add(move.target)
    for start in Task.State:
        seen, ahead = {str(start)}, [str(start)]
        while ahead:
            fresh = roads[ahead.pop()] - seen
            seen |= fresh
            ahead += fresh
        assert "running" in seen, start
