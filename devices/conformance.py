"""The docking test of a heater, first part: what a machine can find out over the line, with its evidence.

Steps (numbers as in the design): 1 profile complete, 3 reads answered, 4 longest block and one past the end,
5 a same-value write with read-back, 6 an out-of-range write refused. Plain Python; the hub does the talking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from devices.hub.client import ExchangeResult, HubClient
from devices.protocol.decoder import decode, in_order
from devices.protocol.encoder import read_back, words_of
from devices.protocol.frames import Block, Request
from devices.protocol.planner import merge_results, plan
from devices.protocol.profiles import Profile

WANTED_SHARE = 0.995


@dataclass
class Step:
    """``passed`` None: the step could not be judged; ``evidence`` are frames in hex and figures."""

    number: int
    name: str
    passed: bool | None
    message: str
    evidence: list[dict[str, Any]] = field(default_factory=list)


class Docking:
    """One run against one unit. ``wait`` is called with seconds to let a written value settle."""

    def __init__(
        self, hub: HubClient, line: str, unit: int, profile: Profile, wait: Callable[[float], None], reads: int = 50
    ) -> None:
        self.hub, self.line, self.unit, self.profile = hub, line, unit, profile
        self.wait, self.reads = wait, reads

    def run(self) -> list[Step]:
        """All steps in order; a unit that answers nothing ends after step 3."""
        steps = [self._profile_complete(), self._reads_answered()]
        if any(step.number == 3 and step.evidence[0]["answered"] == 0 for step in steps):
            return steps
        return [*steps, self._values_plausible(), self._past_the_end(), self._same_value_write(), self._bad_write()]

    def _read(self, block: Block) -> ExchangeResult:
        return self.hub.read(self.line, self.unit, block)

    def _profile_complete(self) -> Step:
        missing = self.profile.missing
        text = f"lacks {', '.join(missing)}" if missing else "has every point and write of annex 2"
        return Step(1, "profile complete", not missing, text, [{"sha256": self.profile.digest}])

    def _reads_answered(self) -> Step:
        blocks = plan(self.profile)
        results = [self._read(blocks[i % len(blocks)]) for i in range(self.reads)]
        good = sorted(r.took_ms for r in results if r.ok)
        p95 = good[int(0.95 * len(good))] if good else None
        figures = {"asked": len(results), "answered": len(good), "p95_ms": p95, "first": asdict(results[0])}
        text = f"{len(good)} of {len(results)} reads answered, p95 {p95} ms"
        return Step(3, "reads answered", len(good) >= WANTED_SHARE * len(results), text, [figures])

    def _values_plausible(self) -> Step:
        results = [(block, self._read(block)) for block in plan(self.profile)]
        decoded = decode(self.profile, merge_results((b, r.registers) for b, r in results if r.ok))
        odd = {name: str(flag) for name, flag in decoded.flags.items()}
        text = f"odd values: {odd}" if odd else "every point reads a plausible value"
        return Step(4, "points readable", not odd, text, [{"values": decoded.values, "rejected": decoded.rejected}])

    def _past_the_end(self) -> Step:
        """Beyond the map a board must say exception 2; silence would cost every poll a timeout."""
        table = plan(self.profile)[0].table
        last = max(p.end for p in self.profile.points.values() if p.table == table)
        result = self._read(Block(table, min(last + 1000, 65535), 1))
        good = result.status == "refused" and result.code == 2
        return Step(4, "address past the end", good, f"{result.status} {result.code or ''}".strip(), [asdict(result)])

    def _same_value_write(self) -> Step:
        name = "set_room_t"
        block = read_back(self.profile, name) if name in self.profile.writes else None
        if block is None:
            return Step(5, "write and read back", None, "the profile has no set_room_t to write")
        before = self._read(block)
        if not before.ok:
            return Step(5, "write and read back", False, "the present value can't be read", [asdict(before)])
        write = self.profile.writes[name]
        request = Request(self.unit, write.code, block.addr, block.count, before.registers)
        written = self.hub.write(self.line, request)
        self.wait(write.settle_ms / 1000)
        after = self._read(block)
        good = written.ok and after.ok and after.registers == before.registers
        text = "echoed and read back" if good else f"write {written.status}, read back {after.registers}"
        return Step(5, "write and read back", good, text, [asdict(before), asdict(written), asdict(after)])

    def _bad_write(self) -> Step:
        write = self.profile.writes.get("set_room_t")
        if write is None or write.range is None:
            return Step(6, "value out of range", None, "the profile has no set_room_t with a range")
        raw = int((write.range[1] + 20) / write.target.scale)
        words = tuple(words_of(write.target, raw))
        block = Block(write.target.table, write.target.addr, write.target.length)
        before = self._read(block)
        result = self.hub.write(self.line, Request(self.unit, write.code, block.addr, len(words), words))
        after = self._read(block)
        value = 0
        for word in in_order(list(after.registers), write.target.words):
            value = value << 16 | word
        clamped = after.ok and value * write.target.scale <= write.range[1]
        good = clamped and (result.status == "refused" or result.ok)
        if not clamped and before.ok:
            self.hub.write(self.line, Request(self.unit, write.code, block.addr, len(words), before.registers))
        text = "refused" if result.status == "refused" else "clamped" if clamped else "the board took it"
        return Step(6, "value out of range", good, text, [asdict(result), asdict(after)])
