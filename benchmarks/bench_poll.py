"""Processor time of 100,000 reads of 12 registers, RTU over TCP, 200 lines at once: our engine, pymodbus, the C limit.

Rounds take turns, so that other work on the machine hits all alike; the ratio of each round is printed, the medians are
the result. The far end is a small C program; without a compiler there is no limit to compare with, and pymodbus's own
server, which is slower than we are, is the far end.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import Result
from benchmarks.native import image, lines_program, running

LARGE = os.environ.get("PORTAL_SIZE") == "large"
ROUNDS, SECONDS = (9, 2.0) if LARGE else (5, 1.0)
LINES, READS = 200, 100_000


def measure() -> Iterator[Result]:
    rounds: dict[str, list[float]] = {"ours": [], "pymodbus": [], "limit": []}
    with far_end() as (port, limit):
        for number in range(1, ROUNDS + 1):
            for name in ("ours", "pymodbus"):
                words = ["-m", "benchmarks.line_pollers", name, str(port), str(LINES), str(SECONDS)]
                rounds[name].append(per_read([sys.executable, *words]))
            if limit:
                rounds["limit"].append(per_read([str(limit), "limit", str(port), str(LINES), str(SECONDS)]))
            print(told(number, {name: times[-1] for name, times in rounds.items() if times}), flush=True)
    ours = statistics.median(rounds["ours"])
    for name, peer in (("pymodbus", "pymodbus async"), ("limit", "C and epoll")):
        if rounds[name]:
            ratio = statistics.median(b / a for a, b in zip(rounds["ours"], rounds[name], strict=True))
            yield Result(f"{READS:,} reads, processor time", ours * READS, peer, ratio * ours * READS)


def per_read(command: list[str]) -> float:
    """Processor seconds of one answered read, on a core of its own: what is measured is the poller, not on which core
    the system puts the far end that it wakes.
    """
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    on_core(process.pid, 0)
    told, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    answers, _wall, worked = told.split()
    return float(worked) / int(answers)


def on_core(pid: int, number: int) -> None:
    """Keep a process on the one of our cores; where there is one only, or no such call, it stays where it is."""
    if hasattr(os, "sched_setaffinity") and len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(pid, {cores[number]})


def told(number: int, times: dict[str, float]) -> str:
    each = ", ".join(f"{name} {1e6 * seconds:.1f} µs" for name, seconds in times.items())
    ratios = f"pymodbus/ours {times['pymodbus'] / times['ours']:.2f}"
    if "limit" in times:
        ratios += f", ours/limit {times['ours'] / times['limit']:.2f}"
    return f"round {number}: {each}; {ratios}; load {os.getloadavg()[0]:.2f}"


@contextmanager
def far_end() -> Iterator[tuple[int, Path | None]]:
    """Port of a heater that answers at once, and the program of the C limit where it could be built."""
    program = lines_program()
    if program is None:
        with pymodbus_server() as port:
            yield port, None
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, running(program, "answer", image(Path(folder), {}), port) as boards:
        on_core(boards.pid, 1)
        yield port, program


@contextmanager
def pymodbus_server() -> Iterator[int]:
    """In a thread of this process, whose time is not measured."""
    from pymodbus import FramerType
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    ready, ports, loops = threading.Event(), list[int](), list[asyncio.AbstractEventLoop]()

    async def serve() -> None:
        device = SimDevice(1, [SimData(0, values=list(range(100)), datatype=DataType.REGISTERS)])
        server = ModbusTcpServer([device], framer=FramerType.RTU, address=("127.0.0.1", 0))
        await server.serve_forever(background=True)
        ports.append(server.transport.sockets[0].getsockname()[1])
        loops.append(asyncio.get_running_loop())
        ready.set()
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    ready.wait(10)
    yield ports[0]
