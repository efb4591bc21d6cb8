"""pymodbus's async client on the same disturbed bus, on an event loop whose clock jumps: no sockets, no waiting."""

from __future__ import annotations

import asyncio
import logging
import random
import selectors
from collections import Counter
from collections.abc import Callable
from typing import Any

from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from devices.protocol.frames import request_at
from tests.devices.virtual import RULES, right_registers
from tests.line.far_end import FuzzBus, any_pause, any_read


class JumpingSelector(selectors.SelectSelector):
    """Instead of waiting, moves the clock to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "nobody is waiting for anything"
        self.now += timeout
        return []


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.jumping = JumpingSelector()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.now

    @property
    def now(self) -> float:
        return self.jumping.now

    def at(self, when: float, call: Callable[[], None]) -> None:
        self.call_at(when, call)


class FakeTransport:
    """What pymodbus writes goes to the bus; it may close and connect again as often as it likes."""

    def __init__(self, bus: FuzzBus) -> None:
        self.bus = bus

    def write(self, data: bytes) -> None:
        found = request_at(data)
        assert found, data.hex()
        self.bus(found[0])

    def close(self) -> None:
        return


def fuzz_pymodbus(seed: int, reads: int, retries: int = 0) -> tuple[Counter[str], FuzzBus]:
    """The reads of `test_bus_faults.fuzz` with the same seed, answer time and pauses; returns how they ended."""
    loop = JumpingLoop()
    logging.disable(logging.CRITICAL)
    try:
        return loop.run_until_complete(_reads(loop, seed, reads, retries))
    finally:
        logging.disable(logging.NOTSET)
        loop.close()


async def _reads(loop: JumpingLoop, seed: int, reads: int, retries: int) -> tuple[Counter[str], FuzzBus]:
    dice, bus = random.Random(seed * 7 + 1), FuzzBus(loop, seed)
    client = AsyncModbusTcpClient("bus", framer=FramerType.RTU, timeout=RULES.timeout_s, retries=retries)

    async def connect() -> tuple[FakeTransport, Any]:
        transport = FakeTransport(bus)
        client.ctx.connection_made(transport)
        return transport, client.ctx

    client.ctx.call_create = connect
    bus.deliver = client.ctx.data_received
    assert await client.connect()
    ends: Counter[str] = Counter()
    for _ in range(reads):
        ends[await _read(client, dice)] += 1
        await asyncio.sleep(any_pause(dice))
    return ends, bus


async def _read(client: AsyncModbusTcpClient, dice: random.Random) -> str:
    request = any_read(dice)
    call = client.read_holding_registers if request.code == 3 else client.read_input_registers
    try:
        answer = await call(request.addr, count=request.count, device_id=request.unit)
    except ModbusException:
        return "none"
    if answer.isError():
        return "refused"
    return "ok" if tuple(answer.registers) == right_registers(request) else "WRONG"
