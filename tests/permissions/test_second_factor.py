"""Roles that need the second factor get nothing without it, on pages and on the API."""

from __future__ import annotations

import pytest

from accounts.rights import ROLES
from tests.permissions.table import Row, allowed, rows
from tests.permissions.walk import ask, client_for
from tests.permissions.world import World

pytestmark = pytest.mark.xdist_group("planted")
STRONG = [code for code, role in ROLES.items() if role.second_factor]


def guarded_for(role: str) -> list[Row]:
    """What this role is the weakest of the strong ones to get: each address is asked by one that would get it."""
    guarded = (row for row in rows().values() if row.right != "public")
    return [row for row in guarded if next((one for one in allowed(row) if one in STRONG), "") == role]


@pytest.mark.parametrize("role", STRONG)
def test_without_the_second_factor_no_address_opens(role: str, world: World) -> None:
    client = client_for(world, role, verified=False)
    asked = guarded_for(role)
    answers = [ask(client, row, role, "inside", method, world.inside) for row in asked for method in ("GET", "POST")]
    opened = [one.cell for one in answers if one.status not in (403, 405) and not _to_second_factor(one.headers)]
    assert opened == []
    assert [one.cell for one in answers if one.wrote] == []


def test_every_address_somebody_strong_gets_is_asked() -> None:
    asked = {row.name for role in STRONG for row in guarded_for(role)}
    assert asked == {name for name, row in rows().items() if row.right != "public" and set(allowed(row)) & set(STRONG)}
    assert len(asked) > len(rows()) / 2


def _to_second_factor(headers: dict[str, str]) -> bool:
    return headers.get("Location", "").startswith("/account/second-factor/")


def test_a_closed_account_opens_nothing(world: World) -> None:
    client = client_for(world, "town_staff")
    user = world.users["town_staff"]
    user.is_active = False
    user.save(update_fields=["is_active"])
    guarded = [row for row in rows().values() if row.right != "public"]
    answers = [ask(client, row, "town_staff", "inside", "GET", world.inside) for row in guarded]
    assert [one.cell for one in answers if one.status not in (302, 401, 403, 405)] == []
    assert [one.cell for one in answers if one.status == 302 and "/account/login/" not in one.headers["Location"]] == []


def test_a_grant_that_has_ended_opens_nothing_from_the_next_request(world: World) -> None:
    client, row = client_for(world, "town_staff"), rows()["households:import-list"]
    assert ask(client, row, "town_staff", "inside", "GET", world.inside).status == 200
    world.users["town_staff"].grants.all().delete()
    assert ask(client, row, "town_staff", "inside", "GET", world.inside).status in (302, 403)
