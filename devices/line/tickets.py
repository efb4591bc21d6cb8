"""What a line and its neighbours know of each other: requests handed in, and the wire and the timer it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from devices.line.rules import Outcome
from devices.protocol.frames import Request

Done = Callable[[Outcome], None]


class Wire(Protocol):
    """What a line needs from its transport."""

    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class Timer(Protocol):
    """Calls the line's `tick` at ``due`` (clock seconds) or earlier; a new call replaces the old one."""

    def arm(self, due: float) -> None: ...


class NoTimer:
    """For a line whose owner calls `tick` itself."""

    __slots__ = ()

    def arm(self, due: float) -> None:
        return


class Ticket:
    """A submitted request; `BusLine.cancel` takes it back while its bytes haven't been sent.

    ``open`` until its outcome is known. Without `__init__`, which would cost more than all the rest of it.
    """

    __slots__ = ("done", "open", "request", "sent")

    request: Request
    done: Done
    sent: bool
    open: bool


def ticket_for(request: Request, done: Done, *, sent: bool = False) -> Ticket:
    ticket = Ticket()
    ticket.request, ticket.done, ticket.sent, ticket.open = request, done, sent, True
    return ticket


class Queue:
    """Requests that wait for their turn: urgent ones first, else in the order they came. Empty it holds nothing."""

    __slots__ = ("_urgent", "waiting")

    def __init__(self) -> None:
        # A list: it is short, because sweeps hand in one request at a time.
        self.waiting: list[Ticket] = []
        self._urgent = 0

    def __len__(self) -> int:
        return len(self.waiting)

    def put(self, ticket: Ticket, *, urgent: bool) -> None:
        if urgent:
            self.waiting.insert(self._urgent, ticket)
            self._urgent += 1
        else:
            self.waiting.append(ticket)

    def next(self) -> Ticket:
        self._urgent = max(0, self._urgent - 1)
        return self.waiting.pop(0)

    def remove(self, ticket: Ticket) -> None:
        self._urgent -= self.waiting.index(ticket) < self._urgent
        self.waiting.remove(ticket)

    def empty(self) -> list[Ticket]:
        """All of them, in the order of their turns; none stays."""
        taken, self.waiting, self._urgent = self.waiting, [], 0
        return taken
