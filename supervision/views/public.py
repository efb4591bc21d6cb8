"""Open to the whole world: ask or complain, and read the answer with number and code.

The pages look at no household, count wrong tries for all processes together, and answer a wrong number and a wrong code
with the same words.
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
from core.refusals import Refused
from core.throttle import is_too_often
from programmes.models import Programme
from supervision.forms import AnswerForm, AskForm, RateForm
from supervision.kinds import Source
from supervision.models import Case
from supervision.services import public as service
from supervision.services.cases import Opening

HOUR = 3600
ASKS, TRIES = 10, 20
"""Questions an address may send, and codes it may try, in an hour."""


@public
@never_cache
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form; then number and code, shown once."""
    form = AskForm(request.POST or None, towns=towns())
    if request.method == "GET":
        return _page(request, {"form": form})
    if not form.is_valid():
        return _page(request, {"form": form}, 422)
    if is_too_often("ask", _address(request), limit=ASKS, seconds=HOUR):
        return _page(request, {"too_often": True}, 429)
    if form.cleaned_data["website"]:
        return _page(request, {"form": form}, 422)
    try:
        case, code = service.ask(area=form.cleaned_data["area"], opening=_opening(form.cleaned_data), now=clock.now())
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _page(request, {"form": form}, 422)
    return _page(request, {"case": case, "code": code})


def towns() -> Any:
    """Towns of the places that have a programme."""
    held = Area.objects.within(*Programme.objects.values_list("area_id", flat=True))
    return held.filter(level=Area.Level.TOWN).select_related("parent").order_by("code")


def _opening(data: dict[str, Any]) -> Opening:
    names = ("kind", "category", "words", "place_words", "reporter_name", "reporter_phone")
    title = data["words"].strip().splitlines()[0][:20]
    return Opening(**{name: data[name] for name in names}, source=Source.PUBLIC, title=title)


def _address(request: HttpRequest) -> str:
    return client_address(request) or "-"


@public
@never_cache
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest) -> HttpResponse:
    """Number and code → how far it is and the reply; with `satisfaction`, how content the asker is."""
    form = AnswerForm(request.POST or None)
    if request.method == "GET":
        return _page(request, {"form": form, "asks": True})
    if not form.is_valid():
        return _page(request, {"form": form, "asks": True}, 422)
    if is_too_often("answer", _address(request), limit=TRIES, seconds=HOUR):
        return _page(request, {"too_often": True}, 429)
    case = service.find_asked(form.cleaned_data["number"], form.cleaned_data["code"])
    if case is None:
        form.add_error(None, _("Number and code do not belong together."))
        return _page(request, {"form": form, "asks": True}, 422)
    return _answered(request, case)


def _answered(request: HttpRequest, case: Case) -> HttpResponse:
    rated, problem = False, ""
    rating = RateForm(request.POST)
    if "satisfaction" in request.POST and rating.is_valid():
        try:
            case = service.rate(
                case=case, satisfaction=int(rating.cleaned_data["satisfaction"]),
                words=rating.cleaned_data["words"], now=clock.now(),
            )  # fmt: skip
            rated = True
        except Refused as refusal:
            problem = refusal.sentence
    given = {"number": request.POST["number"], "code": request.POST["code"]}
    context = {"asked": case, "rated": rated, "problem": problem, "rating": RateForm(initial=given)}
    return _page(request, context, 409 if problem else 200)


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, "supervision/public.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
