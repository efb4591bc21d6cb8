"""`settle_season --programme P --season YEAR --by U`: running totals less what is due already."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked
from accounts.models import User
from core.money import format_yuan
from programmes.models import Programme
from subsidies.services import seasons


class Command(ByCommand):
    help = "Make the instalments of a season whose running total grew; list what was overpaid, with --propose as cases."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--season", required=True, type=int, help="year in which the season begins, e.g. 2021")
        parser.add_argument("--propose", action="store_true", help="open a case for everything that was overpaid")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        programme = asked(Programme.objects.visible_to(by), "code", options["programme"], _("programme"))
        season = seasons.season_of_year(programme, options["season"])
        done = seasons.settle_season(programme=programme, season=season, by=by)
        cases = seasons.propose_overpaid(found=done, by=by) if options["propose"] else []
        over = [f"  {one.entitlement.dwelling.dwelling_no}: {format_yuan(one.amount_fen)}" for one in done.overpaid]
        counts = {"made": len(done.made), "over": len(done.overpaid), "open": done.open}
        return "\n".join(
            [_("%(made)d instalments, %(over)d overpaid, %(open)d open") % counts, *over, *map(str, cases)]
        )
