"""An independent slave (pymodbus) read and written by our engine: RTU in TCP, Modbus TCP, and a serial port."""

from __future__ import annotations

import asyncio
import os
import re
import select
import shutil
import subprocess
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
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


# --- serial truth ---


@contextmanager
def joined_terminals(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Two pseudo-terminals joined in the middle, as a cable joins two ports: one for each end of the bus."""
    masters = []
    links = []
    for name in ("near", "far"):
        master, slave = os.openpty()
        tty.setraw(master)
        tty.setraw(slave)
        links.append(folder / name)
        links[-1].symlink_to(os.ttyname(slave))
        masters.append((master, slave))
    (near, _), (far, _) = masters
    stop, wake = os.pipe()

    def carry() -> None:
        while True:
            ready, _, _ = select.select([near, far, stop], [], [])
            if stop in ready:
                return
            for source, target in ((near, far), (far, near)):
                if source in ready:
                    os.write(target, os.read(source, 4096))

    thread = threading.Thread(target=carry, daemon=True)
    thread.start()
    try:
        yield links[0], links[1]
    finally:
        os.write(wake, b".")
        thread.join(WAIT_S)
        for handle in (stop, wake, *(one for pair in masters for one in pair)):
            os.close(handle)


@contextmanager
def serial_slave(port: Path) -> Iterator[None]:
    """pymodbus as unit 1 on a serial port, 200 holding registers that hold their address."""
    box: list[asyncio.AbstractEventLoop] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def main() -> None:
        device = SimDevice(1, [SimData(0, values=list(range(200)), datatype=DataType.REGISTERS)])
        server = ModbusSerialServer(device, port=str(port), baudrate=19200, framer=FramerType.RTU)
        await server.serve_forever(background=True)
        box.append(asyncio.get_running_loop())
        ready.set()
        await stop.wait()
        await server.shutdown()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(WAIT_S)
    try:
        yield
    finally:
        box[0].call_soon_threadsafe(stop.set)
        thread.join(WAIT_S)


def test_on_a_serial_port_we_read_what_others_read_and_write_what_they_read(tmp_path: Path) -> None:
    with joined_terminals(tmp_path) as (near, far), serial_slave(far):
        with running_hub(serial_folder=tmp_path) as (_, client, _):
            line = f"serial:{near.name}?baud=19200"
            block = Block("h", 10, 20)
            (read,) = client.sweep([SweepRequest(line, 1, (block,))], 5)
            assert read.registers == tuple(range(10, 30))
            assert client.write(line, Request(1, 6, 12, 1, (4711,))).ok
            assert client.write(line, Request(1, 16, 13, 2, (4712, 4713))).ok
            ours = client.read(line, 1, block).registers
        assert ours[2:5] == (4711, 4712, 4713)
        with ModbusSerialClient(str(near), baudrate=19200, timeout=2) as peer:
            assert tuple(peer.read_holding_registers(10, count=20, device_id=1).registers) == ours
        if shutil.which("mbpoll"):
            assert told_by_mbpoll(near) == ours


def told_by_mbpoll(port: Path) -> tuple[int, ...]:
    """The same registers by libmodbus, where its command is installed."""
    words = [
        "mbpoll",
        "-m",
        "rtu",
        "-a",
        "1",
        "-b",
        "19200",
        "-P",
        "none",
        "-0",
        "-r",
        "10",
        "-c",
        "20",
        "-1",
        str(port),
    ]
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=WAIT_S)
    return tuple(int(value) for value in re.findall(r"^\[\d+\]:\s+(\d+)", done.stdout, re.MULTILINE))
