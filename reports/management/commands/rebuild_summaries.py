"""Work out every row of the household list anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from accounts.acting import acting
from reports.services.summaries import rebuild_summaries


class Command(BaseCommand):
    help = "Work out every row of the household list and its sums anew from the business tables."

    def handle(self, *args: Any, **options: Any) -> None:
        with acting("command rebuild_summaries"):
            count = rebuild_summaries()
        self.stdout.write(_("%(count)d dwellings worked out anew.") % {"count": count})
