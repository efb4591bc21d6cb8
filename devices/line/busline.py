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

A line without troubles takes a short cut through the rules (`submit`, `received`): while nothing is outstanding and no
byte lies about, exactly the wanted answer in one piece is the answer. Everything else goes the long way.
"""

from __future__ import annotations

from devices.line.linestate import GAP, IDLE, OFFLINE, SETTLING, WAITING, LineState
from devices.line.outstanding import Unanswered
from devices.line.rules import Outcome, Status
from devices.line.scanning import LIMIT, contradicts, frames_in, holds_damaged_answer
from devices.line.tickets import Done, Ticket, Wire, ticket_for
from devices.protocol.frames import Request

FENCE_TRIES = 2
OK = Status.OK
_new = tuple.__new__  # a third of the time of calling Outcome


class BusLine(LineState):
    """The state machine of one line. Not thread-safe: one event loop owns it."""

    __slots__ = ()

    # --- transport side ---

    def attach(self, wire: Wire) -> None:
        """A transport is there; requests wait until the line has settled."""
        self._wire, self._part, self._noise = wire, b"", 0
        self.stats.connects += 1
        self.heard_at = self._clock()
        self.phase, self._due = SETTLING, self._clock() + self.rules.settle_s
        self._wake_at(self._due)

    def detach(self) -> None:
        """The transport is gone: what waits is told so. What may still be answered stays known."""
        self._leave_unanswered(self._clock())
        self._wire, self._read, self.phase, self._part = None, None, OFFLINE, b""
        ticket, self._ticket = self._ticket, None
        for one in ([ticket] if ticket else []) + self._queue.empty():
            self._close(one, Outcome(Status.OFFLINE, sent=one.sent))

    def drop(self) -> None:
        """Close the connection, if there is one; its transport then calls `detach`."""
        if self._wire is not None:
            self._wire.close()

    def received(self, data: bytes) -> None:
        """Bytes from the wire, any cut."""
        clock = self._clock
        now = self.heard_at = clock()
        read = self._read
        registers = read(data) if read is not None else None
        if registers is None:
            self._look_at(data, now)
            return
        ticket, stats, took = self._ticket, self.stats, now - self._sent_at
        assert ticket
        stats.ok += 1
        stats.took(took)
        if self.answer_time > self.rules.timeout_s:
            self._decay(took)
        self._noise, self.last_good = 0, self._asked
        self._read, self._ticket, self.phase = None, None, IDLE
        ticket.open, done = False, ticket.done
        done(_new(Outcome, (OK, registers, 0, took, True, data)))
        if self._queue.waiting:
            self._pump()

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
        plain, wire, may_send = request.plain, self._wire, self.may_send
        if (
            self.phase is not IDLE or plain is None or wire is None or self._scanning or self._pumping or self._part
            or self._queue.waiting or self._outstanding.by_head or self.rules.gap_s
            or (may_send is not None and not may_send())
        ):  # fmt: skip
            return self._enqueue(ticket_for(request, done), urgent)
        # As `_put` does, without its questions.
        ticket = Ticket()
        ticket.request, ticket.done, ticket.sent, ticket.open = request, done, True, True
        self._ticket, self._asked, self._read = ticket, request, plain.read
        self._mark, self.phase, clock = 0, WAITING, self._clock
        now = self._sent_at = clock()
        due = self._due = now + self.answer_time
        if not 0.0 < self._armed <= due:
            self._wake_at(due)
        wire.write(plain.frame)
        return ticket

    def cancel(self, ticket: Ticket) -> bool:
        """Take a request back: True if its bytes were never sent (then it ends EXPIRED), else False."""
        if ticket.sent or not ticket.open:
            return False
        if ticket is self._ticket:
            self._leave_unanswered(self._clock())  # a fence may be under way for it
            self._end(Outcome(Status.EXPIRED))
        else:
            self._queue.remove(ticket)
            self._close(ticket, Outcome(Status.EXPIRED))
        self._pump()
        return True

    # --- sending ---

    def _enqueue(self, ticket: Ticket, urgent: bool) -> Ticket:
        if self._wire is None:
            self._close(ticket, Outcome(Status.OFFLINE))
        else:
            self._queue.put(ticket, urgent=urgent)
            self._pump()
        return ticket

    def _pump(self) -> None:
        """Start the next request when nothing is in flight; a loop, so that callbacks can't nest deep."""
        if self._pumping or self._scanning:
            return
        self._pumping = True
        try:
            while self.phase is IDLE and self._queue.waiting:
                self._ticket = self._queue.next()
                self._advance()
        finally:
            self._pumping = False

    def _advance(self) -> None:
        """Send the request, or a fence where its head is still outstanding."""
        ticket = self._ticket
        assert ticket
        if not self._is_blocked(ticket.request):
            self._transmit(ticket.request)
            return
        fence = self._outstanding.free_fence(ticket.request)
        if fence is None or self._tries == FENCE_TRIES:
            self._give_up()
            return
        self._tries += 1
        self.stats.fences += 1
        self._transmit(fence)

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
        due = self.heard_at + self.rules.gap_s
        if self._clock() < due:
            self.phase, self._due = GAP, due
            self._wake_at(due)
        else:
            self._put()

    def _put(self) -> None:
        asked, ticket, wire, now = self._asked, self._ticket, self._wire, self._clock()
        assert asked and ticket and wire
        if now < self.heard_at + self.rules.gap_s:
            self._transmit(asked)  # bytes came during the silence: it begins anew
            return
        if self.may_send is not None and not self.may_send():
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

    # --- receiving, the long way ---

    def _look_at(self, data: bytes, now: float) -> None:
        if self.phase is SETTLING and now < self._due:
            self.stats.drained_bytes += len(data)
            return
        self._read = None
        self._scanning = True
        try:
            self._scan(data, now)
        finally:
            self._go_on()

    def _scan(self, data: bytes, now: float) -> None:
        buffer = self._part + data
        over = len(buffer) - LIMIT
        if over > 0:
            self._skipped(buffer[:over])
            self._mark, buffer = max(0, self._mark - over), buffer[over:]
        start, unit_bytes = 0, self._asked.unit_bytes if self._asked else 1
        for frame in frames_in(buffer, unit_bytes, self.heartbeats):
            self._skipped(buffer[start : frame.start])
            self._judge(frame.head, buffer[frame.start : frame.end], now, fresh=frame.start >= self._mark)
            start = frame.end
        self._part, self._mark = buffer[start:], max(0, self._mark - start)
        self._drop_lone_heartbeat()
        self._close_a_flood()

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

    def _accept(self, frame: bytes, now: float) -> None:
        """The answer to what was asked: of the fence, or the end of the request."""
        asked, ticket, took = self._asked, self._ticket, now - self._sent_at
        assert asked and ticket
        self._noise, self.phase = 0, IDLE
        self._outstanding.unit_is_in_step(asked.unit)
        self.stats.took(took)
        if self.answer_time > self.rules.timeout_s:
            self._decay(took)
        code = asked.exception_in(frame)
        registers = () if code else asked.registers(frame)
        if asked is not ticket.request:
            self._fence = None if code else (asked, registers)  # _go_on sends the request behind it
        elif code:
            self.stats.refused += 1
            self._end(Outcome(Status.REFUSED, (), code, took, True, frame))
        elif self._fence and contradicts(self._fence[1], registers):
            self.stats.out_of_step += 1
            for request in (asked, self._fence[0]):  # both may still be answered
                self._remember(request, now)
            self._end(Outcome(Status.OUT_OF_STEP, took_s=took, sent=True))
        else:
            self.stats.ok += 1
            if not asked.is_write:
                self.last_good = asked
            self._end(Outcome(OK, registers, 0, took, True, frame))

    # --- endings ---

    def _go_on(self) -> None:
        """After a step: call back and send. Nothing was sent while older bytes were still being looked at."""
        self._scanning = False
        while self._deferred:
            done, outcome = self._deferred.pop(0)
            done(outcome)
        if self.phase is IDLE:
            if self._ticket:
                self._advance()
            self._pump()

    def _timed_out(self, now: float) -> None:
        asked, ticket = self._asked, self._ticket
        assert asked and ticket
        took = now - self._sent_at
        self.stats.timeouts += 1
        self.stats.busy_s += took
        self.stats.crc_errors += holds_damaged_answer(self._part, self._mark, asked)
        self._leave_unanswered(now)
        if asked is ticket.request:
            self._end(Outcome(Status.TIMEOUT, took_s=took, sent=True))

    def _end(self, outcome: Outcome) -> None:
        ticket, self._ticket = self._ticket, None
        assert ticket
        self._read, self._fence, self._tries = None, None, 0
        self._late_seen = self._echo_due = False
        if self._wire is not None:
            self.phase = IDLE
        self._close(ticket, outcome)
