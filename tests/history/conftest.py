"""Everything here happens in the name of one invented clerk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.acting import acting
from tests import flushing

flushing.install()


@pytest.fixture(autouse=True)
def _acting() -> Iterator[None]:
    with acting("clerk 张示例", "test", "req-1"):
        yield
