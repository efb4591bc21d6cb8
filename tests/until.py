"""Waiting for a condition with a deadline, instead of sleeping and hoping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
PAUSE_S = 0.03


def until(condition: Callable[[], Found], *, seconds: float = 20, what: str = "", every_s: float = PAUSE_S) -> Found:
    """The first true value of `condition`; asked every `every_s`. Fails the test when none comes in time."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"Not true within {seconds} s: {what or condition}")
        pause.wait(every_s)
