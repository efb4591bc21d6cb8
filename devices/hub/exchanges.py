"""What the control side asks of the lines: sweeps (many reads), and single reads and writes.

A sweep runs every line at once and the blocks of one line in turn; no task per request. Each block gives
exactly one result, whatever happens to the line, the deadline or the unit.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from devices.hub.lines import BadLine, Line, Lines
from devices.line.busline import Ticket
from devices.line.rules import Outcome, Status
from devices.protocol.frames import BadRequest, Block, Request

MAX_BLOCKS = 200_000
# After so many silent blocks of a unit the rest of its blocks are left out: a dead unit must not cost the others.
MISSES = 2


class BadAsk(ValueError):
    """A control request that makes no sense; the message says which entry and why."""


Exchange = tuple[int, Block]  # unit, block


def parse_sweep(requests: Any) -> dict[str, list[Exchange]]:
    """JSON of a sweep -> exchanges per line; BadAsk names the first entry that is wrong."""
    if not isinstance(requests, list):
        raise BadAsk("requests: a list is wanted")
    asked: dict[str, list[Exchange]] = {}
    total = 0
    for number, entry in enumerate(requests):
        try:
            name, unit, blocks = entry["line"], entry["unit"], [Block(*block) for block in entry["blocks"]]
            [block.read(unit) for block in blocks]
        except (KeyError, TypeError, BadRequest) as exc:
            raise BadAsk(f"requests[{number}]: {exc}") from exc
        total += len(blocks)
        if total > MAX_BLOCKS or not isinstance(name, str):
            raise BadAsk(f"requests[{number}]: more than {MAX_BLOCKS} blocks, or a line that is no text")
        asked.setdefault(name, []).extend((unit, block) for block in blocks)
    return asked


class LineSweep:
    """The blocks of one line, one after the other; a loop, so that an offline line can't nest callbacks deep."""

    def __init__(self, sweep: Sweep, line: Line, todo: list[Exchange]) -> None:
        self.sweep, self.line, self.todo = sweep, line, deque(todo)
        self.misses: Counter[int] = Counter()
        self.ticket: Ticket | None = None
        self._looping = False

    def go(self) -> None:
        if self._looping:
            return
        self._looping = True
        while self.todo and self.ticket is None:
            unit, block = self.todo.popleft()
            if self.sweep.over:
                self.sweep.result(self.line.name, unit, block, Outcome(Status.EXPIRED))
            elif self.misses[unit] >= MISSES:
                self.sweep.result(self.line.name, unit, block, Outcome(Status.TIMEOUT))
            else:
                self._ask(unit, block)
        self._looping = False
        if not self.todo and self.ticket is None:
            self.sweep.line_done(self.line.name)

    def _ask(self, unit: int, block: Block) -> None:
        ended: list[Outcome] = []

        def done(outcome: Outcome) -> None:
            ended.append(outcome)
            self.ticket = None
            self.misses[unit] += outcome.status in (Status.TIMEOUT, Status.OUT_OF_STEP)
            self.sweep.result(self.line.name, unit, block, outcome)
            self.go()

        ticket = self.line.bus.submit(block.read(unit), done)
        self.ticket = None if ended else ticket


class Sweep:
    """One sweep over many lines. ``emit`` gets one JSON-ready result per block; ``finished`` is set at the end."""

    def __init__(self, lines: Lines, asked: dict[str, list[Exchange]], emit: Callable[[dict[str, Any]], None]) -> None:
        self.lines, self.emit = lines, emit
        self.over = False
        self.counts: Counter[str] = Counter()
        self.finished = asyncio.Event()
        self._waiting = deque(asked.items())
        self._running = 0
        self._live: dict[str, LineSweep] = {}

    def start(self, deadline_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0.0, deadline_s), self.stop)
        self._fill()

    def stop(self) -> None:
        """No new requests: what is in flight ends by itself, all the rest is reported as expired."""
        self.over = True
        for one in list(self._live.values()):
            if one.ticket:
                one.line.bus.cancel(one.ticket)
        self._fill()

    def _fill(self) -> None:
        while self._waiting and (self._running < self.lines.config.window or self.over):
            name, todo = self._waiting.popleft()
            self._running += 1
            self._begin(name, todo)
        if not self._running:
            self._timer.cancel()
            self.finished.set()

    def _begin(self, name: str, todo: list[Exchange]) -> None:
        try:
            line = self.lines.find(name)
        except BadLine as exc:
            for unit, block in todo:
                self.result(name, unit, block, Outcome(Status.OFFLINE), str(exc))
            self._running -= 1
            return
        part = LineSweep(self, line, todo)
        self._live[name] = part
        self.lines.when_open(line, part.go)

    def line_done(self, name: str) -> None:
        del self._live[name]
        self._running -= 1
        asyncio.get_running_loop().call_soon(self._fill)

    def result(self, name: str, unit: int, block: Block, outcome: Outcome, detail: str = "") -> None:
        self.counts[outcome.status] += 1
        self.emit(block_result(name, unit, block, outcome, detail))


def block_result(name: str, unit: int, block: Block, outcome: Outcome, detail: str = "") -> dict[str, Any]:
    """{line, unit, block: [table, addr, count], registers | error, code, ms, time}."""
    result: dict[str, Any] = {
        "line": name,
        "unit": unit,
        "block": [block.table, block.addr, block.count],
        "ms": round(1000 * outcome.took_s, 1),
        "time": round(time.time(), 3),
    }
    if outcome.status is Status.OK:
        result["registers"] = list(outcome.registers)
    else:
        result |= {"error": outcome.status.value, "code": outcome.code, "detail": detail}
    return result


async def exchange(lines: Lines, name: str, request: Request, deadline_s: float) -> dict[str, Any]:
    """One urgent request. Never sent twice. A write whose answer didn't come is ``unknown``, not failed."""
    line = lines.find(name)
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
