"""Every line the hub owns, by name: ``dtu:<id>``, ``tcp:<host>:<port>``, ``serial:<path>?baud=9600``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from devices.hub.config import HubConfig, split_address
from devices.line.busline import BusLine
from devices.line.transports import LoopTimer, SerialUrl, open_serial, open_tcp


class BadLine(ValueError):
    """A line name that can't mean anything; the message says how names look."""


@dataclass
class Line:
    """One line and what is known of its far end. ``claimed``: the platform has asked for it at least once."""

    name: str
    bus: BusLine
    claimed: bool = False
    remote: str = ""
    connected_at: float = 0.0
    duplicates: int = 0
    tries: int = 0
    retry_at: float = 0.0
    trouble: str = ""
    opening: list[Callable[[], None]] = field(default_factory=list)

    @property
    def is_dialled_in(self) -> bool:
        return self.name.startswith("dtu:")


class Lines:
    """The register of lines. Outbound and serial lines are opened when first asked for."""

    def __init__(self, config: HubConfig) -> None:
        self.config = config
        self.by_name: dict[str, Line] = {}
        self.unclaimed = 0
        self.clock = asyncio.get_running_loop().time
        self._tasks: set[asyncio.Task[None]] = set()

    def find(self, name: str) -> Line:
        """The line of a name, made when new; a name the platform uses is thereby claimed. Raises BadLine."""
        line = self.by_name.get(name) or self.add(name)
        if not line.claimed:
            line.claimed = True
            self.unclaimed -= 1
        return line

    def add(self, name: str) -> Line:
        rules = self.config.rules
        kind, _, rest = name.partition(":")
        if kind == "serial":
            rules = replace(rules, gap_s=max(rules.gap_s, self._checked(name, SerialUrl, rest).gap_s))
        elif kind == "tcp":
            self._checked(name, split_address, rest)
        elif kind != "dtu" or not rest:
            raise BadLine(f"line {name!r}: wanted dtu:<id>, tcp:<host>:<port> or serial:<path>")
        if len(self.by_name) >= self.config.max_lines:
            raise BadLine(f"line {name!r}: the hub already holds {self.config.max_lines} lines")
        self.by_name[name] = Line(name, BusLine(self.clock, LoopTimer, rules, self.config.heartbeats))
        self.unclaimed += 1
        return self.by_name[name]

    def forget_an_unclaimed(self) -> None:
        """Make room: an unclaimed line without a connection is only a memory."""
        gone = next((n for n, one in self.by_name.items() if not one.claimed and not one.bus.connected), None)
        if gone:
            del self.by_name[gone]
            self.unclaimed -= 1

    @staticmethod
    def _checked(name: str, parse: Callable[[str], Any], rest: str) -> Any:
        try:
            return parse(rest)
        except ValueError as exc:
            raise BadLine(f"line {name!r}: {exc}") from exc

    def when_open(self, line: Line, then: Callable[[], None]) -> None:
        """Call ``then`` when the line is connected or has failed to; at once where nothing can be done."""
        waiting = self.clock() < line.retry_at
        if line.bus.connected or line.is_dialled_in or waiting:
            then()
            return
        line.opening.append(then)
        if len(line.opening) == 1:
            task = asyncio.ensure_future(self._open(line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open(self, line: Line) -> None:
        kind, _, rest = line.name.partition(":")
        try:
            if kind == "tcp":
                await open_tcp(line.bus, *split_address(rest))
            else:
                open_serial(line.bus, SerialUrl(rest), self.config.serial_folder)
            line.tries, line.trouble, line.remote, line.connected_at = 0, "", rest, time.time()
            self.config.log("line_open", {"line": line.name})
        except (OSError, ValueError, TimeoutError) as exc:
            self._failed(line, exc)
        waiting, line.opening = line.opening, []
        for then in waiting:
            then()

    def _failed(self, line: Line, exc: Exception) -> None:
        pause = min(self.config.reopen_most_s, self.config.reopen_s * 2**line.tries)
        line.tries = min(line.tries + 1, 10)
        line.retry_at, line.trouble = self.clock() + pause, str(exc) or type(exc).__name__
        self.config.log("line_failed", {"line": line.name, "why": line.trouble, "retry_s": pause})

    def close(self, name: str) -> bool:
        """Drop the connection of a line (a DTU will dial again); False when there is none."""
        line = self.by_name.get(name)
        if line is None or not line.bus.connected:
            return False
        line.bus.drop()
        return True

    def close_all(self) -> None:
        for name in list(self.by_name):
            self.close(name)

    def metrics(self, line: Line) -> dict[str, Any]:
        bus = line.bus
        return {
            "line": line.name,
            "state": bus.phase.value,
            "connected": bus.connected,
            "claimed": line.claimed,
            "remote": line.remote,
            "connected_at": line.connected_at if bus.connected else None,
            "heard_s": round(self.clock() - bus.heard_at, 3),
            "answer_time_ms": round(1000 * bus.answer_time),
            "rtt_p50_ms": bus.stats.rtt_ms(0.5),
            "rtt_p95_ms": bus.stats.rtt_ms(0.95),
            "queued": bus.queued,
            "duplicates": line.duplicates,
            "trouble": line.trouble,
            **bus.stats.counters(),
        }
