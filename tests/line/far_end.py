"""A far end that answers in order, as a bus does, and disturbs some answers. Every register holds its own address."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from devices.protocol.crc import sealed
from devices.protocol.frames import Request, exception_answer
from tests.devices.virtual import right_answer

# Share of answers that are disturbed, by seed in turn: a bad line, and one on which troubles meet each other.
DISTURBED = (0.4, 0.14)
# A foreign frame comes from a unit nobody asks. One that names a unit we are just waiting for, in the shape we
# wait for, can't be told from an answer by anybody: RTU has nothing to tell it by (docs/devices.md, "Not covered").
STRANGER = 7
KINDS = ("silent", "late", "late", "late", "damaged", "truncated", "noise", "heartbeat", "split", "other_unit",
         "short", "exception", "echo", "inside")  # fmt: skip


class Time(Protocol):
    """Virtual time: `tests.devices.virtual.World`, or a loop's."""

    @property
    def now(self) -> float: ...
    def at(self, when: float, call: Callable[[], None]) -> None: ...


class FuzzBus:
    """Values are never touched, so an engine that shows a wrong one has taken a frame for what it is not."""

    def __init__(self, time: Time, seed: int) -> None:
        self.time, self.dice = time, random.Random(seed)
        self.free_at, self.share = 0.0, DISTURBED[seed % 2]
        self.disturbed = self.seen = 0
        self.deliver: Callable[[bytes], None]

    def __call__(self, request: Request) -> None:
        dice, answer = self.dice, right_answer(request)
        self.seen += 1
        sends, delay = [(0.0, answer)], dice.uniform(0.01, 0.2)
        if dice.random() < self.share:
            self.disturbed += 1
            kind = dice.choice(KINDS)
            delay = dice.uniform(0.25, 2.5) if kind == "late" else delay
            sends = self.disturb(kind, request, answer)
        due = max(self.time.now + delay, self.free_at)
        for extra, data in sends:
            due += extra
            self.time.at(due, lambda data=data: self.deliver(data))
        self.free_at = due

    def disturb(self, kind: str, request: Request, answer: bytes) -> list[tuple[float, bytes]]:
        dice = self.dice
        cut, spot = dice.randrange(1, len(answer)), dice.randrange(len(answer))
        noise = dice.randbytes(dice.randrange(1, 9))
        return {
            "silent": [],
            "late": [(0.0, answer)],
            "damaged": [(0.0, answer[:spot] + bytes([answer[spot] ^ 1 << dice.randrange(8)]) + answer[spot + 1 :])],
            "truncated": [(0.0, answer[:cut])],
            "noise": [(0.0, noise + answer + noise[::-1])],
            "heartbeat": [(0.0, dice.choice([b"ping", b"\x01\x03\x04", b"www.usr.cn"]) + answer)],
            "split": [(0.0, answer[:cut]), (0.03, answer[cut:])],
            "other_unit": [(0.0, sealed(bytes([STRANGER]) + answer[1:-2])), (0.02, answer)],
            "short": [
                (0.0, right_answer(Request(request.unit, request.code, request.addr, max(1, request.count - 1))))
            ],
            "exception": [(0.0, exception_answer(request.unit, request.code, dice.choice([1, 2, 4, 6])))],
            "echo": [(0.0, request.frame + answer)],
            "inside": [(0.0, answer[:cut] + b"ping" + answer[cut:])],
        }[kind]


def any_read(dice: random.Random) -> Request:
    """Three units, lengths that often agree: what makes answers easy to mistake."""
    return Request(dice.choice([1, 2, 3]), dice.choice([3, 3, 4]), dice.randrange(0, 900), dice.choice([2, 4, 4, 6]))


def any_pause(dice: random.Random) -> float:
    return dice.choice([0.0, 0.0, 0.05, 0.3])
