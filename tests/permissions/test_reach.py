"""Roles on other places than the matrix' town: a county above both towns, the village next door, another county.

Only what the place changes is asked here; parameters, fragments, headers and methods that do not exist are the matrix'
business, and so is who is turned away at the door: a right somebody holds nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from accounts.models import TOTPDevice, User
from tests import people
from tests.permissions import oracles
from tests.permissions.table import Row, door, expected, rows
from tests.permissions.walk import Answer, ask, asked_of, client_for
from tests.permissions.world import COUNTY, INSIDE, INSIDE_CODE, INSIDE_WORD, OUTSIDE_CODE, OUTSIDE_WORD, World

NEIGHBOUR, ELSEWHERE = "370999001002", "370998"
MARKS = (INSIDE_WORD, INSIDE_CODE, OUTSIDE_WORD, OUTSIDE_CODE)
NEEDS_THE_WHOLE_PROGRAMME = (
    "subsidies:entitlement-assess",
    "subsidies:batch-new",
    "subsidies:fund-receipt",
    "subsidies:policy-new",
)
OWN_PROGRAMME = (  # the town's, shown in its villages
    "programmes:programme-detail",
    "programmes:milestone-list",
    "reports:progress-part",
    "api:programme-detail",
    "supervision:duty-board",
    "supervision:duty-act",
)
SHARED_BY_UNIT = "accounts:view-open"
pytestmark = pytest.mark.xdist_group("reach")


def placed(world: World, role: str, area_code: str) -> World:
    """The world with somebody in it who holds `role` there and nothing else, and shares views with nobody."""
    made = people.user(role, area_code, username=f"{role}-{area_code}")
    User.objects.filter(pk=made.pk).update(unit="别处")
    device = TOTPDevice.objects.create(user=made, name="phone")
    return replace(world, users={**world.users, role: made}, devices={**world.devices, role: device})


def rounds(world: World, role: str, asked: Iterable[Row]) -> Iterator[Answer]:
    """These addresses by the methods they have, for the objects of both towns."""
    client = client_for(world, role)
    for row in asked:
        for where, method in asked_of(row, role):
            if row.allowed(method):
                yield ask(client, row, role, where, method, world.inside if where == "inside" else world.outside)


def past_the_door(role: str) -> list[Row]:
    return [row for row in rows().values() if not door(row, role)]


def wrong(answers: list[Answer], allowed: dict[str, set[int]]) -> list[str]:
    return [f"{one.cell}: {one.status}" for one in answers if one.status not in allowed[one.cell]]


def reaching_nothing(row: Row, role: str, method: str, place: str) -> set[int]:
    """As outside one's town; a page without an object may also say that there is no programme here."""
    if row.name in OWN_PROGRAMME and place.startswith(INSIDE):
        return expected(row, role, method, inside=True) | expected(row, role, method, inside=False)
    named = row.names_an_object(method)
    without_programme = set() if named or row.name == "home" else {404, 422}
    return expected(row, role, method, inside=False) | without_programme


@pytest.mark.parametrize(("role", "area_code"), [("village_staff", NEIGHBOUR), ("office", ELSEWHERE)])
def test_next_door_and_elsewhere_nothing_of_either_town_is_reached(world: World, role: str, area_code: str) -> None:
    world = placed(world, role, area_code)
    answers = list(rounds(world, role, past_the_door(role)))
    allowed = {one.cell: reaching_nothing(one.row, role, one.method, area_code) for one in answers}
    marked = [f"{one.cell}: {mark}" for one in answers for mark in MARKS if mark in _foreign_part(one)]
    assert wrong(answers, allowed) + marked + oracles.bare_numbers(answers, world) == []


def test_a_county_reaches_both_its_towns_and_no_right_it_lacks(world: World) -> None:
    role = "office"
    world = placed(world, role, COUNTY)
    answers = list(rounds(world, role, rows().values()))
    allowed = {one.cell: _over_both(one.row, role, one.method) for one in answers}
    found = wrong(answers, allowed) + oracles.writing_reads(answers) + oracles.writing_refusals(answers)
    assert found + oracles.bare_numbers(answers, world) == []
    assert {one.status for one in answers if one.where == "outside" and one.method == "GET"} >= {200, 403}


def _over_both(row: Row, role: str, method: str) -> set[int]:
    if row.name in NEEDS_THE_WHOLE_PROGRAMME:
        return {200, 302, 403, 404, 405, 422}
    if row.name == SHARED_BY_UNIT:
        return expected(row, role, method, inside=False)
    return expected(row, role, method, inside=True)


def _foreign_part(one: Answer) -> str:
    """A programme of one's own town is offered, and shown, in all its villages; a catalogue belongs to the site."""
    if one.row.whole_site:
        return ""
    own = one.row.name in OWN_PROGRAMME and one.where == "inside"
    text = "" if own else one.text
    for word in (f"{INSIDE_WORD}试点", f"{INSIDE_WORD}办", f"{INSIDE_CODE.lower()}-2019"):
        text = text.replace(word, "")
    return text
