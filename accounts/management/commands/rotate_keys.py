"""Move every encrypted value to the current field key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.rotation import encrypted_columns, left_to_rotate, rotate_column
from core.crypto import KeyUnavailable, Tampered


class Command(BaseCommand):
    help = "Re-encrypt personal values under the newest key (field_key_<n>) and the chosen cipher; may be interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows per transaction")

    def handle(self, *, batch: int, **_options: Any) -> None:
        with acting("rotate_keys", "key rotation"):
            for model, column in encrypted_columns():
                self._rotate(model, column, batch)

    def _rotate(self, model: Any, column: str, batch: int) -> None:
        try:
            moved = rotate_column(model, column, batch=batch)
        except (KeyUnavailable, Tampered) as error:
            raise CommandError(f"{model._meta.db_table}.{column}: {error}") from error
        left = left_to_rotate(model, column)
        self.stdout.write(
            _("%(table)s.%(column)s: %(moved)d values moved, %(left)d left")
            % {"table": model._meta.db_table, "column": column, "moved": moved, "left": left}
        )
