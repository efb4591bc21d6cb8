"""One bus: one request in flight, and no answer believed that could belong to another request.

A callback state machine without sockets: a transport gives it bytes and a `Wire`, a timer calls `tick`, the
clock is an argument. The rules (numbers as in the design, DEVICES 3.2):

1. An answer counts only if unit, function, byte count and CRC fit the request in flight, and only if it
   began after the request was sent. All else is skipped and counted while the timer runs on.
2. Frames nobody asked for: heartbeat -> alive; answer to a request that timed out -> late, dropped; any other
   valid frame -> "foreign", which means that somebody else polls this bus.
3. RTU has no transaction number. The head of an unanswered request stays outstanding; a request with the same
   head isn't sent before a *fence* (a read of another length) was answered. Units answer in order, so nothing
   older can follow. An exception fits any request of its function, so it counts only if none is outstanding.
   Modbus TCP has such a number (`LineRules.numbered`): there the transport sorts old answers out.
4. A late answer stretches the answer time of the line, also for the request now waiting.
5. After connect the line settles: replayed bytes are drained before the first request.
6. Serial: a silence before each request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Protocol

from devices.line.outstanding import Outstanding, Unanswered
from devices.line.rules import LineRules, LineStats, Outcome, Status
from devices.protocol.crc import crc16
from devices.protocol.frames import Request, answer_at

BUFFER_LIMIT = 512
FENCE_TRIES = 2


class Wire(Protocol):
    """What a line needs from its transport."""

    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class Timer(Protocol):
    """Calls the line's `tick` at ``due`` (clock seconds) or earlier; a new call replaces the old one."""

    def arm(self, due: float) -> None: ...


class Phase(Enum):
    OFFLINE = "offline"
    SETTLING = "settling"
    IDLE = "idle"
    GAP = "gap"
    WAITING = "waiting"


# Names of this module are found much quicker than members of an enumeration, and are looked up for every byte.
OFFLINE, SETTLING, IDLE, GAP, WAITING = Phase
OK, REFUSED = Status.OK, Status.REFUSED
_outcome = partial(tuple.__new__, Outcome)  # half the time of calling the class
Done = Callable[[Outcome], None]


class Ticket:
    """A submitted request; `BusLine.cancel` takes it back while its bytes haven't been sent."""

    __slots__ = ("done", "open", "request", "sent")

    def __init__(self, request: Request, done: Done) -> None:
        self.request, self.done, self.sent, self.open = request, done, False, True


