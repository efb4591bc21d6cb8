"""The switches of the top bar: area and year, dark or light, language. Plain form posts that work without script."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.access import public, signed_in
from accounts.models import Area
from programmes.chosen import AREA_KEY, PROGRAMME_KEY, held_codes, is_held, programmes_for

YEAR_S = 365 * 24 * 3600


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page the switch stood on; never to another host."""
    target = request.POST.get("next", "/")
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(target if ours else "/")


def _keep(response: HttpResponse, name: str, value: str) -> HttpResponse:
    cookie: dict[str, Any] = {"max_age": YEAR_S, "samesite": "Lax", "httponly": True}
    response.set_cookie(name, value, secure=settings.SESSION_COOKIE_SECURE, **cookie)
    return response


@require_POST
@signed_in
def set_scope(request: HttpRequest) -> HttpResponse:
    """Keep the chosen area or programme in the session; what is not the person's own is ignored."""
    area = request.POST.get("area", "")
    if is_held(area, held_codes(request.user)) and Area.objects.filter(code=area).exists():
        request.session[AREA_KEY] = area
    programme = request.POST.get("programme", "")
    if programme and any(programme == offered.code for offered in programmes_for(request.user)):
        request.session[PROGRAMME_KEY] = programme
    return _back(request)


@require_POST
@public
def set_theme(request: HttpRequest) -> HttpResponse:
    """Dark or light, in a cookie because it also holds before signing in."""
    return _keep(_back(request), "theme", "dark" if request.POST.get("theme") == "dark" else "light")


@require_POST
@public
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep one of the two languages in Django's language cookie; any other word changes nothing."""
    language = request.POST.get("language", "")
    response = _back(request)
    return (
        _keep(response, settings.LANGUAGE_COOKIE_NAME, language) if language in dict(settings.LANGUAGES) else response
    )
