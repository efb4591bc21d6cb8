"""Hold what the trace of money keeps against the money tables."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.acting import acting
from reports.queries.trace_check import Difference, differences
from reports.services.summaries import refresh_summaries

SHOWN = 20


class Command(BaseCommand):
    help = "Compare the stored sums, payments and faults of the trace with the money tables; exit 1 where they differ."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--as-is", action="store_true", help="without taking in first what happened since")

    def handle(self, *args: Any, **options: Any) -> None:
        found = _differences() if options["as_is"] else self._settled()
        for one in found[:SHOWN]:
            self.stderr.write(f"{one.where} {' '.join(str(part) for part in one.key)}: {one.kept} ≠ {one.comes_out}")
        if found:
            raise CommandError(_("%(n)d sums of the trace differ from the money tables.") % {"n": len(found)})
        self.stdout.write(_("Every sum of the trace is what the money tables add up to."))

    def _settled(self) -> list[Difference]:
        """Where money moves meanwhile a sum may lag behind for a moment: looked at again before it is called wrong."""
        with acting("command check_trace"):
            refresh_summaries()
            if not (found := _differences()):
                return found
            refresh_summaries()
        again = {(one.where, one.key): one for one in _differences()}
        return [again[one.where, one.key] for one in found if (one.where, one.key) in again]


def _differences() -> list[Difference]:
    """All read from one moment of the database."""
    with transaction.atomic():
        if not connection.savepoint_ids:  # inside somebody's transaction it is of that one's moment
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return differences()
