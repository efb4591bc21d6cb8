"""Where CPython keeps the frames of calls: one block below a function with room, many elsewhere."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from itertools import pairwise

import pytest

from heating_portal import celery, wsgi
from heating_portal.deep_calls import SLOTS, with_room

F_FRAME = 3 * ctypes.sizeof(ctypes.c_void_p)  # PyFrameObject: count of references, type, f_back, then where it stands
NEXT_DOOR = 1_024  # bytes; a frame of `places` takes about a hundred
DEPTH = 700


def places(depth: int) -> list[int]:
    """Addresses of this call's frame and of those below it."""
    here = ctypes.c_void_p.from_address(id(sys._getframe()) + F_FRAME).value or 0
    return [here, *(places(depth - 1) if depth else [])]


def edges(function: Callable[[int], list[int]]) -> int:
    """How many of the calls had to have a block of their own."""
    return sum(not 0 < after - before < NEXT_DOOR for before, after in pairwise(function(DEPTH)))


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="NOT CPYTHON: keeps its frames elsewhere")
def test_calls_below_a_function_with_room_never_cross_the_edge_of_a_block() -> None:
    @with_room
    def roomy(depth: int) -> list[int]:
        return places(depth)

    assert edges(roomy) == 0


def test_web_server_and_every_task_of_ours_take_room() -> None:
    roomy = (wsgi.application, celery.RoomyTask.__call__)
    assert {call.__code__.co_stacksize for call in roomy} == {SLOTS}
    assert all(isinstance(task, celery.RoomyTask) for name, task in celery.app.tasks.items() if "celery." not in name)
