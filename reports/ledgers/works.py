"""The installation ledger (J-30: the twelve items) and the completion ledger down to the household (T-51)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import tables
from core.workbooks.write import DATE, DECIMAL, INTEGER, MONEY, Column, Value
from reports.ledgers.base import Extent, OfDwellings, Places, inside, narrowed, number, of_household
from retrofits.models import Acceptance, CostItem, Installation

CHUNK = 2000


class InstallationLedger(OfDwellings):
    kind = "installation"
    title = gettext_lazy("Installation ledger")
    about = gettext_lazy("The twelve items of every installation, and what it cost")
    icon = "tool"
    right = "tasks.view"
    asks = ("q", "town", "village", "technology", "enterprise")

    def found(self, extent: Extent) -> QuerySet[Installation]:
        rows = inside(extent.rows(Installation), extent.query).filter(task__programme=extent.programme)
        rows = narrowed(rows, extent.query, technology="task__technology__code", enterprise="supplier__code")
        rows = of_household(rows, extent, "task__dwelling__household__", "task__dwelling__")
        return rows.exclude(task__state="withdrawn").order_by("area_id", "task__dwelling__dwelling_no")

    def total_fen(self, extent: Extent) -> int | None:
        costs = CostItem.objects.filter(installation__in=self.found(extent).order_by())
        return sum(costs.values_list("amount_fen", flat=True))

    def columns(self, extent: Extent) -> list[Column]:
        return [
            Column("no", _("No."), INTEGER, width=6),
            Column("town", _("Town"), width=12),
            Column("village", _("Village"), width=12),
            Column("dwelling_no", _("Number"), width=18),
            Column("door_no", _("Door"), width=14),
            Column("occupant", _("Occupant"), width=12),
            Column("phone", _("Phone"), width=14),
            Column("area", _("Heated area"), DECIMAL, unit="m²"),
            Column("longitude", _("Longitude"), width=12),
            Column("latitude", _("Latitude"), width=12),
            Column("manufacturer", _("Manufacturer"), width=20),
            Column("device", _("Device"), width=16),
            Column("model", _("Model"), width=14),
            Column("factory_code", _("Factory address code"), width=18),
            Column("wireless_code", _("Wireless unit address code"), width=20),
            Column("installed_on", _("Installed on"), DATE, width=12),
            Column("cost", _("Cost"), MONEY, unit=_("CNY"), total=True),
        ]

    def lines(self, extent: Extent) -> Iterator[dict[str, Value]]:
        rows = self.found(extent).select_related("task__dwelling")
        costs = Prefetch("costs", queryset=CostItem.objects.only("installation_id", "amount_fen"))
        for no, record in enumerate(rows.prefetch_related(costs).iterator(chunk_size=CHUNK), 1):
            yield {"no": no, **_items(record, extent.full)}

    def shown(self) -> Sequence[tables.Column]:
        return (
            tables.Column("task.dwelling.dwelling_no", gettext_lazy("Number"), kind="id", link=True),
            tables.Column("occupant_name", gettext_lazy("Occupant")),
            tables.Column("village_name", gettext_lazy("Village")),
            tables.Column("manufacturer", gettext_lazy("Manufacturer"), priority=2),
            tables.Column("model_no", gettext_lazy("Model"), kind="mono"),
            tables.Column("factory_address_code", gettext_lazy("Factory address code"), kind="mono", priority=2),
            tables.Column("installed_on", gettext_lazy("Installed on"), kind="when", order_by="installed_on"),
        )

    def for_screen(self, extent: Extent) -> QuerySet[Installation]:
        return self.found(extent).select_related("task__dwelling")

    def dwelling_no_of(self, record: Installation) -> str:
        return str(record.task.dwelling.dwelling_no)


def _items(record: Installation, full: bool) -> dict[str, Any]:
    return {
        "town": record.town_name,
        "village": record.village_name,
        "dwelling_no": record.task.dwelling.dwelling_no,
        "door_no": str(record.door_no) if full else "***",
        "occupant": record.occupant_name,
        "phone": number(str(record.occupant_phone), "phone", full),
        "area": record.heated_area_m2,
        "longitude": str(record.longitude),
        "latitude": str(record.latitude),
        "manufacturer": record.manufacturer,
        "device": record.device_name,
        "model": record.model_no,
        "factory_code": record.factory_address_code,
        "wireless_code": record.wireless_address_code,
        "installed_on": record.installed_on,
        "cost": sum(item.amount_fen for item in record.costs.all()),
    }


class CompletionLedger(OfDwellings):
    kind = "completion"
    title = gettext_lazy("Completion ledger")
    about = gettext_lazy("Every accepted household: what was installed, by whom, who accepted it and when")
    icon = "clipboard-check"
    right = "tasks.view"
    asks = ("q", "town", "village", "technology", "enterprise")

    def found(self, extent: Extent) -> QuerySet[Acceptance]:
        rows = inside(extent.rows(Acceptance), extent.query).filter(task__programme=extent.programme, result="passed")
        rows = narrowed(
            rows, extent.query, technology="task__technology__code", enterprise="task__installation__supplier__code"
        )
        rows = of_household(rows, extent, "task__dwelling__household__", "task__dwelling__")
        return rows.order_by("area_id", "task__dwelling__dwelling_no")

    def total_fen(self, extent: Extent) -> int | None:
        return None

    def columns(self, extent: Extent) -> list[Column]:
        return [
            Column("no", _("No."), INTEGER, width=6),
            Column("town", _("Town"), width=12),
            Column("village", _("Village"), width=12),
            Column("dwelling_no", _("Number"), width=18),
            Column("head_name", _("Head of household"), width=12),
            Column("id_number", _("Identity number"), width=22),
            Column("technology", _("Route"), width=12),
            Column("area", _("Heated area"), DECIMAL, unit="m²", total=True),
            Column("model", _("Model"), width=14),
            Column("installer", _("Installer"), width=22),
            Column("installed_on", _("Installed on"), DATE, width=12),
            Column("inspector", _("Inspector"), width=12),
            Column("accepted_on", _("Accepted on"), DATE, width=12),
            Column("room", _("Room"), DECIMAL, unit="℃"),
        ]

    def lines(self, extent: Extent) -> Iterator[dict[str, Value]]:
        places = Places(extent.area_code)
        rows = self.found(extent).select_related(
            "inspector", "task__technology", "task__dwelling__household", "task__installation__supplier"
        )
        for no, one in enumerate(rows.iterator(chunk_size=CHUNK), 1):
            yield {"no": no, **places.of(one.area_id), **_completed(one, extent.full)}

    def shown(self) -> Sequence[tables.Column]:
        return (
            tables.Column("task.dwelling.dwelling_no", gettext_lazy("Number"), kind="id", link=True),
            tables.Column("task.dwelling.household.head_name", gettext_lazy("Head of household")),
            tables.Column("area.name", gettext_lazy("Village")),
            tables.Column("task.technology.name", gettext_lazy("Route")),
            tables.Column("inspector.person_name", gettext_lazy("Inspector"), priority=2),
            tables.Column("room_temp_c", gettext_lazy("Room"), kind="degrees", priority=2),
            tables.Column("accepted_on", gettext_lazy("Accepted on"), kind="when", order_by="accepted_on"),
        )

    def for_screen(self, extent: Extent) -> QuerySet[Acceptance]:
        return self.found(extent).select_related("area", "inspector", "task__technology", "task__dwelling__household")

    def dwelling_no_of(self, one: Acceptance) -> str:
        return str(one.task.dwelling.dwelling_no)


def _completed(one: Acceptance, full: bool) -> dict[str, Any]:
    home, record = one.task.dwelling, getattr(one.task, "installation", None)
    return {
        "dwelling_no": home.dwelling_no,
        "head_name": home.household.head_name,
        "id_number": number(str(home.household.id_number), "id", full),
        "technology": one.task.technology.name,
        "area": home.heated_area_m2,
        "model": record.model_no if record else None,
        "installer": record.supplier.name if record else None,
        "installed_on": record.installed_on if record else None,
        "inspector": one.inspector.person_name,
        "accepted_on": one.accepted_on,
        "room": one.room_temp_c,
    }
