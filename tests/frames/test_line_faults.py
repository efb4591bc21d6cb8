"""Every row of line_faults.yaml, played in virtual time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from core.strict_yaml import read_yaml
from devices.line.rules import Status
from devices.protocol.crc import sealed
from devices.protocol.frames import Block, Request, exception_answer
from tests.devices.virtual import World, make_line, right_answer, right_registers

CASES = read_yaml((Path(__file__).parent / "line_faults.yaml").read_text("utf-8"))
TOKEN = re.compile(r"'([^']*)'|=([0-9a-f]+)|([aqx])(\d+)(?:\[(-?\d*):(-?\d*)\]|([@%#^.])(\d+))?")


def request_of(step: dict[str, Any]) -> Request:
    if "write" in step:
        unit, addr, value = step["write"]
        return Request(unit, 6, addr, 1, (value,))
    unit, table, addr, count = step["ask"]
    return Block(table, addr, count).read(unit)


def bytes_of(text: str, requests: list[Request]) -> bytes:
    assert not TOKEN.sub("", text).strip(), f"not understood: {text}"
    return b"".join(token_bytes(match, requests) for match in TOKEN.finditer(text))


def token_bytes(match: re.Match[str], requests: list[Request]) -> bytes:
    literal, hexed, kind, number, start, end, sign, argument = match.groups()
    if literal is not None:
        return literal.encode()
    if hexed is not None:
        return bytes.fromhex(hexed)
    request = requests[int(number)]
    if kind == "q":
        return request.frame
    if kind == "x":
        return exception_answer(request.unit, request.code, int(argument))
    frame = altered(right_answer(request), request, sign, int(argument or 0))
    return frame[int(start) if start else None : int(end) if end else None]


def altered(frame: bytes, request: Request, sign: str | None, argument: int) -> bytes:
    if sign == "@":
        return sealed(bytes([argument]) + frame[1:-2])
    if sign == "%":
        return sealed(frame[:1] + bytes([argument]) + frame[2:-2])
    if sign == "#":
        return right_answer(Request(request.unit, request.code, request.addr, argument))
    if sign == "^":
        return frame[:argument] + bytes([frame[argument] ^ 0x40]) + frame[argument + 1 :]
    return frame


class FarEnd:
    """Plays the wire column of the step whose request it sees; answers fences unless told to be silent."""

    def __init__(self, world: World, case: dict[str, Any]) -> None:
        self.world, self.case = world, case
        self.requests = [request_of(step) for step in case["steps"]]
        self.step, self.free_at = 0, 0.0

    def __call__(self, request: Request) -> None:
        step = self.case["steps"][self.step]
        if request == self.requests[self.step]:
            self.send(step.get("wire", [[10, f"a{self.step}"]]))
        elif self.case.get("fence") != "silent":
            # In order, as a bus answers: never before what is still on its way.
            due = max(self.world.now, self.free_at) + 0.01
            self.world.at(due, lambda: self.line.received(right_answer(request)))

    def send(self, sends: list[list[Any]]) -> None:
        for ms, text in sends:
            data = bytes_of(str(text), self.requests)
            self.free_at = self.world.now + ms / 1000
            self.world.at(self.free_at, lambda data=data: self.line.received(data))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_line_survives(case: dict[str, Any]) -> None:
    world = World()
    far_end = FarEnd(world, case)
    far_end.line, wire = make_line(world, far_end)
    for number, step in enumerate(case["steps"]):
        far_end.step = number
        world.run_for(step.get("pause", 0) / 1000)
        far_end.send(step.get("before", []))
        play(world, far_end, step["is"])
    counters = far_end.line.stats.counters()
    assert {name: counters[name] for name in case.get("counts", {})} == case.get("counts", {})
    assert wire.closed == case.get("closed", False)


def play(world: World, far_end: FarEnd, wanted: str) -> None:
    request = far_end.requests[far_end.step]
    ended = []
    far_end.line.submit(request, ended.append)
    world.run(lambda: bool(ended))
    outcome = ended[0]
    told = f"{outcome.status} {outcome.code}" if outcome.status is Status.REFUSED else str(outcome.status)
    assert told == wanted
    if outcome.status is Status.OK and not request.is_write:
        mask = 1 if request.code in (1, 2) else 0xFFFF
        assert outcome.registers == tuple(value & mask for value in right_registers(request))
