"""One world per process and file, in a transaction that is never committed; each test works behind a savepoint."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.permissions.walk import taken_back
from tests.permissions.world import World, build_world
from tests.standing import standing


@pytest.fixture(scope="module")
def db(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[None]:
    """In place of pytest-django's: open for a whole file, so that its tests share one world."""
    with standing(django_db_blocker, tmp_path_factory.mktemp("files")):
        yield


@pytest.fixture(scope="module")
def built(db: None) -> World:
    return build_world()


@pytest.fixture
def world(built: World) -> Iterator[World]:
    """The world as built, whatever the test before did to it. Refusals are the point here, so they are not logged."""
    logging.disable(logging.CRITICAL)
    with taken_back():
        yield built
    logging.disable(logging.NOTSET)
