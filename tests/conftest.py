"""What every test may rely on: an acting person for database work, and loud skips."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing about the program.
settings.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portal")

pytest_plugins = [
    "tests.plugins.garbage",
    "tests.plugins.deep_calls",
    "tests.plugins.compiling",
    "tests.plugins.loud_skips",
    "tests.plugins.proofs",
    "tests.plugins.clauses",
    "tests.plugins.demonstration",
    "tests.plugins.migrated",
    "tests.plugins.worlds",
]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Tests with real transactions empty the tables afterwards; history lets nobody truncate, so it is asked nicely."""
    from tests import flushing

    flushing.install()


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


@pytest.fixture(autouse=True)
def _portal_language() -> Iterator[None]:
    """A page asked for in English leaves the thread speaking English; the next test starts in the portal's language."""
    from django.conf import settings
    from django.utils import translation

    translation.activate(settings.LANGUAGE_CODE)
    yield
