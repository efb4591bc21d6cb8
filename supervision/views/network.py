"""Points of heat networks: what they said last, values taken in, alarms seen to (B-20, B-21)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.models import Area
from core import clock
from core.beside import read_beside
from core.refusals import Refused
from programmes.chosen import chosen_area_code
from supervision import companies
from supervision.forms import CapacityForm, CompanyForm, PointForm, ServeForm, ValuesForm
from supervision.models import EnergyCompany, NetworkAlarm, ServedPlace
from supervision.services import network, served
from supervision.services.network import REPORT, points_of
from supervision.views.posting import done, places_of, posted, recording_places, with_places

VIEW, RECORD = "hazards.view", "hazards.record"
SHOWN, SERVED = 30, 300


@requires(VIEW, REPORT)
@require_GET
def network_list(request: HttpRequest) -> HttpResponse:
    """Points with what they said last, and the alarms: open ones first."""
    user: Any = request.user
    code = chosen_area_code(request)
    found = read_beside(
        points=points_of(user, VIEW).within(code)
        .select_related("area", "company__heating_company", "company__energy_company")[:200],
        alarms=alarms_of(user).within(code).select_related("point", "area", "seen_by")
        .order_by("-cleared_at", "-opened_at")[:SHOWN],
        served=served_by(user).within(code).select_related("area__parent", "company", "said_by")
        .order_by(F("said_at").asc(nulls_first=True), "area_id", "carrier")[:SERVED],
    )  # fmt: skip
    may = user.has_right(RECORD)
    context = {
        **found,
        "may": may,
        "may_report": may or user.has_right(REPORT),
        "forms": {
            **(_forms(request, code) if may else {}),
            **_capacity_forms(request, code, found["served"]),
            "values": ValuesForm(auto_id="values_%s"),
        },
        "unsaid": sum(1 for row in found["served"] if row.said_at is None),
    }
    return render(request, "supervision/network.html", context)


def _forms(request: HttpRequest, code: str) -> dict[str, Any]:
    """A point over the places where the person records; a company where a whole county is the person's."""
    places = list(places_of(request, RECORD, code, Area.Level.COUNTY, Area.Level.TOWN, Area.Level.VILLAGE))
    point, company = PointForm(auto_id="point_%s"), CompanyForm(auto_id="company_%s")
    offers: Any = companies.offered(code, request.user, RECORD)  # type: ignore[arg-type]
    counties = [place for place in places if place.level == Area.Level.COUNTY]
    point.fields["area"].choices = [("", "---------"), *((place.pk, place.name) for place in places)]  # type: ignore[attr-defined]
    point.fields["company"].widget.choices = [("", "---------"), *offers]  # type: ignore[attr-defined]
    known = [(key.partition(":")[2], words) for key, words in offers if key.startswith("energy:")]
    company.fields["known"].choices = [("", _("a new company")), *known]  # type: ignore[attr-defined]
    company.fields["area"].choices = [(place.pk, place.name) for place in counties]  # type: ignore[attr-defined]
    return {"point": point, "company": company if counties else None}


def _capacity_forms(request: HttpRequest, code: str, rows: list[ServedPlace]) -> dict[str, Any]:
    """What a company says of villages it serves: for its own people and the office; who serves what: the office."""
    user: Any = request.user
    forms: dict[str, Any] = {}
    own, keeps = user.works_for("energy"), user.has_right(served.KEEP, code) if code else False
    said = [row for row in rows if keeps or row.company_id in own]
    if said:
        form = forms["capacity"] = CapacityForm(auto_id="capacity_%s")
        form.fields["company"].choices = _choices({row.company_id: companies.words_of(row.company) for row in said})  # type: ignore[attr-defined]
        towns = {row.area.parent_id: f"{row.area.parent.name}（{_('all its villages')}）" for row in said}
        form.fields["area"].choices = _choices({**towns, **{row.area_id: row.area.name for row in said}})  # type: ignore[attr-defined]
    if keeps:
        form = forms["serve"] = ServeForm(auto_id="serve_%s")
        known = companies.at(EnergyCompany, code, user).order_by("name")[:200]
        places = places_of(request, served.KEEP, code, Area.Level.COUNTY, Area.Level.TOWN, Area.Level.VILLAGE)
        form.fields["company"].choices = _choices({row.pk: companies.words_of(row) for row in known})  # type: ignore[attr-defined]
        form.fields["area"].choices = _choices({place.pk: place.name for place in places})  # type: ignore[attr-defined]
    return forms


