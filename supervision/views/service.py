"""Arrival and running of heaters; after-sales service: outlets, times of repair, visits, warranties that end soon."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.models import Area
from core import clock
from core.beside import read_beside
from core.refusals import Refused
from core.together import read
from devices.models import Heater, Supplier
from programmes.chosen import chosen_area_code, chosen_programme
from supervision.arrived import standings_reading
from supervision.forms import ArrivalForm, OutletForm, SiteForm, VisitForm
from supervision.kinds import OWN, Kind
from supervision.models import Case, DeviceArrival, LocalSite, MaintenanceVisit, ServiceOutlet
from supervision.queries import expiring_warranties, firms_of, service_times
from supervision.services import service
from supervision.services.arrivals import record_arrival
from supervision.views.posting import places_of, posted, programme_of, with_places
from telemetry.queries import polled

KEEP = "tickets.handle"
RELATED: dict[Any, tuple[str, ...]] = {
    ServiceOutlet: ("supplier", "area"),
    MaintenanceVisit: ("supplier", "area", "heater"),
    LocalSite: ("supplier", "area"),
    DeviceArrival: ("device_model__supplier", "area"),
}


@requires("tickets.view", OWN)
@require_GET
def service_list(request: HttpRequest) -> HttpResponse:
    """Arrivals and running of heaters, outlets, times of repair, visits, warranties that end soon."""
    user: Any = request.user
    code, programme = chosen_area_code(request), chosen_programme(request)
    may = user.has_right(KEEP) or user.has_right(OWN)
    right = KEEP if user.has_right(KEEP) else OWN
    tickets = Case.objects.visible_to(user).within(code).filter(kind=Kind.REPAIR, programme=programme)
    sees_all = user.has_right("tickets.view")
    found = read_beside(
        outlets=_firm(ServiceOutlet, user, code), visits=_firm(MaintenanceVisit, user, code)[:30],
        arrivals=_firm(DeviceArrival, user, code)[:20], periods=polled(),
        sites=_firm(LocalSite, user, code).filter(closed_on=None)[:100],
        firms=firms_of(programme, clock.today())[:100] if programme and sees_all else Supplier.objects.none(),
    )  # fmt: skip
    periods = {row["area_id"]: row["period"] for row in found["periods"]}
    context = {
        **found, "times": service_times(tickets), "may": may, "may_receive": user.has_right(KEEP),
        "standings": read(standings_reading(user, programme, code, clock.now(), periods)) if sees_all else [],
        "forms": _forms(request, right, code) if may else {},
        "expiring": expiring_warranties(programme, code, clock.today()) if programme and sees_all else [],
    }  # fmt: skip
    return render(request, "supervision/service.html", context)


def _forms(request: HttpRequest, right: str, code: str) -> dict[str, Any]:
    """The forms over one list of places, read once; an organisation opens outlets of its own alone."""
    user: Any = request.user
    places = list(places_of(request, right, code, Area.Level.COUNTY, Area.Level.TOWN, Area.Level.VILLAGE))
    forms: dict[str, Any] = {"outlet": OutletForm(auto_id="outlet_%s"), "visit": VisitForm(auto_id="visit_%s"),
                             "arrival": ArrivalForm(auto_id="arrival_%s"),
                             "site": SiteForm(auto_id="site_%s")}  # fmt: skip
    for name, level in (("outlet", Area.Level.VILLAGE), ("arrival", Area.Level.COUNTY), ("site", "")):
        fitting = [(place.pk, place.name) for place in places if place.level != level]
        forms[name].fields["area"].choices = [("", "---------"), *fitting]
    firms = [("", "---------"), *((firm.pk, str(firm)) for firm in _own_firms(user))]
    for name in ("outlet", "site"):
        forms[name].fields["supplier"].choices = firms
    return forms


def _own_firms(user: Any) -> Any:
    rows = Supplier.objects.order_by("name")
    return rows if user.has_right(KEEP) else rows.filter(pk__in=user.works_for("firm"))


def _firm(model: Any, user: Any, code: str) -> Any:
    """Rows of the place for those who read all; an organisation's own otherwise."""
    related = RELATED[model]
    right = "tickets.view" if user.has_right("tickets.view") else OWN
    return model.objects.visible_to(user, right).within(code).select_related(*related)


@requires(KEEP, OWN)
@require_POST
def service_act(request: HttpRequest) -> HttpResponse:
    """An outlet opened, a visit recorded, heaters received, a works or shop seen."""
    back, user = reverse("supervision:service-board"), request.user

    def visit(data: dict[str, Any]) -> None:
        heater = _heater(user, data.pop("platform_no").strip())
        service.record_visit(heater=heater, **data, by=user)  # type: ignore[arg-type]

    def outlet(data: dict[str, Any]) -> None:
        service.open_outlet(**data, by=user)  # type: ignore[arg-type]

    def arrival(data: dict[str, Any]) -> None:
        record_arrival(programme=programme_of(request), **data, by=user)  # type: ignore[arg-type]

    def site(data: dict[str, Any]) -> None:
        service.keep_site(**data, by=user)  # type: ignore[arg-type]

    if request.POST.get("deed") == "visit":
        return posted(request, VisitForm(request.POST), visit, back)
    places = Area.objects.visible_to(user)
    if request.POST.get("deed") == "arrival":
        return posted(request, with_places(ArrivalForm(request.POST), places), arrival, back)
    if request.POST.get("deed") == "site":
        return posted(request, with_places(SiteForm(request.POST), places), site, back)
    form = with_places(OutletForm(request.POST), places)
    form.fields["supplier"].queryset = _own_firms(user)
    return posted(request, form, outlet, back)


def _heater(user: Any, number: str) -> Heater:
    """The heater of that number where the person keeps tickets, or the firm's own. Raises `Refused` HEATER_UNKNOWN."""
    rows = Heater.objects.visible_to(user, KEEP) | Heater.objects.visible_to(user, OWN)
    found: Heater | None = rows.filter(platform_no=number).select_related("device_model__supplier").first()
    if found is None:
        raise Refused("HEATER_UNKNOWN", _("There is no heater %(number)s here."), number=number)
    return found
