"""Background work of this room."""

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
from reports.ledgers.evaluation import EVALUATION
from reports.models import LedgerExport
from reports.public import codes, senders
from reports.services import again, bulk_runs, evaluation, exports, progress, summaries


@shared_task(name="reports.tasks.refresh_summaries")
def refresh_summaries() -> int | None:
    """Beat calls this every few seconds; it takes in what is new and returns how many dwellings were looked at."""
    return summaries.refresh_summaries()


@shared_task(name="reports.tasks.take_progress")
def take_progress() -> int:
    """Beat calls this every hour; the first run of a week writes the week down, the others find it written."""
    return progress.take_progress()


@shared_task(name="reports.tasks.send_household_codes")
def send_household_codes() -> int:
    """Beat calls this every few seconds: text messages that were asked for at the household's own page."""
    with acting("one-time codes"):
        return codes.send_waiting(via=senders.sender(), now=clock.now())


@handler(exports.JOB, label=gettext_lazy("Export of a ledger"))
def export_ledger(run: JobRun, export_id: int) -> dict[str, Any]:
    """Make the workbook of an export that was asked for; run twice it makes one file."""
    export = LedgerExport.objects.select_related("programme", "area", "requested_by", "document").get(pk=export_id)
    if export.requested_by is not None:
        exports.demand_rights(exports.wish_of(export), export.requested_by)

    def told(done: int, total: int) -> None:
        run.progress(done, total)
        run.check()

    exports.make_file(export, progress=told, commit=run.commit)
    export.refresh_from_db()
    words = _("%(title)s, %(rows)d rows") % {"title": exports.ledger_of(export.kind).title, "rows": export.row_count}
    return {"url": reverse("reports:export-detail", args=[export.pk]), "message": words}


@handler(again.JOB, label=gettext_lazy("Amounts again"))
def recompute(run: JobRun, programme_id: int, area_code: str, on: str) -> dict[str, Any]:
    """Compute every amount of a place again; writes nothing but the question."""
    assert run.requested_by is not None
    found = again.compute_all(
        programme_id=programme_id, area_code=area_code, on=on, by=run.requested_by, progress=run.progress
    )
    url = f"{reverse('reports:recompute')}?on={on}&job={run.job_id}"
    return {"url": url, "message": again.words(found), "found": found}


@handler(evaluation.JOB, label=gettext_lazy("Performance-evaluation pack"))
def make_evaluation(run: JobRun, export_id: int) -> dict[str, Any]:
    """Make the archive that was asked for; run twice it makes one file."""
    export = LedgerExport.objects.select_related("programme", "area", "requested_by", "document").get(pk=export_id)
    if export.requested_by is not None:
        exports.demand_rights(exports.wish_of(export), export.requested_by)

    def told(done: int, total: int) -> None:
        run.progress(done, total)
        run.check()

    evaluation.make_pack(export, progress=told, commit=run.commit)
    export.refresh_from_db()
    words = _("%(title)s, %(files)d files") % {"title": EVALUATION.title, "files": export.row_count or 0}
    return {"url": reverse("reports:export-detail", args=[export.pk]), "message": words}


@handler(bulk_runs.JOB, label=gettext_lazy("Deed on many households"))
def carry_out_bulk_run(run: JobRun, run_id: int) -> dict[str, Any]:
    """Goes on where it stopped: every piece notes how far it is in its own transaction."""
    done = bulk_runs.carry_out(run_id, commit=run.commit, step=run.progress)
    words = _("%(deed)s: %(done)d done, %(refused)d refused") % {
        "deed": done.get_deed_display(), "done": done.done, "refused": len(done.refused),
    }  # fmt: skip
    return {"url": reverse("reports:bulk-detail", args=[run_id]), "message": words}
