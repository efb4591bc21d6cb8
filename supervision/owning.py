"""What of this app belongs to an organisation. Cases say it themselves (`CaseQuerySet`)."""

from __future__ import annotations

from typing import Any

from accounts.organisations import Register, register
from accounts.owning import belongs
from supervision.models import DeviceArrival, EnergyCompany, MaintenanceVisit, NetworkAlarm, NetworkPoint, ServiceOutlet


def declare() -> None:
    belongs(ServiceOutlet, firm="supplier")
    belongs(MaintenanceVisit, firm="supplier")
    belongs(DeviceArrival, firm="device_model__supplier")
    belongs(NetworkPoint, heating="company__heating_company", energy="company__energy_company")
    belongs(NetworkAlarm, through="point")
    belongs(EnergyCompany, energy="pk")
    register("energy", Register(EnergyCompany, companies_within, company_words))


def company_words(row: EnergyCompany) -> str:
    return f"{row.name} · {row.get_carrier_display()} · {row.area_id}"


def companies_within(codes: list[str]) -> Any:
    """Energy companies of these places."""
    return EnergyCompany.objects.within(*codes).order_by("name", "area_id")
