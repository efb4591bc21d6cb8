"""Background work of the room: shims around services."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import clock
from heatsupply.models import HeatImport
from heatsupply.services import fee_imports, files, pipe_imports
from jobs.registry import handler
from jobs.running import JobRun

KINDS = (fee_imports.FeeFile, pipe_imports.PipeFile)
"""Named so that a worker knows both kinds of files."""


@handler(files.CHECK, label=gettext_lazy("Read a heating company's workbook"))
def check_file(run: JobRun, import_id: int) -> dict[str, Any]:
    """The trial of a file; nothing of it is stored yet."""
    made = files.check_file(import_id, commit=run.commit, step=run.progress)
    counts = {"rows": made.counts.get("rows", 0), "faulty": made.counts.get("faulty_rows", 0)}
    return {"url": _url(made), "message": _("%(rows)d rows read, %(faulty)d faulty") % counts}


@handler(files.STORE, label=gettext_lazy("Store a heating company's workbook"))
def store_file(run: JobRun, import_id: int) -> dict[str, Any] | None:
    """The last piece and the end of the job become true together."""
    by = run.requested_by or HeatImport.objects.select_related("sent_by").get(pk=import_id).sent_by
    made = files.store_file_rows(
        import_id, by=by, now=clock.now(), commit=run.commit, step=run.progress, end=lambda one: run.finish(_done(one))
    )
    return _done(made)


def _done(made: HeatImport) -> dict[str, Any]:
    n = made.stored_rows
    return {"url": _url(made), "message": ngettext("%(n)d row stored", "%(n)d rows stored", n) % {"n": n}}


def _url(made: HeatImport) -> str:
    return reverse("heat:file-detail", args=[made.pk])
