"""What of this app belongs to an organisation. Cases say it themselves (`CaseQuerySet`)."""

from __future__ import annotations

from accounts.owning import belongs
from supervision.models import MaintenanceVisit, NetworkAlarm, NetworkPoint, ServiceOutlet


def declare() -> None:
    belongs(ServiceOutlet, firm="supplier")
    belongs(MaintenanceVisit, firm="supplier")
    belongs(NetworkPoint, heating="company__heating_company", energy="company__energy_company")
    belongs(NetworkAlarm, through="point")
