"""The city's board over its counties (page 4), the way from its numbers to a county's lists, and the wall page (5)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import public, requires
from accounts.models import User
from core import clock
from core.together import in_step, read
from programmes.chosen import AREA_KEY, PROGRAMME_KEY, held_codes, is_held, offered_programmes, programmes_for
from programmes.models import Programme
from reports import wall_keys
from reports.links import address
from reports.pages.home import unchanged
from reports.queries import counties
from reports.queries.scope import Scope, scope_of
from reports.queries.year import Progress, Year, year
from telemetry.models import Alert

RIGHT = "overview.view"
# where a number leads, and the right its list asks for
LISTS = {
    "households": ("reports:household-list", "households.view"),
    "heaters": ("telemetry:heater-list", "devices.view"),
    "alerts": ("telemetry:alert-list", "devices.view"),
    "funds": ("subsidies:fund-list", "funds.view"),
}
WALL_ROWS, WALL_ALERTS = 9, 4


@require_GET
@requires(RIGHT)
def county_board(request: HttpRequest) -> HttpResponse:
    """`?year=&place=`; inside a county there is nothing to compare: the year overview is that board."""
    scope = _placed(scope_of(request), request.GET.get("place", ""))
    if not counties.length_below(scope.area_code):
        return redirect("reports:overview")
    offered, today, now = offered_programmes(request), clock.today(), clock.now()
    found = read(counties.board(scope, offered, _year(request.GET.get("year", ""), scope, offered), today))
    context = {"board": found, "scope": scope, "now": now}
    if request.headers.get("HX-Request"):
        return unchanged(request, render(request, "reports/parts/counties.html", context), now)
    return render(request, "reports/counties.html", context)


def _placed(scope: Scope, place: str) -> Scope:
    """Narrowed to a city inside the chosen province."""
    inside = is_held(place, [scope.area_code]) if scope.area_code else False
    return Scope(scope.user, scope.programme, place) if inside else scope


def _year(text: str, scope: Scope, offered: list[Programme]) -> int:
    """The year asked for, otherwise today's while the chosen programme runs, otherwise its last."""
    if text.isascii() and text.isdigit() and any(one.year_from <= int(text) <= one.year_to for one in offered):
        return int(text)
    this = clock.today().year
    return this if scope.programme is None else min(max(this, scope.programme.year_from), scope.programme.year_to)


@require_GET
@requires(RIGHT)
def county_open(request: HttpRequest, code: str) -> HttpResponse:
    """Choose a county (or town) and its programme as the top bar would, and go on to the list `?to=` with `?stage=`.

    Who may not read that list sees the county's progress.
    """
    user: User = request.user  # type: ignore[assignment]
    if not is_held(code, held_codes(user)):
        raise Http404
    if not user.has_right(RIGHT, code):
        raise PermissionDenied(RIGHT)
    asked = request.GET.get("year", "")
    offered = offered_programmes(request)
    running = [one for one in offered if code.startswith(one.area_id) or one.area_id.startswith(code)]
    fitting = [one for one in running if not asked.isdecimal() or one.year_from <= int(asked[:4]) <= one.year_to]
    request.session[AREA_KEY] = code
    if fitting:
        request.session[PROGRAMME_KEY] = fitting[0].code
    return redirect(_list(user, code, request.GET.get("to", ""), request.GET.get("stage", "")[:20]))


def _list(user: User, code: str, to: str, stage: str) -> str:
    name, right = LISTS.get(to, ("", ""))
    if not name or not user.has_right(right, code):
        return reverse("reports:progress")
    return address(name, stage=stage) if to == "households" else address(name)


@require_GET
@public
def wall(request: HttpRequest) -> HttpResponse:
    """Big figures for a screen nobody sits at: `?key=` shows what its giver may still see, to machines of his network.

    Whoever may see the overview gets a key of his chosen place; everybody else finds nothing here.
    """
    if "key" not in request.GET:
        return _given(request)
    scope = _by_key(request.GET["key"], request)
    now, today = clock.now(), clock.today()
    context = {"now": now, "today": today, **_wall_of(scope)}
    if request.headers.get("HX-Request"):
        return unchanged(request, render(request, "reports/parts/wall.html", context), now)
    response = render(request, "reports/wall.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _given(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not user.is_authenticated or not user.has_right(RIGHT):
        raise Http404
    scope = scope_of(request)
    if scope.programme is None or not user.has_right(RIGHT, scope.area_code):
        return redirect("reports:overview")
    key = wall_keys.give(user.pk, scope.area_code, scope.programme.code, request.META.get("REMOTE_ADDR", ""))
    return redirect(address("reports:wall", key=key))


def _by_key(text: str, request: HttpRequest) -> Scope:
    key = wall_keys.read(text, request.META.get("REMOTE_ADDR", ""))
    user = User.objects.filter(pk=key.user_id, is_active=True).first() if key else None
    if key is None or user is None or not user.has_right(RIGHT, key.area_code):
        raise Http404
    chosen = next((one for one in programmes_for(user) if one.code == key.programme), None)
    return Scope(user, chosen, key.area_code)


def _wall_of(scope: Scope) -> dict[str, Any]:
    """The same figures for a county over its towns and a city over its counties; at most `WALL_ROWS` rows."""
    today = clock.today()
    if not counties.length_below(scope.area_code):
        found: Year | None = read(year(scope, today))
        return {
            "year": found,
            **_rows(sorted(found.places, key=counties.lag) if found else []),
            "alerts": _alerts(found),
        }
    offered = programmes_for(scope.user)
    board, found = read(in_step(counties.board(scope, offered, _year("", scope, offered), today), year(scope, today)))
    rows = _rows([one.line for one in board.places if one.connected])
    return {"year": found, "board": board, **rows, "alerts": _alerts(found)}


def _rows(lines: list[Progress]) -> dict[str, Any]:
    return {"lines": lines[:WALL_ROWS], "more": max(0, len(lines) - WALL_ROWS)}


def _alerts(found: Year | None) -> list[Alert]:
    return found.newest_alerts[:WALL_ALERTS] if found else []
