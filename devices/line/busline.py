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
4. A late answer stretches the answer time of the line, also for the request now waiting.
5. After connect the line settles: replayed bytes are drained before the first request.
6. Serial: a silence before each request.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
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


class Ticket:
    """A submitted request; `BusLine.cancel` takes it back while its bytes haven't been sent."""

    __slots__ = ("done", "open", "request", "sent")

    def __init__(self, request: Request, done: Callable[[Outcome], None]) -> None:
        self.request, self.done, self.sent, self.open = request, done, False, True


class BusLine:
    """The state machine of one line. Not thread-safe: one event loop owns it."""

    def __init__(
        self,
        clock: Callable[[], float],
        timer: Callable[[BusLine], Timer],
        rules: LineRules | None = None,
        heartbeats: tuple[bytes, ...] = (),
    ) -> None:
        self.rules = rules or LineRules()
        self.stats = LineStats()
        self.heartbeats = heartbeats
        self.phase = Phase.OFFLINE
        self.answer_time = self.rules.timeout_s
        self.heard_at = clock()
        self.last_good: Request | None = None
        self._clock, self._timer = clock, timer(self)
        self._wire: Wire | None = None
        self._queue: deque[Ticket] = deque()
        self._urgent: deque[Ticket] = deque()
        self._ticket: Ticket | None = None
        self._asked: Request | None = None
        self._outstanding = Outstanding(self.rules.late_s)
        self._part = b""
        self._mark = 0  # bytes of _part that came before the request in flight was sent
        self._sent_at = self._due = self._quiet_at = 0.0
        self._noise = self._tries = 0
        self._late_seen = self._echoing = self._echo_due = False
        self._fence: tuple[Request, tuple[int, ...]] | None = None  # answered, with what it read
        self._deferred: list[Callable[[], None]] = []
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
        self.phase, self._due = Phase.SETTLING, self._clock() + self.rules.settle_s
        self._timer.arm(self._due)

    def detach(self) -> None:
        """The transport is gone: what waits is told so. What may still be answered stays known."""
        if self.phase is Phase.WAITING and self._asked:
            self._outstanding.remember(self._asked, self._sent_at, self._clock())
        self._wire, self._asked, self.phase, self._part = None, None, Phase.OFFLINE, b""
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
        if self.phase is Phase.SETTLING and now < self._due:
            self.stats.drained_bytes += len(data)
            return
        if self._is_whole_answer(data):
            self._run(lambda: self._accept(data))
        else:
            self._run(lambda: self._scan(data))

    def tick(self) -> None:
        """The timer: a deadline of any kind may have passed."""
        now = self._clock()
        if self.phase in (Phase.OFFLINE, Phase.IDLE):
            return
        if now < self._due:
            self._timer.arm(self._due)
        elif self.phase is Phase.SETTLING:
            self.phase = Phase.IDLE
            self._pump()
        elif self.phase is Phase.GAP:
            self._put()
        else:
            self._run(self._timed_out)

    # --- request side ---

    def submit(self, request: Request, done: Callable[[Outcome], None], *, urgent: bool = False) -> Ticket:
        """Queue a request; ``done`` is called once, also when the line is offline (then at once)."""
        ticket = Ticket(request, done)
        if self._wire is None:
            self._close(ticket, Outcome(Status.OFFLINE))
            return ticket
        (self._urgent if urgent else self._queue).append(ticket)
        self._pump()
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
            while self.phase is Phase.IDLE and (self._urgent or self._queue):
                self._ticket = (self._urgent or self._queue).popleft()
                self._tries, self._late_seen, self._fence = 0, False, None
                self._advance()
        finally:
            self._pumping = False

    def _advance(self) -> None:
        """Send the request, or a fence where its head is still outstanding."""
        ticket = self._ticket
        assert ticket
        self._outstanding.expire(self._clock())
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
        return request.head in self._outstanding

    def _free_fence(self, request: Request) -> Request | None:
        code = 3 if request.is_write else request.code
        step = 8 if code in (1, 2) else 1
        for size in (1, 2, 3):
            count = (size - 1) * step + 1
            if request.addr + count > 0x10000:
                return None
            fence = Request(request.unit, code, request.addr, count)
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
        self._asked = request
        ready = self._quiet_at + self.rules.gap_s
        if self.rules.gap_s and self._clock() < ready:
            self.phase, self._due = Phase.GAP, ready
            self._timer.arm(ready)
        else:
            self._put()

    def _put(self) -> None:
        assert self._asked and self._ticket and self._wire
        if self.rules.gap_s and self._clock() < self._quiet_at + self.rules.gap_s:
            self._transmit(self._asked)  # bytes came during the silence: it begins anew
            return
        self._ticket.sent = self._ticket.sent or self._asked is self._ticket.request
        self._mark = len(self._part)
        self._echo_due = self._echoing and self._asked.code == 6
        self._sent_at = self._clock()
        self.phase, self._due = Phase.WAITING, self._sent_at + self.answer_time
        self._timer.arm(self._due)
        self._wire.write(self._asked.frame)

    # --- receiving ---

    def _run(self, step: Callable[[], None]) -> None:
        """Do a step, then call back and send: nothing is sent while older bytes are still being looked at."""
        self._scanning = True
        try:
            step()
        finally:
            self._scanning = False
        deferred, self._deferred = self._deferred, []
        for call in deferred:
            call()
        if self.phase is Phase.IDLE and self._ticket:
            self._advance()
        self._pump()

    def _is_whole_answer(self, data: bytes) -> bool:
        """The usual case: exactly the wanted answer in one segment."""
        asked = self._asked
        if self.phase is not Phase.WAITING or self._part or asked is None or self._echo_due:
            return False
        return len(data) == asked.answer_size and data.startswith(asked.head) and not crc16(data)

    def _scan(self, data: bytes) -> None:
        buffer = self._part + data
        if len(buffer) > BUFFER_LIMIT:
            self._skipped(buffer[:-BUFFER_LIMIT])
            self._mark = max(0, self._mark - (len(buffer) - BUFFER_LIMIT))
            buffer = buffer[-BUFFER_LIMIT:]
        start = at = 0
        while at + 5 <= len(buffer):
            found = answer_at(buffer, at)
            if found is None:
                at += 1
                continue
            head, size = found
            self._skipped(buffer[start:at])
            self._judge(head, buffer[at : at + size], fresh=at >= self._mark)
            start = at = at + size
        self._part, self._mark = buffer[start:], max(0, self._mark - start)
        self._drop_lone_heartbeat()
        if self._noise > self.rules.flood_bytes and self._wire:
            self._noise = 0
            self.stats.floods += 1
            self._wire.close()

    def _judge(self, head: bytes, frame: bytes, *, fresh: bool) -> None:
        """A well-formed frame: the answer, a late one, or somebody else's."""
        if self.phase is Phase.WAITING and fresh and self._answers(head):
            if self._echo_due:
                self._echo_due = False
                self.stats.echoes += 1
            else:
                self._accept(frame)
            return
        late = self._outstanding.matching(head, self._clock())
        if late:
            self._late(late)
        else:
            self.stats.foreign += 1

    def _answers(self, head: bytes) -> bool:
        asked = self._asked
        assert asked
        if head == asked.head:  # which fixes the length as well
            return True
        return head == asked.exception_head and self._outstanding.matching(head, self._clock()) is None

    def _late(self, late: Unanswered) -> None:
        self._outstanding.forget(late)
        self.stats.late += 1
        ticket, now = self._ticket, self._clock()
        self._late_seen = self._late_seen or (ticket is not None and ticket.request.unit == late.request.unit)
        stretched = max(self.answer_time, 1.5 * (now - late.sent_at))
        self.answer_time = min(self.rules.ceiling_s, stretched)
        if self.phase is Phase.WAITING:
            self._due = max(self._due, now + self.answer_time)
            self._timer.arm(self._due)

    def _accept(self, frame: bytes) -> None:
        asked, ticket = self._asked, self._ticket
        assert asked and ticket
        took = self._clock() - self._sent_at
        self._part, self._noise = b"", 0
        self._outstanding.unit_is_in_step(asked.unit)
        self._decay(took)
        self._forget_asked()
        if asked is not ticket.request:
            self._fence = None if frame[1] & 0x80 else (asked, asked.registers(frame))
            return  # a fence: _run goes on with the request behind it
        if self._contradicts_fence(asked, frame):
            self.stats.out_of_step += 1
            assert self._fence
            for request in (asked, self._fence[0]):  # both may still be answered
                self._outstanding.remember(request, self._sent_at, self._clock())
            self._end(Outcome(Status.OUT_OF_STEP, took_s=took, sent=True))
            return
        if frame[1] & 0x80:
            self.stats.refused += 1
            self._end(Outcome(Status.REFUSED, code=frame[2], took_s=took, sent=True, answer=frame))
        else:
            self.stats.ok += 1
            self.last_good = asked if not asked.is_write else self.last_good
            registers = asked.registers(frame)
            self._end(Outcome(Status.OK, registers, took_s=took, sent=True, answer=frame))

    def _contradicts_fence(self, asked: Request, frame: bytes) -> bool:
        """The fence read the same address a moment ago. Other values now mean that one of the two answers was an
        older one in disguise (a board that answers both late and too short), or a value that just changed."""
        if self._fence is None or asked.is_write or frame[1] & 0x80:
            return False
        return any(a != b for a, b in zip(self._fence[1], asked.registers(frame), strict=False))

    def _decay(self, took: float) -> None:
        self.stats.rtts.append(took)
        if self.answer_time > self.rules.timeout_s:
            self.answer_time = max(self.rules.timeout_s, min(self.answer_time, max(0.9 * self.answer_time, 3 * took)))

    # --- endings ---

    def _timed_out(self) -> None:
        asked, ticket = self._asked, self._ticket
        assert asked and ticket
        self.stats.timeouts += 1
        self.stats.crc_errors += self._holds_damaged_answer(asked)
        self._outstanding.remember(asked, self._sent_at, self._clock())
        self._forget_asked()
        if asked is ticket.request:
            self._end(Outcome(Status.TIMEOUT, took_s=self._clock() - self._sent_at, sent=True))

    def _holds_damaged_answer(self, asked: Request) -> bool:
        at = self._part.find(asked.head, self._mark)
        return at >= 0 and len(self._part) - at >= asked.answer_size

    def _forget_asked(self) -> None:
        self._asked = None
        self.phase = Phase.IDLE

    def _end(self, outcome: Outcome) -> None:
        ticket, self._ticket = self._ticket, None
        assert ticket
        if self._wire is not None:
            self.phase = Phase.IDLE
        self._close(ticket, outcome)

    def _close(self, ticket: Ticket, outcome: Outcome) -> None:
        if not ticket.open:
            return
        ticket.open = False
        if self._scanning:
            self._deferred.append(lambda: ticket.done(outcome))
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
        if self.phase is Phase.WAITING and self._asked and not self._asked.is_write and self._asked.frame in data:
            self._echoing = True
            self.stats.echoes += 1

    def _drop_lone_heartbeat(self) -> None:
        """A heartbeat alone in the buffer is done with, unless an answer may begin with the same bytes."""
        if self._part not in self.heartbeats or (self._asked and self._asked.head.startswith(self._part)):
            return
        self.stats.heartbeats += 1
        self._part, self._mark = b"", 0
