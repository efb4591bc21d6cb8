"""`publish_notice --programme P --village CODE --by U [--at ISO]`: a village's amounts, put up for the set days."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, asked_area, moment
from accounts.models import User
from programmes.models import Programme
from subsidies.services.notices import publish_notice


class Command(ByCommand):
    help = "Put up everything of a village that is due and not yet noticed."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--village", required=True, help="code of the village")
        parser.add_argument("--at", default="", help="as if it were then; outside production only")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        programme = asked(Programme.objects.all(), "code", options["programme"], _("programme"))
        area, at = asked_area(options["village"]), moment(options["at"])
        notice = publish_notice(programme=programme, area=area, by=by, now=at)
        return f"{notice.number}: {len(notice.content)}, {notice.ends_at.isoformat()}"
