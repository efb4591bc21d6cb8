"""Numbers of the navigation: the same things the workbench lists, through the same rights, in one statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from core import clock
from devices.models import Heater
from households.models import Roster, RosterRow
from reports.queries import todos, waiting
from reports.queries.scope import Scope
from reports.services.summaries import refresh_summaries
from retrofits.models import Task
from retrofits.queries import rows_to_open
from subsidies.models import PayoutBatch
from telemetry.models import Alert
from tests import people
from tests.reports.conftest import one_county as county
from tests.reports.world import A1, World

__all__ = ["county"]

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
ENTRIES = sorted({name for name, _right, _source in waiting.SOURCES})
WORKBENCH = {
    "/hh/rosters/": "households:roster-list", "/works/visits/": "retrofits:visit-list",
    "/dev/alerts/": "telemetry:alert-list",
}  # fmt: skip


def scope_over(world: World, role: str, area: str = "370999") -> Scope:
    return Scope(people.user(role, area), world.programme, area)


def roster(world: World, village: str, state: str) -> Roster:
    return Roster.objects.create(
        programme=world.programme, area_id=village, state=state, prepared_by=world.staff["clerk_a"]
    )


@pytest.fixture
def busy(county: World) -> World:
    """Rosters at every step in both towns, beside the county's dwellings of every stage."""
    for number, state in enumerate(("draft", "village_sealed", "village_sealed", "town_sealed", "returned")):
        people.area(f"37099900101{number}")
        roster(county, f"37099900101{number}", state)
    people.area("370999002011")
    roster(county, "370999002011", "village_sealed")
    return county


@pytest.mark.parametrize(
    ("role", "area", "number"),
    [("village_staff", "370999001", 1), ("town_leader", "370999001", 2), ("town_leader", "370999002", 1),
     ("town_leader", "370999", 3), ("office", "370999", 1), ("town_staff", "370999001", 1),
     ("auditor", "370999", None)],
)  # fmt: skip
def test_rosters_wait_for_whoever_puts_the_next_seal(busy: World, role: str, area: str, number: int | None) -> None:
    assert waiting.numbers_for(scope_over(busy, role, area), ENTRIES).get("households:roster-list") == number


def test_batches_wait_for_the_next_signature_only(county: World) -> None:
    states = set(PayoutBatch.objects.values_list("state", flat=True))
    assert "released" in states or "settled" in states or "draft" in states
    for role, state in (("office", "locked"), ("finance_review", "reviewed"), ("finance_release", "approved")):
        want = PayoutBatch.objects.filter(state=state).count()
        assert waiting.numbers_for(scope_over(county, role), ENTRIES)["subsidies:batch-list"] == want, role


def test_works_wait_at_their_step(busy: World) -> None:
    installed = Task.objects.filter(state="installed").count()
    found = waiting.numbers_for(scope_over(busy, "inspector"), ENTRIES)
    assert found == {"retrofits:visit-list": installed, "supervision:ticket-list": 0, "supervision:hazard-list": 0}
    assert installed == 1
    listed = Task.objects.filter(state="listed", area__code__startswith="370999001").count()
    numbers = waiting.numbers_for(scope_over(busy, "town_staff", "370999001"), ENTRIES)
    assert numbers["retrofits:task-list"] == listed == 1


@pytest.mark.parametrize("role", ["village_staff", "town_leader", "office", "inspector", "ops", "finance", "auditor"])
def test_the_navigation_counts_what_the_workbench_lists(busy: World, role: str) -> None:
    scope = scope_over(busy, role)
    listed: dict[str, int] = {}
    for todo in todos.todos_for(scope):
        for start, name in WORKBENCH.items():
            if todo.url.startswith(start) and "returned" not in todo.detail:
                listed[name] = listed.get(name, 0) + todo.count
    counted = waiting.numbers_for(scope, WORKBENCH.values())
    assert {name: n for name, n in counted.items() if n} == listed


