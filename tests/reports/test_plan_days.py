"""The day by which all works are finished is no to-do of a place whose works are."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from programmes.models import Deadline
from reports.queries.scope import Scope
from reports.queries.todos import todos_for
from reports.services.summaries import refresh_summaries
from retrofits.models import Task
from tests.reports.world import A1, World

pytestmark = pytest.mark.django_db
NAME = "年内完成改造任务"


def told(world: World, role: str, area: str) -> list[str]:
    with translation.override("zh-hans"):
        return [todo.title + todo.detail for todo in todos_for(Scope(world.staff[role], world.programme, area))]


def test_finished_works_take_their_day_off_the_towns_list(world: World) -> None:
    Deadline.objects.create(
        programme=world.programme, code="completion", name=NAME, due_on=dt.date(2021, 9, 1), role="town_staff"
    )
    for stage in ("registered", "installed", "listed"):
        assert any(NAME in one for one in told(world, "clerk_a", A1[:9])) is (stage != "listed"), stage
        world.dwelling(A1, stage)
        refresh_summaries()
    assert any(NAME in one for one in told(world, "clerk_a", A1[:9])), "one is listed and waits for its works"
    world.install(Task.objects.get(installation=None))
    refresh_summaries()
    assert not any(NAME in one for one in told(world, "clerk_a", A1[:9]))
    assert any(NAME in one for one in told(world, "office", "370999")), "the office has still to write it down"
