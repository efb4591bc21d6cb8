"""Any list as a workbook, with the columns on the screen or with all; the key E presses the first."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.access import requires
from accounts.models import User
from core.refusals import Refused
from reports.ledgers.lists import ListLedger, is_list
from reports.queries.scope import scope_of
from reports.services import exports

LONGEST = 3000


@require_POST
@requires("ledgers.export")
def list_export(request: HttpRequest, name: str) -> HttpResponse:
    """Posts the filter, and the columns to take. Up to 5,000 rows are made at once, more by a job."""
    scope, by = scope_of(request), cast(User, request.user)
    if not is_list(name):
        raise Http404
    if scope.programme is None:
        raise Refused("NO_PROGRAMME", gettext_lazy("Choose a programme first: an export belongs to one."))
    wish = exports.Wish(name, scope.programme, scope.area_code, _query(request.POST).urlencode())
    exports.demand_rights(wish, by)
    ledger = ListLedger(name)
    rows = ledger.found(exports.extent_for(ledger, wish.programme, wish.area_code, wish.query, by)).count()
    take = exports.export_at_once if rows <= exports.AT_ONCE else exports.request_export
    export, _job = take(wish=wish, by=by, address=request.META.get("REMOTE_ADDR"))
    return redirect("reports:export-detail", pk=export.pk)


def _query(posted: QueryDict) -> QueryDict:
    query = QueryDict(posted.get("query", "")[:LONGEST], mutable=True)
    for key in ("page", "per", "view"):
        query.pop(key, None)
    query["cols"] = posted.get("columns", "")[:LONGEST]
    return query


def export_url(request: HttpRequest, name: str) -> str:
    """Where this list is taken out; "" for those who may not, and for lists with an export of their own."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or name == "reports:household-list" or not is_list(name):
        return ""
    return reverse("reports:list-export", args=[name]) if user.has_right(exports.RIGHT) else ""
