"""In a run of several workers: what starts first, and what stays together.

Tests of a file that share something dear run in one worker, or each of the workers would build it for itself. The long
groups of browsers and killed servers come before them, so that nobody is waited for at the end, and single tests last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    worlds = set()
    for item in items:
        if shares_a_world(item):
            worlds.add(world := f"{item.path.parent.name}.{item.path.stem}")
            item.add_marker(pytest.mark.xdist_group(world))
    yield
    sizes = Counter(group_of(item) for item in items)
    items.sort(key=lambda item: _turn(group_of(item), worlds, sizes))


def shares_a_world(item: pytest.Item) -> bool:
    """Whether a fixture of it is made once for the whole file. The tests of browsers form groups of their own."""
    if group_of(item) or item.path.parent.name == "browser":
        return False
    made: Any = getattr(item, "_fixtureinfo", None)
    found = made.name2fixturedefs.values() if made else ()
    return any(one.scope == "module" and one.baseid for ones in found for one in ones)


def group_of(item: pytest.Item) -> str:
    mark = item.get_closest_marker("xdist_group")
    return str(mark.args[0]) if mark else ""


def _turn(group: str, worlds: set[str], sizes: Counter[str]) -> tuple[int, int, str]:
    """Named groups, files with a world, single tests; the largest first."""
    if not group:
        return 2, 0, ""
    return int(group in worlds), -sizes[group], group
