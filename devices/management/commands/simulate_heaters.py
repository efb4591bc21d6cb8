"""Run simulated heaters that dial in to the hub, or switch a fault of running ones."""

import asyncio
import json
import signal
import time
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from devices.hub.config import split_address
from devices.hub.files import allow_many_files
from devices.protocol.profiles import ProfileError
from devices.simulator.faults import ALL_FAULTS, EVERYWHERE, OF_THE_LINE, FaultSwitches, known_fault, switch
from devices.simulator.fleet import (
    MODES,
    Fleet,
    FleetError,
    SimulatedFleet,
    SimulatedHeater,
    load_fleet,
    numbered_fleet,
    summary,
)
from devices.simulator.house import HABITS

DEMO_FLEET = Path("presets/jincheng_2020/fleet.yaml")


class Command(BaseCommand):
    help = "Simulated heaters with a house each: real RTU frames over dialled-in TCP lines and a pseudo-terminal."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="the 185 heaters of the demonstration")
        parser.add_argument("--fleet", metavar="FILE", help="heaters from a fleet file")
        parser.add_argument("--count", type=int, metavar="N", help="N heaters, one per DTU")
        parser.add_argument(
            "--at", metavar="LINE", help="one heater at unit 1 of this line: dtu:<id>, serial:<name>, tcp:<host>:<port>"
        )
        parser.add_argument(
            "--profile", default="linshi-ashp-08", help="profiles of --count, with commas (default %(default)s)"
        )
        parser.add_argument("--modes", default="imei", metavar="NAMES", help=f"how DTUs speak: {', '.join(MODES)}")
        parser.add_argument("--habits", default="steady", metavar="NAMES", help=f"what people do: {', '.join(HABITS)}")
        parser.add_argument("--dials-per-s", type=float, default=200.0, help="how fast they dial in (%(default)s)")
        parser.add_argument("--rtt-ms", type=float, default=0.0, help="the mobile network, to and fro (%(default)s)")
        parser.add_argument("--pace", type=float, default=1.0, help="bit rate and turnaround: 1 real, 0 at once")
        parser.add_argument("--listen-to", metavar="HOST:PORT", help="the hub's door (setting PORTAL_HUB_LISTEN)")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--control-file", metavar="FILE", help="JSON of faults, watched while running")
        place = "dtu:<id>/<unit> or serial:serial0/<unit>, of heaters already running; * for all"
        parser.add_argument("--unplug", metavar="PLACE", help=f"switch one off at the breaker: {place}")
        parser.add_argument("--plug", metavar="PLACE", help="back to normal")
        parser.add_argument(
            "--fault",
            nargs=2,
            metavar=("NAME", "PLACE"),
            help=f"one of {', '.join(ALL_FAULTS)}, sensor:<point>; NAME@0.05 for one answer in twenty",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        control = Path(options["control_file"] or settings.RUN_DIR / "heater_faults.json")
        if options["unplug"] or options["plug"] or options["fault"]:
            self._switch(control, options)
            return
        fleet = self._fleet(options)
        host, port = self._door(options["listen_to"] or settings.HUB_LISTEN)
        self.stdout.write(json.dumps({"event": "heaters_started", "hub": f"{host}:{port}", **summary(fleet)}))
        self.stdout.flush()
        try:
            allow_many_files()
            faults = FaultSwitches(control, options["seed"])
            asyncio.run(simulate(fleet, host, port, faults, settings.RUN_DIR, options["pace"]))
        except (OSError, ProfileError) as exc:
            raise CommandError(f"The simulated heaters can't run: {exc}") from exc

    def _switch(self, control: Path, options: dict[str, Any]) -> None:
        name, place = options["fault"] or ("unplugged", options["unplug"] or options["plug"])
        line, _, unit = place.replace(" ", "/").rpartition("/")
        if name.partition("@")[0] in OF_THE_LINE or place == EVERYWHERE:
            line = place
        elif not line or not unit.isdigit():
            raise CommandError(f"{place!r}: wanted a line and a unit, like dtu:861990000000018/1")
        if not known_fault(name):
            raise CommandError(f"{name!r} is not one of {', '.join(ALL_FAULTS)} or sensor:<point>, with @chance or not")
        place = place if ":" in line or place == EVERYWHERE else f"dtu:{place}"
        switch(control, place, None if options["plug"] else name)
        self.stdout.write(f"{place}: {'normal' if options['plug'] else name}")

    def _fleet(self, options: dict[str, Any]) -> Fleet:
        try:
            if options["count"]:
                modes, habits = (tuple(options[name].split(",")) for name in ("modes", "habits"))
                unknown = [*set(modes) - set(MODES), *set(habits) - set(HABITS)]
                if unknown:
                    raise CommandError(f"{unknown[0]!r} is not one of {', '.join((*MODES, *HABITS))}.")
                fleet = numbered_fleet(
                    options["count"], options["profile"], options["seed"], modes=modes, habits=habits
                )
                return replace(fleet, dials_per_s=options["dials_per_s"], rtt_s=options["rtt_ms"] / 1000)
            if options["at"]:
                if options["at"].startswith("tcp:"):
                    split_address(options["at"][4:])
                heater = SimulatedHeater(1, options["at"], 1, options["profile"], options["seed"])
                return Fleet((heater,), rtt_s=options["rtt_ms"] / 1000)
            if options["fleet"] or options["demo"]:
                fleet = load_fleet(Path(options["fleet"] or settings.BASE_DIR / DEMO_FLEET))
                return replace(fleet, rtt_s=options["rtt_ms"] / 1000)
        except (FleetError, OSError, ValueError) as exc:
            raise CommandError(str(exc)) from exc
        raise CommandError("Say which heaters: --demo, --fleet FILE, --count N or --at LINE.")

    def _door(self, text: str) -> tuple[str, int]:
        try:
            return split_address(text)
        except ValueError as exc:
            raise CommandError(f"--listen-to: {exc}") from exc


async def simulate(fleet: Fleet, host: str, port: int, faults: FaultSwitches, folder: Path, pace: float = 1.0) -> None:
    """Until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    running = SimulatedFleet(fleet, faults, time.time, pace)
    running.start(host, port, folder)
    try:
        await stopping.wait()
    finally:
        await running.stop()
