"""Deeds on a selection: asked for on a page that names number and sums, then a page of what was done and refused."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import User
from core import undo
from reports.bulk_forms import FORMS
from reports.models import BulkRun
from reports.pages.selections import selection_of
from reports.services import bulk_runs, selections
from reports.services.deeds import DEEDS

SHOWN = 200


@require_http_methods(["GET", "POST"])
@requires("households.view")
def selection_act(request: HttpRequest, token: str, deed: str) -> HttpResponse:
    """The check page of a deed; the post does it to exactly the rows whose fingerprint was shown."""
    if deed not in DEEDS:
        raise Http404
    user = cast(User, request.user)
    stored, scope = selection_of(request, token)
    if not user.has_right(DEEDS[deed].right):
        raise PermissionDenied(DEEDS[deed].right)
    form = FORMS[deed](scope, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        run = bulk_runs.begin(
            scope=scope, selection=stored, seen=request.POST.get("fingerprint", ""), deed=deed, params=form.params(),
            paper=form.paper(), by=user,
        )  # fmt: skip
        if len(run.dwelling_ids) <= bulk_runs.AT_ONCE:
            _say(request, bulk_runs.carry_out(run.pk))
        return redirect("reports:bulk-detail", pk=run.pk)
    context = {
        "selection": stored, "deed": deed, "title": BulkRun.Deed(deed).label, "form": form,
        "count": selections.recount(scope, stored), "sums": bulk_runs.sums_of(scope, stored),
        "first": selections.rows_of(scope, stored)[:12], "at_once": bulk_runs.AT_ONCE,
    }  # fmt: skip
    return render(request, "reports/selection_act.html", context, status=422 if form.errors else 200)


def _say(request: HttpRequest, run: BulkRun) -> None:
    words = ngettext("%(n)d household: %(deed)s", "%(n)d households: %(deed)s", run.done) % {
        "n": run.done, "deed": run.get_deed_display(),
    }  # fmt: skip
    if bulk_runs.may_undo(run, cast(User, request.user)):
        undo.offer(request, words, reverse("reports:bulk-undo", args=[run.pk]))
    else:
        messages.success(request, words)


def _run(request: HttpRequest, pk: int) -> BulkRun:
    """One's own runs only, inside the areas one still sees."""
    rows = BulkRun.objects.select_related("programme", "area", "asked_by").filter(asked_by=cast(User, request.user))
    found: BulkRun = get_visible_or_404(rows, request.user, pk=pk)
    return found


@require_GET
@requires("households.view")
def bulk_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a run is, what it did, and every row it refused with the reason."""
    run = _run(request, pk)
    context = {
        "run": run,
        "total": len(run.dwelling_ids),
        "refused": run.refused[:SHOWN],
        "more": max(0, len(run.refused) - SHOWN),
        "may_undo": bulk_runs.may_undo(run, cast(User, request.user)),
    }
    return render(request, "reports/bulk_detail.html", context)


@require_POST
@requires("households.view")
def bulk_undo(request: HttpRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    count, kept = bulk_runs.undo(run=run, by=cast(User, request.user))
    messages.success(request, ngettext("%(n)d household undone", "%(n)d households undone", count) % {"n": count})
    if kept:
        words = _("%(n)d stay as they are: %(why)s") % {"n": len(kept), "why": kept[0][1]}
        messages.warning(request, words)
    return redirect("reports:bulk-detail", pk=pk)
