"""Run the DTU hub: the process that owns every heater line."""

import asyncio
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from devices.hub.events import json_lines
from devices.hub.server import run
from devices.hub_access import hub_config


class Command(BaseCommand):
    help = "Own every heater line: DTUs dial in here, workers ask here. Logs JSON lines; SIGTERM ends it cleanly."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listen", metavar="HOST:PORT", help="where DTUs dial in (setting PORTAL_HUB_LISTEN)")
        parser.add_argument("--control", metavar="HOST:PORT", help="where workers ask (setting PORTAL_HUB_CONTROL)")

    def handle(self, *args: Any, **options: Any) -> None:
        given = {name: options[name] for name in ("listen", "control") if options[name]}
        config = hub_config(log=json_lines(sys.stdout), **given)
        try:
            kept = asyncio.run(run(config))
        except OSError as exc:
            raise CommandError(f"The hub can't listen on {config.listen} and {config.control}: {exc}") from exc
        except ValueError as exc:
            raise CommandError(str(exc)) from exc
        if not kept:
            raise CommandError("Another hub holds the lease of these lines; this one has closed them.", returncode=3)
