"""Background work of the room: a shim around its service."""

from __future__ import annotations

from celery import shared_task

from accounts.acting import acting
from core import clock
from supervision.services.cases import escalate_overdue


@shared_task
def escalate() -> int:
    """What is past its day is passed up, once."""
    with acting("supervision sweep"):
        return escalate_overdue(now=clock.now())
