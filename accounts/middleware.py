"""What holds for every request: session limits, the acting person for the history, no caching of private pages."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import add_never_cache_headers

from accounts.acting import acting

GetResponse = Callable[[HttpRequest], HttpResponse]

# Polled by open pages without anybody touching them: they must not keep an idle session alive.
UNATTENDED = "HX-Trigger-Name"


class SessionLimits:
    """Ends sessions that are idle or old, belong to a closed account, or predate a change of rights (C5)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            if self._is_over(request):
                logout(request)
            else:
                self._touch(request)
                self._speak(request)
        return self.get_response(request)

    def _is_over(self, request: HttpRequest) -> bool:
        now, session, user = time.time(), request.session, request.user
        return (
            not user.is_active
            or session.get("access_version", user.access_version) != user.access_version
            or now - session.get("seen_at", now) > settings.SESSION_IDLE_S
            or now - session.get("opened_at", now) > settings.SESSION_ABSOLUTE_S
            or session.get("session_of", session.session_key) != session.session_key
        )

    def _touch(self, request: HttpRequest) -> None:
        now, session = time.time(), request.session
        session.setdefault("opened_at", now)
        session.setdefault("access_version", request.user.access_version)
        # One write a minute is precise enough for a 15-minute limit and spares a write per request.
        if request.headers.get("X-Unattended") != "1" and now - session.get("seen_at", 0) > 60:
            session["seen_at"] = now

    def _speak(self, request: HttpRequest) -> None:
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language


class ActingUser:
    """Tells the database who is at work, so that its history triggers can write it down."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        who = request.user if request.user.is_authenticated else "visitor"
        with acting(who, request_id=getattr(request, "reference", "")):
            return self.get_response(request)


class PrivatePages:
    """Pages of signed-in people are not kept by shared office computers."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated:
            add_never_cache_headers(response)
        return response
