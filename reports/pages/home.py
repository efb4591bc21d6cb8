"""The front door: everybody lands on what waits for the role, and below it on the year as far as one may read it."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import signed_in
from core import clock
from core.together import in_step, read
from reports.navigation import navigation_set
from reports.queries import bench, todos
from reports.queries.scope import Scope, scope_of
from reports.queries.year import year

FULL_YEAR = frozenset({"county", "town", "city"})


@require_GET
@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """One page with the panels one's role asks for."""
    scope = scope_of(request)
    kind = navigation_set(scope.user)
    if kind == "admin":
        return render(request, "reports/home_admin.html", {"bench": bench.admin_bench(scope.user)})
    return render(request, "reports/home.html", context_of(request, scope, kind))


@require_GET
@signed_in
def home_part(request: HttpRequest) -> HttpResponse:
    """The panels that refresh themselves; 304 while nothing has changed but the clock."""
    scope = scope_of(request)
    context = context_of(request, scope, navigation_set(scope.user))
    response = render(request, "reports/parts/home_panels.html", context)
    return unchanged(request, response, context["now"])


def context_of(request: HttpRequest, scope: Scope, kind: str) -> dict[str, Any]:
    """To-dos for all; the year for those who see it; the auditor's bench for auditors. All of them read in step."""
    now, today = clock.now(), clock.today()
    sees_year = scope.user.has_right("overview.view") and kind in FULL_YEAR | {"finance", "audit"}
    parts = {
        "todos": todos.todos(scope),
        **({"year": year(scope, today)} if sees_year else {}),
        **({"audit": bench.audit_bench(scope, now)} if kind == "audit" else {}),
        **({"devices": bench.device_bench(scope, now)} if kind == "devices" else {}),
    }
    found = dict(zip(parts, read(in_step(*parts.values())), strict=True))
    waiting = [(todo, todo.days_left(today), todo.days_late(today)) for todo in found["todos"]]
    missing = dict.fromkeys(("year", "audit", "devices"))
    head = {"kind": kind, "now": now, "today": today, "part_url": "reports:home-part"}
    return head | missing | found | {"todos": waiting}


def unchanged(request: HttpRequest, response: HttpResponse, now: Any) -> HttpResponse:
    """304 when the fragment says the same as last time, but for the time of the update itself."""
    moment = f"{now:%Y-%m-%dT%H}".encode()
    tag = f'"{hashlib.sha256(_without_times(response.content) + moment).hexdigest()[:20]}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304)
    response["ETag"] = tag
    return response


def _without_times(html: bytes) -> bytes:
    """The fragment without its “updated at” mark, which differs each time."""
    start = html.find(b'<span class="live')
    end = html.find(b"</span>", start)
    return html if start < 0 else html[:start] + html[end:]