def test_one_statement_counts_everything_and_no_further_than_its_limit(
    busy: World, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    scope = scope_over(busy, "office")
    assert scope.user.active_grants
    with django_assert_num_queries(1):
        waiting.numbers_for(scope, ENTRIES)
    monkeypatch.setattr(waiting, "MOST", 2)
    assert waiting.numbers_for(scope_over(busy, "town_leader"), ENTRIES)["households:roster-list"] == 2


def test_an_entry_that_is_not_drawn_is_not_counted(busy: World, django_assert_num_queries: Any) -> None:
    scope = scope_over(busy, "auditor")
    assert scope.user.active_grants
    with django_assert_num_queries(0):
        assert waiting.numbers_for(scope, ["reports:audit-log"]) == {}


def test_numbers_stand_in_the_menu_and_on_the_bell(busy: World, sign_in: SignIn) -> None:
    html = sign_in(people.user("town_leader", "370999001")).get("/").content.decode()
    entry = html.partition('href="/hh/rosters/"')[2].partition("</a>")[0]
    assert '<span class="nav__n nav__n--hot">2</span>' in entry
    assert 'title="1 个页面上有您的待办"' in html and '<i aria-hidden="true">1</i>' in html


def test_an_alert_waits_for_those_who_may_handle_it(county: World) -> None:
    heater = Heater.objects.first()
    Alert.objects.create(heater=heater, area_id=heater.area_id, kind=Alert.Kind.ROOM_COLD, opened_at=clock.now())
    assert "telemetry:alert-list" not in waiting.numbers_for(scope_over(county, "town_staff"), ENTRIES)
    assert waiting.numbers_for(scope_over(county, "ops"), ENTRIES)["telemetry:alert-list"] == 1


def test_only_the_nearest_entry_is_the_current_page(county: World, sign_in: SignIn) -> None:
    html = sign_in(county.staff["office"]).get("/works/acceptances/").content.decode()
    current = [part.partition('"')[0] for part in html.split('<a href="')[1:] if 'aria-current="page"' in part[:80]]
    assert current
    assert set(current) == {"/works/acceptances/"}


def test_the_words_are_kept_but_neither_numbers_nor_rights(busy: World) -> None:
    """A second page composes nothing; what happened since is counted, and a withdrawn grant is out at once."""
    leader = people.user("town_leader", "370999001")
    assert _rosters(leader, busy) == 2
    composed = waiting._statement.cache_info().misses
    people.area("370999001015")
    roster(busy, "370999001015", "village_sealed")
    assert (_rosters(leader, busy), waiting._statement.cache_info().misses) == (3, composed)
    leader.grants.all().delete()
    assert _rosters(leader, busy) is None


def _rosters(leader: User, world: World) -> int | None:
    scope = Scope(User.objects.get(pk=leader.pk), world.programme, "370999")
    return waiting.numbers_for(scope, ENTRIES).get("households:roster-list")


def test_homes_without_a_next_step_are_taken_from_the_boards_sums(county: World) -> None:
    def numbers(area: str) -> tuple[int, int]:
        found = waiting.numbers_for(scope_over(county, "office", area), ENTRIES)
        return found["retrofits:task-list"], found["subsidies:entitlement-list"]

    before, there = numbers("370999"), numbers("370999002")
    for _n in range(3):
        home = county.dwelling(A1, "listed")
        Task.objects.filter(dwelling=home).delete()
    accepted = county.dwelling(A1, "accepted")
    refresh_summaries(now=clock.now())
    assert rows_to_open(county.programme, ["370999001"]).count() == 3
    assert numbers("370999") == (before[0] + 3, before[1] + 1)
    assert numbers("370999002") == there
    Task.objects.filter(dwelling=accepted).update(state=Task.State.WITHDRAWN)
    RosterRow.objects.filter(dwelling=home).update(exclusion="LONG_VACANT")
    refresh_summaries(now=clock.now())
    assert numbers("370999") == (before[0] + 2, before[1])
