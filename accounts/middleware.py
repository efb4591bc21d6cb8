"""What holds for every request: session limits, the acting person for the history, no caching of private pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.middleware import OTPMiddleware

from accounts import sessions
from accounts.acting import acting

GetResponse = Callable[[HttpRequest], HttpResponse]


class KnownDevice(OTPMiddleware):  # type: ignore[misc]  # django-otp has no types
    """django-otp's own, with the devices that `PersonBackend.get_user` read beside the account: no question more."""

    def _verify_user_sync(self, request: HttpRequest, user: Any) -> Any:
        self._init_user_fields(user)
        if user.is_authenticated:
            named = self._normalize_persistent_id(request.session.get(DEVICE_ID_SESSION_KEY) or "")
            device = next((one for one in user.devices_at_hand if one.persistent_id == named), None)
            user.otp_device = self._finalize_device(request, user, device)
        return user


class SessionLimits:
    """Ends sessions that are idle, old or replaced, or that predate a change of rights (C5).

    Closed accounts need nothing here: the sign-in backend does not know them any more.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._judge(request, time.time())
        return self.get_response(request)

    def _judge(self, request: HttpRequest, now: float) -> None:
        reason = sessions.why_over(request, now)
        if reason:
            logout(request)
            request.session_ended = reason  # type: ignore[attr-defined]
        else:
            sessions.touch(request, now)
            self._speak(request)

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
    """Pages of signed-in people are not kept by shared office computers, nor is the page that signs them out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated
        response = self.get_response(request)
        if signed_in or request.user.is_authenticated:
            add_never_cache_headers(response)
        return response
