"""What a line may do and what it has counted: plain values, shared by engine, hub and tests."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

LAST_TIMES = 32


@dataclass(frozen=True, slots=True)
class LineRules:
    """Times in seconds. ``timeout_s`` is the floor and ``ceiling_s`` the top of the adaptive answer time.

    ``late_s``: how long an unanswered request may still be answered. ``settle_s``: drain after connect.
    ``gap_s``: silence before each request (3.5 characters on a serial bus, 0 on TCP).
    ``flood_bytes``: so much noise since the last good answer closes the connection.
    ``numbered``: the transport ties each answer to its request by a number (Modbus TCP), so nothing stays outstanding.
    """

    timeout_s: float = 0.5
    ceiling_s: float = 5.0
    late_s: float = 10.0
    settle_s: float = 1.0
    gap_s: float = 0.0
    flood_bytes: int = 65536
    numbered: bool = False


class Status(StrEnum):
    """How an exchange ended."""

    OK = "ok"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    OUT_OF_STEP = "out_of_step"
    OFFLINE = "offline"
    EXPIRED = "expired"


class Outcome(NamedTuple):
    """The end of one request. ``sent``: its bytes went out at least in part (a write may have been applied).

    ``registers`` only for a read that is OK; ``code`` the Modbus exception of a refusal; ``answer`` the frame.
    """

    status: Status
    registers: tuple[int, ...] = ()
    code: int = 0
    took_s: float = 0.0
    sent: bool = False
    answer: bytes = b""


COUNTERS = (
    "ok", "refused", "timeouts", "late", "foreign", "crc_errors", "skipped_bytes", "drained_bytes", "heartbeats",
    "fences", "out_of_step", "echoes", "floods", "connects",
)  # fmt: skip


class LineStats:
    """Counters since the line was first seen, and the last answer times. Small: a hub holds one per line."""

    __slots__ = (*COUNTERS, "_at", "_times", "busy_s")

    ok: int
    refused: int
    timeouts: int
    late: int
    foreign: int
    crc_errors: int
    skipped_bytes: int
    drained_bytes: int
    heartbeats: int
    fences: int
    out_of_step: int
    echoes: int
    floods: int
    connects: int

    def __init__(self) -> None:
        for name in COUNTERS:
            setattr(self, name, 0)
        self.busy_s = 0.0  # time in which a request was on the wire, answered or not
        self._times: array[float] | None = None
        self._at = 0

    def took(self, seconds: float) -> None:
        """An answer came after so long."""
        self.busy_s += seconds
        times, at = self._times, self._at
        if times is None:
            times = self._times = array("f", (-1.0,)) * LAST_TIMES
        times[at] = seconds
        self._at = at - 1 if at else LAST_TIMES - 1

    def counters(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COUNTERS}

    def rtt_ms(self, share: float) -> int | None:
        """The ``share`` quantile (0 to 1) of the last answer times in milliseconds; None before any."""
        ranked = sorted(one for one in self._times or () if one >= 0)
        return round(1000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))]) if ranked else None
