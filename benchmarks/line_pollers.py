"""Pollers of 12 registers over RTU in TCP: `python -m benchmarks.line_pollers NAME PORT LINES SECONDS`.

Writes answers, wall seconds, processor seconds. Each runs in a process of its own: nothing of one costs another.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time

REGISTERS = 12


class Meter:
    """Counts from `start` on."""

    def __init__(self) -> None:
        self.answers = 0

    def start(self) -> None:
        self._wall, self._worked = time.perf_counter(), time.process_time()

    def told(self) -> str:
        return f"{self.answers} {time.perf_counter() - self._wall:.6f} {time.process_time() - self._worked:.6f}"


async def ours(port: int, lines: int, seconds: float) -> Meter:
    """The portal's engine as the hub uses it: transports, deadline wheel, all rules of a line."""
    from devices.hub.memory import spare_the_collector
    from devices.line.busline import BusLine
    from devices.line.reactor import Reactor
    from devices.line.rules import LineRules, Outcome, Status
    from devices.line.transports import open_tcp
    from devices.line.wheel import DeadlineWheel
    from devices.protocol.frames import Block

    spare_the_collector()  # as the hub does
    loop = asyncio.get_running_loop()
    wheel, reactor = DeadlineWheel(loop), Reactor(loop)
    rules, request, meter = LineRules(settle_s=0.0), Block("h", 0, REGISTERS).read(1), Meter()
    ok, over = Status.OK, False

    def poll(bus: BusLine) -> None:
        def answered(outcome: Outcome) -> None:
            meter.answers += outcome[0] is ok
            if not over:
                bus.submit(request, answered)

        bus.submit(request, answered)

    buses = [BusLine(time.monotonic, wheel.timer, rules) for _ in range(lines)]
    await asyncio.gather(*(open_tcp(bus, reactor, "127.0.0.1", port) for bus in buses))
    await asyncio.sleep(0.1)
    meter.start()
    for bus in buses:
        poll(bus)
    await asyncio.sleep(seconds)
    over = True
    return meter


async def pymodbus_async(port: int, lines: int, seconds: float) -> Meter:
    from pymodbus import FramerType
    from pymodbus.client import AsyncModbusTcpClient

    logging.disable(logging.CRITICAL)
    meter = Meter()
    clients = [AsyncModbusTcpClient("127.0.0.1", port=port, framer=FramerType.RTU, timeout=5) for _ in range(lines)]
    for client in clients:
        assert await client.connect()

    async def poll(client: AsyncModbusTcpClient) -> None:
        while time.perf_counter() < end:
            answer = await client.read_holding_registers(0, count=REGISTERS, device_id=1)
            meter.answers += not answer.isError() and len(answer.registers) == REGISTERS

    meter.start()
    end = time.perf_counter() + seconds
    await asyncio.gather(*map(poll, clients))
    return meter


if __name__ == "__main__":
    _, name, port_, lines_, seconds_ = sys.argv
    poller = {"ours": ours, "pymodbus": pymodbus_async}[name]
    told = asyncio.run(poller(int(port_), int(lines_), float(seconds_)))
    print(told.told())
