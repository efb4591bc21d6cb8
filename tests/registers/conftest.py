"""A programme with two villages, people for every step, and a list that the office has approved."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Area, TOTPDevice, User
from core import names
from households.models import Dwelling, Enrolment, Household, Roster, RosterRow
from programmes.models import Programme, Technology
from tests import flushing, people

flushing.install()
TOWN, VILLAGE, OTHER_VILLAGE = "370999001", "370999001001", "370999001002"
FAR_TOWN, FAR_VILLAGE = "370999002", "370999002001"
AT = dt.datetime(2021, 10, 20, 8, tzinfo=dt.UTC)


@dataclass
class World:
    programme: Programme
    route: Technology
    village: Area
    clerk: User
    other_clerk: User
    far_clerk: User
    leader: User
    office: User
    second_office: User
    group: User


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def world(db: None) -> World:
    programme = people.programme()
    for code in (OTHER_VILLAGE, FAR_VILLAGE):
        people.area(code)
    return World(
        programme, people.technology(programme), people.area(VILLAGE), people.user("town_staff", TOWN),
        people.user("town_staff", TOWN), people.user("town_staff", FAR_TOWN), people.user("town_leader", TOWN),
        people.user("office", "370999"), people.user("office", "370999"), people.user("leading_group", "370999"),
    )  # fmt: skip


def family(name: str = "", area: str = VILLAGE, **fields: Any) -> Household:
    """A household whose name is searchable as the register keeps it."""
    if name:
        fields |= {"head_name": name, "head_pinyin": names.pinyin(name), "head_initials": names.initials(name)}
    return people.household(area, **fields)


def enrolled(world: World, home: Dwelling | None = None, **fields: Any) -> Dwelling:
    """A dwelling put forward for the programme."""
    found = home or people.dwelling(**fields)
    Enrolment.objects.create(
        programme=world.programme, dwelling=found, area_id=found.area_id, technology=world.route,
        entered_by=world.clerk,
    )  # fmt: skip
    return found


def approve(world: World, *homes: Dwelling, version_no: int = 1) -> Roster:
    """An approved list of these dwellings, written straight into the tables."""
    roster = Roster.objects.create(
        programme=world.programme, area_id=homes[0].area_id, version_no=version_no, state=Roster.State.APPROVED,
        prepared_by=world.clerk, approved_at=AT,
    )  # fmt: skip
    for home in homes:
        RosterRow.objects.create(roster=roster, dwelling=home, technology=world.route)
    return roster


def browser(user: User) -> Client:
    """A browser of that person, the second factor done where the role asks for one."""
    client = Client()
    client.force_login(user, backend="accounts.backends.PersonBackend")
    if user.needs_second_factor:
        device = TOTPDevice.objects.get_or_create(user=user, name="test", defaults={"confirmed": True})[0]
        session = client.session
        session["otp_device_id"] = device.persistent_id
        session.save()
    return client
