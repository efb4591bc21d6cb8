"""Many rows at once by COPY: new ones straight into their table, changed ones through a staging table.

COPY carries no actor (see `accounts.acting`): the statement before it does, and the setting holds until another one
or the end of the transaction. Without an actor the table's history refuses the rows.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.db.models.base import ModelState
from psycopg import sql
from psycopg.types.json import Jsonb

from core.fields import EncryptedJSONField, EncryptedTextField
from households.services.belt import Belt, belt

Made = TypeVar("Made", bound=models.Model)
_NULL = "\\N"
TOGETHER = 1_000
"""Rows of one statement: while the database works on them, the next ones are made."""
Column = Callable[[list[Any]], list[str]]
"""Values of one column to their texts in COPY."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Leave the search for reference cycles until the rows of a piece are done: it takes a third of their time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def stamped(model: type[Made], **same: Any) -> Callable[[], Made]:
    """What makes unsaved rows that share these column values; far quicker than the model's own constructor.

    Names are columns (`programme_id`), values the same for every row; a list is copied for each.
    """
    pattern = dict(model(**same).__dict__)
    lists = [name for name, value in pattern.items() if isinstance(value, list)]

    def make() -> Made:
        made = model.__new__(model)
        made.__dict__.update(pattern, _state=ModelState())
        for name in lists:
            made.__dict__[name] = list(pattern[name])
        return made

    return make


def reserve_ids(model: type[models.Model], how_many: int) -> list[int]:
    """Fresh primary keys, so that rows of other tables can name them before they are inserted."""
    if not how_many:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH named AS MATERIALIZED (SELECT pg_get_serial_sequence(%s, %s)::regclass AS series)"
            " SELECT array_agg(nextval(series)) FROM named, generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, how_many],
        )
        return list(cursor.fetchone()[0])


