"""`check_operation --programme P --season YEAR`: claims beside running hours and temperatures."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import asked
from core.refusals import Refused
from programmes.models import Programme
from subsidies.models import OperationCheck
from subsidies.services import operation, seasons


class Command(BaseCommand):
    help = "Compare what was claimed in a season with what the heaters said; rebuilds the lists of the page."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--season", required=True, type=int, help="year in which the season begins, e.g. 2021")
        parser.add_argument("--json", action="store_true", help="the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> str:
        programme = asked(Programme.objects.all(), "code", options["programme"], _("programme"))
        try:
            season = seasons.season_of_year(programme, options["season"])
        except Refused as refusal:
            raise CommandError(refusal.sentence) from None
        counts = operation.check_operation(programme=programme, season=season)
        if options["json"]:
            return json.dumps({"season": season.label, **counts}, sort_keys=True)
        labels = dict(OperationCheck.Verdict.choices)
        return "\n".join([season.label, *(f"  {labels[code]}: {count}" for code, count in sorted(counts.items()))])
