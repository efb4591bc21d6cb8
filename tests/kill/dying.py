"""A process that kills itself, or stops, at the n-th point of its work with the database.

Points are: before each SQL statement, before each one put on a belt (`households.services.belt`), before each COMMIT,
and after each COMMIT (the answer is lost, the work is not).
Other threads of the process (the heartbeat of a job) are not counted, so that the n-th point is always the same one.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper

from households.services.belt import Belt, Work

SHOWN = 70


class Points:
    """Counts the points passed; does `deed` at number `at` (from 1), never when that is 0."""

    def __init__(self, at: int, deed: Callable[[], None]) -> None:
        self.deed_at, self.deed = at, deed
        self.passed: list[str] = []
        self._main = threading.current_thread()

    def at(self, what: str) -> None:
        if threading.current_thread() is not self._main:
            return
        self.passed.append(what[:SHOWN])
        if len(self.passed) == self.deed_at:
            self.deed()

    def statement(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.at(str(sql).strip())
        return execute(sql, params, many, context)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def counted(at: int = 0, deed: Callable[[], None] = die) -> Iterator[Points]:
    """Count inside the block, and do the deed at point `at`."""
    points, commit, put = Points(at, deed), DatabaseWrapper._commit, Belt._put

    def watched(self: DatabaseWrapper) -> None:
        points.at("before COMMIT")
        commit(self)
        points.at("after COMMIT")

    def carried(self: Belt, work: Work) -> None:
        points.at("put on a belt")
        put(self, work)

    DatabaseWrapper._commit, Belt._put = watched, carried  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(points.statement):
            yield points
    finally:
        DatabaseWrapper._commit, Belt._put = commit, put  # type: ignore[method-assign]
