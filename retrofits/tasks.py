"""Background work of the room: shims around services."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import acting
from core import clock
from jobs.registry import handler
from jobs.running import JobRun
from retrofits.services import photo_batches
from retrofits.services.transfers import forget_transfers
from retrofits.services.transmissions import settle_checks
from retrofits.services.workbooks import KIND, record_workbook


@shared_task
def settle_transmissions() -> int:
    """Items "data transmission confirmed" whose window is full become final; photos cut off long ago are forgotten."""
    with acting("acceptance sweep"):
        now = clock.now()
        forget_transfers(now=now)
        return settle_checks(now=now)


@handler(KIND, gettext_lazy("Record installations from a workbook"))
def record_installations(run: JobRun, import_id: int) -> dict[str, Any]:
    if run.requested_by is None:
        raise ValueError("A workbook of installations is recorded in somebody's name.")
    made = record_workbook(import_id, by=run.requested_by, commit=run.commit, step=run.progress)
    words = _("%(count)d installations recorded") % {"count": made.recorded_count}
    if made.state == made.State.COMPARED:
        words = _("%(count)d differences") % {"count": len(made.faults.get("rows", []))}
    if made.state == made.State.FAULTY:
        words = _("%(count)d faults; nothing was recorded") % {"count": len(made.faults.get("rows", []))}
    return {"url": reverse("retrofits:workbook-detail", args=[made.pk]), "message": words}


@handler(photo_batches.KIND, gettext_lazy("Match photos to homes"))
def match_photos(run: JobRun, batch_id: int) -> dict[str, Any]:
    done = photo_batches.match_batch(batch_id, commit=run.commit, step=run.progress)
    found = done.uploads.filter(state="matched").count()
    words = _("%(found)d of %(all)d photos found their home") % {"found": found, "all": done.uploads.count()}
    return {"url": reverse("retrofits:photo-batch", args=[batch_id]), "message": words}
