"""Run the DTU hub: the process that owns every heater line."""

import asyncio
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from devices.hub.events import json_lines
from devices.hub.files import allow_many_files
from devices.hub.memory import spare_the_collector
from devices.hub.server import run
from devices.hub_access import hub_config
from devices.hub_leases import lease_taker
from devices.protocol.registration import DialectError, parse_dialects


class Command(BaseCommand):
    help = "Own every heater line: DTUs dial in here, workers ask here. Logs JSON lines; SIGTERM ends it cleanly."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listen", metavar="HOST:PORT", help="where DTUs dial in (setting PORTAL_HUB_LISTEN)")
        parser.add_argument("--control", metavar="HOST:PORT", help="where workers ask (setting PORTAL_HUB_CONTROL)")
        parser.add_argument("--number", type=int, default=0, metavar="K", help="this is hub K (from 0) of --of hubs")
        parser.add_argument("--of", type=int, default=1, metavar="N", help="how many hubs share the lines")
        parser.add_argument(
            "--dialects", metavar="FILE", help="what DTUs say, instead of devices/protocol/dialects.yaml"
        )
        parser.add_argument("--door-secret-file", metavar="FILE", help="what a registration must say besides its id")

    def handle(self, *args: Any, **options: Any) -> None:
        given: dict[str, Any] = {name: options[name] for name in ("listen", "control") if options[name]}
        if not 0 <= options["number"] < options["of"]:
            raise CommandError(f"--number {options['number']} is outside 0 to {options['of'] - 1}.")
        given |= {"number": options["number"], "hubs": options["of"]}
        try:
            if options["dialects"]:
                given["manners"] = parse_dialects(Path(options["dialects"]).read_text("utf-8"), options["dialects"])
            if options["door_secret_file"]:
                given["door_secret"] = Path(options["door_secret_file"]).read_text("utf-8").strip()
        except (OSError, DialectError) as exc:
            raise CommandError(str(exc)) from exc
        config = hub_config(log=json_lines(sys.stdout), **given)
        config = replace(config, take_lease=lease_taker(options["number"], config.control))
        allow_many_files()
        spare_the_collector()
        try:
            kept = asyncio.run(run(config))
        except OSError as exc:
            raise CommandError(f"The hub can't listen on {config.listen} and {config.control}: {exc}") from exc
        except ValueError as exc:
            raise CommandError(str(exc)) from exc
        if not kept:
            raise CommandError(
                "The lease of these lines is lost (another hub, or no database for too long); they are closed.",
                returncode=3,
            )
