"""`draw_up_roster --programme P --village CODE --by U`: the list of a village, ready for its seals."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, asked_area
from accounts.models import User
from households.services.rosters import draw_up_roster
from programmes.models import Programme

RIGHT = "rosters.import"


class Command(ByCommand):
    help = "Draw up the list of a village; a draft is made anew, a list under seal is not touched."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--village", required=True, help="code of the village")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        programme = asked(Programme.objects.all(), "code", options["programme"], _("programme"))
        area = asked_area(options["village"])
        if not by.has_right(RIGHT, area.code):
            raise PermissionDenied(RIGHT)
        roster = draw_up_roster(programme=programme, area=area, by=by)
        return f"{area.name} {roster.version_no}: {roster.rows.count()}, {roster.content_hash}"
