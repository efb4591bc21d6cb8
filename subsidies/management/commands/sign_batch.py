"""`sign_batch NUMBER --step S --by U --code 123456 [--return --reason …]`: one signature of the chain."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, demand_code
from accounts.models import User
from subsidies.models import PayoutBatch
from subsidies.services.signatures import return_batch, sign_batch


class Command(ByCommand):
    help = "Sign a batch with a one-time code, or send it back with words; each step is another person's."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="number of the batch")
        parser.add_argument("--step", required=True, help="name of the step that is signed; it must be due")
        parser.add_argument("--code", required=True, help="one-time code of the signer's second factor")
        parser.add_argument("--hash", default="", help="content hash that was looked at (default: the present one)")
        parser.add_argument("--return", action="store_true", dest="send_back", help="send it back instead")
        parser.add_argument("--reason", default="", help="why it is sent back, or a comment")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        rows = PayoutBatch.objects.select_related("programme")
        batch = asked(rows.visible_to(by), "number", options["number"], _("batch"))
        demand_code(by, options["code"])
        what = {
            "batch": batch, "shown_hash": options["hash"] or batch.content_hash, "request_id": uuid.uuid4(),
            "step": options["step"],
        }  # fmt: skip
        if options["send_back"]:
            signature = return_batch(**what, reason=options["reason"], by=by)
        else:
            signature = sign_batch(**what, comment=options["reason"], by=by)
        return f"{batch.number}: {signature.step}, {signature.decision}, {by}, {signature.content_hash}"
