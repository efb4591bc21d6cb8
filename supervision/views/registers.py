"""Safety all year, the runs that list homes which are not heated, and the cases that alerts become."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core import clock
from core.beside import read_beside
from core.refusals import Refused
from households.models import Household
from programmes.chosen import chosen_area_code, chosen_programme
from supervision.forms import EventForm, PostForm, PublicityForm
from supervision.models import PublicityMark, SafetyEvent, SafetyPost
from supervision.queries import safety_year
from supervision.services import alerts, coal, safety
from supervision.views import network
from supervision.views.posting import places_of, posted, recording_places, refused_page, with_places
from telemetry.models import Alert
from telemetry.queries import profile_of
from telemetry.views.shown import AlertShown

VIEW, RECORD = "hazards.view", "hazards.record"
ACTING = (RECORD, network.REPORT)
SHOWN = 30
LACKING = {
    "BODY": gettext_lazy("no safety body"), "OFFICERS": gettext_lazy("villages without an officer"),
    "TRAINING": gettext_lazy("no training"), "EXPERT": gettext_lazy("no expert inspection"),
    "DRILL": gettext_lazy("no drill"), "PLAN": gettext_lazy("no emergency plan"),
}  # fmt: skip


@requires(VIEW)
@require_GET
def safety_list(request: HttpRequest) -> HttpResponse:
    """Coverage of a year, town by town; what a year has none of is named."""
    user: Any = request.user
    code, year = chosen_area_code(request), _year(request)
    towns = safety_year(user, code, year)
    found = read_beside(
        events=SafetyEvent.objects.visible_to(user).within(code).filter(on__year=year).select_related("area")[:SHOWN],
        posts=SafetyPost.objects.visible_to(user).within(code).filter(until=None).select_related("area")[:200],
    )
    marked = PublicityMark.objects.within(code).values("household").distinct().count()
    context = {
        "year": year, "towns": [(town, [LACKING[one] for one in town.lacking]) for town in towns],
        "events": found["events"], "posts": found["posts"],
        "marked": marked, "homes": Household.objects.within(code).count(),
        "sums": {name: sum(getattr(town, name) for town in towns) for name in ("villages", "officers", "trained")},
        "forms": _forms(request, code) if user.has_right(RECORD) else None,
    }  # fmt: skip
    return render(request, "supervision/safety.html", context)


def _year(request: HttpRequest) -> int:
    text = request.GET.get("year", "")
    return int(text) if text.isascii() and text.isdigit() and 2000 <= int(text) <= 2100 else clock.today().year


def _forms(request: HttpRequest, code: str) -> dict[str, Any]:
    """The forms over one list of places, read once."""
    places = list(places_of(request, RECORD, code, Area.Level.COUNTY, Area.Level.TOWN, Area.Level.VILLAGE))
    forms: dict[str, Any] = {"post": PostForm(auto_id="post_%s"), "event": EventForm(auto_id="event_%s"),
                             "publicity": PublicityForm(auto_id="pub_%s")}  # fmt: skip
    for name, form in forms.items():
        fitting = [place for place in places if name != "publicity" or place.level == Area.Level.VILLAGE]
        form.fields["area"].choices = [("", "---------"), *((place.pk, place.name) for place in fitting)]
    return forms


@requires(*ACTING)
@require_POST
def register_act(request: HttpRequest) -> HttpResponse:
    """A post, an event, papers, a point, values, an alarm, runs that list homes, an alert's case; `deed` says which."""
    name = request.POST.get("deed", "")
    deed = ACTS.get(name)
    if deed is None:
        back = reverse("supervision:safety-year")
        return refused_page(request, Refused("DEED_UNKNOWN", _("Choose what was done and name its topic.")), back)
    if name not in network.OWN_DEEDS and not request.user.has_right(RECORD):  # type: ignore[union-attr]
        raise PermissionDenied(RECORD)
    return deed(request)


