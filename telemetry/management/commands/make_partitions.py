"""`make_partitions`: the daily tables of the readings for today and the next days; `--drop-before` ends old ones."""

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from telemetry.partitions import AHEAD_DAYS, drop_before, ensure_partitions


class Command(BaseCommand):
    help = "Make the daily partitions of the readings; with --drop-before YYYY-MM-DD also drop older days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--ahead", type=int, default=AHEAD_DAYS, help="days ahead (default %(default)s)")
        parser.add_argument("--drop-before", metavar="DAY", help="drop the days before this one; hourly rows stay")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        for name in ensure_partitions(now, ahead_days=max(0, min(options["ahead"], 366))):
            self.stdout.write(f"made {name}")
        if options["drop_before"]:
            for name in drop_before(_day(options["drop_before"]), now):
                self.stdout.write(f"dropped {name}")


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text[:40]}” is not a day; write it like 2026-03-31.") from None
