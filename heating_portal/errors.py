"""Error pages in plain words: what happened, what to do next, and the reference number that support can look up.

They use no database and no session, so they also appear when either is down.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from psycopg_pool import PoolTimeout

from accounts.rights import RIGHTS

Label = str | Promise
API = "/api/"
REFERENCE = "reference-of-this-request"  # in a kept page, where the request's own will stand
OUTAGES = (OperationalError, InterfaceError, PoolTimeout)  # the database is away, restarting or choked


@dataclass(frozen=True)
class Page:
    """One kind of error: what it is, why, and the steps that help."""

    status: int
    title: Label
    why: Label
    next_steps: tuple[Label, ...]


BAD_REQUEST = Page(
    400, _("The portal could not read this request"),
    _("Something in the address or in what was sent is not as the portal expects it."),
    (_("Go back and send the form again."), _("If you typed the address, check it.")),
)  # fmt: skip
FORBIDDEN = Page(
    403, _("You may not do this here"),
    _("You can see this place, but your roles do not include this step."),
    (_("Ask the security administrator of your unit for the role."), _("Or hand the matter to the person who has it.")),
)  # fmt: skip
NOT_FOUND = Page(
    404, _("This page does not exist for you"),
    _("The address is wrong, the thing was removed, or it belongs to an area that is not yours."),
    (_("Check the number or the address."), _("Search for it by household number, name or batch number.")),
)  # fmt: skip
REFUSED = Page(
    422, _("This step cannot be done now"),
    _("The portal has checked it and found a reason against it. Nothing was changed."),
    (_("Go back, change what is named here, and send it again."),),
)  # fmt: skip
UNSTORABLE = _(
    "Something in what was sent is too long, or holds a sign that no text may hold. Take it out and send it again."
)
CONFLICT = Page(
    409, _("Somebody else was faster"),
    _("The record has changed since you opened it. Nothing of yours was written."),
    (_("Open the record again and look at what changed."), _("Then decide whether your change is still needed.")),
)  # fmt: skip
SERVER_ERROR = Page(
    500, _("The portal made a mistake"),
    _("The step was not carried out. The mistake has been written down with the number below."),
    (_("Try it once more."), _("If it happens again, tell your administrator the reference number.")),
)  # fmt: skip
UNAVAILABLE = Page(
    503, _("The portal is out of reach for a moment"),
    _("One of its services is restarting. What was saved is safe; nothing half-done was kept."),
    (_("Wait a minute and load this page again."), _("If it lasts longer than ten minutes, call your administrator.")),
)  # fmt: skip
STALE_FORM = Page(
    403, _("This form is too old to be sent"),
    _("You signed in again, or the page was open for too long. Nothing was changed."),
    (_("Load the page again and fill in the form once more."), _("Cookies must be allowed for this site.")),
)  # fmt: skip


def reference_of(request: HttpRequest) -> str:
    """The request's reference number, "" outside the middleware that gives it."""
    return str(getattr(request, "reference", "") or getattr(request, "request_id", ""))


def error_page(request: HttpRequest, page: Page, detail: Any = "") -> HttpResponse:
    """The page for one error; `detail` is a sentence about this very case."""
    reference = reference_of(request)
    if request.path.startswith(API):
        response = _said(page, detail, reference)
    else:
        response = HttpResponse(_html_of(request, page, detail, reference), status=page.status)
    if page.status == 503:
        response["Retry-After"] = "30"
    return response


def _html_of(request: HttpRequest, page: Page, detail: Any, reference: str) -> str:
    if page in (REFUSED, CONFLICT) or not reference:
        return _drawn(page, detail, reference, request)
    dark = request.COOKIES.get("theme") == "dark"
    return _kept(page, str(detail), get_language() or "", dark).replace(REFERENCE, escape(reference))


def _said(page: Page, detail: Any, reference: str) -> HttpResponse:
    """The same in a form programs read, as the API's own refusals are."""
    words = {"detail": f"{page.title} {detail}".strip(), "reference": reference}
    return JsonResponse(words, status=page.status, json_dumps_params={"ensure_ascii": False})


@lru_cache(maxsize=256)
def _kept(page: Page, detail: str, language: str, dark: bool) -> str:
    """The same page for everybody who speaks `language`, the reference left open: whoever knocks at many doors makes
    the portal draw nothing.
    """
    return _drawn(page, detail, REFERENCE, {"COOKIES": {"theme": "dark" if dark else ""}})


def _drawn(page: Page, detail: Any, reference: str, request: Any) -> str:
    values = {"page": page, "detail": detail, "reference": reference, "request": request}
    return str(loader.get_template(f"errors/{page.status}.html").render(values))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    return error_page(request, BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403: names the missing right when the refusal carries one."""
    right = RIGHTS.get(str(exception))
    return error_page(request, FORBIDDEN, _("Missing right: %(right)s") % {"right": right} if right else "")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404: says the same whether the thing is absent or merely not yours."""
    return error_page(request, NOT_FOUND)


def refused(request: HttpRequest, message: Any, *, conflict: bool = False) -> HttpResponse:
    """422 (or 409) with the words of a `core.refusals.Refused`."""
    return error_page(request, CONFLICT if conflict else REFUSED, message)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500. An outage that struck before any view (the session could not be read) is still an outage."""
    return unavailable(request) if isinstance(sys.exception(), OUTAGES) else error_page(request, SERVER_ERROR)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503 while PostgreSQL or Redis is away."""
    return error_page(request, UNAVAILABLE)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    return error_page(request, STALE_FORM)
