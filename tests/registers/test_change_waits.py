"""A change that waits: in the to-dos and numbers of whoever decides it, and as a form on paper."""

from __future__ import annotations

import pytest

from accounts.models import User
from households import change_queries
from households.models import ChangeRequest, Dwelling
from households.services import changes
from reports.queries import todos, waiting
from reports.queries.scope import Scope
from tests import people
from tests.registers.conftest import World, approve, browser, enrolled, family

pytestmark = pytest.mark.django_db
LIST = "households:change-list"


def asked(world: World, by: User, home: Dwelling | None = None) -> ChangeRequest:
    listed = home or enrolled(world, people.dwelling(household=family("张示例")))
    approve(world, listed, version_no=ChangeRequest.objects.count() + 1)
    wanted = {"heated_area_m2": "96.50", "head_name": "李样本"}
    return changes.ask_change(dwelling=listed, kind="correct", wanted=wanted, reason="量错", by=by)


def scope(world: World, user: User, area: str = "370999") -> Scope:
    return Scope(user, world.programme, area)


def lines(world: World, user: User, area: str = "370999") -> list[tuple[int, str]]:
    found = todos.todos_for(scope(world, user, area))
    return [(one.count, one.url) for one in found if one.url.startswith("/hh/changes/")]


def test_a_town_s_wish_waits_for_the_office_alone(world: World) -> None:
    change = asked(world, world.clerk)
    assert lines(world, world.office) == [(1, f"/hh/changes/{change.pk}/")]
    assert waiting.numbers_for(scope(world, world.office), [LIST]) == {LIST: 1}
    for other in (world.clerk, world.leader, world.group):
        assert lines(world, other) == []
    assert lines(world, world.office, "370999002") == []


def test_an_office_s_wish_waits_for_the_group_and_ends_with_the_decision(world: World) -> None:
    change = asked(world, world.office)
    assert lines(world, world.office) == lines(world, world.second_office) == []
    assert waiting.numbers_for(scope(world, world.group), [LIST]) == {LIST: 1}
    changes.approve_change(change=change, by=world.group)
    assert lines(world, world.group) == []
    assert waiting.numbers_for(scope(world, world.group), [LIST]) == {LIST: 0}


def test_many_are_one_line_that_opens_the_list_of_them(world: World) -> None:
    for _n in range(6):
        asked(world, world.clerk)
    assert lines(world, world.office) == [(6, "/hh/changes/?mine=yes")]
    page = browser(world.office).get("/hh/changes/?mine=yes")
    assert page.context["table"].count == 6


def test_the_form_has_both_values_seals_and_a_code_of_its_own(world: World) -> None:
    change, twin = asked(world, world.clerk), asked(world, world.clerk)
    page = browser(world.office).get(f"/hh/changes/{change.pk}/print/").content.decode()
    for words in ("确村确户名单变更申请表", change.number, "张示例", "李样本", "96.50", "量错", "领导小组办公室审批"):
        assert words in page
    assert page.count("盖章处") == 3
    assert change.dwelling.household.id_number not in page
    assert change_queries.form_code(change) in page
    assert change_queries.form_code(change) != change_queries.form_code(twin)
    change.wanted = change.wanted | {"heated_area_m2": "97.00"}
    assert change_queries.form_code(change) not in page


def test_the_form_belongs_to_those_who_see_the_request(world: World) -> None:
    change = asked(world, world.clerk)
    assert browser(world.far_clerk).get(f"/hh/changes/{change.pk}/print/").status_code == 404
    assert browser(world.leader).get(f"/hh/changes/{change.pk}/print/").status_code == 200
