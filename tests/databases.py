"""Throw-away databases of tests that run programs of their own."""

from __future__ import annotations

import psycopg


def drop_database(line: psycopg.Connection, name: str) -> None:
    """Ends our own connections, then drops. FORCE would also have to end an autovacuum worker, which only a superuser
    may; without it that worker leaves by itself within seconds."""
    ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user"
    line.execute(ours, [name])
    line.execute(f'DROP DATABASE IF EXISTS "{name}"')
