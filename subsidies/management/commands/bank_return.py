"""`bank_return NUMBER FILE --by U [--sent-back]`: the bank's answer, matched and booked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.by_command import ByCommand, asked
from accounts.models import User
from subsidies.models import BankReturn, PayoutBatch
from subsidies.services.bank import read_return, reconcile, sum_words
from subsidies.services.bounces import book_bounces, standing


class Command(ByCommand):
    help = "Match the bank's answer with the payments of a batch and book it; nothing of it where it can't be matched."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="number of the batch")
        parser.add_argument("file", type=Path, help="the bank's file")
        words = "also what it sends back of payments that an older answer called paid"
        parser.add_argument("--sent-back", action="store_true", help=words)

    def perform(self, by: User, options: dict[str, Any]) -> str:
        batch = asked(PayoutBatch.objects.visible_to(by), "number", options["number"], _("batch"))
        file = options["file"]
        if not file.is_file():
            raise CommandError(_("There is no file %(file)s.") % {"file": file})
        if file.stat().st_size > settings.UPLOAD_MAX_BYTES:
            raise CommandError(_("The file is too large. Split it by village."))
        with transaction.atomic():
            found = read_return(batch=batch, content=file.read_bytes(), file_name=file.name, by=by)
            found = reconcile(bank_return=found, by=by)
            if options["sent_back"]:
                book_bounces(bank_return=found, by=by)
        batch.refresh_from_db()
        counts = ", ".join(f"{name} {count}" for name, count in found.counts.items())
        said = [f"{batch.number}: {batch.get_state_display()}, {counts}", sum_words(found), _left_words(found)]
        return "\n".join(filter(None, said))


def _left_words(found: BankReturn) -> str:
    """Whether the answer is newer than the one that said paid, a person has to say."""
    n = standing(found)
    words = ngettext(
        "%(n)d payment sent back after it was paid is not booked; --sent-back books it.",
        "%(n)d payments sent back after they were paid are not booked; --sent-back books them.",
        n,
    )
    return words % {"n": n} if n else ""
