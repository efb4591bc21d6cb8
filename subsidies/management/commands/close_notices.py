"""`close_notices [--at ISO]`: what beat does every few minutes, at once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.by_command import moment
from subsidies.services.notices import close_notices


class Command(BaseCommand):
    help = "End every notice whose time is over; what nobody objected to becomes payable."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", default="", help="as if it were then; outside production only")

    def handle(self, *args: Any, **options: Any) -> str:
        at = moment(options["at"])
        with acting("notice clock", reason="command close_notices"):
            closed = close_notices(now=at)
        numbers = ", ".join(notice.number for notice in closed)
        return _("%(count)d notices closed") % {"count": len(closed)} + (f": {numbers}" if numbers else "")
