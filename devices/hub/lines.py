"""Every line the hub owns, by name.

``dtu:<id>`` dialled in, ``tcp:<host>:<port>`` RTU over TCP, ``mbtcp:<host>:<port>`` a Modbus TCP gateway,
``serial:<path>?baud=9600`` a port of this machine.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from devices.hub.config import HubConfig, split_address
from devices.line.busline import BusLine
from devices.line.reactor import Reactor
from devices.line.transports import SerialUrl, open_gateway, open_serial, open_tcp
from devices.line.wheel import DeadlineWheel


class BadLine(ValueError):
    """A line name that can't mean anything; the message says how names look."""


DAY_S = 86_400.0
REMEMBERED_CONNECTS = 8
# Asking units that have been silent for long may take this share of a line's time, with so much to begin with.
SPARE_SHARE, SPARE_START_S = 0.1, 10.0


@dataclass(slots=True)
class Line:
    """One line and what is known of its far end. ``claimed``: the platform has asked for it at least once.

    ``connects``: moments of the last connects, a few. ``spare_s``: time spent on probes that stayed unanswered, since
    ``spare_since`` (clock seconds). ``duplicate_at``: when a second unit with this id was last turned away (likewise).
    """

    name: str
    bus: BusLine
    claimed: bool = False
    remote: str = ""
    connected_at: float = 0.0
    duplicates: int = 0
    duplicate_at: float | None = None
    tries: int = 0
    retry_at: float = 0.0
    trouble: str = ""
    opening: list[Callable[[], None]] | None = None
    connects: tuple[float, ...] = ()
    busy_before_s: float = 0.0
    spare_s: float = 0.0
    spare_since: float = 0.0

    @property
    def is_dialled_in(self) -> bool:
        return self.name.startswith("dtu:")

    def opened(self, remote: str, now: float) -> None:
        """There is a connection; ``now`` in epoch seconds."""
        self.tries, self.trouble, self.remote, self.connected_at = 0, "", remote, now
        self.connects = (*self.connects[1 - REMEMBERED_CONNECTS :], now)
        self.busy_before_s = self.bus.stats.busy_s

    def has_spare_time(self, now: float) -> bool:
        """May a unit that is probably dead be asked? Such probes get a tenth of the line's time at most."""
        if now - self.spare_since > DAY_S:
            self.spare_since, self.spare_s = now, 0.0
        return self.spare_s < SPARE_START_S + SPARE_SHARE * (now - self.spare_since)


class Lines:
    """The register of lines. Outbound and serial lines are opened when first asked for."""

    def __init__(self, config: HubConfig) -> None:
        self.config = config
        self.by_name: dict[str, Line] = {}
        self.unclaimed = 0
        self.may_send: Callable[[], bool] | None = None
        self.clock = time.monotonic  # which is the clock of asyncio's loops too
        loop = asyncio.get_running_loop()
        self._wheel, self.reactor = DeadlineWheel(loop), Reactor(loop)
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
        elif kind in ("tcp", "mbtcp"):
            self._checked(name, split_address, rest)
            rules = replace(rules, numbered=kind == "mbtcp")
        elif kind != "dtu" or not rest:
            raise BadLine(f"line {name!r}: wanted dtu:<id>, tcp:<host>:<port>, mbtcp:<host>:<port> or serial:<path>")
        if len(self.by_name) >= self.config.max_lines:
            raise BadLine(f"line {name!r}: the hub already holds {self.config.max_lines} lines")
        line = Line(name, BusLine(self.clock, self._wheel.timer, rules, self.config.manners.heartbeats))
        line.bus.may_send, line.bus.heartbeat_answers = self.may_send, self.config.manners.answers
        line.spare_since = self.clock()
        self.by_name[name] = line
        self.unclaimed += 1
        return line

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
        if line.bus.connected or line.is_dialled_in or self.clock() < line.retry_at:
            then()
        elif line.opening is not None:
            line.opening.append(then)
        else:
            line.opening = [then]
            task = asyncio.ensure_future(self._open(line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open(self, line: Line) -> None:
        kind, _, rest = line.name.partition(":")
        try:
            if kind == "tcp":
                await open_tcp(line.bus, self.reactor, *split_address(rest))
            elif kind == "mbtcp":
                await open_gateway(line.bus, self.reactor, *split_address(rest))
            else:
                open_serial(line.bus, SerialUrl(rest), self.config.serial_folder)
            line.opened(rest, time.time())
            self.config.log("line_open", {"line": line.name})
        except (OSError, ValueError, TimeoutError) as exc:
            self._failed(line, exc)
        waiting, line.opening = line.opening, None
        for then in waiting or ():
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
        """What pages show of a line. ``utilisation``: share of the time since the connect in which a request was under
        way; ``connects_day``: connects of the last 24 hours, at most 8 are remembered.
        """
        bus, now = line.bus, time.time()
        lasted = max(now - line.connected_at, 0.001)
        return {
            "line": line.name,
            "state": bus.phase.value,
            "connected": bus.connected,
            "claimed": line.claimed,
            "remote": line.remote,
            "connected_at": line.connected_at if bus.connected else None,
            "connects_day": sum(one > now - DAY_S for one in line.connects),
            "heard_s": round(self.clock() - bus.heard_at, 3),
            "answer_time_ms": round(1000 * bus.answer_time),
            "rtt_p50_ms": bus.stats.rtt_ms(0.5),
            "rtt_p95_ms": bus.stats.rtt_ms(0.95),
            "utilisation": round(min(1.0, (bus.stats.busy_s - line.busy_before_s) / lasted), 4)
            if bus.connected
            else None,
            "queued": bus.queued,
            "duplicates": line.duplicates,
            "duplicate_s": None if line.duplicate_at is None else round(self.clock() - line.duplicate_at, 1),
            "trouble": line.trouble,
            **bus.stats.counters(),
        }
