from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from core import clock
from reports.services.summaries import refresh_summaries
from tests import flushing
from tests.reports.world import A1, A2, B1, World
from tests.standing import standing

flushing.install()


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def county(world: World) -> World:
    return made_county(world)


@pytest.fixture(scope="module")
def standing_county(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[World]:
    with standing(django_db_blocker, tmp_path_factory.mktemp("files")):
        yield made_county(World())


@pytest.fixture
def one_county(standing_county: World) -> World:
    """The same county for all tests of a file that takes it in as `county`; each has a copy to change."""
    return copy.deepcopy(standing_county)


def made_county(world: World) -> World:
    """Every stage once in village A1, three paid in A2, one paid and one marked in the other town."""
    from tests.reports.world import REACHED

    for stage in REACHED:
        world.dwelling(A1, stage)
    for amount in (600_000, 576_000, 540_000):
        world.dwelling(A2, "paid", amount_fen=amount)
    world.dwelling(B1, "paid", amount_fen=480_000)
    refresh_summaries(now=clock.now())
    return world


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """A browser of that person, second factor included."""

    def signed(user: User) -> Client:
        from django_otp import DEVICE_ID_SESSION_KEY

        from accounts.models import TOTPDevice

        client = Client()
        client.force_login(user, backend="accounts.backends.PersonBackend")
        device, _ = TOTPDevice.objects.get_or_create(user=user, name="test", confirmed=True)
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
        return client

    return signed
