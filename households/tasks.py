"""Background work on rosters."""

from __future__ import annotations

import datetime as dt
from typing import Any

from celery import shared_task
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.acting import acting
from accounts.models import User
from core import clock
from households.models import ImportRow, Roster, RosterImport
from households.services import applying, imports, parsing, scan_jobs, undoing
from households.services.duplicates import deciding, finding
from jobs.registry import handler
from jobs.running import JobRun

FULL_SEARCH_DAY = 7


@handler(imports.PARSE, label=gettext_lazy("Read a roster"))
def parse_import(run: JobRun, import_id: int) -> dict[str, Any]:
    done = parsing.parse_import(import_id, commit=run.commit)
    if done.state == RosterImport.State.REFUSED:
        message = _("The file could not be taken.")
    else:
        message = _("Read: %(rows)d rows") % {"rows": done.counts.get("rows", 0)}
    return {"url": reverse("households:import-review", args=[import_id]), "message": message}


@handler(imports.APPLY, label=gettext_lazy("Store a roster"))
def apply_import(run: JobRun, import_id: int) -> None:
    """Piece by piece; the last piece's end and the end of the job become true together."""
    by = run.requested_by or User.objects.get(pk=RosterImport.objects.get(pk=import_id).uploaded_by_id)
    outcomes = applying.apply_ready_rows(import_id, by=by, step=run.progress, commit=run.commit)
    with run.commit():
        applying.finish_apply(import_id, by=by)
        stored = ImportRow.objects.filter(roster_import=import_id, state=ImportRow.State.APPLIED).count()
        total = stored if run.attempt > 1 else sum(outcomes.values())
        message = ngettext("%(n)d row stored", "%(n)d rows stored", total) % {"n": total}
        run.finish({"url": reverse("households:import-review", args=[import_id]), "message": message})


@handler(imports.UNDO, label=gettext_lazy("Take a roster back"))
def undo_import(run: JobRun, import_id: int, reason: str) -> None:
    """All of it or nothing, in one transaction with the end of the job."""
    by = run.requested_by or User.objects.get(pk=RosterImport.objects.get(pk=import_id).uploaded_by_id)
    with run.commit():
        total = undoing.undo_import(import_id, by=by, reason=reason, step=run.progress)
        message = ngettext("%(n)d row taken back", "%(n)d rows taken back", total) % {"n": total}
        run.finish({"url": reverse("households:import-review", args=[import_id]), "message": message})


@handler(deciding.FIND, label=gettext_lazy("Search for double entries"))
def find_duplicates(run: JobRun, since: str = "") -> dict[str, Any]:
    """Chunk by chunk, each under the lease: run again, it goes on with what was not compared."""
    after = dt.datetime.fromisoformat(since) if since else None
    done = finding.search(since=after, commit=run.commit, step=run.progress)
    message = _("%(found)d pairs, %(new)d of them new; %(crowded)d numbers stand too often to mean anything.") % {
        "found": done.pairs, "new": done.new, "crowded": done.crowded,
    }  # fmt: skip
    return {"url": reverse("households:duplicate-list") + "?state=open", "message": message}


@handler(scan_jobs.READ, label=gettext_lazy("Read stamped pages"))
def read_scans(run: JobRun, roster_id: int, documents: list[int]) -> dict[str, Any]:
    """File by file; what an earlier attempt has read is not read again."""
    roster = Roster.objects.get(pk=roster_id)
    by = run.requested_by or roster.prepared_by
    done = scan_jobs.read_sent(roster_id, documents, by=by, commit=run.commit, step=run.progress)
    message = _("%(placed)d pages found their place, %(unread)d without a readable code, %(problems)d not kept") % {
        "placed": len(done.placed), "unread": len(done.unread), "problems": len(done.problems),
    }  # fmt: skip
    return {"url": reverse("households:roster-detail", args=[roster_id]), "message": message}


@shared_task(name="households.tasks.find_duplicates_nightly")
def find_duplicates_nightly() -> int:
    """Beat asks every night for what changed, and on Sundays for everything, so that crowds are counted anew."""
    with acting("find_duplicates"):
        everything = clock.today().isoweekday() == FULL_SEARCH_DAY
        return int(deciding.request_search(by=None, everything=everything).pk)
