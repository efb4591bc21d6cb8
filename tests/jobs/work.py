"""Kinds of work for tests, and the Celery app a test worker runs (`-A tests.jobs.work`)."""

from __future__ import annotations

import os
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heating_portal.celery import app
from jobs.registry import handler

if TYPE_CHECKING:  # models load after Celery has set up Django
    from jobs.running import JobRun

__all__ = ["app"]
EFFECT = "jobs-test"


def signs() -> Path:
    """Folder in which handlers leave their process id, one file per job and attempt."""
    return Path(os.environ["PORTAL_TEST_SIGNS"])


def sign(run: JobRun, word: str) -> None:
    """Whole or absent: the reader polls."""
    path = signs() / f"{run.job_id}-{run.attempt}-{word}"
    temporary = path.with_suffix(".part")
    temporary.write_text(str(os.getpid()))
    temporary.rename(path)


def leave_effect(run: JobRun) -> None:
    """One row per call; a second effect of a job would be a second row."""
    from accounts.models import SavedView

    SavedView.objects.create(
        owner=run.requested_by, page=EFFECT, name=f"job {run.job_id}", query=uuid.uuid4().hex, shared="private"
    )


@handler("tests.effect")
def effect(run: JobRun, steps: int = 3) -> dict[str, Any]:
    with run.commit():
        run.progress(steps, steps, "all")
        leave_effect(run)
        run.finish({"url": "/done/", "message": "ok"})
    return {}


@handler("tests.stuck_once")
def stuck_once(run: JobRun) -> dict[str, Any]:
    """Hangs in its first attempt until killed; the second one works."""
    sign(run, "began")
    run.progress(1, 10)
    if run.attempt == 1:
        threading.Event().wait(120)
    return effect(run)


@handler("tests.stuck_in_commit_once")
def stuck_in_commit_once(run: JobRun) -> dict[str, Any]:
    """The effect is written but not committed when the process dies."""
    if run.attempt == 1:
        with run.commit():
            leave_effect(run)
            sign(run, "began")
            threading.Event().wait(120)
    return effect(run)


@handler("tests.until_told")
def until_told(run: JobRun) -> dict[str, Any]:
    """Works on until it is cancelled, loses its lease or finds the sign to end."""
    sign(run, "began")
    pause, step = threading.Event(), 0
    while not (signs() / f"{run.job_id}-end").exists():
        step += 1
        run.progress(step, 1_000_000, "going on")
        pause.wait(0.02)
    return effect(run)
