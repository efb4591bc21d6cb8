"""Deadlines of thousands of lines in buckets of 50 ms: no timer, task or future per request."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from typing import Protocol

STEP_S = 0.05


class Ticking(Protocol):
    """A line: looks at its own deadline when told that time has passed."""

    def tick(self) -> None: ...


class WheelTimer:
    """The timer of one line. Armed for later than it stands, it stays: the line asks again when it is called."""

    __slots__ = ("_line", "_wheel", "slot")

    def __init__(self, wheel: DeadlineWheel, line: Ticking) -> None:
        self._wheel, self._line = wheel, line
        self.slot = 0

    def arm(self, due: float) -> None:
        slot = int(due / STEP_S) + 1
        if not 0 < self.slot <= slot:
            self._wheel.put(self, slot, due)

    def fire(self) -> None:
        self.slot = 0
        self._line.tick()


class DeadlineWheel:
    """One per event loop. Lines are called at most one step late; deadlines nearer than a step are exact."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._buckets: dict[int, list[WheelTimer]] = {}
        self._slot = 0  # every bucket up to this one has been emptied
        self._turning = False

    def timer(self, line: Ticking) -> WheelTimer:
        return WheelTimer(self, line)

    def put(self, timer: WheelTimer, slot: int, due: float) -> None:
        if not self._turning:
            self._start()
        if slot <= self._slot + 1:
            self._loop.call_at(due, timer.fire)
            return
        timer.slot = slot
        bucket = self._buckets.get(slot)
        if bucket is None:
            self._buckets[slot] = [timer]
        else:
            bucket.append(timer)

    def _start(self) -> None:
        self._slot, self._turning = int(self._loop.time() / STEP_S), True
        self._loop.call_later(STEP_S, self._turn)

    def _turn(self) -> None:
        now = int(self._loop.time() / STEP_S)
        while self._slot < now:
            self._slot += 1
            for timer in self._buckets.pop(self._slot, ()):
                if timer.slot == self._slot:  # else it was armed anew for an earlier moment
                    timer.fire()
        if self._buckets:
            self._loop.call_later(STEP_S, self._turn)
        else:
            self._turning = False
