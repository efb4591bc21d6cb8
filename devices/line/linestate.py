"""What a line remembers, and small steps that change only that: times, bytes that are no frame, what may still come.

The course of a request, which uses them, is in `busline.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from devices.line.outstanding import Outstanding
from devices.line.rules import LineRules, LineStats, Outcome
from devices.line.tickets import Done, NoTimer, Queue, Ticket, Timer, Wire
from devices.protocol.frames import Request
from devices.protocol.plain import Reader


class Phase(Enum):
    OFFLINE = "offline"
    SETTLING = "settling"
    IDLE = "idle"
    GAP = "gap"
    WAITING = "waiting"


# Names of this module are found much quicker than members of an enumeration, and are looked up for every answer.
OFFLINE, SETTLING, IDLE, GAP, WAITING = Phase


class LineState:
    """One line as it stands. `BusLine` is the machine over it."""

    __slots__ = (
        "_armed", "_asked", "_clock", "_deferred", "_due", "_echo_due", "_echoing", "_fence", "_late_seen", "_mark",
        "_noise", "_outstanding", "_part", "_pumping", "_queue", "_read", "_scanning", "_sent_at", "_ticket",
        "_timer", "_tries", "_wire", "answer_time", "heard_at", "heartbeat_answers", "heartbeats", "last_good",
        "may_send", "phase", "rules", "stats",
    )  # fmt: skip

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        timer: Callable[[Any], Timer] = lambda line: NoTimer(),
        rules: LineRules | None = None,
        heartbeats: tuple[bytes, ...] = (),
    ) -> None:
        self.rules = rules or LineRules()
        self.stats = LineStats()
        self.heartbeats = heartbeats
        self.heartbeat_answers: tuple[tuple[bytes, bytes], ...] = ()
        self.may_send: Callable[[], bool] | None = None  # asked before each request; no: the request has expired
        self.phase = OFFLINE
        self.answer_time = self.rules.timeout_s
        self.heard_at = clock()
        self.last_good: Request | None = None
        self._clock, self._timer = clock, timer(self)
        self._wire: Wire | None = None
        self._queue = Queue()
        self._ticket: Ticket | None = None
        self._asked: Request | None = None  # the last one sent or about to be: of the ticket, or a fence before it
        self._read: Reader | None = None  # while the answer may be recognised the short way
        self._outstanding = Outstanding(self.rules.late_s)
        self._part = b""
        self._mark = 0  # bytes of _part that came before the request in flight was sent
        self._sent_at = self._due = self._armed = 0.0
        self._noise = self._tries = 0
        self._late_seen = self._echoing = self._echo_due = False
        self._fence: tuple[Request, tuple[int, ...]] | None = None  # answered, with what it read
        self._deferred: list[tuple[Done, Outcome]] = []
        self._scanning = self._pumping = False

    @property
    def connected(self) -> bool:
        return self._wire is not None

    @property
    def queued(self) -> int:
        return len(self._queue)

    # --- times ---

    def late_answer(self, age_s: float) -> None:
        """A numbered transport has dropped an answer that came after so many seconds (rule 4)."""
        self.heard_at = now = self._clock()
        self.stats.late += 1
        self._stretch(age_s, now)

    def foreign_answer(self) -> None:
        """A numbered transport has dropped an answer to a question of somebody else."""
        self.heard_at = self._clock()
        self.stats.foreign += 1

    def _stretch(self, age_s: float, now: float) -> None:
        self.answer_time = min(self.rules.ceiling_s, max(self.answer_time, 1.5 * age_s))
        if self.phase is WAITING:
            self._due = max(self._due, now + self.answer_time)
            self._wake_at(self._due)

    def _decay(self, took: float) -> None:
        self.answer_time = max(self.rules.timeout_s, min(self.answer_time, max(0.9 * self.answer_time, 3 * took)))

    def _wake_at(self, due: float) -> None:
        if not 0.0 < self._armed <= due:  # else it is called earlier, sees that it is too early and comes back here
            self._armed = due
            self._timer.arm(due)

    # --- what may still be answered ---

    def _is_blocked(self, request: Request) -> bool:
        self._outstanding.expire(self._clock())
        return request.head in self._outstanding

    def _leave_unanswered(self, now: float) -> None:
        """Nobody waits any more for what is on the wire, but it may still be answered."""
        if self.phase is WAITING and self._asked:
            self._remember(self._asked, now)
        self._read, self.phase = None, IDLE

    def _remember(self, request: Request, now: float) -> None:
        if not self.rules.numbered:
            self._outstanding.remember(request, self._sent_at, now)

    def _close(self, ticket: Ticket, outcome: Outcome) -> None:
        if not ticket.open:
            return
        ticket.open, done = False, ticket.done
        if self._scanning:
            self._deferred.append((done, outcome))
        else:
            done(outcome)

    # --- bytes that are no frame ---

    def _skipped(self, data: bytes) -> None:
        if not data:
            return
        self.stats.skipped_bytes += len(data)
        self._noise += len(data)
        for literal in self.heartbeats:
            self.stats.heartbeats += data.count(literal)
        asked = self._asked
        if self.phase is WAITING and asked and not asked.is_write and asked.frame in data:
            self._echoing = True
            self.stats.echoes += 1

    def _drop_lone_heartbeat(self) -> None:
        """A heartbeat alone in the buffer is done with, unless an answer may begin with the same bytes."""
        if self._part not in self.heartbeats or self._may_begin_with(self._part):
            return
        self.stats.heartbeats += 1
        answer = dict(self.heartbeat_answers).get(self._part)
        if answer and self._wire and self.phase is not WAITING:
            self._wire.write(answer)
        self._part, self._mark = b"", 0

    def _may_begin_with(self, data: bytes) -> bool:
        """Could the answer that is waited for begin so?"""
        return self.phase in (GAP, WAITING) and self._asked is not None and self._asked.head.startswith(data)

    def _close_a_flood(self) -> None:
        if self._noise > self.rules.flood_bytes and self._wire:
            self._noise = 0
            self.stats.floods += 1
            self._wire.close()
