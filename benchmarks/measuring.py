"""What a benchmark hands back, and how it takes its times."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection


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


def processor_s() -> float:
    """Seconds of work so far by this process, those it started and its database server; others' work does not count.

    Differences mean something while the connection stays the same (`connection.connection.info.backend_pid`).
    """
    mine = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    connection.ensure_connection()
    served = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return mine + (int(served.read_text().split()[0]) / 1e9 if served.exists() else 0.0)


def best_of(times: int, work: Callable[[], object]) -> float:
    """Seconds of the quickest of several runs: the one least disturbed by other work on the machine."""
    return min(timed(work) for _ in range(times))


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
