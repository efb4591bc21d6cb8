"""Keep what the trace of money reads true: payments, their shares, what breaks their chains, and the sums of these.

Done with the summaries (`reports.services.summaries`): the sealed history says which payments were touched, these are
worked out anew and so are the sums of their villages and towns, all in the transaction that moves the mark. Safe to
repeat, and to be killed anywhere: either all of it happened or nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models.expressions import RawSQL

from core.areas import CODE_LENGTHS, TOWN, code_range
from reports.models import ChainFault, RefreshMark
from reports.queries.faults import BY_CODE
from reports.services import tracing_sql as sql
from subsidies.models import PayoutLine

MARK = "trace"
BATCH = 5_000
Places = Iterable[tuple[int, str]]


def touched(since: int, until: int) -> set[int]:
    """Keys of payments on whose shares or chain this stretch of history bears, beside what it tells of dwellings."""
    if since >= until:
        return set()
    return {row[0] for row in _run(sql.TOUCHED, since=since, until=until, tables=sql.TABLES)}


def lines_of(dwellings: Sequence[int]) -> set[int]:
    """Keys of all payments to these dwellings, confirmed or not."""
    return {row[0] for row in _run(sql.LINES_OF, ids=list(dwellings))} if dwellings else set()


def renew(lines: Iterable[int]) -> None:
    """These payments anew, piece by piece, and the sums of every place they were or are in. In a transaction."""
    wanted, places = sorted(lines), set[tuple[int, str]]()
    for start in range(0, len(wanted), BATCH):
        places |= _renew(wanted[start : start + BATCH])
    sum_up(places)


def _renew(lines: list[int]) -> set[tuple[int, str]]:
    places = set(_run(sql.VILLAGES, lines=lines))
    for statement in (*sql.DROP, sql.WRITE):
        _run(statement, lines=lines)
    _judge(lines)
    return places | set(_run(sql.VILLAGES, lines=lines))


def _judge(lines: list[int]) -> None:
    """Every fault of these payments, by the conditions that the proof of a single payment goes by too."""
    paid = PayoutLine.objects.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [lines]), state=PayoutLine.State.PAID)
    parts, values = [], []
    for code, (_words, narrow) in BY_CODE.items():
        found, given = narrow(paid).order_by().values_list("pk").query.sql_with_params()
        parts.append(f"SELECT %s, f.id FROM ({found}) f (id)")  # noqa: S608 - written by the mapper
        values += [code, *given]
    table = ChainFault._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (fault, payment_id, programme_id, area_id) "  # noqa: S608
            "SELECT found.fault, t.line_id, t.programme_id, t.area_id "
            f"FROM ({' UNION '.join(parts)}) found (fault, id) JOIN reports_tracedpayment t ON t.line_id = found.id",
            values,
        )


def sum_up(villages: Places) -> None:
    """Sums of these (programme, village) pairs and of their towns, counted anew."""
    wanted = sorted(set(villages))
    _count("village", wanted, sql.WRITE_VILLAGES)
    _count("town", sorted({(one, code[: CODE_LENGTHS[TOWN]]) for one, code in wanted}), sql.WRITE_TOWNS)


def _count(level: str, places: list[tuple[int, str]], write: str) -> None:
    ranges = [code_range(code) for _programme, code in places]
    values = {
        "level": level, "programmes": [one for one, _code in places], "places": [code for _one, code in places],
        "lows": [low for low, _high in ranges], "highs": [high for _low, high in ranges],
    }  # fmt: skip
    if places:
        _run(sql.DROP_TOTALS, **values)
        _run(write, **values)


def begin(*, lock: str, now: dt.datetime) -> bool:
    """The first time (a database from before these tables): every payment, one piece per transaction.

    Killed in between it goes on where it was. `lock` is the mark a refresh holds; False while another run has it.
    """
    mark, _made = RefreshMark.objects.get_or_create(name=MARK)
    while mark.refreshed_at is None:
        with transaction.atomic():
            if not RefreshMark.objects.select_for_update(skip_locked=True).filter(name=lock).exists():
                return False
            mark.refresh_from_db()
            _next_piece(mark, now)
    return True


def _next_piece(mark: RefreshMark, now: dt.datetime) -> None:
    rows = PayoutLine.objects.filter(pk__gt=mark.history_seq, state=PayoutLine.State.PAID).order_by("pk")
    piece = list(rows.values_list("pk", flat=True)[:BATCH])
    renew(piece)
    mark.history_seq = piece[-1] if piece else mark.history_seq
    mark.refreshed_at = None if piece else now
    mark.save()


def _run(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
