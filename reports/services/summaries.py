"""Keep `DwellingSummary` true by pulling: the sealed history says which dwellings were touched since last time.

A sealed entry gets its number after its transaction is committed, so "number greater than the last one taken" misses
nothing, however long a transaction was open. Everything is set-based, safe to repeat and to interrupt.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from accounts.history.sealing import head, seal_history
from core import clock
from households.models import Dwelling
from reports.models import DwellingSummary, RefreshMark, SummaryTotal
from reports.services import boards, tracing
from reports.services import summary_sql as sql
from subsidies.counting import programmes_counting_second_homes

NAME = "dwellings"
STEP = 20_000
BATCH = 5_000
OVERLAP = dt.timedelta(minutes=2)
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def refresh_summaries(*, now: dt.datetime | None = None) -> int | None:
    """Take in what happened since last time; number of dwellings looked at, None while another run is at it."""
    at = now or clock.now()
    seal_history()
    until, looked_at = head().seq, 0
    RefreshMark.objects.get_or_create(name=NAME)
    if not tracing.begin(lock=NAME, now=at):
        return None
    while True:
        done = _step(until, at)
        if done is None:
            return None
        looked_at += done[0]
        if done[1] >= until:
            return looked_at


def rebuild_summaries(*, now: dt.datetime | None = None) -> int:
    """Everything anew, dwelling by dwelling in batches; the lists can be read meanwhile."""
    at = now or clock.now()
    seal_history()
    until, looked_at, last = head().seq, 0, 0
    RefreshMark.objects.get_or_create(name=NAME)
    while ids := _next_ids(last):
        with transaction.atomic():
            RefreshMark.objects.select_for_update().get(name=NAME)
            boards.sum_up(_write(ids))
            tracing.renew(tracing.lines_of(ids))
        looked_at, last = looked_at + len(ids), ids[-1]
    with transaction.atomic():
        mark = RefreshMark.objects.select_for_update().get(name=NAME)
        _drop_orphan_totals()
        boards.count_heaters(now=at, touched=True)
        RefreshMark.objects.update_or_create(name=tracing.MARK, defaults={"refreshed_at": at})
        mark.history_seq, mark.refreshed_at = until, at
        mark.save()
    return looked_at


@transaction.atomic
def _step(until: int, now: dt.datetime) -> tuple[int, int] | None:
    """One stretch of history: (dwellings looked at, number reached)."""
    mark = RefreshMark.objects.select_for_update(skip_locked=True).filter(name=NAME).first()
    if mark is None:
        return None
    reached = max(mark.history_seq, min(until, mark.history_seq + STEP))
    ids = _touched(mark.history_seq, reached)
    places: set[tuple[int, str]] = set()
    for start in range(0, len(ids), BATCH):
        places |= _write(ids[start : start + BATCH])
    boards.sum_up(places)
    tracing.renew(tracing.lines_of(ids) | tracing.touched(mark.history_seq, reached))
    boards.count_heaters(now=now, touched=bool(ids))
    _run(sql.ROOMS, since=(mark.readings_until or LONG_AGO) - OVERLAP)
    mark.history_seq, mark.readings_until = reached, now
    mark.refreshed_at = now if reached >= until else mark.refreshed_at  # "as of" holds only with everything taken in
    mark.save()
    return len(ids), reached


def _touched(since: int, until: int) -> list[int]:
    if since >= until:
        return []
    return sorted(row[0] for row in _run(sql.TOUCHED, since=since, until=until, tables=sql.TABLES))


def _write(ids: list[int]) -> set[tuple[int, str]]:
    """Rows of these dwellings, and the sums of every place they were or are in; returns those places."""
    places = set(_run(sql.PLACES, ids=ids))
    _run(sql.DROP, ids=ids)
    _run(sql.WRITE, ids=ids, second_homes=programmes_counting_second_homes())
    places |= set(_run(sql.PLACES, ids=ids))
    _sum_up(places)
    return places | boards.paid_places(ids)


def _sum_up(places: Iterable[tuple[int, str]]) -> None:
    pairs = sorted(places)
    values = {"programmes": [programme for programme, _ in pairs], "areas": [area for _, area in pairs]}
    _run(sql.DROP_TOTALS, **values)
    _run(sql.WRITE_TOTALS, **values)
    boards.sum_towns(pairs)


def _next_ids(last: int) -> list[int]:
    return list(Dwelling.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH])


def _drop_orphan_totals() -> None:
    """Sums of places where no summary is left (a village dissolved)."""
    kept = DwellingSummary.objects.order_by().values_list("programme_id", "area_id").distinct()
    summed = SummaryTotal.objects.order_by().values_list("programme_id", "area_id").distinct()
    _sum_up(set(summed) - set(kept))


def _run(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
