"""What a benchmark hands back, and how it takes its times."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """`ours_s` and `peer_s` are seconds for the same work, taken side by side; the ratio is what counts."""

    what: str
    ours_s: float
    peer: str
    peer_s: float

    @property
    def ratio(self) -> float:
        """How many times quicker we are than the peer (below 1: slower)."""
        return self.peer_s / self.ours_s


def best_of(times: int, work: Callable[[], object]) -> float:
    """Seconds of the quickest of several runs: the one least disturbed by other work on the machine."""
    return min(timed(work) for _ in range(times))


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
