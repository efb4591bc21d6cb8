"""Workers start at the same moment, on a fresh checkout all with the same files: each of three would rewrite the
asserts of all of them. So each begins with a share of its own and then finds the others' share done.
"""

from __future__ import annotations

import contextlib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    me: dict[str, Any] | None = getattr(session.config, "workerinput", None)
    if me:
        for name in share(int(me["workerid"].removeprefix("gw")), me["workercount"]):
            with contextlib.suppress(Exception, pytest.skip.Exception):  # collecting it will say what is wrong
                import_module(name)


def share(worker: int, workers: int) -> list[str]:
    """Names of every file of tests whose turn it is."""
    files = sorted(TESTS.rglob("test_*.py"))[worker::workers]
    return [".".join(path.relative_to(TESTS.parent).with_suffix("").parts) for path in files]