def _post(request: HttpRequest) -> HttpResponse:
    form = with_places(PostForm(request.POST), recording_places(request))

    def store(data: dict[str, Any]) -> None:
        safety.appoint(**data, by=request.user)  # type: ignore[arg-type]

    return posted(request, form, store, reverse("supervision:safety-year"))


def _event(request: HttpRequest) -> HttpResponse:
    form = with_places(EventForm(request.POST), recording_places(request))

    def store(data: dict[str, Any]) -> None:
        attended = ()
        if data.pop("everybody"):
            attended = SafetyPost.objects.within(data["area"].code).filter(until=None, kind=SafetyPost.Kind.OFFICER)
        safety.record_event(**data, attended=list(attended), by=request.user)  # type: ignore[arg-type]

    return posted(request, form, store, reverse("supervision:safety-year"))


def _publicity(request: HttpRequest) -> HttpResponse:
    form = with_places(PublicityForm(request.POST), recording_places(request))

    def store(data: dict[str, Any]) -> None:
        safety.mark_publicity(**data, by=request.user)  # type: ignore[arg-type]

    return posted(request, form, store, reverse("supervision:safety-year"))


def _non_use(request: HttpRequest) -> HttpResponse:
    """Homes of the chosen place that were not heated in the season that is typed (“2021-2022”)."""
    back, programme = reverse("supervision:coal-list"), chosen_programme(request)
    area = Area.objects.visible_to(request.user, RECORD).filter(code=chosen_area_code(request)).first()
    if programme is None or area is None:
        raise Http404
    try:
        found = coal.list_non_use(
            programme=programme, area=area, season=request.POST.get("season", "").strip()[:12], by=request.user,  # type: ignore[arg-type]
            now=clock.now(),
        )  # fmt: skip
    except Refused as refusal:
        return refused_page(request, refusal, back)
    said = _("%(not_running)d homes did not run, %(low_use)d hardly used anything, %(known)d were listed already.")
    messages.success(request, said % vars(found))
    return redirect(back)


def _relapses(request: HttpRequest) -> HttpResponse:
    """Homes of the chosen place whose heaters say that coal is burnt again, or that nobody heats."""
    back, programme = reverse("supervision:coal-list"), chosen_programme(request)
    area = Area.objects.visible_to(request.user, RECORD).filter(code=chosen_area_code(request)).first()
    if programme is None or area is None:
        raise Http404
    found = alerts.list_relapses(programme=programme, area=area, by=request.user, now=clock.now())  # type: ignore[arg-type]
    said = _("%(relapsed)d homes may burn coal again, %(not_running)d are not heated, %(known)d were listed already.")
    messages.success(request, said % vars(found))
    return redirect(back)


def evidence_words(alert: Alert) -> str:
    """What the readings said, in the words of the alert's own page."""
    return str(AlertShown(alert, clock.now(), profile_of(alert.heater.profile_id)).evidence or "")


def _alert(request: HttpRequest) -> HttpResponse:
    """The pressed alert becomes a case; the page of the case opens."""
    key = request.POST.get("alert", "")
    rows = Alert.objects.select_related("heater__dwelling", "heater__device_model__supplier", "area")
    alert = get_visible_or_404(rows, request.user, pk=int(key) if key.isdigit() and len(key) < 19 else 0)
    try:
        case = alerts.open_from_alert(
            alert=alert, kind=request.POST.get("kind", ""), by=request.user, now=clock.now(),  # type: ignore[arg-type]
            evidence=evidence_words(alert),
        )  # fmt: skip
    except Refused as refusal:
        return refused_page(request, refusal, reverse("telemetry:alert-detail", args=[alert.pk]))
    return redirect("supervision:case-detail", pk=case.pk)


ACTS = {"post": _post, "event": _event, "publicity": _publicity, "non_use": _non_use, "relapses": _relapses,
        "alert": _alert, **network.ACTS}  # fmt: skip
