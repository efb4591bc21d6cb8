"""Every page's number of queries: no more for eight objects than checked in for two. That two cost exactly what is
checked in is seen by the matrix, which reads every page anyway (`test_matrix.py`).

`PORTAL_BASELINES=write ./portal test tests/permissions/test_queries.py` writes `tests/baselines/queries.json` anew; the
difference is then part of the change and is read with it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

import pytest

from tests.permissions.baselines import BASELINES, agreed_queries, pages
from tests.permissions.table import Row, getting, rows
from tests.permissions.walk import UNATTENDED, ask, client_for, taken_back
from tests.permissions.world import World, build_world

MANY = 8
MOST = 12
pytestmark = pytest.mark.xdist_group("queries")


def counted(world: World, asked: Sequence[Row], agreed: Mapping[str, int] | None = None) -> dict[str, int]:
    """URL name → queries of one GET that shows something, caches warm, as the strongest fitting role. Where the first
    answer costs no more than `agreed`, no second one is asked for.
    """
    counts, clients = {}, {role: client_for(world, role) for role in {getting(row)[-1] for row in asked}}
    for row in asked:
        role = getting(row)[-1]
        with taken_back():
            for _time in ("cold", "warm"):
                answer = ask(clients[role], row, role, "inside", "GET", world.inside, headers=UNATTENDED)
                assert answer.status in row.get, f"{row.name} shows nothing that could be counted"
                counts[row.name] = answer.queries
                if agreed is not None and answer.queries <= agreed[row.name]:
                    break
    return counts


@pytest.fixture(scope="module")
def many(db: None) -> dict[str, int]:
    """With eight of everything in the visitor's town."""
    with taken_back():
        return counted(build_world(MANY), pages(), agreed_queries())


def test_every_page_has_a_number_and_nothing_else_has(db: None) -> None:
    if os.environ.get("PORTAL_BASELINES") == "write":
        with taken_back():
            few = counted(build_world(), pages())
        BASELINES.write_text(json.dumps(few, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        agreed_queries.cache_clear()
    assert set(agreed_queries()) ^ {row.name for row in pages()} == set(), "see the head of this file"


def test_eight_objects_cost_no_more_queries_than_two(many: dict[str, int]) -> None:
    few = agreed_queries()
    grown = {name: (few[name], many[name]) for name in few if many[name] > few[name] and not rows()[name].grows}
    assert grown == {}, "URL name: (queries for 2, queries for 8)"


def test_no_page_asks_more_than_twelve_questions() -> None:
    assert {name: n for name, n in agreed_queries().items() if n > MOST} == {}
