"""Named faults of a simulated heater or line: how an answer (or its absence) reaches the wire.

A fault turns the right answer into a list of (delay in seconds, bytes); an empty list is silence. ``name@0.05`` strikes
one answer in twenty, by dice that the place and the seed decide, so a run can be repeated.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from devices.protocol.crc import sealed
from devices.protocol.frames import READ_CODES, TABLES, Request, exception_answer, read_answer

Sends = list[tuple[float, bytes]]
LATE_S = 1.5


@dataclass
class Heard:
    """One question with its right answer. ``kept``: what this place remembers from one question to the next."""

    request: Request
    answer: bytes
    kept: list[bytes] = field(default_factory=list)
    registration: bytes = b""

    def as_unit(self, unit: int) -> bytes:
        wide = self.request.unit_bytes
        return sealed(unit.to_bytes(wide, "big") + self.answer[wide:-2])

    def as_function(self, code: int) -> bytes:
        wide = self.request.unit_bytes
        return sealed(self.answer[:wide] + bytes([code]) + self.answer[wide + 1 : -2])

    def refused(self, code: int) -> Sends:
        return [(0, exception_answer(self.request.unit, self.request.code, code, self.request.unit_bytes))]

    def of_length(self, more: int) -> bytes:
        """A good frame with more or fewer registers than were asked for."""
        if self.request.code not in TABLES:
            return self.answer
        values = self.request.registers(self.answer)
        changed = values[:more] if more < 0 and len(values) > 1 else (*values, *([0] * max(1, more)))
        asked = Request(self.request.unit, self.request.code, 0, len(changed), unit_bytes=self.request.unit_bytes)
        return read_answer(asked, changed)


def _damaged(answer: bytes) -> bytes:
    middle = len(answer) // 2
    return answer[:middle] + bytes([answer[middle] ^ 0x40]) + answer[middle + 1 :]


def _late_glued(heard: Heard) -> Sends:
    """Every other answer waits for the next one and goes out in the same segment."""
    if heard.kept:
        return [(0, heard.kept.pop() + heard.answer)]
    heard.kept.append(heard.answer)
    return []


def _lag_of_one(heard: Heard) -> Sends:
    """Each question gets the answer of the one before."""
    before = list(heard.kept)
    heard.kept[:] = [heard.answer]
    return [(0, one) for one in before]


def _second_master(heard: Heard) -> Sends:
    """Somebody else asks unit 247 on the same bus; both its question and the answer are heard."""
    other = Request(247, READ_CODES["h"], 0, 4)
    return [(0, other.frame + read_answer(other, (1, 2, 3, 4))), (0.02, heard.answer)]


FAULTS: dict[str, Callable[[Heard], Sends]] = {
    "unplugged": lambda h: [],
    "late": lambda h: [(LATE_S, h.answer)],
    "late_inside": lambda h: [(0.3, h.answer)],
    "late_just_after": lambda h: [(0.6, h.answer)],
    "late_long_after": lambda h: [(4.0, h.answer)],
    "late_glued": _late_glued,
    "lag_of_one": _lag_of_one,
    "slow_line": lambda h: [(0.75, h.answer)],
    "bad_crc": lambda h: [(0, _damaged(h.answer))],
    "truncated": lambda h: [(0, h.answer[:-3])],
    "drip": lambda h: [(0.015, h.answer[i : i + 1]) for i in range(len(h.answer))],
    "wrong_unit": lambda h: [(0, h.as_unit(h.request.unit % 247 + 1))],
    "wrong_unit_first": lambda h: [(0, h.as_unit(h.request.unit % 247 + 1)), (0.03, h.answer)],
    "wrong_function": lambda h: [(0, h.as_function(h.request.code ^ 7))],
    "shorter_count": lambda h: [(0, h.of_length(-1))],
    "longer_count": lambda h: [(0, h.of_length(2))],
    **{f"exception_{code}": lambda h, code=code: h.refused(code) for code in (1, 2, 3, 4, 5, 6, 11)},  # type: ignore[misc]
    "busy": lambda h: h.refused(6),
    "echo": lambda h: [(0, h.request.frame + h.answer)],
    "noise": lambda h: [(0, b"\x00\xff" + h.answer + b"\xff")],
    "heartbeat_before": lambda h: [(0, b"ping" + h.answer)],
    "heartbeat_after": lambda h: [(0, h.answer + b"ping")],
    "heartbeat_between": lambda h: [(0, b"ping"), (0.03, h.answer)],
    "heartbeat_split": lambda h: [(0, b"www.u"), (0.02, b"sr.cn"), (0.02, h.answer)],
    "heartbeat_binary": lambda h: [(0, b"\x01\x03\x04" + h.answer)],
    "registered_again": lambda h: [(0, h.registration), (0.02, h.answer)],
    "id_before": lambda h: [(0, h.registration + h.answer)],
    "two_in_one": lambda h: [(0, h.answer + h.answer)],
    "three_segments": lambda h: [(0, h.answer[:2]), (0.02, h.answer[2:5]), (0.02, h.answer[5:])],
    "second_master": _second_master,
    "write_unanswered": lambda h: [] if h.request.is_write else [(0, h.answer)],
}
# What the board itself gets wrong: seen by `devices.simulator.buses.Bus` before there is an answer.
OF_THE_BOARD = ("map_off_by_one", "write_not_applied")
# What the unit that dials in gets wrong; the place is the line without a heater's unit.
OF_THE_LINE = (
    "half_open", "reset_in_answer", "never_registers", "unknown_id", "duplicate_id", "replay", "auto_query", "redial",
    "outage",
)  # fmt: skip
ALL_FAULTS = (*FAULTS, *OF_THE_BOARD, *OF_THE_LINE)
EVERYWHERE = "*"
"""The place that means all: every heater, or every line for what a line gets wrong."""


class FaultSwitches:
    """Which heater or line has which fault, from a small JSON file that may change at any time.

    ``{"dtu:861234567890123/1": "unplugged", "serial0/3": "bad_crc@0.1", "dtu:861234567890123": "half_open", ...}``; a
    sensor fault is written ``sensor:<point>``; the place ``*`` stands for all that have none of their own. A file that
    can't be read keeps the last state.
    """

    def __init__(self, path: Path | None = None, seed: int = 1) -> None:
        self.path, self.active, self.seed = path, dict[str, str](), seed
        self._seen: tuple[int, int] | None = None
        self._dice: dict[str, random.Random] = {}
        self._kept: dict[str, list[bytes]] = {}

    def refresh(self) -> bool:
        """Read the file if it changed; True when it did."""
        try:
            state = self.path.stat() if self.path else None
            seen = (state.st_mtime_ns, state.st_size) if state else None
            if seen == self._seen or self.path is None:
                return False
            data = json.loads(self.path.read_text("utf-8"))
            self.active = {str(key): str(name) for key, name in data.items() if known_fault(str(name))}
            self._seen = seen
        except (OSError, ValueError, AttributeError):
            return False
        return True

    def strikes(self, place: str, *names: str) -> str:
        """The fault of a place, if it is one of these names (any without names) and the dice say so; else ""."""
        name, _, chance = self._fault_of(place).partition("@")
        if not name or (names and name not in names):
            return ""
        return name if not chance or self._dice_of(place).random() < float(chance) else ""

    def _fault_of(self, place: str) -> str:
        return self.active.get(place) or self.active.get(EVERYWHERE, "")

    def sends(self, place: str, request: Request, answer: bytes, registration: bytes = b"") -> Sends:
        fault = FAULTS.get(self.strikes(place, *FAULTS))
        if fault is None:
            return [(0, answer)]
        return fault(Heard(request, answer, self._kept.setdefault(place, []), registration))

    def broken_sensors(self, place: str) -> frozenset[str]:
        name = self._fault_of(place)
        return frozenset([name.removeprefix("sensor:")]) if name.startswith("sensor:") else frozenset()

    def _dice_of(self, place: str) -> random.Random:
        if place not in self._dice:
            self._dice[place] = random.Random(f"{self.seed} {place}")  # noqa: S311 - a simulation
        return self._dice[place]


def known_fault(text: str) -> bool:
    name, at, chance = text.partition("@")
    if name.startswith("sensor:"):
        return not at
    if at:
        try:
            return name in ALL_FAULTS and 0 < float(chance) <= 1
        except ValueError:
            return False
    return name in ALL_FAULTS


def switch(path: Path, place: str, fault: str | None) -> None:
    """Set (or with None clear) a fault in the control file of a running simulator; written in one step."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        data = {}
    data.pop(place, None)
    if fault:
        data[place] = fault
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(data, indent=1) + "\n", "utf-8")
    fresh.replace(path)
