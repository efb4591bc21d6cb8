"""What of this app belongs to an organisation. Cases say it themselves (`CaseQuerySet`)."""

from __future__ import annotations

from accounts.owning import belongs
from supervision.models import MaintenanceVisit, NetworkAlarm, NetworkPoint, ServiceOutlet


def declare() -> None:
    belongs(ServiceOutlet, firm="supplier__name")
    belongs(MaintenanceVisit, firm="supplier__name")
    belongs(NetworkPoint, company="operator")
    belongs(NetworkAlarm, through="point")
