"""`check_invariants`: does the money add up? Non-zero exit names what does not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from subsidies.invariants import broken


class Command(BaseCommand):
    help = "Check the money's invariants (docs: TRUST I1-I10, I14, I15) against the database."

    def handle(self, *args: Any, **options: Any) -> None:
        found = broken()
        if found:
            raise CommandError("\n".join(f"{name}: {rows}" for name, rows in found.items()))
        self.stdout.write("All invariants of the money hold.")
