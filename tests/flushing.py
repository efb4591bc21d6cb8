"""Tests that commit are cleaned up by TRUNCATE, which the history refuses: lift that refusal for the clean-up only.

A test leaves rows in a few tables; cutting all hundred and fifty costs a second each time, deleting what is there costs
milliseconds. Only where much was left is everything cut. What migrating fills, nobody empties: Django would make its
thousand content types and permissions anew after every such test.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import flush
from django.db.backends.postgresql.operations import DatabaseOperations

_execute = DatabaseOperations.execute_sql_flush
MANY_ROWS = 20_000
_SWITCH = """
DO $$ DECLARE guarded regclass; BEGIN
    FOR guarded IN SELECT DISTINCT tgrelid FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 32 <> 0 LOOP
        EXECUTE format('ALTER TABLE %s {} TRIGGER USER', guarded);
    END LOOP;
END $$
"""


def _execute_unguarded(self: Any, sql_list: Iterable[str]) -> None:
    """Same transaction: nobody ever sees the tables without their guards."""
    tables = _tables(self.connection) - {model._meta.db_table for model in (ContentType, Permission)}
    left = _rows_left(self.connection, tables)
    if sum(left.values()) < MANY_ROWS:
        _execute(self, _deletions(self.connection, left))
        return
    disable, enable = (_SWITCH.format(word) for word in ("DISABLE", "ENABLE"))
    every = ", ".join(f'"{table}"' for table in sorted(tables))
    _execute(self, [disable, f"TRUNCATE {every}", enable])


def _tables(connection: Any) -> set[str]:
    """Every table of a model that is there, also those Django does not manage (readings are cut into days)."""
    return {model._meta.db_table for model in apps.get_models(include_auto_created=True)} & set(
        connection.introspection.table_names()
    )


def _rows_left(connection: Any, tables: set[str]) -> dict[str, int]:
    """Rows by table, only of tables that hold any; counting stops at `MANY_ROWS`."""
    one = "SELECT '{0}', count(*) FROM (SELECT FROM \"{0}\" LIMIT {1}) rows"
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(one.format(table, MANY_ROWS) for table in sorted(tables)))
        return {table: rows for table, rows in cursor.fetchall() if rows}


def _deletions(connection: Any, left: dict[str, int]) -> list[str]:
    """Everything goes, so no row can miss another: where we may, neither foreign keys nor history look at it."""
    deletions = [f'DELETE FROM "{table}"' for table in left]
    if _may_work_unseen(connection):
        return ["SET LOCAL session_replication_role = replica", *deletions]
    off, on = ([f'ALTER TABLE "{table}" {word} TRIGGER USER' for table in left] for word in ("DISABLE", "ENABLE"))
    checks = "SET CONSTRAINTS ALL IMMEDIATE"  # before the tables are altered again: nothing may be pending then
    return [*off, *deletions, checks, *on]


def _may_work_unseen(connection: Any) -> bool:
    """The servers of `./portal test` grant it; on a server of one's own only a superuser has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        return bool(cursor.fetchone()[0])


def install() -> None:
    """Needs no more than the owner's rights over the tables."""
    DatabaseOperations.execute_sql_flush = _execute_unguarded
    flush.emit_post_migrate_signal = lambda *_given, **_named: None
