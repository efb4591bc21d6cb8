"""Several hubs as one: a line belongs to the hub its name says; who asks need not know how many there are."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any

from devices.hub.client import BlockResult, ExchangeResult, HubClient, SweepRequest
from devices.hub.naming import hub_of
from devices.protocol.frames import Block, Request


class HubGroup(HubClient):
    """What `HubClient` does, for the hubs in the order of their numbers."""

    def __init__(self, hubs: Sequence[HubClient]) -> None:
        super().__init__(hubs[0].host, hubs[0].port, b"")
        self.hubs = list(hubs)

    def __enter__(self) -> HubGroup:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        for hub in self.hubs:
            hub.close()

    def sweep(self, requests: Iterable[SweepRequest], deadline_s: float) -> Iterator[BlockResult]:
        """All hubs at once. The first that is away ends it with HubUnavailable, as with a single one."""
        parts: dict[int, list[SweepRequest]] = {}
        for request in requests:
            parts.setdefault(hub_of(request.line, len(self.hubs)), []).append(request)
        found: queue.SimpleQueue[list[BlockResult] | Exception] = queue.SimpleQueue()

        def ask(number: int) -> None:
            try:
                found.put(list(self.hubs[number].sweep(parts[number], deadline_s)))
            except Exception as exc:  # handed to the caller's thread
                found.put(exc)

        threads = [threading.Thread(target=ask, args=(number,), daemon=True) for number in parts]
        for thread in threads:
            thread.start()
        for _ in threads:
            part = found.get()
            if isinstance(part, Exception):
                self.close()
                raise part
            yield from part

    def read(
        self, line: str, unit: int, block: Block, deadline_s: float = 10.0, *, unit_bytes: int = 1
    ) -> ExchangeResult:
        return self._hub(line).read(line, unit, block, deadline_s, unit_bytes=unit_bytes)

    def write(self, line: str, request: Request, deadline_s: float = 10.0) -> ExchangeResult:
        return self._hub(line).write(line, request, deadline_s)

    def lines(self, names: Iterable[str] | None = None, wait_s: float = 10) -> list[dict[str, Any]]:
        asked = None if names is None else list(names)
        return [entry for hub in self.hubs for entry in hub.lines(asked, wait_s)]

    def connected(self, names: Iterable[str], wait_s: float = 10) -> dict[str, float]:
        parts: dict[int, list[str]] = {}
        for name in names:
            parts.setdefault(hub_of(name, len(self.hubs)), []).append(name)
        return {
            line: at for number, part in parts.items() for line, at in self.hubs[number].connected(part, wait_s).items()
        }

    def unclaimed(self) -> list[dict[str, Any]]:
        return [entry for hub in self.hubs for entry in hub.unclaimed()]

    def claim(self, names: Iterable[str]) -> None:
        parts: dict[int, list[str]] = {}
        for name in names:
            parts.setdefault(hub_of(name, len(self.hubs)), []).append(name)
        for number, part in parts.items():
            self.hubs[number].claim(part)

    def close_line(self, name: str) -> bool:
        return self._hub(name).close_line(name)

    def ping(self) -> bool:
        return all(hub.ping() for hub in self.hubs)

    def _hub(self, line: str) -> HubClient:
        return self.hubs[hub_of(line, len(self.hubs))]
