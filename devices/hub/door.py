"""Where DTUs dial in: registration within a deadline and 64 bytes, caps per address, one line per id.

A second connection with the id of a live one is settled by asking the old one (a fence read): it answers ->
the new one is refused and counted as a duplicate id; it is silent -> it was half-open, and is replaced.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from typing import Any

from devices.hub.config import HubConfig, split_address
from devices.hub.lines import BadLine, Line, Lines
from devices.hub.naming import hub_of
from devices.line.rules import Outcome, Status
from devices.line.tickets import Wire
from devices.protocol import ddp
from devices.protocol.frames import Request
from devices.protocol.registration import Registered, Rejected, recognise

AT_ONCE = 256


class Door:
    """The listening side. ``counters`` tells what was turned away and why."""

    def __init__(self, config: HubConfig, lines: Lines) -> None:
        self.config, self.lines = config, lines
        self.counters: Counter[str] = Counter()
        self.pending: Counter[str] = Counter()
        self.open: Counter[str] = Counter()
        self._doors: list[socket.socket] = []

    async def start(self) -> int:
        """Listen; returns the port. OSError when the address is taken."""
        host, port = split_address(self.config.listen)
        loop = asyncio.get_running_loop()
        for family, _kind, _proto, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            door = socket.create_server(address[:2], family=family, backlog=4096)
            door.setblocking(False)
            self._doors.append(door)
            loop.add_reader(door.fileno(), self._knock, door)
            port = int(door.getsockname()[1])
            break
        return port

    def stop(self) -> None:
        for door in self._doors:
            asyncio.get_running_loop().remove_reader(door.fileno())
            door.close()
        self._doors.clear()

    def _knock(self, door: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                guest, address = door.accept()
            except (BlockingIOError, ConnectionError):
                return
            except OSError as exc:  # no file left: those inside matter more
                self.counters["refused_files"] += 1
                self.config.log("door_out_of_files", {"why": str(exc)})
                return
            Visitor(self, guest, address)

    def may_enter(self, address: str) -> bool:
        """Whether one more may wait here. How many lines an address may hold is asked when it has said whose it is:
        else a half-open line counts as one of them and bars its own return."""
        full = (
            self.pending.total() >= self.config.max_pending
            or self.pending[address] >= self.config.max_pending_per_address
        )
        if full:
            self.counters["refused_cap"] += 1
        return not full

    def is_full(self, address: str) -> bool:
        return self.open[address] >= self.config.max_lines_per_address

    def has_inside(self, dtu_id: str) -> bool:
        line = self.lines.by_name.get(f"dtu:{dtu_id}")
        return line is not None and line.bus.connected

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


class Visitor:
    """One accepted connection: unregistered, then fencing a namesake or attached to its line."""

    __slots__ = (
        "_bytes", "_counted", "_ddp", "_deadline", "_fencing", "address", "door", "line", "remote", "stream",
    )  # fmt: skip

    def __init__(self, door: Door, guest: socket.socket, address: tuple[Any, ...]) -> None:
        self.door, self.address, self.remote = door, str(address[0]), f"{address[0]}:{address[1]}"
        self.line: Line | None = None
        self._ddp: Enveloped | None = None
        self._bytes = b""
        self._counted: Counter[str] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._fencing = False
        self.stream = door.lines.reactor.add(guest, self._register, self._left)
        if not door.may_enter(self.address):
            self._turn_away("")
            return
        self._count(door.pending)
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(door.config.register_s, self._turn_away, "register_timeout")

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
        self.stream.close()

    # --- registration ---

    def _register(self, data: bytes) -> None:
        self._bytes += data
        config = self.door.config
        seen = recognise(self._bytes, config.manners.dialects, config.manners.heartbeats)
        if isinstance(seen, Rejected):
            self._turn_away("bad_registration")
        elif isinstance(seen, Registered):
            self._registered(seen)

    def _registered(self, seen: Registered) -> None:
        assert self._deadline
        self._deadline.cancel()
        self._deadline = None
        self.stream.receive = _unheard  # until attached nothing counts
        self._bytes = b""
        if not seen.knows(self.door.config.door_secret):
            self._turn_away("wrong_secret")
            return
        if hub_of(f"dtu:{seen.dtu_id}", self.door.config.hubs) != self.door.config.number:
            self._turn_away("other_hub")
            return
        if self.door.is_full(self.address) and not self.door.has_inside(seen.dtu_id):
            self._turn_away("refused_cap")
            return
        self._ddp = Enveloped(self, seen.dtu_id) if seen.framing == "ddp" else None
        line = self.door.line_for(seen.dtu_id)
        if line is None:
            self._turn_away("too_many_lines")
            return
        # The packet may come again in mid-stream, or before every packet: then it is a heartbeat.
        if seen.packet not in line.bus.heartbeats:
            line.bus.heartbeats = (*self.door.config.manners.heartbeats, seen.packet)
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
        probe = Request(known.unit, known.code, known.addr, known.count, unit_bytes=known.unit_bytes)
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
            line.duplicates, line.duplicate_at = line.duplicates + 1, self.door.lines.clock()
            self.door.config.log("duplicate_dtu_id", {"line": line.name, "remote": self.remote, "old": line.remote})
            self._turn_away("duplicate_id")
            return
        self.door.counters["replaced_half_open"] += 1
        self.door.config.log("dtu_replaced", {"line": line.name, "remote": self.remote, "old": line.remote})
        line.bus.drop()
        # The old transport tells its line when the loop comes round; only then is the line free.
        asyncio.get_running_loop().call_soon(self._after_the_old, line)

    def _after_the_old(self, line: Line) -> None:
        """Attached, unless another with the same id was quicker: then that one is asked in its turn."""
        if not line.bus.connected:
            self._attach(line)
        elif self.stream.open:
            self._fence(line)

    # --- attached ---

    def _attach(self, line: Line) -> None:
        if not self.stream.open:
            return
        if self.door.is_full(self.address):  # the one it replaced had come from elsewhere
            self._turn_away("refused_cap")
            return
        self._count(self.door.open)
        self.line, self.stream.receive = line, line.bus.received
        wire: Wire = self.stream
        if self._ddp:
            wire, self.stream.receive = self._ddp, self._ddp.received
            self._ddp.opened(line)
        line.opened(self.remote, time.time())
        self.door.counters["registered"] += 1
        self.door.config.log("dtu_registered", {"line": line.name, "remote": self.remote, "claimed": line.claimed})
        line.bus.attach(wire)

    def _left(self) -> None:
        self._fencing = False
        self._count(None)
        if self._deadline:
            self._deadline.cancel()
        if self.line:
            line, self.line = self.line, None
            line.bus.detach()
            self.door.config.log("dtu_gone", {"line": line.name, "remote": self.remote})


def _unheard(data: bytes) -> None:
    """For bytes that come before a connection counts."""


class Enveloped:
    """The wire of a unit that wraps every packet with its id (DDP). Its registration is its heartbeat too."""

    __slots__ = ("_dtu_id", "_line", "_stream", "_visitor")

    def __init__(self, visitor: Visitor, dtu_id: str) -> None:
        self._visitor, self._dtu_id, self._stream = visitor, dtu_id, ddp.Unwrapper()
        self._line: Line | None = None

    def opened(self, line: Line) -> None:
        self._line = line
        self._send(ddp.REGISTERED)

    def write(self, data: bytes) -> None:
        self._send(ddp.TO_UNIT, data)

    def close(self) -> None:
        self._visitor.stream.close()

    def received(self, data: bytes) -> None:
        assert self._line
        for kind, inner in self._stream.feed(data):
            if kind == ddp.DATA:
                self._line.bus.received(inner)
            elif kind == ddp.REGISTER:
                self._line.bus.stats.heartbeats += 1
                self._line.bus.heard_at = self._visitor.door.lines.clock()
                self._send(ddp.REGISTERED)

    def _send(self, kind: int, data: bytes = b"") -> None:
        self._visitor.stream.write(ddp.frame(kind, self._dtu_id, data))
