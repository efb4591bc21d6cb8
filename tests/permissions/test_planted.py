"""Tests about the tests: each planted weakening must be caught by the oracle it belongs to (TRUST.md M3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from accounts.models import User
from accounts.records import ScopedQuerySet
from accounts.rights import ROLES, Role
from core import masks
from core.masks import MASKS
from households.models import Household
from tests.permissions import oracles
from tests.permissions.coverage import addresses, patterns
from tests.permissions.table import refused, rights_of_roles, rows
from tests.permissions.walk import Answer, client_for, visit_all
from tests.permissions.world import COUNTY, World, widen

SLICE = (
    "programmes:programme-list", "households:import-list", "households:import-review", "households:roster-detail",
    "households:household-edit", "retrofits:task-list", "retrofits:task-detail", "retrofits:task-withdraw",
    "telemetry:heater-list", "api:dwelling-list", "api:dwelling-detail",
)  # fmt: skip
pytestmark = pytest.mark.xdist_group("planted")


def walked(world: World, role: str = "town_staff", names: tuple[str, ...] = SLICE) -> list[Answer]:
    """A small part of the matrix."""
    client = client_for(world, role)
    asked = [rows()[name] for name in names]
    return list(visit_all(client, world, role, asked, asked))


@contextmanager
def view_replaced(name: str, change: Callable[[Any], Any]) -> Iterator[None]:
    """One address answered by another view."""
    pattern = next(pattern for found, pattern, _arguments in patterns() if found == name)
    with patch.object(pattern, "callback", change(pattern.callback)):
        yield


def test_the_slice_is_clean_without_a_weakening(world: World) -> None:
    answers = walked(world)
    assert oracles.wrong_cells(answers) == []
    assert oracles.leaks(answers, world) == []
    assert oracles.bare_numbers(answers, world) == []
    assert oracles.careless_headers(answers) == []
    assert oracles.writing_reads(answers) == []


def test_a_scope_that_shows_everything_is_caught(world: World) -> None:
    with patch.object(ScopedQuerySet, "visible_to", lambda rows, user, right="": rows.all()):
        answers = walked(world)
    assert any("outside: 200" in fault for fault in oracles.wrong_cells(answers))
    assert oracles.leaks(answers, world)


def test_a_grant_that_reaches_the_whole_county_is_caught(world: World) -> None:
    widen(world, "town_staff", COUNTY)
    answers = walked(world)
    assert oracles.wrong_cells(answers)
    assert oracles.leaks(answers, world)


def test_a_code_range_that_is_too_wide_is_caught(world: World) -> None:
    with patch("accounts.records.code_range", lambda code: (code[:6], "9" * 16)):
        answers = walked(world)
    assert oracles.wrong_cells(answers)
    assert oracles.leaks(answers, world)


def test_a_view_that_lost_its_declaration_is_caught(world: World) -> None:
    name = "households:household-edit"
    with view_replaced(name, lambda view: view.__wrapped__):
        answers = walked(world, refused(rows()[name])[-1], (name,))
        assert {one: right for one, (_arguments, right) in addresses().items() if not right} == {name: ""}
    assert oracles.wrong_cells(answers)


def test_a_view_that_asks_for_too_little_is_caught(world: World) -> None:
    def lax(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponse("all yours")

    with view_replaced("retrofits:task-withdraw", lambda view: lax):
        answers = walked(world, "supplier", ("retrofits:task-withdraw",))
    assert oracles.wrong_cells(answers)
    assert oracles.careless_headers(answers) == []  # the headers come from elsewhere and are still there


def test_a_right_asked_without_its_place_is_caught(world: World) -> None:
    widen(world, "village_staff", COUNTY)  # reads households everywhere, and may withdraw nothing
    with patch.object(User, "has_right", lambda user, right, area=None: True):
        answers = walked(world, "village_staff", ("households:household-edit", "retrofits:task-withdraw"))
    assert oracles.wrong_cells(answers)


def test_a_role_that_was_given_a_right_is_caught() -> None:
    wider = Role("", ROLES["city_viewer"].rights | {"households.view"})
    with patch.dict(ROLES, {"city_viewer": wider}):
        assert {role: set(entry.rights) for role, entry in ROLES.items()} != rights_of_roles()


@pytest.mark.parametrize("kind", ["id", "phone", "card"])
def test_a_mask_that_hides_nothing_is_caught(kind: str, world: World) -> None:
    with ExitStack() as planted:
        planted.enter_context(patch.dict(MASKS, {kind: str}))
        planted.enter_context(patch.object(masks, f"mask_{kind}", str))
        planted.enter_context(patch.dict("households.views.review_rows._MASKS", {_FIELDS[kind]: str}))
        answers = walked(world, names=("households:import-review", "households:roster-detail", "api:dwelling-list"))
    assert oracles.bare_numbers(answers, world)


_FIELDS = {"id": "id_number", "phone": "phone", "card": "bank_card"}


def test_a_get_that_writes_is_caught(world: World) -> None:
    def writing(view: Any) -> Any:
        def counted_look(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            Household.objects.filter(pk=world.inside.objects["household"].pk).update(remark="looked at")
            return view(request, **kwargs)

        return counted_look

    before = oracles.checksums()
    with view_replaced("retrofits:task-list", writing):
        answers = walked(world, names=("retrofits:task-list",))
    assert oracles.writing_reads(answers)
    assert "households_household" in oracles.changed_tables(before, oracles.checksums())


def test_a_get_that_writes_past_the_history_is_caught(world: World) -> None:
    from telemetry.models import LatestReading

    before = oracles.checksums()
    LatestReading.objects.filter(heater=world.inside.objects["heater"]).update(misses=7)
    assert oracles.changed_tables(before, oracles.checksums()) == ["telemetry_latestreading"]


def test_a_link_to_a_closed_door_is_caught(world: World) -> None:
    """Below its own address too: what the visitor asked for is cut from the text, not from the links."""
    door = '<a class="id" href="/works/products/12/?a=b">x</a>'

    def leading(view: Any) -> Any:
        return lambda request, **kwargs: HttpResponse(door)

    with view_replaced("retrofits:product-list", leading):
        answers = walked(world, role="supplier", names=("retrofits:product-list",))
    assert oracles.dead_ends(answers) == ["retrofits:product-list as supplier leads to retrofits:product-edit"]


@pytest.mark.parametrize(
    "left_out",
    [
        "csp.middleware.CSPMiddleware", "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "accounts.middleware.PrivatePages", "heating_portal.middleware.RequestReference",
        "django.middleware.security.SecurityMiddleware",
    ],
)  # fmt: skip
def test_a_missing_middleware_is_caught(left_out: str, world: World) -> None:
    kept = [one for one in settings.MIDDLEWARE if one != left_out]
    assert len(kept) < len(settings.MIDDLEWARE)
    with override_settings(MIDDLEWARE=kept):
        answers = walked(world, names=("programmes:programme-list",))
    assert oracles.careless_headers(answers)


def test_an_address_without_a_row_is_caught() -> None:
    from tests.permissions import missing

    known = {name: row for name, row in rows().items() if name != "home"}
    with patch("tests.permissions.table.rows", lambda: known):
        assert "home" in [line.partition(":")[0] for line in missing.missing_rows()]


def test_rows_fetched_one_by_one_are_caught(world: World) -> None:
    from tests.permissions.test_queries import counted

    only = [rows()["retrofits:task-list"]]
    joined = counted(world, only)
    with patch.object(QuerySet, "select_related", lambda rows, *fields: rows.all()):
        assert counted(world, only)["retrofits:task-list"] > joined["retrofits:task-list"]
