"""`seal_roster --programme P --village CODE --level village|town|office --by U [--code …]`: one level's seal."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, asked_area, demand_code
from accounts.models import User
from households import states
from households.models import Roster
from households.services.rosters import seal_roster
from programmes.models import Programme

LEVELS = ("village", "town", states.OFFICE)


class Command(ByCommand):
    help = "Seal the newest list of a village; three levels, three persons. The office gives its one-time code."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--village", required=True, help="code of the village")
        parser.add_argument("--level", required=True, choices=LEVELS)
        parser.add_argument("--code", default="", help="one-time code; needed for the level office")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        programme = asked(Programme.objects.all(), "code", options["programme"], _("programme"))
        area = asked_area(options["village"])
        rosters = Roster.objects.filter(programme=programme).order_by("-version_no")
        roster = asked(rosters, "area_id", area.code, _("list of the village"))
        if options["level"] == states.OFFICE:
            demand_code(by, options["code"])
        seal = seal_roster(roster=roster, level=options["level"], by=by, content_hash=roster.content_hash)
        return f"{area.name} {roster.version_no}: {seal.level}, {by}, {seal.content_hash}"
