"""Throw-away databases of tests that run programs of their own."""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection


def database_url(name: str = "") -> str:
    """Address of that database on the server of the tests; without a name, of this very test's."""
    name = name or str(connection.settings_dict["NAME"])
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def drop_database(line: psycopg.Connection, name: str) -> None:
    """Ends our own connections, then drops. FORCE would also have to end an autovacuum worker, which only a superuser
    may; without it that worker leaves by itself within seconds."""
    ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user"
    line.execute(ours, [name])
    line.execute(f'DROP DATABASE IF EXISTS "{name}"')
