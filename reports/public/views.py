"""The household's own page, open to the world behind number and code; and the slip a clerk gives out.

A number nobody has, a wrong code and a code that is over get the same words, the same status and the same work. The
visit hangs on a cookie of its own: it has nothing to do with the sign-in of people with an account.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import get_visible_or_404, public, requires
from accounts.addresses import client_address
from core import clock
from core.throttle import is_too_often
from households.models import Dwelling, Household
from reports.links import address
from reports.public import codes
from reports.public.forms import DoorForm, NumberForm
from reports.public.home import homes_of, notices_of
from reports.public.senders import sender

COOKIE = "own_page"
COAL_POINTS, SUSPENSION = "heat:coal-public", "heat:public-suspend"
HOUR = 3600
TRIES, NUMBER_TRIES = 20, 10
WISHES, NUMBER_WISHES = 10, 3
"""Codes and messages an hour: of one address, and for one number whether there is such a household or not."""


@public
@never_cache
@require_http_methods(["GET", "POST"])
def own_page(request: HttpRequest) -> HttpResponse:
    """The door; behind it, for ten minutes, progress and money of one household. `deed`: open, message, leave."""
    now = clock.now()
    if request.method == "POST":
        return DEEDS.get(request.POST.get("deed", ""), _open)(request, now)
    visit = codes.visit_of(request.COOKIES.get(COOKIE, ""), now)
    return _door(request) if visit is None else _home(request, visit.household, visit.visit_ends_at, now)


def _door(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    door = {"form": DoorForm(), "has_messages": sender() is not None, "coal_points": address(COAL_POINTS)}
    return _page(request, door | more, status)


def _home(request: HttpRequest, household: Household, ends_at: Any, now: dt.datetime) -> HttpResponse:
    context = {
        "household": household, "ends_at": ends_at, "homes": homes_of(household, clock.today()),
        "notices": notices_of(household, now), "coal_points": address(COAL_POINTS),
        "suspension": address(SUSPENSION),
    }  # fmt: skip
    return _page(request, context)


def _open(request: HttpRequest, now: dt.datetime) -> HttpResponse:
    form = DoorForm(request.POST)
    if not form.is_valid():
        return _door(request, 422, form=form)
    number, code = form.cleaned_data["number"], form.cleaned_data["code"]
    if _too_often(request, number, "home", TRIES, NUMBER_TRIES):
        return _page(request, {"too_often": True}, 429)
    token = codes.open_visit(number=number, code=code, now=now)
    if token is None:
        return _door(request, 422, problem=_("Number and code do not open a page."))
    response = HttpResponseRedirect(reverse("reports:own-page"))
    response.set_cookie(
        COOKIE, token, max_age=codes.VISIT_LASTS, path=reverse("reports:own-page"), httponly=True, samesite="Strict",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return response


def _message(request: HttpRequest, now: dt.datetime) -> HttpResponse:
    form = NumberForm(request.POST)
    if not form.is_valid() or sender() is None:
        return _door(request, 422, problem=_("Type the household number first."))
    number = form.cleaned_data["number"]
    if _too_often(request, number, "home-message", WISHES, NUMBER_WISHES):
        return _page(request, {"too_often": True}, 429)
    codes.ask_message(number=number, now=now)
    return _door(request, asked=True)


def _too_often(request: HttpRequest, number: str, deed: str, limit: int, number_limit: int) -> bool:
    """Counted for the address and for the number's fingerprint; both are counted each time."""
    by_address = is_too_often(deed, client_address(request) or "-", limit=limit, seconds=HOUR)
    by_number = is_too_often(f"{deed}-number", codes.number_index(number), limit=number_limit, seconds=HOUR)
    return by_address or by_number


def _leave(request: HttpRequest, now: dt.datetime) -> HttpResponse:
    codes.end_visit(request.COOKIES.get(COOKIE, ""), now)
    response = HttpResponseRedirect(reverse("reports:own-page"))
    response.delete_cookie(COOKIE, path=reverse("reports:own-page"), samesite="Strict")
    return response


DEEDS = {"open": _open, "message": _message, "leave": _leave}


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, "reports/public/own_page.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@require_POST
@requires(codes.RIGHT)
def household_slip(request: HttpRequest, dwelling_no: str) -> HttpResponse:
    """A new code for the household of the dwelling, shown once, on a sheet to print."""
    rows = Dwelling.objects.select_related("household", "area__parent")
    dwelling = get_visible_or_404(rows, request.user, codes.RIGHT, dwelling_no=dwelling_no)
    made, code = codes.issue_slip(household=dwelling.household, by=request.user, now=clock.now())  # type: ignore[arg-type]
    context = {
        "dwelling": dwelling, "household": dwelling.household, "issued": made, "code": f"{code[:4]} {code[4:]}",
        "page": request.build_absolute_uri(reverse("reports:own-page")),
    }  # fmt: skip
    response = render(request, "reports/public/slip.html", context)
    response["Cache-Control"] = "no-store"
    return response
