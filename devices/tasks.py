"""Shims: sending a queued command, closing those that waited too long."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from core import clock
from devices.hub_access import hub_client
from devices.services import commands
from jobs.registry import handler
from jobs.running import JobRun


@handler("devices.send_command", _("Send a command to a heater"))
def send_command(run: JobRun, command_id: int) -> dict[str, Any]:
    """Not inside `run.commit()`: what was sent to a house can't be rolled back; the command's own states guard it."""
    with hub_client() as hub:
        command = commands.send_command(command_id=command_id, hub=hub, now=clock.now())
    return {"message": command.get_state_display()}


@shared_task
def expire_commands() -> int:
    with acting("expirer"):
        return commands.expire_commands(now=clock.now())
