"""`load_demo`: the demonstration's two programmes, from places to payments, through the services people use."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.refusals import Refused
from heating_portal.demo.loading import load


class Command(BaseCommand):
    help = "Load the demonstration (invented people). Run it again to complete an interrupted load."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demonstration is never loaded in production mode. Set PORTAL_MODE=demo.")
        begun = time.monotonic()
        try:
            load(self.stdout.write)
        except Refused as refusal:
            problems = [*getattr(refusal, "problems", []), *(f.sentence for f in getattr(refusal, "faults", []))]
            raise CommandError("\n".join([refusal.sentence, *problems])) from refusal
        self.stdout.write(f"demonstration loaded in {time.monotonic() - begun:.1f} s")
