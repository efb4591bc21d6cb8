"""Celery's side of accounts: shims around services."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from accounts import services
from accounts.history import anchors, sealing, watching


@shared_task(name="accounts.tasks.seal_history")
def seal_history() -> int:
    """Join committed history entries to the hash chain; returns how many."""
    return sealing.seal_history()


@shared_task(name="accounts.tasks.watch_history")
def watch_history() -> bool:
    """Say in the log when sealing has stopped."""
    return watching.watch()


@shared_task(name="accounts.tasks.anchor_history")
def anchor_history() -> int:
    """Write the head of the chain down outside the database; returns its number."""
    return anchors.anchor_head().seq


@shared_task(name="accounts.tasks.check_history")
def check_history() -> bool:
    """Read the whole history; what was found stands on the administrators' first page."""
    return watching.check_history().holds


@shared_task(name="accounts.tasks.close_idle_accounts")
def close_idle_accounts() -> list[str]:
    """Close accounts unused for 90 days (C1); the demonstration's people may rest."""
    return [] if settings.DEMONSTRATION else services.close_idle_accounts()
