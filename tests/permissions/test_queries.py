"""Every page's number of queries: as checked in, and the same for two objects as for twenty.

`PORTAL_BASELINES=write ./portal test tests/permissions/test_queries.py` writes `tests/baselines/queries.json` anew; the
difference is then part of the change and is read with it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.permissions.table import Row, getting, rows
from tests.permissions.walk import address, client_for, taken_back
from tests.permissions.world import World, build_world

BASELINES = Path(__file__).parents[1] / "baselines" / "queries.json"
MANY = 20
MOST = 12
pytestmark = pytest.mark.xdist_group("queries")


def counted(world: World, agreed: Mapping[str, int] | None = None) -> dict[str, int]:
    """URL name → queries of one GET that shows something, caches warm, as the strongest fitting role. Where the first
    answer costs no more than `agreed`, no second one is asked for.
    """
    counts = {}
    for row in rows().values():
        if 200 in row.get:
            client, url = client_for(world, getting(row)[-1]), address(row, world.inside)
            with taken_back():
                first = queries_of(client, url, row)
                known = agreed is not None and first <= agreed[row.name]
                counts[row.name] = first if known else queries_of(client, url, row)
    return counts


def queries_of(client: Client, url: str, row: Row) -> int:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url)
        b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert answer.status_code in row.get, f"{row.name} shows nothing that could be counted"
    return len(queries)


@pytest.fixture(scope="module")
def few(db: None) -> dict[str, int]:
    """With two of everything."""
    with taken_back():
        return counted(build_world())


@pytest.fixture(scope="module")
def many(db: None, few: dict[str, int]) -> dict[str, int]:
    """With twenty of everything in the visitor's town."""
    with taken_back():
        return counted(build_world(MANY), few)


def test_queries_are_as_checked_in(few: dict[str, int]) -> None:
    if os.environ.get("PORTAL_BASELINES") == "write":
        BASELINES.write_text(json.dumps(few, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    agreed = json.loads(BASELINES.read_text(encoding="utf-8"))
    different = {name: (agreed.get(name), few.get(name)) for name in agreed | few if agreed.get(name) != few.get(name)}
    assert different == {}, "URL name: (checked in, now); see the head of this file"


def test_twenty_objects_cost_no_more_queries_than_two(few: dict[str, int], many: dict[str, int]) -> None:
    grown = {name: (few[name], many[name]) for name in few if many[name] > few[name] and not rows()[name].grows}
    assert grown == {}, "URL name: (queries for 2, queries for 20)"


def test_no_page_asks_more_than_twelve_questions() -> None:
    agreed = json.loads(BASELINES.read_text(encoding="utf-8"))
    assert {name: n for name, n in agreed.items() if n > MOST} == {}
