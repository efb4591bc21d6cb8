"""One box for everything: household, name, initials, last four, heater, batch."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import signed_in
from reports.queries import searching
from reports.queries.scope import scope_of


@require_GET
@signed_in
def search(request: HttpRequest) -> HttpResponse:
    """A single exact hit opens at once; otherwise the hits by kind."""
    text = request.GET.get("q", "").strip()[: searching.LONGEST]
    groups = searching.search(scope_of(request), text)
    hits = [hit for group in groups for hit in group.hits]
    if len(hits) == 1 and hits[0].url and hits[0].title.split(" ")[0].upper() == text.upper():
        return redirect(hits[0].url)
    context = {"text": text, "groups": groups, "too_short": len(text) < searching.SHORTEST}
    return render(request, "reports/search.html", context)
