"""Where DTUs dial in: registration within a deadline and 64 bytes, caps per address, one line per id.

A second connection with the id of a live one is settled by asking the old one (a fence read): it answers ->
the new one is refused and counted as a duplicate id; it is silent -> it was half-open, and is replaced.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from devices.hub.config import HubConfig, split_address
from devices.hub.lines import BadLine, Line, Lines
from devices.line.rules import Outcome, Status
from devices.line.transports import ByteProtocol, StreamWire
from devices.protocol.frames import Request
from devices.protocol.registration import Registered, Rejected, recognise


class Door:
    """The listening side. ``counters`` tells what was turned away and why."""

    def __init__(self, config: HubConfig, lines: Lines) -> None:
        self.config, self.lines = config, lines
        self.counters: Counter[str] = Counter()
        self.pending: Counter[str] = Counter()
        self.open: Counter[str] = Counter()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen; returns the port. OSError when the address is taken."""
        host, port = split_address(self.config.listen)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Visitor(self), host, port, backlog=1024)
        return int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        if self._server:
            self._server.close()

    def may_enter(self, address: str) -> bool:
        full = (
            self.pending.total() >= self.config.max_pending
            or self.pending[address] >= self.config.max_pending_per_address
            or self.open[address] >= self.config.max_lines_per_address
        )
        if full:
            self.counters["refused_cap"] += 1
        return not full

    def line_for(self, dtu_id: str) -> Line | None:
        """The line of an id; None when there are too many unclaimed or too many lines."""
        name = f"dtu:{dtu_id}"
        line = self.lines.by_name.get(name)
        if line:
            return line
        if self.lines.unclaimed >= self.config.max_unclaimed:
            self.lines.forget_an_unclaimed()
        try:
            return self.lines.add(name) if self.lines.unclaimed < self.config.max_unclaimed else None
        except BadLine:
            return None


class Visitor(ByteProtocol):
    """One accepted connection: unregistered, then fencing a namesake or attached to its line."""

    def __init__(self, door: Door) -> None:
        super().__init__(self._register, self._left)
        self.door, self.address, self.line = door, "", None
        self._bytes = b""
        self._counted: Counter[str] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._fencing = False

    line: Line | None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername") or ("?", 0)
        self.address, self.remote = str(peer[0]), f"{peer[0]}:{peer[1]}"
        if not self.door.may_enter(self.address):
            self._turn_away("")
            return
        self._count(self.door.pending)
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self.door.config.register_s, self._turn_away, "register_timeout")

    def _count(self, counter: Counter[str] | None) -> None:
        if self._counted is not None:
            self._counted[self.address] -= 1
            if not self._counted[self.address]:
                del self._counted[self.address]
        self._counted = counter
        if counter is not None:
            counter[self.address] += 1

    def _turn_away(self, why: str) -> None:
        if why:
            self.door.counters[why] += 1
            self.door.config.log("dtu_turned_away", {"why": why, "remote": self.remote})
        if self.transport:
            self.transport.abort()

    # --- registration ---

    def _register(self, data: bytes) -> None:
        self._bytes += data
        config = self.door.config
        seen = recognise(self._bytes, config.dialects, config.heartbeats)
        if isinstance(seen, Rejected):
            self._turn_away("bad_registration")
        elif isinstance(seen, Registered):
            self._registered(seen)

    def _registered(self, seen: Registered) -> None:
        assert self._deadline
        self._deadline.cancel()
        self.receive = lambda data: None  # until attached nothing counts
        self._bytes = b""
        line = self.door.line_for(seen.dtu_id)
        if line is None:
            self._turn_away("too_many_lines")
            return
        # The packet may come again in mid-stream, or before every packet: then it is a heartbeat.
        if seen.packet not in line.bus.heartbeats:
            line.bus.heartbeats = (*self.door.config.heartbeats, seen.packet)
        if line.bus.connected:
            self._fence(line)
        else:
            self._attach(line)

    # --- duplicate ids ---

    def _fence(self, line: Line) -> None:
        """Ask the old connection something it has answered before; silence means half-open."""
        self._fencing = True
        known = line.bus.last_good
        if known is None:
            self._judged(line, Outcome(Status.TIMEOUT))
            return
        probe = Request(known.unit, known.code, known.addr, known.count)
        loop = asyncio.get_running_loop()
        ticket = line.bus.submit(probe, lambda outcome: self._judged(line, outcome), urgent=True)
        loop.call_later(self.door.config.fence_s, self._fence_over, line, ticket)

    def _fence_over(self, line: Line, ticket: object) -> None:
        self._judged(line, Outcome(Status.TIMEOUT))

    def _judged(self, line: Line, outcome: Outcome) -> None:
        if not self._fencing:
            return
        self._fencing = False
        if outcome.status in (Status.OK, Status.REFUSED):
            line.duplicates += 1
            self.door.config.log("duplicate_dtu_id", {"line": line.name, "remote": self.remote, "old": line.remote})
            self._turn_away("duplicate_id")
            return
        self.door.counters["replaced_half_open"] += 1
        self.door.config.log("dtu_replaced", {"line": line.name, "remote": self.remote, "old": line.remote})
        line.bus.drop()
        # The old transport tells its line when the loop comes round; only then is the line free.
        asyncio.get_running_loop().call_soon(self._attach_later, line)

    def _attach_later(self, line: Line) -> None:
        if line.bus.connected:
            asyncio.get_running_loop().call_soon(self._attach_later, line)
        else:
            self._attach(line)

    # --- attached ---

    def _attach(self, line: Line) -> None:
        if self.transport is None:
            return
        self._count(self.door.open)
        self.line, self.receive = line, line.bus.received
        line.remote, line.connected_at = self.remote, time.time()
        self.door.counters["registered"] += 1
        self.door.config.log("dtu_registered", {"line": line.name, "remote": self.remote, "claimed": line.claimed})
        line.bus.attach(StreamWire(self.transport))

    def _left(self) -> None:
        self._fencing = False
        self._count(None)
        if self._deadline:
            self._deadline.cancel()
        if self.line:
            line, self.line = self.line, None
            line.bus.detach()
            self.door.config.log("dtu_gone", {"line": line.name, "remote": self.remote})