def _choices(rows: dict[Any, str]) -> list[tuple[Any, str]]:
    """One alone is chosen already."""
    return [*([] if len(rows) == 1 else [("", "---------")]), *rows.items()]


def served_by(user: Any) -> Any:
    """Villages with the company that serves them, as the person reads them; a company its own."""
    return ServedPlace.objects.visible_to(user, VIEW) | ServedPlace.objects.visible_to(user, REPORT)


def alarms_of(user: Any) -> Any:
    """Alarms the person reads, those of the own company's points included."""
    return NetworkAlarm.objects.visible_to(user, VIEW) | NetworkAlarm.objects.visible_to(user, REPORT)


def _point(request: HttpRequest) -> HttpResponse:
    form = with_places(PointForm(request.POST), recording_places(request))

    def store(data: dict[str, Any]) -> None:
        company = companies.company_of(data.pop("company"), data["area"].code, request.user)  # type: ignore[arg-type]
        network.register_point(**data, company=company, by=request.user)  # type: ignore[arg-type]

    return posted(request, form, store, reverse("supervision:network-board"))


def _company(request: HttpRequest) -> HttpResponse:
    form = with_places(CompanyForm(request.POST), recording_places(request))
    form.fields["known"].queryset = EnergyCompany.objects.visible_to(request.user)  # type: ignore[attr-defined]

    def store(data: dict[str, Any]) -> None:
        network.keep_company(**data, by=request.user)  # type: ignore[arg-type]

    return posted(request, form, store, reverse("supervision:network-board"))


def _capacity(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = with_places(CapacityForm(request.POST), Area.objects.visible_to(user, REPORT) | recording_places(request))
    own = EnergyCompany.objects.filter(pk__in=user.works_for("energy"))
    form.fields["company"].queryset = own | EnergyCompany.objects.visible_to(user, served.KEEP)  # type: ignore[attr-defined]

    def store(data: dict[str, Any]) -> None:
        said = served.Said(data["has_capacity"] == "yes", data["words"], data["works"], data["works_on"])
        served.confirm(company=data["company"], area=data["area"], said=said, by=user, now=clock.now())

    return posted(request, form, store, reverse("supervision:network-board"))


def _serve(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = with_places(ServeForm(request.POST), recording_places(request))
    form.fields["company"].queryset = EnergyCompany.objects.visible_to(user, served.KEEP)  # type: ignore[attr-defined]

    def store(data: dict[str, Any]) -> None:
        deed = served.serve if data.pop("serves") == "yes" else served.leave
        told = deed(**data, by=user)
        others = told.others if isinstance(told, served.Served) else 0
        if others:
            words = ngettext("%(n)d village is served by another company and stays its.",
                             "%(n)d villages are served by another company and stay its.", others)  # fmt: skip
            messages.warning(request, words % {"n": others})

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
    alarm = alarms_of(request.user).filter(pk=int(key)).first() if key.isdigit() and len(key) < 19 else None
    if alarm is None:
        raise Http404
    words, back = request.POST.get("words", ""), reverse("supervision:network-board")
    return done(
        request, partial(network.handle_alarm, alarm=alarm, words=words, by=request.user, now=clock.now()), back
    )


OWN_DEEDS = ("values", "alarm", "capacity")
"""What an operating company does with its own points."""
ACTS = {"point": _point, "company": _company, "values": _values, "alarm": _alarm, "capacity": _capacity,
        "serve": _serve}  # fmt: skip
