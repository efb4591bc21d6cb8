"""What every test may rely on: an acting person for database work, and loud skips."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest

pytest_plugins = ["tests.plugins.loud_skips", "tests.plugins.proofs"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """The words are compiled once, before any worker reads them. Tests that commit are cleaned up by TRUNCATE, which
    the history refuses, so it is asked nicely."""
    from django.core.management import call_command

    from tests import flushing

    flushing.install()
    if not hasattr(session.config, "workerinput"):
        call_command("compile_catalogue", stdout=StringIO())


@pytest.fixture(autouse=True)
def _acting_in_database_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """History refuses nameless writes; tests that check exactly that mark themselves `nameless`."""
    wants_database = request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(
        request.fixturenames
    )
    if not wants_database or request.node.get_closest_marker("nameless"):
        yield
        return
    from accounts.acting import acting

    with acting("tests"):
        yield
