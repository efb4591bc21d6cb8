"""Answers that several views of the room give."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from accounts.models import User
from core.refusals import Refused
from retrofits.faults import Fault
from retrofits.works_forms import FIRST_DAY, LAST_DAY


def refused_page(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """422 or 409 with the service's sentence and every fault, and a way back to the page that asked."""
    faults: tuple[Fault, ...] = getattr(refusal, "faults", ())
    context = {"refusal": refusal, "faults": faults, "back": _page_before(request)}
    return render(request, "refused.html", context, status=refusal.status)


def _page_before(request: HttpRequest) -> str:
    """The page of ours the person came from, else the first page: several rooms are refused here."""
    asked = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if ours else reverse("home")


def person_of(request: HttpRequest) -> User:
    """Who is signed in; views behind @requires have nobody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def day_of(request: HttpRequest, name: str) -> date:
    """A day of the form. Raises `Refused` DAY_MISSING."""
    text = request.POST.get(name, "").strip()
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not FIRST_DAY <= found <= LAST_DAY:
        words = _("“%(text)s” is no day; write it as 2021-12-08.")
        raise Refused("DAY_MISSING", words, text=text[:20])
    return found
