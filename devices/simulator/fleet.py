"""A fleet of simulated heaters from a file (the demonstration) or by number (trials)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devices.protocol.profile_files import bundled_profile
from devices.simulator.buses import Bus, DialledIn, PseudoSerial
from devices.simulator.faults import FaultSwitches
from devices.simulator.house import House
from devices.simulator.slave import Slave


@dataclass(frozen=True)
class SimulatedHeater:
    """``index`` counts from 1; ``line`` and ``unit`` are what Bus.line and Heater.unit must say."""

    index: int
    line: str
    unit: int
    profile: str
    seed: int


@dataclass(frozen=True)
class Fleet:
    heaters: tuple[SimulatedHeater, ...]
    heartbeat_s: float = 30.0


class FleetError(ValueError):
    """A fleet file that can't be used; the message names row and value."""


def load_fleet(path: Path) -> Fleet:
    """The heaters of a fleet file: rows [index, line, unit, profile]; FleetError lists every bad row."""
    data = yaml.safe_load(path.read_text("utf-8"))
    seed = int(data.get("seed", 1))
    heaters, problems = [], []
    for row in data.get("heaters", []):
        try:
            index, line, unit, profile = row
            heaters.append(SimulatedHeater(int(index), str(line), int(unit), str(profile), seed * 1000 + int(index)))
        except (TypeError, ValueError):
            problems.append(f"{row!r}: wanted [index, line, unit, profile]")
    places = [(h.line, h.unit) for h in heaters]
    problems += [f"{p[0]} unit {p[1]} is there twice" for p in sorted(set(places)) if places.count(p) > 1]
    if problems:
        raise FleetError(f"{path.name}: " + "; ".join(problems))
    return Fleet(tuple(heaters), float(data.get("heartbeat_s", 30)))


def numbered_fleet(count: int, profile: str, seed: int) -> Fleet:
    """``count`` heaters, one per DTU, with made-up ids from the seed."""
    first = 86199_0000_0000 + seed % 1000 * 100_000
    lines = [f"dtu:{with_check_digit(str(first * 10 + i))}" for i in range(count)]
    return Fleet(tuple(SimulatedHeater(i + 1, line, 1, profile, seed + i) for i, line in enumerate(lines)))


def with_check_digit(body: str) -> str:
    """14 digits -> an IMEI of 15 with its Luhn check digit."""
    digits = [int(d) for d in body[:14].ljust(14, "0")]
    total = sum(sum(divmod(2 * d, 10)) if i % 2 else d for i, d in enumerate(digits))
    return body[:14].ljust(14, "0") + str(-total % 10)


class SimulatedFleet:
    """All lines of a fleet, running in one event loop."""

    def __init__(self, fleet: Fleet, faults: FaultSwitches, clock: Callable[[], float], pace: float = 1.0) -> None:
        self.fleet, self.faults, self.clock, self.pace = fleet, faults, clock, pace
        self.buses = {line: self._bus(line, list(heaters)) for line, heaters in _by_line(fleet.heaters).items()}
        self.ports: list[PseudoSerial] = []
        self._tasks: list[asyncio.Task[None]] = []

    def _bus(self, line: str, heaters: list[SimulatedHeater]) -> Bus:
        slaves = []
        for heater in heaters:
            profile = bundled_profile(heater.profile)
            house = House(heater.seed, profile.kind, self.clock())
            slaves.append(Slave(heater.unit, profile, house, self.clock))
        return Bus(line, slaves, self.faults, self.pace)

    def start(self, host: str, port: int, folder: Path, watch_s: float = 0.5) -> None:
        """Dial in and open ports; a line ``serial:<path>`` is linked at that path, seen from ``folder``."""
        for number, (line, bus) in enumerate(self.buses.items()):
            kind, _, rest = line.partition(":")
            if kind == "serial":
                port_ = PseudoSerial(bus, folder / rest.partition("?")[0])
                port_.open()
                self.ports.append(port_)
            else:
                self._tasks.append(asyncio.create_task(self._dial(bus, rest, number, host, port)))
        self._tasks.append(asyncio.create_task(self._watch(watch_s)))

    async def _dial(self, bus: Bus, dtu_id: str, number: int, host: str, port: int) -> None:
        # Dials are spread over the first seconds, and every tenth unit speaks the text dialect.
        await asyncio.sleep(self.pace * number * 0.005)
        packet = f"REG:{dtu_id}\r\n" if number % 10 == 9 else dtu_id
        heartbeat = b"HB" if number % 10 == 9 else b"ping"
        await DialledIn(bus, packet.encode(), heartbeat, self.fleet.heartbeat_s).run(host, port)

    async def _watch(self, every_s: float) -> None:
        while True:
            self.faults.refresh()
            await asyncio.sleep(every_s)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for port in self.ports:
            port.close()


def _by_line(heaters: Iterable[SimulatedHeater]) -> dict[str, list[SimulatedHeater]]:
    lines: dict[str, list[SimulatedHeater]] = {}
    for heater in heaters:
        lines.setdefault(heater.line, []).append(heater)
    return lines


def summary(fleet: Fleet) -> dict[str, Any]:
    lines = _by_line(fleet.heaters)
    kinds = {kind: sum(line.startswith(kind) for line in lines) for kind in ("dtu", "serial")}
    return {"heaters": len(fleet.heaters), "lines": len(lines), **kinds}
