"""Statements of a transaction in a thread of their own: the database works on one while the next one's text is made.

    with belt() as running:
        for piece in pieces:
            running.copy("COPY … FROM STDIN", text_of(piece))

They run in the order given, on the connection and in the transaction of the caller, who asks the database nothing
meanwhile. Leaving the block waits for all of them and raises what the first that failed raised; the rest is not run.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from queue import Queue
from typing import Any

from django.db import connection

_WAITING = 4  # texts made ahead; each is a megabyte or two
_TURN_S = 0.0005  # both threads wait for each other's turn to end: at the usual 5 ms neither gets on
_LOOK_S = 0.2  # how often who waits for an answer looks whether there can still be one
_USUAL_TURN_S = sys.getswitchinterval()
Work = Callable[[Any], None]


class Belt:
    """See the module. `connected` is the driver's own connection."""

    def __init__(self, connected: Any) -> None:
        self._cursor = connected.cursor()  # here: a thread that could not begin would leave its queue to wait for ever
        self._queue: Queue[Work | None] = Queue(_WAITING)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="belt", daemon=True)
        self._thread.start()

    def copy(self, into: str, text: str) -> None:
        """Run a COPY … FROM STDIN with this text; waits only while too many stand before it."""

        def work(cursor: Any) -> None:
            with cursor.copy(into) as target:
                target.write(text)

        self._put(work)

    def execute(self, statement: str) -> None:
        """Run a statement whose rows nobody wants."""
        self._put(lambda cursor: cursor.execute(statement))

    def ask(self, statement: str, values: Sequence[Any]) -> Callable[[], list[tuple[Any, ...]]]:
        """Run a question; the answer waits until it is there and hands out the rows."""
        answered: Future[list[tuple[Any, ...]]] = Future()

        def work(cursor: Any) -> None:
            answered.set_result(cursor.execute(statement, values).fetchall())

        def answer() -> list[tuple[Any, ...]]:
            while not answered.done() and self._failure is None:
                wait([answered], timeout=_LOOK_S)
            self._raise()
            return answered.result()

        self._put(work)
        return answer

    def end(self) -> None:
        """Wait for everything; raises the first failure as Django words it."""
        self._queue.put(None)
        self._thread.join()
        self._raise()

    def abandon(self) -> None:
        """Run nothing more; waits for the statement that is running."""
        self._failure = self._failure or KeyboardInterrupt()
        self._queue.put(None)
        self._thread.join()

    def _put(self, work: Work) -> None:
        self._raise()
        self._queue.put(work)

    def _raise(self) -> None:
        if self._failure is not None:
            with connection.wrap_database_errors:
                raise self._failure

    def _run(self) -> None:
        with self._cursor as cursor:
            while (work := self._queue.get()) is not None:
                if self._failure is None:
                    try:
                        work(cursor)
                    except BaseException as failure:
                        self._failure = failure


@contextmanager
def belt() -> Iterator[Belt]:
    """A belt inside the caller's transaction. Foreign keys are checked with each statement.

    Waiting for the commit they would be a queue that every entry of the history searches. The first statement goes
    Django's way and carries the actor, whose name then holds (see `households.services.bulk`).
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        running = Belt(connection.connection)
        sys.setswitchinterval(_TURN_S)
        try:
            yield running
        except BaseException:
            running.abandon()
            raise
        finally:
            sys.setswitchinterval(_USUAL_TURN_S)
        running.end()
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
