"""What a line may do and what it has counted: plain values, shared by engine, hub and tests."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class LineRules:
    """Times in seconds. ``timeout_s`` is the floor and ``ceiling_s`` the top of the adaptive answer time.

    ``late_s``: how long an unanswered request may still be answered. ``settle_s``: drain after connect.
    ``gap_s``: silence before each request (3.5 characters on a serial bus, 0 on TCP).
    ``flood_bytes``: so much noise since the last good answer closes the connection.
    """

    timeout_s: float = 0.5
    ceiling_s: float = 5.0
    late_s: float = 10.0
    settle_s: float = 1.0
    gap_s: float = 0.0
    flood_bytes: int = 65536


class Status(StrEnum):
    """How an exchange ended."""

    OK = "ok"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    OUT_OF_STEP = "out_of_step"
    OFFLINE = "offline"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Outcome:
    """The end of one request. ``sent``: its bytes went out at least in part (a write may have been applied).

    ``registers`` only for a read that is OK; ``code`` the Modbus exception of a refusal; ``answer`` the frame.
    """

    status: Status
    registers: tuple[int, ...] = ()
    code: int = 0
    took_s: float = 0.0
    sent: bool = False
    answer: bytes = b""


@dataclass
class LineStats:
    """Counters since the line was first seen."""

    ok: int = 0
    refused: int = 0
    timeouts: int = 0
    late: int = 0
    foreign: int = 0
    crc_errors: int = 0
    skipped_bytes: int = 0
    drained_bytes: int = 0
    heartbeats: int = 0
    fences: int = 0
    out_of_step: int = 0
    echoes: int = 0
    floods: int = 0
    connects: int = 0
    rtts: deque[float] = field(default_factory=lambda: deque(maxlen=64))

    def counters(self) -> dict[str, int]:
        return {name: value for name, value in vars(self).items() if isinstance(value, int)}

    def rtt_ms(self, share: float) -> int | None:
        """The ``share`` quantile (0 to 1) of the last 64 answer times in milliseconds; None before any."""
        ranked = sorted(self.rtts)
        return round(1000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))]) if ranked else None
