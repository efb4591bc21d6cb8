"""Says what has changed in a place: turns of polling, alerts, commands, docking tests. The new state the pages ask for.

A stream holds a thread of the web server, so there are few of them, each lasts under a minute, and a browser's tabs
share one. Who gets none polls.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import BigIntegerField, Count, Func, Max, Q, QuerySet
from django.db.models.functions import Cast

from accounts.owning import narrowed
from core import clock
from core.together import read_together, sums_in, sums_of
from devices.models import Command, DockingTest
from telemetry import queries

MOST = 2  # of the four threads of a web process
TICK_S = 2.0
HEARTBEAT_S = 15.0
UNDER_WAY = ("held", "queued", "sent", "echoed")
Look = Callable[[], Mapping[str, str]]
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


def open_stream(look: Look) -> Stream | None:
    """A stream that names what `look` answers otherwise than before; None while all places are taken."""
    if not _room.acquire(blocking=False):
        return None
    return Stream(pieces(look, settings.STREAM_S, time.monotonic, time.sleep))


def pieces(look: Look, lasts_s: float, now: Callable[[], float], pause: Callable[[float], None]) -> Iterator[str]:
    """Server-sent events: `changed` with the names of what did, a comment now and then to keep the path open."""
    end, spoken, seen = now() + lasts_s, now(), look()
    yield "retry: 3000\n\n"
    while now() < end:
        pause(TICK_S)
        found = look()
        if changed := [name for name in found if found[name] != seen.get(name)]:
            yield f"event: changed\ndata: {' '.join(changed)}\n\n"
        elif now() - spoken >= HEARTBEAT_S:
            yield ": still here\n\n"
        else:
            continue
        seen, spoken = found, now()


def state_of_place(user: Any, area: str) -> dict[str, str]:
    """By name what changes with every turn that ends; every alert that comes, goes or is seen; wherever the person may
    look, every step of a command under way and of an open docking test. Gives its connection back."""
    commands = Command.objects.visible_to(user).filter(state__in=UNDER_WAY)
    tests = narrowed(DockingTest.objects.filter(state=DockingTest.State.OPEN), user, Command.view_right)
    asked = {
        "turns": sums_of(queries.turns_of(area, clock.now()), ended=Max("finished_at")),
        "alerts": sums_of(
            queries.open_alerts(user, area), n=Count("pk"),
            waiting=Count("pk", filter=Q(acknowledged_at__isnull=True)), newest=Max("pk"),
        ),
        "commands": version_of(commands),
        "docking": version_of(tests),
    }  # fmt: skip
    read_together(*asked.values())
    found = {name: " ".join(map(str, sums_in(rows).values())) for name, rows in asked.items()}
    if not connection.in_atomic_block:
        connection.close()
    return found


def version_of(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    """Sums that are others as soon as one of these rows is written, comes or goes: whoever writes a row leaves the
    number of the transaction in it, which only grows."""
    written: Func = Func("pk", template=f'"{rows.model._meta.db_table}"."xmin"::text', output_field=BigIntegerField())
    return sums_of(rows, n=Count("pk"), newest=Max(Cast(written, BigIntegerField())))
