"""A real hub in a thread, events to wait for instead of sleeping, and raw DTUs made of plain sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devices.hub.client import HubClient
from devices.hub.config import HubConfig
from devices.hub.server import Hub, embedded
from devices.line.rules import LineRules
from devices.protocol.frames import Request, request_at
from devices.simulator.fleet import SimulatedFleet
from tests.devices.virtual import right_answer

SECRET = b"a shared secret of the tests"
WAIT_S = 10.0
QUICK = LineRules(timeout_s=0.15, settle_s=0.01, late_s=0.5)


class Events:
    """The hub's log, with waiting."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self._changed = threading.Condition()

    def __call__(self, event: str, fields: dict[str, Any]) -> None:
        with self._changed:
            self.seen.append((event, fields))
            self._changed.notify_all()

    def wait(self, event: str, count: int = 1, **fields: Any) -> dict[str, Any]:
        """The ``count``-th event of that name and content; fails after ten seconds with what was seen."""

        def found() -> list[dict[str, Any]]:
            return [f for e, f in self.seen if e == event and fields.items() <= f.items()]

        with self._changed:
            assert self._changed.wait_for(lambda: len(found()) >= count, WAIT_S), f"{event} {fields}: {self.seen}"
            return found()[count - 1]


@contextmanager
def running_hub(*, wait: bool = True, **changes: Any) -> Iterator[tuple[Hub, HubClient, Events]]:
    events = Events()
    usual: dict[str, Any] = {"listen": "127.0.0.1:0", "control": "127.0.0.1:0", "rules": QUICK, "fence_s": 1.0}
    config = HubConfig(secret=SECRET, **({"log": events} | usual | changes))
    with embedded(config, wait=wait) as hub, HubClient("127.0.0.1", hub.control_port, SECRET) as client:
        yield hub, client, events


class RawDtu:
    """A DTU of plain bytes: connects, says ``packet``, answers requests with ``reply`` in a thread."""

    def __init__(
        self, port: int, packet: bytes, reply: Callable[[Request], bytes] = right_answer, unit_bytes: int = 1
    ) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT_S)
        self.requests: list[Request] = []
        self.reply, self.unit_bytes = reply, unit_bytes
        self.closed, self.asked = threading.Event(), threading.Event()
        self.socket.sendall(packet)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        buffer = b""
        try:
            while data := self.socket.recv(4096):
                buffer += data
                while found := request_at(buffer, 0, self.unit_bytes):
                    self.requests.append(found[0])
                    self.asked.set()
                    self.socket.sendall(self.reply(found[0]))
                    buffer = buffer[found[1] :]
        except OSError:
            pass
        self.closed.set()

    def close(self) -> None:
        self.socket.close()


@contextmanager
def running_fleet(fleet: SimulatedFleet, port: int, folder: Path) -> Iterator[None]:
    """A simulated fleet in a thread of its own."""
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def main() -> None:
        stopping = asyncio.Event()
        fleet.start("127.0.0.1", port, folder, watch_s=0.02)
        loops.append((asyncio.get_running_loop(), stopping))
        ready.set()
        await stopping.wait()
        await fleet.stop()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(WAIT_S)
    try:
        yield
    finally:
        loops[0][0].call_soon_threadsafe(loops[0][1].set)
        thread.join(WAIT_S)
