"""After-sales service: outlets, times of repair, visits to heaters, warranties that end soon."""

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
from devices.models import Heater, Supplier
from programmes.chosen import chosen_area_code, chosen_programme
from supervision.forms import OutletForm, VisitForm
from supervision.kinds import OWN, Kind
from supervision.models import Case, MaintenanceVisit, ServiceOutlet
from supervision.queries import expiring_warranties, service_times
from supervision.services import service
from supervision.views.posting import places_of, posted, with_places

KEEP = "tickets.handle"


@requires("tickets.view", OWN)
@require_GET
def service_list(request: HttpRequest) -> HttpResponse:
    """Outlets, times of repair per enterprise and outlet, visits, warranties that end soon."""
    user: Any = request.user
    code, programme = chosen_area_code(request), chosen_programme(request)
    may = user.has_right(KEEP) or user.has_right(OWN)
    right = KEEP if user.has_right(KEEP) else OWN
    tickets = Case.objects.visible_to(user).within(code).filter(kind=Kind.REPAIR, programme=programme)
    found = read_beside(outlets=_firm(ServiceOutlet, user, code), visits=_firm(MaintenanceVisit, user, code)[:30])
    form = OutletForm(auto_id="outlet_%s")
    if may:
        form.fields["area"].queryset = places_of(request, right, code, Area.Level.COUNTY, Area.Level.TOWN)  # type: ignore[attr-defined]
    sees_all = user.has_right("tickets.view")
    context = {
        **found, "times": service_times(tickets), "may": may,
        "forms": {"outlet": form, "visit": VisitForm(auto_id="visit_%s")},
        "expiring": expiring_warranties(programme, code, clock.today()) if programme and sees_all else [],
    }  # fmt: skip
    return render(request, "supervision/service.html", context)


def _firm(model: Any, user: Any, code: str) -> Any:
    """Rows of the place for those who read all; an organisation's own otherwise."""
    related = ("supplier", "area") if model is ServiceOutlet else ("supplier", "area", "heater")
    right = "tickets.view" if user.has_right("tickets.view") else OWN
    return model.objects.visible_to(user, right).within(code).select_related(*related)


@requires(KEEP, OWN)
@require_POST
def service_act(request: HttpRequest) -> HttpResponse:
    """An outlet opened or a visit recorded."""
    back, user = reverse("supervision:service-board"), request.user

    def visit(data: dict[str, Any]) -> None:
        heater = _heater(user, data.pop("platform_no").strip())
        service.record_visit(heater=heater, **data, by=user)  # type: ignore[arg-type]

    def outlet(data: dict[str, Any]) -> None:
        service.open_outlet(**data, by=user)  # type: ignore[arg-type]

    if request.POST.get("deed") == "visit":
        return posted(request, VisitForm(request.POST), visit, back)
    form = with_places(OutletForm(request.POST), Area.objects.visible_to(user))
    form.fields["supplier"].queryset = Supplier.objects.all()
    return posted(request, form, outlet, back)


def _heater(user: Any, number: str) -> Heater:
    """The heater of that number where the person keeps tickets, or the firm's own. Raises `Refused` HEATER_UNKNOWN."""
    rows = Heater.objects.visible_to(user, KEEP) | Heater.objects.visible_to(user, OWN)
    found: Heater | None = rows.filter(platform_no=number).select_related("device_model__supplier").first()
    if found is None:
        raise Refused("HEATER_UNKNOWN", _("There is no heater %(number)s here."), number=number)
    return found
