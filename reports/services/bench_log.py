"""The bench's own log: which question was asked, by whom, and what it found. Reading leaves a trace, too."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from accounts.acting import acting
from core import clock
from reports.models import BenchQuery
from reports.queries.scope import Scope

LONGEST, LONGEST_ANSWER = 300, 120


def note_query(
    scope: Scope, page: str, asked: dict[str, str], answer: str = "", *, now: dt.datetime | None = None
) -> BenchQuery | None:
    """Write a question down; nothing where nothing was asked or no programme is chosen."""
    query = urlencode({key: value for key, value in asked.items() if value})
    if not query or scope.programme is None or not scope.area_code:
        return None
    with acting(scope.user, reason=page):
        return BenchQuery.objects.create(
            area_id=scope.area_code, programme=scope.programme, asked_by=scope.user, asked_at=now or clock.now(),
            page=page, query=query[:LONGEST], answer=answer[:LONGEST_ANSWER],
        )  # fmt: skip
