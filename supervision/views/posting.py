"""Answers that the views share: a small form, a service, and where to go then; refusals with every reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.models import Area
from core.pictures import MAX_BYTES
from core.refusals import Refused
from programmes.chosen import chosen_programme
from programmes.models import Programme
from retrofits.services.photos import NOT_USABLE
from retrofits.views.posting import form_refusal


def refused_page(request: HttpRequest, refusal: Refused, back: str) -> HttpResponse:
    """422 or 409 with the sentence, every fault, and the way back."""
    context = {"refusal": refusal, "faults": getattr(refusal, "faults", ()), "back": back}
    return render(request, "refused.html", context, status=refusal.status)


def done(request: HttpRequest, deed: Callable[[], Any], back: str, said: str = "") -> HttpResponse:
    """Do it and go back there, or say why not."""
    try:
        deed()
    except Refused as refusal:
        return refused_page(request, refusal, back)
    messages.success(request, said or _("It is recorded."))
    return redirect(back)


def posted(
    request: HttpRequest, form: Any, deed: Callable[[dict[str, Any]], Any], back: str, said: str = ""
) -> HttpResponse:
    """The same behind a form."""
    if not form.is_valid():
        return refused_page(request, form_refusal(form), back)
    return done(request, lambda: deed(form.cleaned_data), back, said)


def photo_of(form: Any) -> bytes | None:
    """The bytes of the form's photo, None without one. Raises `Refused` PHOTO_UNUSABLE."""
    sent = form.cleaned_data.get("photo")
    if not sent:
        return None
    if sent.size > MAX_BYTES:
        raise Refused("PHOTO_UNUSABLE", NOT_USABLE["TOO_LARGE"])
    return bytes(sent.read())


def with_places(form: Any, places: Any) -> Any:
    """The form with these places to choose from."""
    form.fields["area"].queryset = places
    return form


def places_of(request: HttpRequest, right: str, within: str, *levels: str) -> Any:
    """Places where the person holds `right`, below `within`, of these levels."""
    found = Area.objects.visible_to(request.user, right).within(within) if within else Area.objects.none()
    return found.filter(level__in=levels).order_by("code") if levels else found.order_by("code")


def programme_of(request: HttpRequest) -> Programme:
    """The chosen programme; 404 without one."""
    programme = chosen_programme(request)
    if programme is None:
        raise Http404
    return programme


def recording_places(request: HttpRequest) -> Any:
    """Places where the person records hazards and registers."""
    return Area.objects.visible_to(request.user, "hazards.record")
