"""`load_areas FILE`: places from JSON, CSV or a workbook."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.loading import AreasRefused, load_areas


class Command(BaseCommand):
    help = "Load places (code, level, name, parent, aliases, area class) from a JSON, CSV or xlsx file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = load_areas(path=options["file"], by="load_areas")
        except AreasRefused as refusal:
            raise CommandError("\n".join([refusal.sentence, *refusal.problems])) from None
        self.stdout.write(str(done))
