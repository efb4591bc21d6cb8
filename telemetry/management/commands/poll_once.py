"""`poll_once --area CODE`: one turn of all shards of a place, here and now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.acting import acting
from core import clock
from telemetry import queries, services
from telemetry.models import PollCycle
from telemetry.tasks import poll_shard


class Command(BaseCommand):
    help = "Ask every heater of a programme's place once and store what it says; a turn that beat has taken is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--area", required=True, help="code of a programme's place")

    def handle(self, *args: Any, **options: Any) -> str:
        area, periods = options["area"], queries.poll_periods()
        if area not in periods:
            words = _("No programme is run for %(area)s. There are: %(areas)s.")
            raise CommandError(words % {"area": area, "areas": ", ".join(sorted(periods))})
        now = clock.now()
        with acting("poller", reason="command poll_once"):
            shards = range(queries.SHARDS)
            turns = [services.plan_cycle(area_id=area, shard=n, period_s=periods[area], now=now) for n in shards]
        planned = [turn.pk for turn in turns if turn]
        for key in planned:
            poll_shard(key)
        cycles = list(PollCycle.objects.filter(pk__in=planned).order_by("shard"))
        sums = {"asked": sum(one.asked for one in cycles), "answered": sum(one.answered for one in cycles)}
        lines = [f"{one.shard}: {one.outcome}, {one.asked}, {one.answered}" for one in cycles]
        return "\n".join([*lines, _("%(asked)d heaters asked, %(answered)d answered") % sums])
