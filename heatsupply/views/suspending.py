"""Open to the whole world: apply not to be heated for the coming or running season, and read what was decided.

The page answers the same whether an account exists or not; it counts what an address sends for all processes together.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import public
from accounts.addresses import client_address
from accounts.models import Area
from core import clock
from core.areas import ancestors
from core.refusals import Refused
from core.throttle import is_too_often
from heatsupply.forms.fees import LookForm, SuspendForm
from heatsupply.models import HeatingCompany, Suspension
from heatsupply.services.suspensions import Application, apply_suspension, find_applied
from heatsupply.terms.fees import season_rule
from programmes.models import Programme

HOUR = 3600
ASKS, TRIES = 10, 20
"""Applications an address may send, and codes it may try, in an hour."""


@public
@never_cache
@require_http_methods(["GET", "POST"])
def suspend(request: HttpRequest) -> HttpResponse:
    """The form; then number and code, shown once. With `number` and `code`, what was decided."""
    if request.method == "POST" and "code" in request.POST:
        return _look(request)
    form = SuspendForm(request.POST or None, places=places())
    if request.method == "GET":
        return _page(request, {"form": form, "look": LookForm()})
    if not form.is_valid() or form.cleaned_data["website"]:
        return _page(request, {"form": form, "look": LookForm()}, 422)
    if is_too_often("suspend", client_address(request) or "-", limit=ASKS, seconds=HOUR):
        return _page(request, {"too_often": True}, 429)
    return _applied(request, form)


def _applied(request: HttpRequest, form: SuspendForm) -> HttpResponse:
    data = form.cleaned_data
    names = ("account_no", "applicant_name", "phone", "address", "words")
    try:
        programme = programme_at(data["area"])
        season = season_rule(programme).first_after(clock.today()).label
        made, code = apply_suspension(
            programme=programme, area=data["area"], season=season, source=Suspension.Source.PUBLIC, now=clock.now(),
            on=clock.today(), application=Application(**{name: data[name] for name in names}),
        )  # fmt: skip
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _page(request, {"form": form, "look": LookForm()}, 422)
    return _page(request, {"made": made, "code": code})


def _look(request: HttpRequest) -> HttpResponse:
    look = LookForm(request.POST)
    empty = SuspendForm(places=places())
    if not look.is_valid():
        return _page(request, {"form": empty, "look": look}, 422)
    if is_too_often("suspend-look", client_address(request) or "-", limit=TRIES, seconds=HOUR):
        return _page(request, {"too_often": True}, 429)
    found = find_applied(look.cleaned_data["number"], look.cleaned_data["code"])
    if found is None:
        look.add_error(None, _("Number and code do not belong together."))
        return _page(request, {"form": empty, "look": look}, 422)
    return _page(request, {"found": found, "pays": _pays(found)})


def _pays(found: Suspension) -> int | None:
    """What is still to be paid once it is approved, in fen."""
    return found.account.receivable_fen if found.state == Suspension.State.APPROVED and found.account else None


def places() -> Any:
    """Where a heating company works."""
    held = HeatingCompany.objects.filter(closed_on=None).values("area_id")
    return Area.objects.filter(code__in=held).select_related("parent").order_by("code")


def programme_at(area: Area) -> Programme:
    """The newest programme that covers the place. Raises `Refused` PLACE_OUTSIDE."""
    found: Programme | None = (
        Programme.objects.filter(area__in=[*ancestors(area.code), area.code]).order_by("-year_from", "code").first()
    )
    if found is None:
        raise Refused("PLACE_OUTSIDE", _("Choose a town of the list."))
    return found


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, "heatsupply/suspend.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
