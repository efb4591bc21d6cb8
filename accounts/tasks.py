"""Celery's side of accounts: shims around services."""

from __future__ import annotations

from celery import shared_task

from accounts.history import sealing


@shared_task(name="accounts.tasks.seal_history")
def seal_history() -> int:
    """Join committed history entries to the hash chain; returns how many."""
    return sealing.seal_history()
