"""Many rows at once: COPY into a staging table, then one statement into the real one, so that history is written.

COPY alone carries no actor (see `accounts.acting`); the INSERT … SELECT does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from psycopg import sql


def reserve_ids(model: type[models.Model], how_many: int) -> list[int]:
    """Fresh primary keys, so that rows of other tables can name them before they are inserted."""
    if not how_many:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)::regclass) FROM generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, how_many],
        )
        return [row[0] for row in cursor.fetchall()]


def insert_rows(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert new rows; those without a primary key get one."""
    unnumbered = [row for row in rows if row.pk is None]
    for row, key in zip(unnumbered, reserve_ids(model, len(unnumbered)), strict=True):
        row.pk = key
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    _write(model, fields, rows, _INSERT)
    for row in rows:
        row._state.adding, row._state.db = False, "default"


def update_rows(model: type[models.Model], rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write these fields of existing rows, each row's own values."""
    fields = [model._meta.pk, *(model._meta.get_field(name) for name in names)]
    _write(model, fields, rows, _UPDATE)


_INSERT = "INSERT INTO {table} ({columns}) SELECT {columns} FROM {stage} ORDER BY {key}"
_UPDATE = "UPDATE {table} SET {changes} FROM {stage} WHERE {table}.{key} = {stage}.{key}"


def _write(model: type[models.Model], fields: Sequence[Any], rows: Sequence[models.Model], statement: str) -> None:
    if not rows:
        return
    stage, table = sql.Identifier(f"stage_{model._meta.db_table}"), sql.Identifier(model._meta.db_table)
    columns = sql.SQL(", ").join(sql.Identifier(field.column) for field in fields)
    parts = {
        "table": table, "stage": stage, "columns": columns, "key": sql.Identifier(model._meta.pk.column),
        "changes": sql.SQL(", ").join(_change(stage, field.column) for field in fields[1:]),
    }  # fmt: skip
    with connection.cursor() as cursor:
        make = "CREATE TEMP TABLE {stage} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA"
        cursor.execute(_text(make, parts))
        with cursor.copy(_text("COPY {stage} ({columns}) FROM STDIN", parts)) as copy:
            for values in _lines(fields, rows, adding=statement is _INSERT):
                copy.write_row(values)
        # Foreign keys wait for the commit otherwise, and every entry of the history searches that growing queue.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_text(statement, parts))
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(_text("DROP TABLE {stage}", parts))


def _text(statement: str, parts: dict[str, sql.Composable]) -> str:
    """As text, because Django's cursor hands statements on as such."""
    return sql.SQL(statement).format(**parts).as_string(None)  # type: ignore[arg-type]


def _change(stage: sql.Identifier, column: str) -> sql.Composed:
    return sql.SQL("{column} = {stage}.{column}").format(column=sql.Identifier(column), stage=stage)


def _lines(fields: Sequence[Any], rows: Iterable[models.Model], *, adding: bool) -> Iterator[list[Any]]:
    """Values in column order. What a row keeps as the database wants it goes as it is; the rest through its field."""
    readers = [_reader(field, adding=adding) for field in fields]
    for row in rows:
        yield [read(row) for read in readers]


def _reader(field: Any, *, adding: bool) -> Callable[[models.Model], Any]:
    if isinstance(field, (*_PLAIN, models.ForeignKey)) and not getattr(field, "encrypted", False):
        return attrgetter(field.attname)
    if getattr(field, "encrypted", False):
        return lambda row: field.get_prep_value(getattr(row, field.attname))
    return lambda row: field.get_db_prep_save(field.pre_save(row, adding), connection)


#: Kinds whose Python value is what is sent: subclasses that change it on the way (encrypted text) are kept out above.
_PLAIN = (models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.DecimalField, ArrayField)
