"""What a step of the docking test found, and what it needs to find it. No database, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from devices.hub.client import ExchangeResult, HubClient
from devices.protocol.decoder import Decoded, decode
from devices.protocol.frames import Block, Request
from devices.protocol.planner import merge_results, plan
from devices.protocol.profiles import Profile

STEPS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
MACHINE_STEPS = (1, 3, 4, 5, 6, 8)
"""Those that begin without anybody touching the board."""


@dataclass
class Step:
    """``passed`` None: could not be judged. ``evidence``: frames in hex and figures. ``asks``: what a person has to
    confirm beside it, as codes."""

    number: int
    name: str
    passed: bool | None
    message: str
    evidence: list[dict[str, Any]] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)


@dataclass
class Probe:
    """One board on a line. ``wait`` is called with seconds, ``clock`` gives them; ``told`` hears how far a step is."""

    hub: HubClient
    line: str
    unit: int
    profile: Profile
    wait: Callable[[float], None]
    clock: Callable[[], float]
    reads: int = 500
    told: Callable[[int, int], None] = lambda done, total: None

    def read(self, block: Block, unit: int | None = None, deadline_s: float = 10.0) -> ExchangeResult:
        width = self.profile.limits.unit_bytes
        return self.hub.read(self.line, unit or self.unit, block, deadline_s, unit_bytes=width)

    def write(self, request: Request) -> ExchangeResult:
        return self.hub.write(self.line, request)

    def values(self) -> tuple[Decoded, list[ExchangeResult]]:
        """Every point now, with the exchanges it came from."""
        blocks = plan(self.profile)
        results = [self.read(block) for block in blocks]
        read = zip(blocks, results, strict=True)
        return decode(self.profile, merge_results((block, one.registers) for block, one in read if one.ok)), results

    def one_register(self) -> Block:
        """The smallest read this board must answer."""
        block = plan(self.profile)[0]
        return Block(block.table, block.addr, 1)


def frames(result: ExchangeResult) -> dict[str, Any]:
    """The evidence of one exchange."""
    told = asdict(result)
    return {key: told[key] for key in ("status", "code", "sent", "answer", "took_ms")}
