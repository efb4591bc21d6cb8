"""What a page may ask the database, as checked in."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from tests.permissions.table import Row, getting, rows
from tests.permissions.walk import Answer

BASELINES = Path(__file__).parents[1] / "baselines" / "queries.json"


@cache
def agreed_queries() -> dict[str, int]:
    """URL name → statements of one GET, two of everything there, caches warm, as the strongest role that gets it."""
    found: dict[str, int] = json.loads(BASELINES.read_text(encoding="utf-8"))
    return found


def pages() -> list[Row]:
    """The addresses whose GET shows something."""
    return [row for row in rows().values() if 200 in row.get]


def costing_otherwise(answers: list[Answer]) -> list[Answer]:
    """Those read by the strongest role that gets the page, within its place, that did not cost what is agreed."""
    return [one for one in answers if _counts(one) and one.queries != agreed_queries().get(one.row.name)]


def _counts(one: Answer) -> bool:
    return (one.method, one.where) == ("GET", "inside") and 200 in one.row.get and getting(one.row)[-1] == one.role
