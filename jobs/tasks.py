"""Celery's side: shims around `jobs.running` and `jobs.services`."""

from __future__ import annotations

from celery import shared_task

from accounts.acting import acting
from jobs import running, services


@shared_task(name=services.RUN_JOB)
def run_job(job_id: int) -> str:
    """A hint that job `job_id` may be waiting."""
    return running.run_job(job_id)


@shared_task(name="jobs.tasks.sweep")
def sweep() -> dict[str, int]:
    with acting("job sweeper"):
        return services.sweep()