def number_rows(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Give a primary key to the rows that have none."""
    own = model._meta.pk.attname
    unnumbered = [row for row in rows if row.__dict__[own] is None]
    for row, key in zip(unnumbered, reserve_ids(model, len(unnumbered)), strict=True):
        row.__dict__[own] = key


def insert_rows(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert new rows; those without a primary key get one."""
    if rows:
        number_rows(model, rows)
        with belt() as running:
            send_rows(running, model, rows)


def send_rows(running: Belt, model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Put the insertion of new rows, which have their keys, on a belt."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    _send(running, model._meta.db_table, fields, rows, adding=True)
    for row in rows:
        row._state.adding, row._state.db = False, "default"


def update_rows(model: type[models.Model], rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write these fields of existing rows, each row's own values."""
    if rows:
        with belt() as running:
            send_changes(running, model, rows, names)


def send_changes(running: Belt, model: type[models.Model], rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Put the change of these fields on a belt."""
    if not rows:
        return
    fields = [model._meta.pk, *(model._meta.get_field(name) for name in names)]
    stage, table = sql.Identifier(f"stage_{model._meta.db_table}"), sql.Identifier(model._meta.db_table)
    parts = {
        "table": table, "stage": stage, "columns": _columns(fields), "key": sql.Identifier(model._meta.pk.column),
        "changes": sql.SQL(", ").join(_change(stage, field.column) for field in fields[1:]),
    }  # fmt: skip
    make = "CREATE TEMP TABLE {stage} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA"
    running.execute(_text(make, parts))
    _send(running, f"stage_{model._meta.db_table}", fields, rows, adding=False)
    change = "UPDATE {table} SET {changes} FROM {stage} WHERE {table}.{key} = {stage}.{key}"
    for statement in (_ROW_BY_ROW, change, _AS_PLANNED, "DROP TABLE {stage}"):
        running.execute(_text(statement, parts))


@contextmanager
def by_key() -> Iterator[None]:
    """Look each key up in its index: for a list of thousands PostgreSQL would rather read the whole register."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(f"{_ROW_BY_ROW}; SET LOCAL enable_seqscan TO off")
        yield
        cursor.execute(f"{_AS_PLANNED}; SET LOCAL enable_seqscan TO DEFAULT")


#: Each row by its key: with the young counts of a fresh table PostgreSQL would read all of it for every piece.
_ROW_BY_ROW = "SET LOCAL enable_hashjoin TO off; SET LOCAL enable_mergejoin TO off"
_AS_PLANNED = "SET LOCAL enable_hashjoin TO DEFAULT; SET LOCAL enable_mergejoin TO DEFAULT"


def _send(running: Belt, table: str, fields: Sequence[Any], rows: Sequence[models.Model], *, adding: bool) -> None:
    into = _text("COPY {table} ({columns}) FROM STDIN", {"table": sql.Identifier(table), "columns": _columns(fields)})
    writers = [_writer(field) for field in fields]
    for begin in range(0, len(rows), TOGETHER):
        running.copy(into, _block(fields, writers, rows[begin : begin + TOGETHER], adding=adding))


def _columns(fields: Sequence[Any]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(field.column) for field in fields)


def _text(statement: str, parts: Mapping[str, sql.Composable]) -> str:
    """As text, because Django's cursor hands statements on as such."""
    return sql.SQL(statement).format(**parts).as_string(None)  # type: ignore[arg-type]


def _change(stage: sql.Identifier, column: str) -> sql.Composed:
    return sql.SQL("{column} = {stage}.{column}").format(column=sql.Identifier(column), stage=stage)


# --- the text of COPY: a line for each row, a tab between columns; made column by column ------------------------


def _block(fields: Sequence[Any], writers: Sequence[Column], rows: Sequence[models.Model], *, adding: bool) -> str:
    """What a row keeps as the database wants it goes as it is; the rest through its field. No value may be deferred."""
    for field in fields:
        if isinstance(field, models.DateField) and (field.auto_now or (adding and field.auto_now_add)):
            moment = field.pre_save(rows[0], adding)
            for row in rows:
                row.__dict__[field.attname] = moment
    kept = [row.__dict__ for row in rows]  # Django's own way to a value takes longer than all the rest
    columns = [write([values[field.attname] for values in kept]) for field, write in zip(fields, writers, strict=True)]
    return "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"


def _writer(field: Any) -> Column:
    if isinstance(field, EncryptedJSONField | EncryptedTextField):
        return _sealed(field)
    if isinstance(field, (*_PLAIN, models.ForeignKey)):
        return _plain
    return lambda values: [copy_text(field.get_db_prep_save(value, connection)) for value in values]


def _plain(values: list[Any]) -> list[str]:
    """Most columns hold one kind, many the very same value in every row."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return list(map(copy_text, values)) if _is_marked("".join(values)) else values
    if kinds == {int}:
        return list(map(str, values))
    if len(set(map(id, values))) == 1:
        return [copy_text(values[0])] * len(values)
    return list(map(copy_text, values))


def _sealed(field: EncryptedJSONField | EncryptedTextField) -> Column:
    """Most rows have no problem and no correction: one envelope of "nothing" serves all rows of a statement."""
    seal = field.sealer()
    nothing = {kind: seal(kind()) for kind in (dict, list, str)}

    def write(value: Any) -> str:
        if value:
            return seal(value)
        return _NULL if value is None else nothing.get(type(value)) or seal(value)

    return lambda values: list(map(write, values))


def _is_marked(text: str) -> bool:
    """Whether it holds what means something in COPY; nearly no text does."""
    return "\\" in text or "\t" in text or "\n" in text or "\r" in text


def copy_text(value: Any) -> str:
    """One value in the text form of COPY. Raises TypeError for a kind that no table of rosters holds."""
    if isinstance(value, str):
        if _is_marked(value):
            return value.translate(_MARKS)
        return value if type(value) is str else str(value)
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, date):  # a moment is one too
        return value.isoformat()
    if isinstance(value, list):
        return copy_text(_array(value))
    if isinstance(value, Jsonb):
        return copy_text(str((value.dumps or json.dumps)(value.obj)))
    raise TypeError(f"COPY of a {type(value).__name__}")


def _array(values: list[Any]) -> str:
    """Every element in quotes."""
    if set(map(type, values)) == {str}:
        inside = '","'.join(values)
        if "\\" not in inside and inside.count('"') == 2 * (len(values) - 1):  # nearly no element has one
            return f'{{"{inside}"}}'
    return f"{{{','.join(map(_element, values))}}}"


def _element(value: Any) -> str:
    """One element of an array, always in quotes."""
    if value is None:
        return "NULL"
    text = str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


_MARKS = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
#: Kinds whose Python value is what is sent: subclasses that change it on the way (encrypted text) are kept out above.
_PLAIN = (
    models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.DecimalField,
    models.DateField, ArrayField,
)  # fmt: skip
