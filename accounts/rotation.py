"""Moving stored values to the current field key, a batch at a time; interrupted, it goes on where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection, models, transaction
from psycopg import sql

from core.checks import own_models
from core.crypto import key_ring
from core.fields import EncryptedJSONField, EncryptedTextField

BATCH = 500
Column = tuple[type[models.Model], str]


def encrypted_columns() -> Iterator[Column]:
    """Every encrypted column of the portal's own tables."""
    for model in own_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedTextField | EncryptedJSONField):
                yield model, field.column


def rotate_column(model: type[models.Model], column: str, *, batch: int = BATCH) -> int:
    """Re-encrypt what is not under the current key and cipher; returns how many values."""
    done = 0
    while moved := _rotate_batch(model, column, batch):
        done += moved
    return done


def left_to_rotate(model: type[models.Model], column: str) -> int:
    """Values still under an older key. A key file may be removed only when this is 0 and no history needs it."""
    with connection.cursor() as cursor:
        query = _statement("SELECT count(*) FROM {table} WHERE {column} NOT LIKE %s AND {column} <> ''", model, column)
        cursor.execute(query, [key_ring().prefix + "%"])
        return int(cursor.fetchone()[0])


@transaction.atomic
def _rotate_batch(model: type[models.Model], column: str, size: int) -> int:
    """One short transaction; a row someone is working on is waited for."""
    ring = key_ring()
    find = (
        "SELECT {pk}, {column} FROM {table} WHERE {column} NOT LIKE %s AND {column} <> '' "
        "ORDER BY {pk} LIMIT %s FOR UPDATE"
    )
    with connection.cursor() as cursor:
        cursor.execute(_statement(find, model, column), [ring.prefix + "%", size])
        rows = [(pk, ring.seal(ring.open(old))) for pk, old in cursor.fetchall()]
        update = "UPDATE {table} SET {column} = %s WHERE {pk} = %s"
        for pk, new in rows:
            cursor.execute(_statement(update, model, column), [new, pk])
    return len(rows)


def _statement(text: str, model: type[models.Model], column: str) -> Any:
    names = {"table": model._meta.db_table, "column": column, "pk": model._meta.pk.column}
    composed = sql.SQL(text).format(**{name: sql.Identifier(value) for name, value in names.items()})
    connection.ensure_connection()
    return composed.as_string(connection.connection)
