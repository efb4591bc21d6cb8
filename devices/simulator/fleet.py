"""A fleet of simulated heaters from a file (the demonstration) or by number (trials)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devices.protocol import ddp
from devices.protocol.profile_files import bundled_profile
from devices.simulator.buses import Bus, DialledIn, Manner, PseudoSerial
from devices.simulator.faults import FaultSwitches
from devices.simulator.house import House
from devices.simulator.serial_servers import SerialServer
from devices.simulator.slave import Slave


@dataclass(frozen=True)
class SimulatedHeater:
    """``index`` counts from 1; ``line`` and ``unit`` are what Bus.line and Heater.unit must say."""

    index: int
    line: str
    unit: int
    profile: str
    seed: int
    habit: str = "steady"


@dataclass(frozen=True)
class Fleet:
    """``modes``: how the DTUs speak, in turn (`MODES`). ``dials_per_s``: how fast they dial in at the start. ``rtt_s``:
    the way through the mobile network and back, of lines that dial in."""

    heaters: tuple[SimulatedHeater, ...]
    heartbeat_s: float = 30.0
    modes: tuple[str, ...] = ("imei",) * 9 + ("text",)
    dials_per_s: float = 200.0
    rtt_s: float = 0.0


class FleetError(ValueError):
    """A fleet file that can't be used; the message names row and value."""


def load_fleet(path: Path) -> Fleet:
    """The heaters of a fleet file, YAML or `*.json`: rows [index, line, unit, profile]; FleetError lists bad rows."""
    data = _read(path)
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


def _read(path: Path) -> dict[str, Any]:
    """Twenty thousand rows take YAML fifteen seconds and JSON none."""
    text = path.read_text("utf-8")
    return dict(json.loads(text) if path.suffix == ".json" else yaml.safe_load(text))


def numbered_fleet(
    count: int, profile: str, seed: int, *, modes: tuple[str, ...] = (), habits: tuple[str, ...] = ("steady",)
) -> Fleet:
    """``count`` heaters, one per DTU, with made-up ids from the seed; profiles (several with commas), modes and habits
    take turns. A DDP unit has an id of eleven digits."""
    first, profiles = 86199_0000_0000 + seed % 1000 * 100_000, profile.split(",")
    ids = [with_check_digit(str(first * 10 + i)) for i in range(count)]
    ids = [one[4:] if modes and modes[i % len(modes)] == "ddp" else one for i, one in enumerate(ids)]
    heaters = tuple(
        SimulatedHeater(i + 1, f"dtu:{one}", 1, profiles[i % len(profiles)], seed + i, habits[i % len(habits)])
        for i, one in enumerate(ids)
    )
    return Fleet(heaters, modes=modes or Fleet.modes)


def with_check_digit(body: str) -> str:
    """14 digits -> an IMEI of 15 with its Luhn check digit."""
    digits = [int(d) for d in body[:14].ljust(14, "0")]
    total = sum(sum(divmod(2 * d, 10)) if i % 2 else d for i, d in enumerate(digits))
    return body[:14].ljust(14, "0") + str(-total % 10)


MODES: dict[str, Callable[[str], Manner]] = {
    "imei": lambda dtu: Manner(dtu.encode()),
    "text": lambda dtu: Manner(f"REG:{dtu}\r\n".encode(), b"HB"),
    "hex_heartbeat": lambda dtu: Manner(dtu.encode(), bytes.fromhex("FEFEFEFE")),
    "prefix": lambda dtu: Manner(dtu.encode(), mode="prefix"),
    "wants_answers": lambda dtu: Manner(dtu.encode(), b"PING?"),
    "ddp": lambda dtu: Manner(
        ddp.frame(ddp.REGISTER, dtu, bytes(6)), ddp.frame(ddp.REGISTER, dtu, bytes(6)), "ddp", dtu
    ),
}


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
            house = House(heater.seed, profile.kind, self.clock(), heater.habit)
            slaves.append(Slave(heater.unit, profile, house, self.clock))
        return Bus(line, slaves, self.faults, self.pace, self.fleet.rtt_s if line.startswith("dtu:") else 0.0)

    def start(self, host: str, port: int, folder: Path, watch_s: float = 0.5) -> None:
        """Dial in and open ports; a line ``serial:<path>`` is linked at that path, seen from ``folder``, and one
        ``tcp:<host>:<port>`` listens there."""
        for number, (line, bus) in enumerate(self.buses.items()):
            kind, _, rest = line.partition(":")
            if kind == "serial":
                port_ = PseudoSerial(bus, folder / rest.partition("?")[0])
                port_.open()
                self.ports.append(port_)
            elif kind == "tcp":
                self._tasks.append(asyncio.create_task(SerialServer(bus, rest).run()))
            else:
                self._tasks.append(asyncio.create_task(self._dial(bus, rest, number, host, port)))
        self._tasks.append(asyncio.create_task(self._watch(watch_s)))

    async def _dial(self, bus: Bus, dtu_id: str, number: int, host: str, port: int) -> None:
        # Dials are spread over the first seconds, and the units of a fleet speak in different ways.
        await asyncio.sleep(self.pace * number / self.fleet.dials_per_s)
        manner = MODES[self.fleet.modes[number % len(self.fleet.modes)]](dtu_id)
        await DialledIn(bus, manner, heartbeat_s=self.fleet.heartbeat_s).run(host, port)

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
    kinds = {kind: sum(line.startswith(kind) for line in lines) for kind in ("dtu", "serial", "tcp")}
    return {"heaters": len(fleet.heaters), "lines": len(lines), **kinds}
