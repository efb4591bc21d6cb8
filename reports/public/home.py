"""What a household may read about its own home: the file that clerks see, without papers, looks and full numbers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

from accounts.models import User
from core.together import in_step, read
from households.models import Household
from reports.links import address
from reports.queries.household_file import HouseholdFile, file_reading, stages_of
from subsidies.models import Notice
from subsidies.services.postings import public_key
from supervision.models import ServiceOutlet

MOST_HOMES = 5
OWN = frozenset({"tasks.view", "entitlements.view"})


class _Oneself:
    """Stands where the file asks for its reader: a household reads works and money of its own home."""

    def has_right(self, right: str, area: Any = None) -> bool:
        return right in OWN


@dataclass(frozen=True)
class Home:
    file: HouseholdFile
    stages: list[Any]
    outlets: list[ServiceOutlet]

    @property
    def paid_fen(self) -> int:
        return sum(line.amount_fen for line in self.file.paid)


def homes_of(household: Household, today: dt.date) -> list[Home]:
    """Every dwelling of the household with its steps, its money and who serves the heater."""
    dwellings = household.dwellings.select_related("household", "area__parent").order_by("dwelling_no")[:MOST_HOMES]
    reader = cast(User, _Oneself())
    files = read(in_step(*(file_reading(one, None, reader) for one in dwellings)))
    outlets = _outlets([file.record.supplier_id for file in files if file.record])
    return [Home(file, stages_of(file, today), outlets.get(_supplier(file), [])) for file in files]


def _supplier(file: HouseholdFile) -> Any:
    return file.record.supplier_id if file.record else None


def _outlets(suppliers: list[Any]) -> dict[Any, list[ServiceOutlet]]:
    found: dict[Any, list[ServiceOutlet]] = {}
    rows = ServiceOutlet.objects.filter(supplier__in=suppliers, closed_on=None).select_related("supplier")
    for one in rows.order_by("id") if suppliers else ():
        found.setdefault(one.supplier_id, []).append(one)
    return found


def notices_of(household: Household, now: dt.datetime) -> list[tuple[Notice, str]]:
    """Notices that are up in the household's village, each with its public address."""
    rows = Notice.objects.filter(area_id=household.area_id, state=Notice.State.OPEN, published_at__lte=now)
    rows = rows.filter(ends_at__gt=now).order_by("ends_at").defer("content")
    return [(one, address("subsidies:notice-public", one.number, public_key(one.number))) for one in rows]
