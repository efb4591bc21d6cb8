"""A reference number for every request, the true address of the asker, and plain words for refusals and outages."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import DataError
from django.http import HttpRequest, HttpResponse

from accounts.addresses import as_address
from core.refusals import Refused
from heating_portal.errors import OUTAGES, UNSTORABLE, refused, unavailable

log = structlog.get_logger(__name__)
_REFERENCE = re.compile(r"^[A-Za-z0-9-]{8,36}$")


class RequestReference:
    """Gives each request a short reference that pages, logs and history share."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.reference = given if _REFERENCE.match(given) else uuid.uuid4().hex[:12]  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.reference  # type: ignore[attr-defined]
        return response


class ClientAddress:
    """Behind the proxy: the person's address instead of the proxy's, for lockout, throttling and logs.

    The proxy appends the address it sees; only that last entry is believed, the rest anybody can write.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.BEHIND_PROXY:
            last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2]
            request.META["REMOTE_ADDR"] = as_address(last) or request.META.get("REMOTE_ADDR", "")
        return self.get_response(request)


class PlainRefusals:
    """What a view could not say itself: a service's refusal becomes 422 or 409, an outage 503.

    An outage outside views reaches `heating_portal.errors.server_error`, which tells it from a mistake. Nothing has
    to be restarted afterwards: the next request connects anew.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Refused):
            return refused(request, error.sentence, conflict=error.status == 409)
        if isinstance(error, DataError):  # a sign no text may hold, or more than a field takes and no form measured
            why = getattr(error.__cause__, "sqlstate", None) or ""  # the words of the error may hold what was sent
            log.error("unstorable", sqlstate=why, reference=getattr(request, "reference", ""))
            return refused(request, UNSTORABLE)
        if isinstance(error, OUTAGES):
            log.error("outage", error=type(error).__name__, reference=getattr(request, "reference", ""))
            return unavailable(request)
        return None
