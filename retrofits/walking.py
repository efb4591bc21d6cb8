"""In which order an inspector walks: village by village, always to the nearest home not yet visited."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import groupby
from typing import TypeVar

Home = TypeVar("Home")
Place = tuple[float, float]


def walking_order(
    homes: Sequence[Home], *, group: Callable[[Home], Hashable], place: Callable[[Home], Place | None]
) -> list[Home]:
    """`homes` in their groups' order; inside a group from the first one to its nearest, and so on.

    `place` gives longitude and latitude in degrees; homes without one stand last in their group, in the given order.
    Takes n² steps for n homes of a group: meant for a day's list.
    """
    ordered: list[Home] = []
    for _key, members in groupby(homes, key=group):
        known, unknown = [], []
        for home in members:
            where = place(home)
            (known if where else unknown).append((home, where or (0.0, 0.0)))
        ordered += [*_nearest_first(known), *(home for home, _where in unknown)]
    return ordered


def _nearest_first(homes: list[tuple[Home, Place]]) -> list[Home]:
    rest, ordered = list(homes), list[Home]()
    here: Place | None = None
    while rest:
        nearest = min(range(len(rest)), key=lambda n: _apart(here, rest[n][1]))
        home, here = rest.pop(nearest)
        ordered.append(home)
    return ordered


def _apart(one: Place | None, other: Place) -> float:
    """Good enough to compare distances inside one village: a degree of longitude is shortened by a fixed cosine."""
    return 0.0 if one is None else ((one[0] - other[0]) * 0.81) ** 2 + (one[1] - other[1]) ** 2
