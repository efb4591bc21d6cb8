"""Safety all year, network points and their alarms, and the runs that list homes which are not heated."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
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
from supervision.forms import EventForm, PointForm, PostForm, PublicityForm, ValuesForm
from supervision.models import NetworkAlarm, NetworkPoint, PublicityMark, SafetyEvent, SafetyPost
from supervision.queries import safety_year
from supervision.services import coal, network, safety
from supervision.views.posting import done, places_of, posted, refused_page, with_places

VIEW, RECORD = "hazards.view", "hazards.record"
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


@requires(VIEW)
@require_GET
def network_list(request: HttpRequest) -> HttpResponse:
    """Points with what they said last, and the alarms: open ones first."""
    user: Any = request.user
    code = chosen_area_code(request)
    found = read_beside(
        points=NetworkPoint.objects.visible_to(user).within(code).select_related("area")[:200],
        alarms=NetworkAlarm.objects.visible_to(user).within(code).select_related("point", "area", "seen_by")
        .order_by("-cleared_at", "-opened_at")[:SHOWN],
    )  # fmt: skip
    may = user.has_right(RECORD)
    point = PointForm(auto_id="point_%s")
    if may:
        places = places_of(request, RECORD, code, Area.Level.COUNTY, Area.Level.TOWN, Area.Level.VILLAGE)
        point.fields["area"].choices = [("", "---------"), *places.values_list("pk", "name")]  # type: ignore[attr-defined]
    context = {**found, "may": may, "forms": {"point": point, "values": ValuesForm(auto_id="values_%s")}}
    return render(request, "supervision/network.html", context)


@requires(RECORD)
@require_POST
def register_act(request: HttpRequest) -> HttpResponse:
    """A post, an event, papers given out, a point, values, an alarm, a run over a season; `deed` says which."""
    deed = ACTS.get(request.POST.get("deed", ""))
    if deed is None:
        back = reverse("supervision:safety-year")
        return refused_page(request, Refused("DEED_UNKNOWN", _("Choose what was done and name its topic.")), back)
    return deed(request)


def _places(request: HttpRequest) -> Any:
    return Area.objects.visible_to(request.user, RECORD)


def _post(request: HttpRequest) -> HttpResponse:
    form = with_places(PostForm(request.POST), _places(request))
    store = lambda data: safety.appoint(**data, by=request.user)  # type: ignore[arg-type]  # noqa: E731
    return posted(request, form, store, reverse("supervision:safety-year"))


def _event(request: HttpRequest) -> HttpResponse:
    form = with_places(EventForm(request.POST), _places(request))

    def store(data: dict[str, Any]) -> None:
        attended = ()
        if data.pop("everybody"):
            attended = SafetyPost.objects.within(data["area"].code).filter(until=None, kind=SafetyPost.Kind.OFFICER)
        safety.record_event(**data, attended=list(attended), by=request.user)  # type: ignore[arg-type]

    return posted(request, form, store, reverse("supervision:safety-year"))


def _publicity(request: HttpRequest) -> HttpResponse:
    form = with_places(PublicityForm(request.POST), _places(request))
    store = lambda data: safety.mark_publicity(**data, by=request.user)  # type: ignore[arg-type]  # noqa: E731
    return posted(request, form, store, reverse("supervision:safety-year"))


def _point(request: HttpRequest) -> HttpResponse:
    form = with_places(PointForm(request.POST), _places(request))
    store = lambda data: network.register_point(**data, by=request.user)  # type: ignore[arg-type]  # noqa: E731
    return posted(request, form, store, reverse("supervision:network-board"))


def _values(request: HttpRequest) -> HttpResponse:
    def store(data: dict[str, Any]) -> None:
        network.take_values(said=read_values(data["values"]), by=request.user, now=clock.now())  # type: ignore[arg-type]

    return posted(request, ValuesForm(request.POST), store, reverse("supervision:network-board"))


def read_values(text: str) -> list[network.Said]:
    """Lines “point, moment, value” with comma, tab or semicolon. Raises `Refused` VALUES_FAULTY naming every line."""
    said, strange = [], []
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.replace("\t", ",").replace(";", ",").replace("，", ",").split(",")]
        if not any(cells):
            continue
        try:
            code, at, value = cells
            moment = dt.datetime.fromisoformat(at)
            moment = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
            said.append(network.Said(code, moment, _decimal(value)))
        except (ValueError, InvalidOperation):
            strange.append(_("line %(number)d: “%(line)s”") % {"number": number, "line": line.strip()[:60]})
    if strange or not said:
        words = _("Write lines like P-01, 2022-01-05 08:00, 62.5. Not understood: %(lines)s")
        raise Refused("VALUES_FAULTY", words, lines="；".join(strange[:20]) or "—")
    return said


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or abs(value) >= 10**9:
        raise ValueError(text)
    return value


def _alarm(request: HttpRequest) -> HttpResponse:
    key = request.POST.get("alarm", "")
    if not key.isdigit():
        raise Http404
    alarm = get_visible_or_404(NetworkAlarm, request.user, RECORD, pk=int(key))
    return done(request, lambda: network.handle_alarm(
        alarm=alarm, words=request.POST.get("words", ""), by=request.user, now=clock.now()  # type: ignore[arg-type]
    ), reverse("supervision:network-board"))  # fmt: skip


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
    return done(request, lambda: None, back, said % vars(found))


ACTS = {"post": _post, "event": _event, "publicity": _publicity, "point": _point, "values": _values, "alarm": _alarm,
        "non_use": _non_use}  # fmt: skip
