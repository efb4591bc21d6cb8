"""`reserve_pending PROGRAMME --by U`: hold money for the homes of sealed rosters, first sealed first."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked
from accounts.models import User
from programmes.models import Programme
from subsidies.services.holds import reserve_pending


class Command(ByCommand):
    help = "Hold money for homes of sealed rosters that have none yet; homes whose money is short wait for it."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("programme", help="code of the programme")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        programme = asked(Programme.objects.all(), "code", options["programme"], _("programme"))
        done = reserve_pending(programme=programme, by=by)
        return f"{programme.code}: held {done.held}, short {done.short}, freed {done.freed}"
