"""Docking test of one live heater against its register profile."""

import json
import secrets
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from devices.conformance.findings import Probe, Step
from devices.conformance.steps import machine_steps
from devices.hub.client import HubClient, HubRefused, HubUnavailable
from devices.hub.server import embedded
from devices.hub_access import hub_client, hub_config
from devices.protocol.profile_files import bundled_profile, load_profile
from devices.protocol.profiles import Profile, ProfileError


class Command(BaseCommand):
    help = "Docking test against a sample board: the steps a machine does by itself. It writes. Exit 1: not passed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--profile", required=True, help="name of a bundled profile, or a YAML file")
        parser.add_argument(
            "--url", required=True, help="dtu:<id> (through the running hub), tcp:host:port, serial:/dev/…"
        )
        parser.add_argument("--unit", required=True, type=int, metavar="N", help="1 to 247, or to 65535")
        parser.add_argument("--reads", type=int, default=50, help="reads of step 3 (default %(default)s)")
        parser.add_argument("--json", action="store_true", help="machine-readable, with frames as evidence")

    def handle(self, *args: Any, **options: Any) -> None:
        profile = self._profile(options["profile"])
        try:
            with reach(options["url"]) as hub:
                reads = max(1, options["reads"])
                probe = Probe(hub, options["url"], options["unit"], profile, time.sleep, time.monotonic, reads)
                steps = machine_steps(probe)
        except (HubUnavailable, HubRefused, OSError) as exc:
            raise CommandError(str(exc)) from exc
        self._print(profile, steps, options)
        if not all(step.passed for step in steps):
            raise CommandError("The docking test is not passed.")

    def _profile(self, name: str) -> Profile:
        try:
            return load_profile(Path(name)) if name.endswith((".yaml", ".yml")) else bundled_profile(name)
        except (ProfileError, OSError) as exc:
            raise CommandError(str(exc)) from exc

    def _print(self, profile: Profile, steps: list[Step], options: dict[str, Any]) -> None:
        if options["json"]:
            head = {"profile": profile.name, "version": profile.version, "sha256": profile.digest}
            passed = all(step.passed for step in steps)
            body = head | {"line": options["url"], "unit": options["unit"], "passed": passed}
            self.stdout.write(json.dumps(body | {"steps": [asdict(step) for step in steps]}, ensure_ascii=False))
            return
        words = {True: "passed", False: "FAILED", None: "not judged"}
        for step in steps:
            ask = f" (a person has to confirm: {', '.join(step.asks)})" if step.asks else ""
            self.stdout.write(f"{step.number}  {words[step.passed]:10}  {step.name}: {step.message}{ask}")


@contextmanager
def reach(line: str) -> Iterator[HubClient]:
    """The running hub for dialled-in lines; a hub of our own for a socket or port nobody else holds."""
    if line.startswith("dtu:"):
        with hub_client() as client:
            yield client
        return
    secret = secrets.token_bytes(32)
    config = hub_config(secret=secret, listen="127.0.0.1:0", control="127.0.0.1:0")
    with embedded(config) as hub, HubClient("127.0.0.1", hub.control_port, secret) as client:
        yield client
