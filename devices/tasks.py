"""Shims: sending a queued command, closing those that waited too long."""

from __future__ import annotations

import time
from typing import Any

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from core import clock
from devices.conformance.findings import Probe
from devices.hub.client import HubRefused, HubUnavailable
from devices.hub_access import hub_client
from devices.models import DockingTest
from devices.protocol.profile_files import parse_profile
from devices.services import commands, docking
from jobs.registry import handler
from jobs.running import JobRun


@handler("devices.send_command", _("Send a command to a heater"))
def send_command(run: JobRun, command_id: int) -> dict[str, Any]:
    """Not inside `run.commit()`: what was sent to a house can't be rolled back; the command's own states guard it."""
    with hub_client() as hub:
        command = commands.send_command(command_id=command_id, hub=hub, now=clock.now())
    return {"message": command.get_state_display()}


@handler("devices.run_docking", _("Run steps of a docking test"))
def run_docking(run: JobRun, test_id: int, numbers: list[int], unit: int = 0) -> dict[str, Any]:
    """Every step is kept as it ends; one whose job dies is to be done again, which a sample board bears."""
    test = DockingTest.objects.select_related("profile").get(pk=test_id)
    left = list(numbers)
    try:
        with hub_client() as hub:
            probe = Probe(
                hub, test.line, test.unit, parse_profile(test.profile.document), time.sleep, time.monotonic,
                told=lambda done, total: run.progress(done, total),
            )  # fmt: skip
            while left:
                found = docking.run_one(test=test, number=left[0], probe=probe, unit=unit)
                with run.commit():
                    test = docking.record_step(test=test, found=found, now=clock.now())
                left.pop(0)
    except (HubUnavailable, HubRefused) as error:
        docking.stop_steps(test=test, numbers=left, why=str(error))
        return {"message": str(error)}
    return {"message": test.number}


@shared_task
def watch_docking_days() -> int:
    """Once a minute: the boards that are in their day of reads (step 10)."""
    with acting("docking"), hub_client(timeout_s=5.0) as hub:
        return docking.watch_days(hub=hub, now=clock.now())


@shared_task
def expire_commands() -> dict[str, int]:
    """Close what waited too long, bring what still waits to the workers."""
    with acting("expirer"):
        return commands.tend_commands(now=clock.now())
