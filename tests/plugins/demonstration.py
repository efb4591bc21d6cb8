"""One loaded demonstration. A test that asks for it carries `xdist_group("browser")`, so that one worker loads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.demonstration import Demonstration, loaded


@pytest.fixture(scope="session")
def demonstration() -> Iterator[Demonstration]:
    built = Path(settings.STATIC_BUILD_DIR)
    with loaded(built.resolve() if (built / "portal.css").is_file() else None) as ready:
        yield ready
