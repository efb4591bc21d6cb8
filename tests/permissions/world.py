"""A county with two towns: in each, one object (and more) of every kind that any address of the portal names.

What belongs to 乙镇 carries canaries: the word `乙镇标记`, codes beginning `ZZYB`, and amounts so large that a sum
which includes one of them is recognisable. Nobody whose roles end at 甲镇 may ever be shown one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Grant, TOTPDevice, User
from accounts.rights import ROLES
from reports.models import DwellingSummary
from reports.services.summaries import rebuild_summaries
from retrofits.models import AgencyMember
from tests import people
from tests.canaries import seeded_in
from tests.permissions.town import Town, build_town, numbers_of

COUNTY, INSIDE, OUTSIDE = "370999", "370999001", "370999002"
INSIDE_WORD, OUTSIDE_WORD = "甲镇标记", "乙镇标记"
INSIDE_CODE, OUTSIDE_CODE = "YYXA", "ZZYB"
# 987,654,321.00 yuan, alone or with 甲镇's small amounts added; also in units of 10,000 yuan and in plain fen.
OUTSIDE_FEN, INSIDE_FEN = 98_765_432_100, 123_400
_OUTSIDE_SUMS = re.compile(r"(?<![\d,.])(?:987,[6-8]\d\d,\d{3}|98,7[67]\d\.\d|9876[5-8]\d{4}(?:\d\d)?(?![\d]))")


@dataclass
class World:
    """`users` holds one verified person per role, each with that role on 甲镇 and nothing else."""

    inside: Town
    outside: Town
    users: dict[str, User]
    devices: dict[str, TOTPDevice]
    numbers: list[str] = field(default_factory=list)

    def canaries_in(self, text: str) -> list[str]:
        """Marks of 乙镇 that stand in `text`."""
        found = [mark for mark in (OUTSIDE_WORD, OUTSIDE_CODE) if mark in text]
        return found + sorted(set(_OUTSIDE_SUMS.findall(text)))

    def numbers_in(self, text: str) -> list[str]:
        """Full identity, phone and card numbers of anybody in this world that stand in `text`."""
        return seeded_in(text, self.numbers)


def build_world(size: int = 2) -> World:
    """Both towns; `size` says how many of everything 甲镇 has (乙镇 always has two)."""
    county = people.programme(COUNTY, code="county-2021", name="示例县清洁取暖", year_from=2021, year_to=2022)
    people.technology(county, "ELECTRIC", has_heater=True)
    inside = build_town(county, INSIDE, word=INSIDE_WORD, code=INSIDE_CODE, fen=INSIDE_FEN, size=size)
    outside = build_town(county, OUTSIDE, word=OUTSIDE_WORD, code=OUTSIDE_CODE, fen=OUTSIDE_FEN, size=2)
    rebuild_summaries()
    for town in (inside, outside):
        town.keep("summary", DwellingSummary.objects.within(town.area.code).order_by("pk").first())
    users = {role: people.user(role, INSIDE, username=f"one-{role}", person_no=f"N-{role}") for role in ROLES}
    _bind_organisations(inside, users)
    devices = {role: TOTPDevice.objects.create(user=user, name="phone") for role, user in users.items()}
    return World(inside, outside, users, devices, numbers_of(inside) + numbers_of(outside))


def _bind_organisations(town: Town, users: dict[str, User]) -> None:
    """The supplier's account is of the firm that made and installed the heaters, the inspector's of the agency."""
    users["supplier"] = people.bind(users["supplier"], town.objects["supplier"])
    AgencyMember.objects.create(agency=town.objects["agency"], user=users["inspector"])


def widen(world: World, role: str, area_code: str) -> None:
    """Give the person of `role` the role on a further place."""
    Grant.objects.create(user=world.users[role], role=role, area=people.area(area_code))


def object_of(town: Town, reference: str) -> Any:
    """`"task"` is the task's key; `"dwelling.dwelling_no"` one of its attributes; `"=word"` the word itself."""
    if reference.startswith("="):
        return reference[1:]
    kind, _, attribute = reference.partition(".")
    return getattr(town.objects[kind], attribute or "pk")
