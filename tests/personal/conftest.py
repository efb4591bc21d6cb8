"""Two places, one household with seeded numbers, and people inside and outside."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from accounts.acting import acting
from accounts.models import Area, Grant, User
from core.blind_index import blind_index
from households.models import Household
from tests import flushing

flushing.install()
ID, PHONE, CARD = "370999198001010149", "19900000147", "6230990000000000009"
SEEDED = (ID, PHONE, CARD)


@dataclass(frozen=True)
class Place:
    household: Household
    inside: User
    outside: User
    reader: User


def make_household(area: Area, number: str = "H-1", id_number: str = ID) -> Household:
    return Household.objects.create(
        household_no=number,
        area=area,
        head_name="张示例",
        id_number=id_number,
        phone=PHONE,
        bank_card=CARD,
        id_number_index=blind_index(id_number, "household.id_number"),
    )


@pytest.fixture
def place(db: None) -> Place:
    with acting("tests"):
        here, there = (Area.objects.create(code=code, level="county", name=code) for code in ("370902", "370903"))
        people = [
            User.objects.create_user(name, person_name=name, person_no=name) for name in ("inside", "outside", "reader")
        ]
        for user, role, area in zip(
            people, ("town_staff", "town_staff", "village_staff"), (here, there, here), strict=True
        ):
            Grant.objects.create(user=user, role=role, area=area)
        return Place(make_household(here), *people)
