"""From ticked rows to a deed: store what was seen, show it, recount, and only then act."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.models import Selection, User
from reports.queries.scope import Scope, scope_of
from reports.services import exports, selections
from reports.services.deeds import DEEDS

LONGEST_COLUMNS = 600


@require_POST
@requires("households.view")
def selection_create(request: HttpRequest) -> HttpResponse:
    """The bulk bar posts `ids`, or `scope=all` with `query` and the number `seen`; `?deed=` names the deed."""
    everything = request.POST.get("scope") == "all"
    ids = None if everything else [int(one) for one in request.POST.getlist("ids") if one.isdecimal()]
    query = request.POST.get("query", "") if everything else ""
    stored = selections.store_selection(scope=scope_of(request), query=query, ids=ids, by=cast(User, request.user))
    seen = request.POST.get("seen", "") if everything else ""
    deed = request.GET.get("deed", "")
    if deed in DEEDS:
        return redirect("reports:selection-act", token=stored.token, deed=deed)
    where, more = redirect("reports:selection-detail", token=stored.token), QueryDict(mutable=True)
    if seen.isdecimal() and int(seen) != stored.count:
        more["seen"] = seen
    if "cols" in request.POST:
        more["cols"] = request.POST["cols"][:LONGEST_COLUMNS]
    where["Location"] += f"?{more.urlencode()}" if more else ""
    return where


@require_GET
@requires("ledgers.export")
def selection_detail(request: HttpRequest, token: str) -> HttpResponse:
    """What is selected, and whether it changed since the list was seen."""
    stored, scope = selection_of(request, token)
    seen = request.GET.get("seen", "")
    context = {
        "selection": stored,
        "count": selections.recount(scope, stored),
        "seen": int(seen) if seen.isascii() and seen.isdigit() else None,
        "first": selections.rows_of(scope, stored)[:12],
        "cols": request.GET.get("cols", "")[:LONGEST_COLUMNS],
        "at_once": stored.count <= exports.AT_ONCE,
    }
    return render(request, "reports/selection.html", context)


@require_POST
@requires("ledgers.export")
def selection_export(request: HttpRequest, token: str) -> HttpResponse:
    """Take the selection out as a household ledger, masked; refused when it is no longer what was seen.

    `columns=seen` keeps those on the screen. Up to 5,000 rows are made at once, more by a job.
    """
    stored, scope = selection_of(request, token)
    selections.demand_unchanged(scope, stored, request.POST.get("fingerprint", ""))
    seen = request.POST.get("cols", "") if request.POST.get("columns") == "seen" else ""
    query = _query(stored, seen[:LONGEST_COLUMNS])
    wish = exports.Wish("household", scope.programme, scope.area_code, query)  # type: ignore[arg-type]
    take = exports.export_at_once if stored.count <= exports.AT_ONCE else exports.request_export
    export, _job = take(wish=wish, by=cast(User, request.user), address=request.META.get("REMOTE_ADDR"))
    return redirect("reports:export-detail", pk=export.pk)


def selection_of(request: HttpRequest, token: str) -> tuple[Selection, Scope]:
    """One's own selection, in the place where it was made (narrowed by one's rights as they are now)."""
    stored = selections.find(token=token, by=cast(User, request.user))
    place = QueryDict(stored.query).get("place", "")
    return stored, replace(scope_of(request), area_code=place)


def _query(stored: Selection, seen: str) -> str:
    query = QueryDict(stored.query, mutable=True)
    query.pop("place", None)
    if seen:
        query["cols"] = seen
    if stored.included_ids:
        query["ids"] = ",".join(map(str, stored.included_ids))
    return query.urlencode()
