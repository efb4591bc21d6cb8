"""Background work of this room."""

from __future__ import annotations

from celery import shared_task

from reports.services import summaries


@shared_task(name="reports.tasks.refresh_summaries")
def refresh_summaries() -> int | None:
    """Beat calls this every few seconds; it takes in what is new and returns how many dwellings were looked at."""
    return summaries.refresh_summaries()
