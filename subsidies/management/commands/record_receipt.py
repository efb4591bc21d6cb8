"""`record_receipt --programme P --source S --year Y --amount 12,000.00 --document D --by U --code N`: money came in."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, demand_code
from accounts.models import User
from core.money import MoneyError, format_yuan, parse_yuan
from programmes.models import Programme
from subsidies.queries import source_codes
from subsidies.services.funds import record_receipt
from subsidies.wording import source_name


class Command(ByCommand):
    help = "Write down money received for a programme; the same --request-id again changes nothing."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--source", required=True, help="who gives it, such as PROVINCIAL")
        parser.add_argument("--year", required=True, type=int, help="budget year")
        parser.add_argument("--amount", required=True, help="in yuan: 12,000.00 or 1.2万")
        parser.add_argument("--document", required=True, help="number of the document by which it came")
        parser.add_argument("--on", type=date.fromisoformat, default=None, help="day it came in (default: today)")
        parser.add_argument("--request-id", type=uuid.UUID, default=None, help="own id of this receipt, to ask again")
        parser.add_argument("--code", required=True, help="one-time code of the person's second factor")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        programme = asked(Programme.objects.all(), "code", options["programme"], _("programme"))
        entry = record_receipt(
            programme=programme, source=_source(programme, options["source"]), budget_year=options["year"],
            amount_fen=_fen(options["amount"]), document_no=options["document"], on=options["on"],
            request_id=options["request_id"] or uuid.uuid4(), by=_with_code(by, options["code"]),
        )  # fmt: skip
        return f"{source_name(entry.fund.source)} {entry.fund.budget_year}: {format_yuan(entry.amount_fen)}"


def _with_code(by: User, code: str) -> User:
    demand_code(by, code)
    return by


def _source(programme: Programme, given: str) -> str:
    known = source_codes(programme)
    if given not in known:
        words = _("“%(given)s” is no source of this programme; there are: %(known)s.")
        raise CommandError(words % {"given": given, "known": ", ".join(known)})
    return given


def _fen(text: str) -> int:
    try:
        return parse_yuan(text)
    except MoneyError as error:
        raise CommandError(str(error)) from None
