"""Work on many homes by two processes at once: on two cores the longest part of the load takes half the time."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from itertools import zip_longest
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import TypeVar

from django.db import connection, connections

from heating_portal.demo.progress import Progress
from heating_portal.up.children import die_with_parent

FEWEST = 4  # parts; fewer are not worth a second process
TWO_HANDS = sys.platform == "linux" and (os.cpu_count() or 1) > 1  # elsewhere a fork may not touch the network
Part = TypeVar("Part")


def with_both_hands(parts: Sequence[list[Part]], work: Callable[[list[Part]], None], progress: Progress) -> None:
    """`work` through the parts, the later half in a process of its own. Each part has to commit by itself: whatever a
    killed load has not done is done by the next one. Inside a transaction, which a process can't share, one by one.
    """
    alone = not TWO_HANDS or len(parts) < FEWEST or connection.in_atomic_block
    mine = len(parts) if alone else len(parts) // 2
    other = None if alone else _begin(parts[mine:], work)
    try:
        for part, theirs in zip_longest(parts[:mine], parts[mine:], fillvalue=list[Part]()):
            if part:
                work(part)
            progress.tick(len(part) + len(theirs))
        _end(other)
    finally:
        if other:
            other.kill()


def _begin(parts: Sequence[list[Part]], work: Callable[[list[Part]], None]) -> BaseProcess:
    connections.close_all()  # a line to the database has one owner
    process = get_context("fork").Process(target=_work_off, args=(parts, work, die_with_parent(signal.SIGKILL)))
    process.start()
    return process


def _work_off(parts: Sequence[list[Part]], work: Callable[[list[Part]], None], die_too: Callable[[], None]) -> None:
    die_too()
    for part in parts:
        work(part)


def _end(process: BaseProcess | None) -> None:
    if process:
        process.join()
        if process.exitcode:
            raise RuntimeError(f"the second process of the load ended with {process.exitcode}")
