"""Tests that commit are cleaned up by TRUNCATE, which the history refuses: lift that refusal for the clean-up only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.backends.postgresql.operations import DatabaseOperations

_execute = DatabaseOperations.execute_sql_flush
_SWITCH = """
DO $$ DECLARE guarded regclass; BEGIN
    FOR guarded IN SELECT DISTINCT tgrelid FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 32 <> 0 LOOP
        EXECUTE format('ALTER TABLE %s {} TRIGGER USER', guarded);
    END LOOP;
END $$
"""


def _execute_unguarded(self: Any, sql_list: Iterable[str]) -> None:
    """Same transaction: nobody ever sees the tables without their guards."""
    disable, enable = (_SWITCH.format(word) for word in ("DISABLE", "ENABLE"))
    _execute(self, [disable, *sql_list, *_partitioned(self.connection), enable])


def _partitioned(connection: Any) -> list[str]:
    """Tables Django does not manage (readings are cut into days) and therefore leaves filled."""
    tables = {model._meta.db_table for model in apps.get_models() if not model._meta.managed}
    return [f'TRUNCATE "{table}"' for table in sorted(tables & set(connection.introspection.table_names()))]


def install() -> None:
    """Needs no more than the owner's rights over the tables."""
    DatabaseOperations.execute_sql_flush = _execute_unguarded
