"""What the control side asks of the lines: sweeps (many reads), and single reads and writes.

A sweep runs every line at once and the blocks of one line in turn; no task per request. Each block gives
exactly one result, whatever happens to the line, the deadline or the unit.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from devices.hub.lines import BadLine, Line, Lines
from devices.line.rules import Outcome, Status
from devices.line.tickets import Ticket
from devices.protocol.frames import BadRequest, Block, Request, block_at

MAX_BLOCKS = 200_000
LATEST_MS = 600_000
# After so many silent blocks of a unit the rest of its blocks are left out: a dead unit must not cost the others.
MISSES = 2
SPARED = "spared"
OK = Status.OK


class BadAsk(ValueError):
    """A control request that makes no sense; the message says which entry and why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One entry of a sweep. ``number``: its place in the request; ``spare``: ask only if the line has time for it."""

    number: int
    unit: int
    requests: tuple[Request, ...]
    spare: bool


def parse_sweep(plans: Any, requests: Any) -> dict[str, list[Asked]]:
    """JSON of a sweep -> entries per line; BadAsk names the first entry that is wrong.

    ``plans``: lists of blocks [table, address, count]; ``requests``: [line, unit, number of the plan, bytes of the unit
    field, spare].
    """
    if not isinstance(requests, list) or not isinstance(plans, list):
        raise BadAsk("plans, requests: lists are wanted")
    blocks = [_plan(number, plan) for number, plan in enumerate(plans)]
    asked: dict[str, list[Asked]] = {}
    total = 0
    for number, entry in enumerate(requests):
        try:
            name, unit, plan, unit_bytes, spare = entry
            entry_of = Asked(number, unit, tuple(one.read(unit, unit_bytes) for one in blocks[plan]), bool(spare))
        except (IndexError, ValueError, TypeError) as exc:  # BadRequest is a ValueError
            raise BadAsk(f"requests[{number}]: {exc}") from exc
        total += len(entry_of.requests)
        if total > MAX_BLOCKS or not isinstance(name, str):
            raise BadAsk(f"requests[{number}]: more than {MAX_BLOCKS} blocks, or a line that is no text")
        asked.setdefault(name, []).append(entry_of)
    return asked


def parse_after(after: Any) -> dict[str, float]:
    """JSON object line -> milliseconds from the beginning of the sweep, as seconds; BadAsk for anything else."""
    if not isinstance(after, dict) or not all(type(ms) is int and 0 <= ms <= LATEST_MS for ms in after.values()):
        raise BadAsk(f"after_ms: an object with whole milliseconds from 0 to {LATEST_MS} per line is wanted")
    return {name: ms / 1000 for name, ms in after.items()}


def _plan(number: int, blocks: Any) -> list[Block]:
    try:
        return [block_at(*block) for block in blocks]
    except (TypeError, BadRequest) as exc:
        raise BadAsk(f"plans[{number}]: {exc}") from exc


class LineSweep:
    """The blocks of one line, one after the other; a loop, so that an offline line can't nest callbacks deep.

    ``asking``: the entry and the block under way.
    """

    __slots__ = ("_looping", "asking", "line", "misses", "sweep", "ticket", "todo")

    def __init__(self, sweep: Sweep, line: Line, asked: list[Asked]) -> None:
        self.sweep, self.line = sweep, line
        self.todo = [(entry, block) for entry in reversed(asked) for block in reversed(range(len(entry.requests)))]
        self.misses: dict[int, int] = {}
        self.ticket: Ticket | None = None
        self.asking: tuple[Asked, int] | None = None
        self._looping = False

    def go(self) -> None:
        if self._looping:
            return
        self._looping = True
        while self.todo and self.asking is None:
            entry, block = self.todo.pop()
            if self.sweep.over:
                self.sweep.result(entry, block, Outcome(Status.EXPIRED))
            elif self.misses and self.misses.get(entry.unit, 0) >= MISSES:
                self.sweep.result(entry, block, Outcome(Status.TIMEOUT))
            elif entry.spare and not self.line.has_spare_time(self.sweep.lines.clock()):
                self.sweep.spared(entry, block)
            else:
                self.asking = (entry, block)
                self.ticket = self.line.bus.submit(entry.requests[block], self._answered)
        self._looping = False
        if not self.todo and self.asking is None:
            self.sweep.line_done(self.line.name)

    def _answered(self, outcome: Outcome) -> None:
        assert self.asking
        entry, block = self.asking
        self.asking = None
        if outcome[0] is not OK:
            self._missed(entry, outcome)
        self.sweep.result(entry, block, outcome)
        self.go()

    def _missed(self, entry: Asked, outcome: Outcome) -> None:
        if outcome.status in (Status.TIMEOUT, Status.OUT_OF_STEP):
            self.misses[entry.unit] = self.misses.get(entry.unit, 0) + 1
            if entry.spare:
                self.line.spare_s += outcome.took_s


class Sweep:
    """One sweep over many lines. ``emit`` gets one JSON-ready result per block; ``finished`` is set at the end.

    ``after``: lines that are not to be asked before so many seconds have passed; they keep no other line waiting.
    """

    def __init__(
        self, lines: Lines, asked: dict[str, list[Asked]], emit: Callable[[list[Any]], None],
        after: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        self.lines, self.emit, self._after = lines, emit, after or {}
        self.over = False
        self._ok, self._others = 0, Counter[str]()
        self.finished = asyncio.Event()
        self._waiting = deque(sorted(asked.items(), key=self._pause) if after else asked.items())
        self._wake: asyncio.TimerHandle | None = None
        self._running = 0
        self._live: dict[str, LineSweep] = {}
        self._filling = False

    @property
    def counts(self) -> dict[str, int]:
        """How many blocks ended how."""
        return ({"ok": self._ok} if self._ok else {}) | self._others

    def start(self, deadline_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        self._timer = loop.call_later(max(0.0, deadline_s), self.stop)
        self._fill()

    def _pause(self, entry: tuple[str, Any]) -> float:
        return self._after.get(entry[0], 0.0)

    def stop(self) -> None:
        """No new requests: what is in flight ends by itself, all the rest is reported as expired."""
        self.over = True
        if self._wake:
            self._wake.cancel()
        for one in list(self._live.values()):
            if one.asking and one.ticket:
                one.line.bus.cancel(one.ticket)
        self._fill()

    def _fill(self) -> None:
        self._filling = False
        while self._waiting and (self._running < self.lines.config.window or self.over) and not self._too_early():
            name, asked = self._waiting.popleft()
            self._running += 1
            self._begin(name, asked)
        if not self._running and not self._waiting:
            self._timer.cancel()
            self.finished.set()

    def _too_early(self) -> bool:
        """Whether the next line has to wait for its moment; then somebody comes back for it."""
        if self.over or not self._after:
            return False
        loop, due = asyncio.get_running_loop(), self._began + self._pause(self._waiting[0])
        if due <= loop.time():
            return False
        if self._wake is None:
            self._wake = loop.call_at(due, self._awake)
        return True

    def _awake(self) -> None:
        self._wake = None
        self._fill()

    def _begin(self, name: str, asked: list[Asked]) -> None:
        try:
            line = self.lines.find(name)
            if any(entry.requests and entry.requests[0].unit_bytes != 1 for entry in asked) and line.bus.rules.numbered:
                raise BadLine(f"line {name!r}: Modbus TCP has one byte for the unit")
        except BadLine as exc:
            for entry in asked:
                for block in range(len(entry.requests)):
                    self.result(entry, block, Outcome(Status.OFFLINE), str(exc))
            self._running -= 1
            return
        part = LineSweep(self, line, asked)
        self._live[name] = part
        self.lines.when_open(line, part.go)

    def line_done(self, name: str) -> None:
        del self._live[name]
        self._running -= 1
        if not self._filling:
            self._filling = True
            asyncio.get_running_loop().call_soon(self._fill)

    def spared(self, entry: Asked, block: int) -> None:
        self._others[SPARED] += 1
        self.emit([entry.number, block, 0, int(1000 * time.time()), [SPARED, 0, ""]])

    def result(self, entry: Asked, block: int, outcome: Outcome, detail: str = "") -> None:
        """[number of the request, of the block, ms on the wire, epoch ms, data in hex or [error, code, detail]]"""
        status = outcome.status
        told: Any
        if status is OK:
            self._ok += 1
            told = outcome.answer[entry.requests[block].unit_bytes + 2 : -2].hex()
        else:
            self._others[status.value] += 1
            told = [status.value, outcome.code, detail]
        self.emit([entry.number, block, round(1000 * outcome.took_s, 1), int(1000 * time.time()), told])


async def exchange(lines: Lines, name: str, request: Request, deadline_s: float) -> dict[str, Any]:
    """One urgent request. Never sent twice. A write whose answer didn't come is ``unknown``, not failed."""
    line = lines.find(name)
    if line.bus.rules.numbered and request.unit_bytes != 1:
        raise BadAsk(f"line {name!r}: Modbus TCP has one byte for the unit")
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Outcome] = loop.create_future()
    opened: asyncio.Future[None] = loop.create_future()
    lines.when_open(line, lambda: None if opened.done() else opened.set_result(None))
    try:
        await asyncio.wait_for(opened, deadline_s)
    except TimeoutError:
        return _told(request, Outcome(Status.EXPIRED), line)
    ticket = line.bus.submit(request, lambda out: None if done.done() else done.set_result(out), urgent=True)
    timer = loop.call_later(deadline_s, line.bus.cancel, ticket)
    try:
        return _told(request, await done, line)
    finally:
        timer.cancel()


def _told(request: Request, outcome: Outcome, line: Line) -> dict[str, Any]:
    status = outcome.status.value
    if request.is_write and outcome.sent and outcome.status not in (Status.OK, Status.REFUSED):
        status = "unknown"
    return {
        "status": status,
        "code": outcome.code,
        "registers": list(outcome.registers),
        "sent": request.frame.hex() if outcome.sent else "",
        "answer": outcome.answer.hex(),
        "ms": round(1000 * outcome.took_s, 1),
        "time": round(time.time(), 3),
        "detail": line.trouble,
    }
