"""The tray in every page, the list, one job's page, and the two things a person can do: cancel and retry."""

from __future__ import annotations

import hashlib
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, signed_in
from accounts.models import User
from core import clock
from core.tables import Column, build_table, render_table
from jobs import queries, services
from jobs.models import Job

COLUMNS = (
    Column("pk", gettext_lazy("Number"), kind="id", order_by="id", link=True),
    Column("title", gettext_lazy("Kind of work"), value=lambda job: job.title()),
    Column("state", gettext_lazy("State"), value=lambda job: job.get_state_display()),
    Column("requested_by", gettext_lazy("Asked for by"), priority=2),
    Column("created_at", gettext_lazy("Asked for"), kind="when", order_by="id", priority=2),
    Column("finished_at", gettext_lazy("Ended"), kind="when", priority=3),
    Column("error", gettext_lazy("Remark"), kind="soft", priority=3),
)


@require_GET
@signed_in
def tray(request: HttpRequest) -> HttpResponse:
    """The fragment every open page asks for; 304 while nothing moved."""
    found = queries.tray_for(cast(User, request.user))
    tag = f'"{hashlib.sha256(repr((found, request.LANGUAGE_CODE)).encode()).hexdigest()[:20]}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304)
    response = render(request, "jobs/tray.html", {"tray": found})
    response["ETag"] = tag
    return response


@require_GET
@signed_in
def job_list(request: HttpRequest) -> HttpResponse:
    """One's own work; with the right, everybody's in one's areas."""
    rows = queries.list_for(cast(User, request.user), request.GET.get("state", ""))
    table = build_table(request, rows, COLUMNS, unit=_("jobs"))
    return render_table(request, "jobs/list.html", table)


@require_GET
@signed_in
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(request, pk)
    now = clock.now()
    values = {"job": job, "card": queries.card_of(job, now), "rate": job.rate_per_s(now)}
    template = "jobs/detail_part.html" if request.headers.get("HX-Request") else "jobs/detail.html"
    return render(request, template, values)


@require_POST
@signed_in
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    services.cancel(job=_job(request, pk), by=cast(User, request.user))
    messages.success(request, _("The work stops at its next safe point."))
    return redirect("jobs:job-detail", pk=pk)


@require_POST
@signed_in
def job_retry(request: HttpRequest, pk: int) -> HttpResponse:
    services.retry(job=_job(request, pk), by=cast(User, request.user))
    messages.success(request, _("The work starts again."))
    return redirect("jobs:job-detail", pk=pk)


def _job(request: HttpRequest, pk: int) -> Job:
    return cast(Job, get_visible_or_404(Job.objects.select_related("requested_by"), request.user, pk=pk))
