"""How far the load is: one line per step, units of work done, time left from the measured rate."""

from __future__ import annotations

import time
from collections.abc import Callable

EVERY_S = 2.0


class Progress:
    """`total` units of work over all steps. `clock` gives seconds; `say` prints one line."""

    def __init__(self, total: int, say: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> None:
        self.total, self.say, self.clock = total, say, clock
        self.begun = self.spoken = clock()
        self.done = 0
        self.step = ""

    def begin(self, step: str) -> None:
        self.step = step
        self._speak()

    def tick(self, units: int = 1) -> None:
        self.done += units
        if self.clock() - self.spoken >= EVERY_S:
            self._speak()

    @property
    def left_s(self) -> int | None:
        """Seconds left at the rate so far, None before anything is done."""
        elapsed = self.clock() - self.begun
        return round(elapsed * (self.total - self.done) / self.done) if self.done and elapsed > 0 else None

    def _speak(self) -> None:
        self.spoken = self.clock()
        left = "" if self.left_s is None else f"，约剩 {max(0, self.left_s)} 秒 · about {max(0, self.left_s)} s left"
        share = min(100, 100 * self.done // max(1, self.total))
        self.say(f"[{share:3d}%] {self.step}{left}")
