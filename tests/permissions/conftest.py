"""One world per process and file, in a transaction that is never committed; each test works behind a savepoint."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from accounts.acting import acting
from tests.permissions.walk import taken_back
from tests.permissions.world import World, build_world


@pytest.fixture(scope="module")
def db(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[None]:
    """In place of pytest-django's: open for a whole file, so that its tests share one world."""
    with django_db_blocker.unblock(), override_settings(FILES_DIR=tmp_path_factory.mktemp("files")), acting("tests"):
        block = transaction.atomic()
        block._from_testcase = True
        with block:
            yield
            transaction.set_rollback(True)


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