class BusLine:
    """The state machine of one line. Not thread-safe: one event loop owns it."""

    __slots__ = (
        "_armed", "_asked", "_clock", "_deferred", "_due", "_echo_due", "_echoing", "_fence", "_late_seen", "_mark",
        "_noise", "_outstanding", "_part", "_pumping", "_queue", "_quiet_at", "_scanning", "_sent_at", "_ticket",
        "_timer", "_tries", "_unit_bytes", "_urgent", "_wire", "answer_time", "heard_at", "heartbeat_answers",
        "heartbeats", "last_good", "may_send", "phase", "rules", "stats",
    )  # fmt: skip

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        timer: Callable[[BusLine], Timer] = lambda line: NoTimer(),
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
        # Lists: they are short (sweeps hand in one request at a time) and a line without work holds no memory for them.
        self._queue: list[Ticket] = []
        self._urgent: list[Ticket] = []
        self._ticket: Ticket | None = None
        self._asked: Request | None = None
        self._outstanding = Outstanding(self.rules.late_s)
        self._part = b""
        self._mark = 0  # bytes of _part that came before the request in flight was sent
        self._sent_at = self._due = self._quiet_at = self._armed = 0.0
        self._noise = self._tries = 0
        self._unit_bytes = 1  # of the last request: one bus has boards of one kind of unit field
        self._late_seen = self._echoing = self._echo_due = False
        self._fence: tuple[Request, tuple[int, ...]] | None = None  # answered, with what it read
        self._deferred: list[tuple[Done, Outcome]] = []
        self._scanning = self._pumping = False

    # --- transport side ---

    @property
    def connected(self) -> bool:
        return self._wire is not None

    def attach(self, wire: Wire) -> None:
        """A transport is there; requests wait until the line has settled."""
        self._wire, self._part, self._noise = wire, b"", 0
        self.stats.connects += 1
        self.heard_at = self._quiet_at = self._clock()
        self.phase, self._due = SETTLING, self._clock() + self.rules.settle_s
        self._wake_at(self._due)

    def detach(self) -> None:
        """The transport is gone: what waits is told so. What may still be answered stays known."""
        if self.phase is WAITING and self._asked:
            self._remember(self._asked, self._clock())
        self._wire, self._asked, self.phase, self._part = None, None, OFFLINE, b""
        ticket, self._ticket = self._ticket, None
        waiting = [*self._urgent, *self._queue]
        self._urgent.clear()
        self._queue.clear()
        for one in ([ticket] if ticket else []) + waiting:
            self._close(one, Outcome(Status.OFFLINE, sent=one.sent))

    def drop(self) -> None:
        """Close the connection, if there is one; its transport then calls `detach`."""
        if self._wire is not None:
            self._wire.close()

    def received(self, data: bytes) -> None:
        """Bytes from the wire, any cut."""
        now = self.heard_at = self._quiet_at = self._clock()
        phase = self.phase
        if phase is WAITING and not self._part and not self._echo_due:
            asked = self._asked
            assert asked
            # The usual case: exactly the wanted answer in one segment.
            if len(data) == asked.answer_size and data.startswith(asked.head) and not crc16(data):
                self._whole_answer(asked, data, now)
                return
        elif phase is SETTLING and now < self._due:
            self.stats.drained_bytes += len(data)
            return
        self._scanning = True
        try:
            self._scan(data, now)
        finally:
            self._go_on()

    def _whole_answer(self, asked: Request, data: bytes, now: float) -> None:
        """`_accept` and `_go_on` for a line without troubles: thousands of these a second are what a hub does."""
        ticket = self._ticket
        assert ticket
        if ticket.request is not asked or self._outstanding or self._fence or asked.code > 4 or not ticket.open:
            self._scanning = True
            try:
                self._accept(data, now)
            finally:
                self._go_on()
            return
        took = now - self._sent_at
        stats = self.stats
        stats.ok += 1
        stats.took(took)
        if self.answer_time > self.rules.timeout_s:
            self._decay(took)
        self._noise, self.last_good = 0, asked
        self._asked, self._ticket, self.phase = None, None, IDLE
        ticket.open = False
        ticket.done(_outcome((OK, asked.unpack(data), 0, took, True, data)))
        if self.phase is IDLE and (self._urgent or self._queue):
            self._pump()

    def late_answer(self, age_s: float) -> None:
        """A numbered transport has dropped an answer that came after so many seconds (rule 4)."""
        self.heard_at = now = self._clock()
        self.stats.late += 1
        self._stretch(age_s, now)

    def foreign_answer(self) -> None:
        """A numbered transport has dropped an answer to a question of somebody else."""
        self.heard_at = self._clock()
        self.stats.foreign += 1

    def tick(self) -> None:
        """The timer: a deadline of any kind may have passed."""
        now, self._armed = self._clock(), 0.0
        if self.phase in (OFFLINE, IDLE):
            return
        if now < self._due:
            self._wake_at(self._due)
        elif self.phase is SETTLING:
            self.phase = IDLE
            self._pump()
        elif self.phase is GAP:
            self._put()
        else:
            self._scanning = True
            try:
                self._timed_out(now)
            finally:
                self._go_on()

    # --- request side ---

    def submit(self, request: Request, done: Done, *, urgent: bool = False) -> Ticket:
        """Queue a request; ``done`` is called once, also when the line is offline (then at once)."""
        ticket = Ticket(request, done)
        if self._wire is None:
            self._close(ticket, Outcome(Status.OFFLINE))
            return ticket
        if self.phase is not IDLE or self._queue or self._urgent or self._pumping or self._scanning:
            (self._urgent if urgent else self._queue).append(ticket)
        elif self._outstanding or self.rules.gap_s:
            self._queue.append(ticket)
            self._pump()
        else:
            self._begin(ticket, request)
        return ticket

    def cancel(self, ticket: Ticket) -> bool:
        """Take a request back: True if its bytes were never sent (then it ends EXPIRED), else False."""
        if ticket.sent or not ticket.open:
            return False
        if ticket is self._ticket:
            self._forget_asked()
            self._end(Outcome(Status.EXPIRED))
        else:
            (self._urgent if ticket in self._urgent else self._queue).remove(ticket)
            self._close(ticket, Outcome(Status.EXPIRED))
        self._pump()
        return True

    @property
    def queued(self) -> int:
        return len(self._queue) + len(self._urgent)

    # --- sending ---

    def _pump(self) -> None:
        """Start the next request when nothing is in flight; a loop, so that callbacks can't nest deep."""
        if self._pumping or self._scanning:
            return
        self._pumping = True
        try:
            while self.phase is IDLE and (self._urgent or self._queue):
                self._ticket = (self._urgent or self._queue).pop(0)
                self._tries, self._late_seen, self._fence = 0, False, None
                self._advance()
        finally:
            self._pumping = False

    def _begin(self, ticket: Ticket, request: Request) -> None:
        """`_pump` and `_advance` for a line on which nothing is outstanding and no silence is kept."""
        self._ticket, self._asked, self._unit_bytes = ticket, request, request.unit_bytes
        self._tries, self._late_seen, self._fence = 0, False, None
        self._put()

    def _advance(self) -> None:
        """Send the request, or a fence where its head is still outstanding."""
        ticket = self._ticket
        assert ticket
        if not self._is_blocked(ticket.request):
            self._transmit(ticket.request)
            return
        fence = self._free_fence(ticket.request)
        if fence is None or self._tries == FENCE_TRIES:
            self._give_up()
            return
        self._tries += 1
        self.stats.fences += 1
        self._transmit(fence)

    def _is_blocked(self, request: Request) -> bool:
        if not self._outstanding:
            return False
        self._outstanding.expire(self._clock())
        return request.head in self._outstanding

    def _free_fence(self, request: Request) -> Request | None:
        code = 3 if request.is_write else request.code
        step = 8 if code in (1, 2) else 1
        for size in (1, 2, 3):
            count = (size - 1) * step + 1
            if request.addr + count > 0x10000:
                return None
            fence = Request(request.unit, code, request.addr, count, unit_bytes=request.unit_bytes)
            if fence.head != request.head and fence.head not in self._outstanding:
                return fence
        return None

    def _give_up(self) -> None:
        """Late answers came during the fences: the stream lags, a new connection helps. None came: a silent unit."""
        if not self._late_seen:
            self._end(Outcome(Status.TIMEOUT))
            return
        self.stats.out_of_step += 1
        wire = None if self.rules.gap_s else self._wire  # a serial bus can only wait the window out
        self._end(Outcome(Status.OUT_OF_STEP))
        if wire:
            wire.close()

    def _transmit(self, request: Request) -> None:
        self._asked, self._unit_bytes = request, request.unit_bytes
        gap = self.rules.gap_s
        if gap and self._clock() < self._quiet_at + gap:
            self.phase, self._due = GAP, self._quiet_at + gap
            self._wake_at(self._due)
        else:
            self._put()

    def _put(self) -> None:
        asked, ticket, wire, now = self._asked, self._ticket, self._wire, self._clock()
        assert asked and ticket and wire
        if self.rules.gap_s and now < self._quiet_at + self.rules.gap_s:
            self._transmit(asked)  # bytes came during the silence: it begins anew
            return
        if self.may_send is not None and not self.may_send():
            self._forget_asked()
            self._end(Outcome(Status.EXPIRED, sent=ticket.sent))
            return
        if asked is ticket.request:
            ticket.sent = True
        self._mark = len(self._part)
        self._echo_due = self._echoing and asked.code == 6
        self._sent_at = now
        self.phase, self._due = WAITING, now + self.answer_time
        self._wake_at(self._due)
        wire.write(asked.frame)

    def _wake_at(self, due: float) -> None:
        if not 0.0 < self._armed <= due:  # else it is called earlier, sees that it is too early and comes back here
            self._armed = due
            self._timer.arm(due)

    # --- receiving ---

    def _go_on(self) -> None:
        """After a step: call back and send. Nothing was sent while older bytes were still being looked at."""
        self._scanning = False
        while self._deferred:
            done, outcome = self._deferred.pop(0)
            done(outcome)
        if self.phase is IDLE:
            if self._ticket:
                self._advance()
            if self._urgent or self._queue:
                self._pump()

    def _scan(self, data: bytes, now: float) -> None:
        buffer = self._part + data
        if len(buffer) > BUFFER_LIMIT:
            self._skipped(buffer[:-BUFFER_LIMIT])
            self._mark = max(0, self._mark - (len(buffer) - BUFFER_LIMIT))
            buffer = buffer[-BUFFER_LIMIT:]
        start = at = 0
        while at + 5 <= len(buffer):
            found = answer_at(buffer, at, self._unit_bytes)
            if found is None or self._is_interrupted(buffer, at, at + found[1]):
                at += 1
                continue
            head, size = found
            self._skipped(buffer[start:at])
            self._judge(head, buffer[at : at + size], now, fresh=at >= self._mark)
            start = at = at + size
        self._part, self._mark = buffer[start:], max(0, self._mark - start)
        self._drop_lone_heartbeat()
        if self._noise > self.rules.flood_bytes and self._wire:
            self._noise = 0
            self.stats.floods += 1
            self._wire.close()

    def _is_interrupted(self, buffer: bytes, at: int, end: int) -> bool:
        """A heartbeat inside a frame and more bytes behind it: the frame is longer than it looks, its CRC a coincidence
        (one in 65,536). Seen in the fuzz, seed 447.
        """
        return end < len(buffer) and any(literal in buffer[at:end] for literal in self.heartbeats)

    def _judge(self, head: bytes, frame: bytes, now: float, *, fresh: bool) -> None:
        """A well-formed frame: the answer, a late one, or somebody else's."""
        if self.phase is WAITING and fresh and self._answers(head):
            if self._echo_due:
                self._echo_due = False
                self.stats.echoes += 1
            else:
                self._accept(frame, now)
            return
        late = self._outstanding.matching(head, now)
        if late:
            self._late(late, now)
        elif self.rules.numbered:
            self.late_answer(now - self._sent_at)  # of the last request, which has timed out
        else:
            self.stats.foreign += 1

    def _answers(self, head: bytes) -> bool:
        asked = self._asked
        assert asked
        if head == asked.head:  # which fixes the length as well
            return True
        return head == asked.exception_head and self._outstanding.matching(head, self._clock()) is None

    def _late(self, late: Unanswered, now: float) -> None:
        self._outstanding.forget(late)
        self.stats.late += 1
        ticket = self._ticket
        self._late_seen = self._late_seen or (ticket is not None and ticket.request.unit == late.request.unit)
        self._stretch(now - late.sent_at, now)

    def _stretch(self, age_s: float, now: float) -> None:
        self.answer_time = min(self.rules.ceiling_s, max(self.answer_time, 1.5 * age_s))
        if self.phase is WAITING:
            self._due = max(self._due, now + self.answer_time)
            self._wake_at(self._due)

    def _accept(self, frame: bytes, now: float) -> None:
        asked, ticket = self._asked, self._ticket
        assert asked and ticket
        took = now - self._sent_at
        self._part, self._noise = b"", 0
        if self._outstanding:
            self._outstanding.unit_is_in_step(asked.unit)
        stats = self.stats
        stats.took(took)
        if self.answer_time > self.rules.timeout_s:
            self._decay(took)
        self._asked, self.phase = None, IDLE
        code = asked.exception_in(frame)
        if asked is not ticket.request:
            self._fence = None if code else (asked, asked.registers(frame))
            return  # a fence: _go_on sends the request behind it
        if self._fence and not code and self._contradicts_fence(asked, frame):
            stats.out_of_step += 1
            for request in (asked, self._fence[0]):  # both may still be answered
                self._remember(request, now)
            self._end(Outcome(Status.OUT_OF_STEP, took_s=took, sent=True))
        elif code:
            stats.refused += 1
            self._end(Outcome(REFUSED, (), code, took, True, frame))
        else:
            stats.ok += 1
            if asked.code < 5:
                self.last_good = asked
            self._end(Outcome(OK, asked.registers(frame), 0, took, True, frame))

    def _contradicts_fence(self, asked: Request, frame: bytes) -> bool:
        """The fence read the same address a moment ago. Other values now mean that one of the two answers was an
        older one in disguise (a board that answers both late and too short), or a value that just changed."""
        if self._fence is None or asked.is_write:
            return False
        return any(a != b for a, b in zip(self._fence[1], asked.registers(frame), strict=False))

    def _decay(self, took: float) -> None:
        self.answer_time = max(self.rules.timeout_s, min(self.answer_time, max(0.9 * self.answer_time, 3 * took)))

    # --- endings ---

    def _timed_out(self, now: float) -> None:
        asked, ticket = self._asked, self._ticket
        assert asked and ticket
        took = now - self._sent_at
        self.stats.timeouts += 1
        self.stats.busy_s += took
        self.stats.crc_errors += self._holds_damaged_answer(asked)
        self._remember(asked, now)
        self._forget_asked()
        if asked is ticket.request:
            self._end(Outcome(Status.TIMEOUT, took_s=took, sent=True))

    def _remember(self, request: Request, now: float) -> None:
        if not self.rules.numbered:
            self._outstanding.remember(request, self._sent_at, now)

    def _holds_damaged_answer(self, asked: Request) -> bool:
        at = self._part.find(asked.head, self._mark)
        return at >= 0 and len(self._part) - at >= asked.answer_size

    def _forget_asked(self) -> None:
        self._asked = None
        self.phase = IDLE

    def _end(self, outcome: Outcome) -> None:
        ticket, self._ticket = self._ticket, None
        assert ticket
        if self._wire is not None:
            self.phase = IDLE
        if ticket.open and self._scanning:  # `_close`, without the call
            ticket.open = False
            self._deferred.append((ticket.done, outcome))
        else:
            self._close(ticket, outcome)

    def _close(self, ticket: Ticket, outcome: Outcome) -> None:
        if not ticket.open:
            return
        ticket.open = False
        if self._scanning:
            self._deferred.append((ticket.done, outcome))
        else:
            ticket.done(outcome)

    # --- bytes that are no frame ---

    def _skipped(self, data: bytes) -> None:
        if not data:
            return
        self.stats.skipped_bytes += len(data)
        self._noise += len(data)
        for literal in self.heartbeats:
            self.stats.heartbeats += data.count(literal)
        if self.phase is WAITING and self._asked and not self._asked.is_write and self._asked.frame in data:
            self._echoing = True
            self.stats.echoes += 1

    def _drop_lone_heartbeat(self) -> None:
        """A heartbeat alone in the buffer is done with, unless an answer may begin with the same bytes."""
        if self._part not in self.heartbeats or (self._asked and self._asked.head.startswith(self._part)):
            return
        self.stats.heartbeats += 1
        answer = dict(self.heartbeat_answers).get(self._part)
        if answer and self._wire and self.phase is not WAITING:
            self._wire.write(answer)
        self._part, self._mark = b"", 0


class NoTimer:
    """For a line whose owner calls `tick` itself."""

    __slots__ = ()

    def arm(self, due: float) -> None:
        return
