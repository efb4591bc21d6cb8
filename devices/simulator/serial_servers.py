"""A simulated serial server: a box in the network that passes RTU frames on to the bus behind it (RTU over TCP)."""

from __future__ import annotations

import asyncio
import socket

from devices.line.transports import ByteProtocol
from devices.simulator.buses import Bus


class SerialServer:
    """Listens at ``host:port``; of several who connect the newest hears the answers."""

    def __init__(self, bus: Bus, address: str) -> None:
        self.bus = bus
        host, _, port = address.rpartition(":")
        self._door = socket.create_server((host, int(port)))

    async def run(self) -> None:
        """Until cancelled."""
        server = await asyncio.get_running_loop().create_server(self._connected, sock=self._door)
        async with server:
            await server.serve_forever()

    def _connected(self) -> ByteProtocol:
        def gone() -> None:
            if self.bus.write is answer:
                self.bus.write = None

        def answer(data: bytes) -> None:
            if protocol.transport is not None:
                protocol.transport.write(data)

        protocol = ByteProtocol(self.bus.received, gone)
        self.bus.write = answer
        return protocol
