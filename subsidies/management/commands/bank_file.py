"""`bank_file NUMBER --out FILE --by U --code 123456`: the payment file of a released batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, demand_code
from accounts.models import User
from subsidies.models import PayoutBatch
from subsidies.services.bank import hand_out_bank_file, make_bank_file


class Command(ByCommand):
    help = "Write the payment file of a released batch; asked again, the same file. Every handing out is written down."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="number of the batch")
        parser.add_argument("--out", required=True, type=Path, help="where the file goes; readable by its owner only")
        parser.add_argument("--reason", default="", help="why it is needed again; from the second time on")
        parser.add_argument("--password-file", type=Path, help="file whose first line locks the archive; writes a .zip")
        parser.add_argument("--code", required=True, help="one-time code of the person's second factor")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        batch = asked(PayoutBatch.objects.visible_to(by), "number", options["number"], _("batch"))
        demand_code(by, options["code"])
        made = make_bank_file(batch=batch, by=by)
        try:
            options["out"].touch(mode=0o600)
            password, reason = _password(options["password_file"]), options["reason"]
            options["out"].write_bytes(hand_out_bank_file(bank_file=made, by=by, password=password, reason=reason))
        except OSError as error:
            words = _("%(file)s can't be written: %(why)s")
            raise CommandError(words % {"file": options["out"], "why": error.strerror}) from None
        return f"{batch.number}: {made.line_count}, {made.sha256}"


def _password(file: Path | None) -> str:
    """The first line; never an argument, which everybody on the machine could read."""
    return file.read_text(encoding="utf-8").splitlines()[0].strip() if file else ""
