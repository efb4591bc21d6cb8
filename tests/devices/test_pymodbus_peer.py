"""An independent slave (pymodbus) read and written by our engine: RTU in TCP, Modbus TCP, and a serial port."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from devices.hub.client import SweepRequest
from devices.protocol.frames import Block, Request
from tests.devices.hubs import WAIT_S, running_hub


@contextmanager
def pymodbus_slave(framer: FramerType) -> Iterator[int]:
    """A server with units 1 and 2 of 200 holding registers that hold their address; yields its port."""
    box: list[tuple[asyncio.AbstractEventLoop, ModbusTcpServer]] = []
    ready = threading.Event()

    async def main() -> None:
        data = [SimData(0, values=list(range(200)), datatype=DataType.REGISTERS)]
        devices = [SimDevice(unit, data) for unit in (1, 2)]
        server = ModbusTcpServer(devices, framer=framer, address=("127.0.0.1", 0))
        await server.serve_forever(background=True)
        box.append((asyncio.get_running_loop(), server))
        ready.set()
        await stop.wait()
        await server.shutdown()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(WAIT_S)
    loop, server = box[0]
    try:
        yield server.transport.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(WAIT_S)


@pytest.mark.parametrize(("framer", "kind"), [(FramerType.RTU, "tcp"), (FramerType.SOCKET, "mbtcp")])
def test_a_pymodbus_slave_is_read_and_written(framer: FramerType, kind: str) -> None:
    with pymodbus_slave(framer) as port, running_hub() as (_, client, _):
        line = f"{kind}:127.0.0.1:{port}"
        blocks = (Block("h", 10, 20), Block("h", 100, 7))
        results = list(client.sweep([SweepRequest(line, unit, blocks) for unit in (1, 2)], 5))
        assert len(results) == 4
        assert all(r.registers == tuple(range(r.block.addr, r.block.end)) for r in results)
        past = client.read(line, 1, Block("h", 500, 1))
        assert (past.status, past.code) == ("refused", 2)
        assert client.write(line, Request(1, 6, 50, 1, (4711,))).ok
        assert client.write(line, Request(1, 16, 51, 2, (4712, 4713))).ok
        assert client.read(line, 1, Block("h", 50, 3)).registers == (4711, 4712, 4713)
        assert client.read(line, 2, Block("h", 50, 1)).registers == (50,)
