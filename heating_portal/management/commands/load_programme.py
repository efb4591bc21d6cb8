"""`load_programme NAME|FILE`: places, programme and policy of a preset, or of a file with the same parts beside it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.refusals import Refused
from heating_portal import presets


class Command(BaseCommand):
    help = "Load a programme by its preset's name or from a file. Loading it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="a preset's name, a folder, or a programme.yaml")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            presets.load(presets.find(options["name"]), by="load_programme", say=self.stdout.write)
        except Refused as refusal:
            raise CommandError("\n".join([refusal.sentence, *getattr(refusal, "problems", [])])) from None
