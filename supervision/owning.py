"""What of this app belongs to an organisation. Cases say it themselves (`CaseQuerySet`)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.organisations import Register, register
from accounts.owning import belongs, done_by
from households.models import MeterReading
from subsidies.models import ReadingImport
from subsidies.reading_reach import Customers, customers_are
from supervision.models import (
    DeviceArrival,
    EnergyCompany,
    LocalSite,
    MaintenanceVisit,
    NetworkAlarm,
    NetworkPoint,
    ServedPlace,
    ServiceOutlet,
)


def declare() -> None:
    belongs(ServiceOutlet, firm="supplier")
    belongs(MaintenanceVisit, firm="supplier")
    belongs(DeviceArrival, firm="device_model__supplier")
    belongs(NetworkPoint, heating="company__heating_company", energy="company__energy_company")
    belongs(NetworkAlarm, through="point")
    belongs(EnergyCompany, energy="pk")
    belongs(ServedPlace, energy="company")
    belongs(LocalSite, firm="supplier")
    belongs(ReadingImport, by=done_by("uploaded_by", "uploaded_at"))
    belongs(MeterReading, by=done_by("entered_by", "entered_at"))
    customers_are(Customers(homes_served, carriers_served))
    register("energy", Register(EnergyCompany, companies_within, company_words))


def homes_served(user: User, carrier: str) -> Q:
    """Homes of the villages the person's energy companies serve with that energy."""
    places = _served(user).filter(carrier=carrier).values("area")
    return Q(area__in=places) | Q(area__parent__in=places)


def carriers_served(user: User) -> frozenset[str]:
    return frozenset(_served(user).order_by().values_list("carrier", flat=True).distinct())


def _served(user: User) -> QuerySet[ServedPlace]:
    return ServedPlace.objects.filter(company__in=user.works_for("energy"))


def company_words(row: EnergyCompany) -> str:
    return f"{row.name} · {row.get_carrier_display()} · {row.area_id}"


def companies_within(codes: list[str]) -> Any:
    """Energy companies of these places."""
    return EnergyCompany.objects.within(*codes).order_by("name", "area_id")
