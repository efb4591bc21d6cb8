"""Tests that commit are cleaned up by TRUNCATE, which the history refuses: lift that refusal for the clean-up only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql.operations import DatabaseOperations

_execute = DatabaseOperations.execute_sql_flush


def _execute_without_triggers(self: Any, sql_list: Iterable[str]) -> None:
    _execute(self, ["SET LOCAL session_replication_role = replica", *sql_list])


def install() -> None:
    """Needs a test role that is superuser, as the private server's is."""
    DatabaseOperations.execute_sql_flush = _execute_without_triggers
