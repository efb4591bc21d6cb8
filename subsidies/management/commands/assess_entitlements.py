"""`assess_entitlements --programme P --by U`: what is due for every accepted dwelling."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, moment
from accounts.models import User
from programmes.models import Programme
from subsidies.services.entitlements import assess_pending


class Command(ByCommand):
    help = "Assess every accepted dwelling that has no entitlement yet; safe to repeat."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--at", default="", help="as if it were then; outside production only")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        programme = asked(Programme.objects.all(), "code", options["programme"], _("programme"))
        at = moment(options["at"])
        done = assess_pending(programme=programme, on=timezone.localdate(at) if at else None, by=by, now=at)
        counts = {"due": done.due, "not_due": done.not_due, "undefined": done.undefined}
        return _("%(due)d due, %(not_due)d not due, %(undefined)d undefined") % counts
