"""Named faults of a simulated heater: how an answer (or its absence) reaches the wire.

A fault turns the right answer into a list of (delay in seconds, bytes). An empty list is silence.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from devices.protocol.crc import sealed
from devices.protocol.frames import Request, exception_answer

Sends = list[tuple[float, bytes]]
LATE_S = 1.5


def _damaged(answer: bytes) -> bytes:
    middle = len(answer) // 2
    return answer[:middle] + bytes([answer[middle] ^ 0x40]) + answer[middle + 1 :]


def _as_unit(answer: bytes, unit: int) -> bytes:
    return sealed(bytes([unit]) + answer[1:-2])


FAULTS: dict[str, Callable[[Request, bytes], Sends]] = {
    "unplugged": lambda request, answer: [],
    "late": lambda request, answer: [(LATE_S, answer)],
    "bad_crc": lambda request, answer: [(0, _damaged(answer))],
    "truncated": lambda request, answer: [(0, answer[:-3])],
    "noise": lambda request, answer: [(0, b"\x00\xff" + answer + b"\xff")],
    "heartbeat_before": lambda request, answer: [(0, b"ping" + answer)],
    "heartbeat_between": lambda request, answer: [(0, b"ping"), (0.03, answer)],
    "wrong_unit": lambda request, answer: [(0, _as_unit(answer, request.unit % 247 + 1))],
    "three_segments": lambda request, answer: [(0, answer[:2]), (0.02, answer[2:5]), (0.02, answer[5:])],
    "echo": lambda request, answer: [(0, request.frame + answer)],
    "busy": lambda request, answer: [(0, exception_answer(request.unit, request.code, 6))],
}


class FaultSwitches:
    """Which heater has which fault, from a small JSON file that may change at any time.

    ``{"dtu:861234567890123/1": "unplugged", "serial0/3": "bad_crc", ...}``; a sensor fault is written
    ``sensor:<point>``. A file that can't be read keeps the last state.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path, self.active = path, dict[str, str]()
        self._seen: tuple[int, int] | None = None

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

    def sends(self, place: str, request: Request, answer: bytes) -> Sends:
        fault = FAULTS.get(self.active.get(place, ""))
        return fault(request, answer) if fault else [(0, answer)]

    def broken_sensors(self, place: str) -> frozenset[str]:
        name = self.active.get(place, "")
        return frozenset([name.removeprefix("sensor:")]) if name.startswith("sensor:") else frozenset()


def known_fault(name: str) -> bool:
    return name in FAULTS or name.startswith("sensor:")


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
