"""Says that something has changed in a place: a turn has ended, an alert has come or gone. What, the pages ask.

A stream holds a thread of the web server, so there are few of them, each lasts under a minute, and a browser's tabs
share one. Who gets none polls as before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Q

from core import clock
from telemetry import queries

MOST = 2  # of the four threads of a web process
TICK_S = 3.0
HEARTBEAT_S = 15.0
_room = threading.BoundedSemaphore(MOST)


class Stream:
    """An answer in pieces; `close` gives its place back, also when nobody ever read it."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces, self._is_open = pieces, True

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            _room.release()


def open_stream(look: Callable[[], str]) -> Stream | None:
    """A stream that says when `look` answers something else; None while all places are taken."""
    if not _room.acquire(blocking=False):
        return None
    return Stream(pieces(look, settings.STREAM_S, time.monotonic, time.sleep))


def pieces(
    look: Callable[[], str], lasts_s: float, now: Callable[[], float], pause: Callable[[float], None]
) -> Iterator[str]:
    """Server-sent events: `changed` with each new answer of `look`, a comment now and then to keep the path open."""
    end, spoken, seen = now() + lasts_s, now(), look()
    yield "retry: 3000\n\n"
    while now() < end:
        pause(TICK_S)
        found = look()
        if found != seen:
            yield f"event: changed\ndata: {found}\n\n"
        elif now() - spoken >= HEARTBEAT_S:
            yield ": still here\n\n"
        else:
            continue
        seen, spoken = found, now()


def state_of_place(user: Any, area: str) -> str:
    """Changes with every turn that ends and every alert that comes, goes or is seen. Gives its connection back."""
    turns = queries.turns_of(area, clock.now()).aggregate(ended=Max("finished_at"))
    alerts = queries.open_alerts(user, area).aggregate(
        n=Count("pk"), waiting=Count("pk", filter=Q(acknowledged_at__isnull=True)), newest=Max("pk")
    )
    if not connection.in_atomic_block:
        connection.close()
    ended = turns["ended"].timestamp() if turns["ended"] else 0
    return f"{ended:.0f} {alerts['n']} {alerts['waiting']} {alerts['newest'] or 0}"
