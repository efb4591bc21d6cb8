"""What makes thousands of walks through one database cheap, and takes nothing from what they prove.

- The database compiles no plans: for tables of a few rows that costs fifty times the query.
- The invariants are one statement, planned once; only when a count is not 0 are its rows asked for.
- A step after which the history has no new row has written nothing, so what held before it holds still. The history is
  written by triggers of the database, not by the code under test.
- The bank's answers are read by the code of the reading process without starting one.
- What rolled-back walks leave behind in the tables is swept away by a second line, or every walk is dearer than the
  one before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from unittest import mock

import psycopg
from django.db import connection

from core.workbooks import child, read
from subsidies.invariants import ALL, broken

SWEEP_EVERY = 200
SWEPT = (
    "accounts_auditentry", "households_dwelling", "households_household", "households_meterreading",
    "retrofits_task", "retrofits_acceptance", "subsidies_entitlement", "subsidies_entitlementline",
    "subsidies_payoutbatch", "subsidies_payoutline", "subsidies_batchround", "subsidies_batchsignature",
    "subsidies_fund", "subsidies_fundentry", "subsidies_fundhold", "subsidies_clawback", "subsidies_clawbackentry",
)  # fmt: skip


class Watch:
    """Looks whether anything was written, and whether anything is broken, inside the transaction of the walks."""

    def __init__(self) -> None:
        self.last: int | None = None
        counts = (f"SELECT '{name}', count(*) FROM ({sql}) found" for name, sql in ALL.items())
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL jit = off")
            cursor.execute("SELECT 1 FROM pg_prepared_statements WHERE name = 'broken_counts'")
            if cursor.fetchone() is None:
                cursor.execute("PREPARE broken_counts AS " + " UNION ALL ".join(counts))

    def forget(self, walks: int) -> None:
        """After a walk is rolled back."""
        self.last = None
        if walks % SWEEP_EVERY == 0:
            sweep()

    def something_was_written(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(id) FROM accounts_auditentry")
            (newest,) = cursor.fetchone()
        before, self.last = self.last, newest
        return before is None or newest != before

    def assert_nothing_is_broken(self) -> None:
        """I1 to I14 by their counts, I15 by its hashes; all in full where one does not hold."""
        with connection.cursor() as cursor:
            cursor.execute("EXECUTE broken_counts")
            counts: dict[str, int] = dict(cursor.fetchall())
        assert set(counts) == set(ALL)
        found: dict[str, Any] = broken() if any(counts.values()) else broken(["I15"])
        assert found == {}


def read_here(inspected: Any, limits: Any) -> Iterator[Any]:
    """In place of `core.workbooks.read._child_events`, for text files: the same lines, the same reading of them."""
    out = mock.Mock(buffer=BytesIO())
    with mock.patch.object(sys, "stdout", out):
        child.send_text(str(inspected.path), inspected.kind, inspected.encoding, limits.cells)
        child._send("end")
    out.buffer.seek(0)
    return read._events(out.buffer)


def sweep() -> None:
    """Rows of transactions that were given up are dead for everybody, also while the walks' own transaction runs."""
    said = connection.get_connection_params()
    where = {name: said[name] for name in ("dbname", "user", "password", "host", "port") if said.get(name)}
    with psycopg.connect(**where, autocommit=True) as line:
        line.execute("VACUUM " + ", ".join(SWEPT))
