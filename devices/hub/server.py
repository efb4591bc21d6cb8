"""The hub process: one event loop that owns every line. No database, no profile, no schedule."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from devices.hub.config import HubConfig
from devices.hub.control import Control
from devices.hub.door import Door
from devices.hub.lease import HeldLease
from devices.hub.lines import Lines


class Hub:
    """Start and stop of all parts. ``listen_port`` and ``control_port`` are known after `start`."""

    def __init__(self, config: HubConfig) -> None:
        self.config = config
        self.lines = Lines(config)
        self.lease = HeldLease(config.take_lease, config.lease_s, self.lines.clock) if config.take_lease else None
        if self.lease:
            self.lines.may_send = self.lease.is_held
        self.door = Door(config, self.lines)
        self.control = Control(config, self.lines, self.door, self.lease)
        self._lease_thread = ThreadPoolExecutor(1, "lease")  # one thread, so one connection to the database
        self.stopping = asyncio.Event()
        self.lease_lost = False
        self.listen_port = self.control_port = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """OSError when an address is taken. Waits while another hub holds the lease of these lines."""
        self.control_port = await self.control.start()
        self._tasks = [asyncio.create_task(self._housekeeping())]
        if self.lease:
            await self._wait_for(self.lease)
            self._tasks.append(asyncio.create_task(self._hold(self.lease)))
        if not self.stopping.is_set():
            self.listen_port = await self.door.start()
            self.config.log("hub_started", {"listen": self.listen_port, "control": self.control_port})

    async def stop(self) -> None:
        """Let nobody in, close every line, wait for the loop to have told them."""
        self.door.stop()
        self.control.stop()
        self.lines.close_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)
        self.lines.reactor.close()
        self._lease_thread.shutdown(wait=False, cancel_futures=True)
        await asyncio.sleep(0)
        self.config.log("hub_stopped", {"lease_lost": self.lease_lost})

    async def _housekeeping(self) -> None:
        """A dialled-in line that has said nothing for too long is half-open: close it, the DTU dials again."""
        while True:
            await asyncio.sleep(self.config.housekeeping_s)
            silent = self.lines.clock() - self.config.silent_s
            for line in list(self.lines.by_name.values()):
                if line.is_dialled_in and line.bus.connected and line.bus.heard_at < silent:
                    self.door.counters["closed_silent"] += 1
                    self.config.log("dtu_silent", {"line": line.name, "remote": line.remote})
                    line.bus.drop()

    async def _wait_for(self, lease: HeldLease) -> None:
        """Nobody is let in before the lease is ours; a database that is away is waited for too."""
        told = False
        while not self.stopping.is_set():
            await self._renew(lease)
            if lease.token is not None:
                return
            if not told:
                self.config.log("hub_waits_for_lease", {"control": self.control_port})
                told = True
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), self.config.lease_every_s)

    async def _hold(self, lease: HeldLease) -> None:
        while not lease.is_over():
            await asyncio.sleep(min(self.config.lease_every_s, max(0.0, lease.until - self.lines.clock())))
            if not lease.is_over():
                await self._renew(lease)
        self.lease_lost = True
        self.lines.close_all()
        self.stopping.set()

    async def _renew(self, lease: HeldLease) -> None:
        asked_at = self.lines.clock()
        left = lease.until - asked_at if lease.token is not None else self.config.lease_s
        try:
            taking = asyncio.get_running_loop().run_in_executor(self._lease_thread, lease.take)
            lease.renewed(await asyncio.wait_for(taking, max(0.01, left)), asked_at)
        except Exception as exc:  # a database that is away for a moment is no loss yet
            self.config.log("lease_not_renewed", {"why": f"{type(exc).__name__}: {exc}"[:200]})


async def run(config: HubConfig) -> bool:
    """Run until SIGTERM or SIGINT; False when the hub stopped because it lost its lease."""
    hub = Hub(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, hub.stopping.set)
    try:
        await hub.start()
        await hub.stopping.wait()
    finally:
        await hub.stop()
    return not hub.lease_lost


@contextmanager
def embedded(config: HubConfig, *, wait: bool = True) -> Iterator[Hub]:
    """A hub in a thread of this process, for tests, the conformance command and serial-only sites.

    ``wait`` until it lets DTUs in, which a hub without its lease doesn't.
    """
    ready, hubs, trouble = threading.Event(), list[Hub](), list[OSError]()
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        hubs.append(Hub(config))
        loops.append(asyncio.get_running_loop())
        if not wait:
            ready.set()
        try:
            await hubs[0].start()
            ready.set()
            await hubs[0].stopping.wait()
        except OSError as exc:
            trouble.append(exc)
        await hubs[0].stop()
        ready.set()

    thread = threading.Thread(target=lambda: asyncio.run(main()), name="hub", daemon=True)
    thread.start()
    ready.wait()
    if trouble:
        raise trouble[0]
    try:
        yield hubs[0]
    finally:
        if thread.is_alive():
            loops[0].call_soon_threadsafe(hubs[0].stopping.set)
        thread.join(10)
