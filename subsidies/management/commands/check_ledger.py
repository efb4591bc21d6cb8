"""`check_ledger`: is the ledger of every fund the sum of its payment lines? Non-zero exit names the funds where not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.money import format_yuan
from programmes.models import Programme
from subsidies.fund_figures import FundRow, disagreements
from subsidies.invariants import broken


class Command(BaseCommand):
    help = "Compare the ledger of every fund with its payment lines, and its running totals with its entries."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", default="", help="code of one programme (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        found = Programme.objects.order_by("pk")
        found = found.filter(code=options["programme"]) if options["programme"] else found
        if options["programme"] and not found:
            raise CommandError(f"There is no programme {options['programme']}.")
        wrong = [_words(programme, row) for programme in found for row in disagreements(programme)]
        wrong += [f"{name}: {rows}" for name, rows in broken(["I4", "I5"]).items()]
        if wrong:
            raise CommandError("\n".join(wrong))
        self.stdout.write("The ledger is the sum of its lines.")


def _words(programme: Programme, row: FundRow) -> str:
    ledger, lines = (row.fund.paid_fen, row.fund.reserved_fen), (row.lines_paid_fen, row.lines_open_fen)
    said = " / ".join(f"{format_yuan(one)} ≠ {format_yuan(other)}" for one, other in zip(ledger, lines, strict=True))
    return f"{programme.code} {row.fund.source} {row.fund.budget_year}: {said} (paid / promised, ledger ≠ lines)"
