"""Whether the rows still are what their history says: finds what was changed while the triggers were off.

History is replayed per row in the database (`accounts_replayed`: later values over earlier ones) and compared with the
row in the same statement, so that work going on meanwhile raises no false alarm. A column that was added after a row's
last change is not in its history and is not compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from psycopg import sql

from accounts.history.triggers import HIDDEN_VALUE, excluded_columns, is_tracked, starts_at_change
from core.checks import own_models

FETCH = 500
_COMPARE = """
WITH told AS (
    SELECT row_pk, accounts_replayed(after ORDER BY id) AS state, (array_agg(operation ORDER BY id DESC))[1] AS last
    FROM accounts_auditentry WHERE "table" = {name} GROUP BY row_pk
), present AS (
    SELECT t.{pk}::text AS row_pk, to_jsonb(t) - {minus}::text[] AS state FROM {table} t
)
SELECT COALESCE(told.row_pk, present.row_pk),
    CASE WHEN told.last IS DISTINCT FROM 'D' THEN told.state END, present.state
FROM told {joined} present ON told.row_pk = present.row_pk
WHERE (CASE WHEN told.last IS DISTINCT FROM 'D' THEN told.state END) IS DISTINCT FROM present.state
"""


@dataclass(frozen=True)
class Disagreement:
    """A row that is not what its history says. `kind`: changed (with `column`), gone, or unrecorded."""

    table: str
    row_pk: str
    kind: str
    column: str = ""

    def __str__(self) -> str:
        return f"{self.table} {self.row_pk}: {self.kind}{f' ({self.column})' if self.column else ''}"


@dataclass
class RowCheck:
    tables: int
    rows: int
    found: list[Disagreement]


def compare_rows(*, limit: int = 20) -> RowCheck:
    """Compare every table that has history; stops after `limit` disagreements."""
    check = RowCheck(0, 0, [])
    for model in own_models():
        if not is_tracked(model):
            continue
        check.tables += 1
        check.rows += model._base_manager.count()
        for found in disagreements(model):
            check.found.append(found)
            if len(check.found) >= limit:
                return check
    return check


def disagreements(model: type[models.Model]) -> Iterator[Disagreement]:
    """Rows of one table that differ from their history, or have none, or are missing."""
    table = model._meta.db_table
    for row_pk, told, present in _differing(model):
        if present is None:
            yield Disagreement(table, row_pk, "gone")
        elif told is None:
            yield Disagreement(table, row_pk, "unrecorded")
        else:
            yield from (Disagreement(table, row_pk, "changed", name) for name in _changed(model, told, present))


def _differing(model: type[models.Model]) -> Iterator[tuple[str, dict[str, Any] | None, dict[str, Any] | None]]:
    """The rows that are not equal byte by byte; most of these still agree (another time zone, a younger column)."""
    assert connection.connection is not None or connection.ensure_connection() is None
    query = sql.SQL(_COMPARE).format(
        name=sql.Literal(model._meta.db_table),
        pk=sql.Identifier(model._meta.pk.column),
        minus=sql.Literal(excluded_columns(model)),
        table=sql.Identifier(model._meta.db_table),
        joined=sql.SQL("LEFT JOIN" if starts_at_change(model) else "FULL JOIN"),
    )
    with transaction.atomic(), connection.connection.cursor(name="compare_rows") as cursor:
        cursor.itersize = FETCH
        cursor.execute(query)
        for row_pk, told, present in cursor:  # Django leaves jsonb as text
            yield row_pk, told and json.loads(told), present and json.loads(present)


def _changed(model: type[models.Model], told: dict[str, Any], present: dict[str, Any]) -> list[str]:
    moments = {field.column for field in model._meta.fields if isinstance(field, models.DateTimeField)}
    both = sorted(told.keys() & present.keys())
    return [name for name in both if not _agree(told[name], present[name], name in moments)]


def _agree(told: Any, present: Any, moment: bool) -> bool:
    if told in (present, HIDDEN_VALUE):
        return True
    if moment and isinstance(told, str) and isinstance(present, str):
        return datetime.fromisoformat(told) == datetime.fromisoformat(present)
    return False
