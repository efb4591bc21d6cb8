"""Unified prices of a programme (T-09), and which homes were billed otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from devices.models import DeviceModel
from programmes.models import Programme
from retrofits.models import Installation, UnifiedPrice
from retrofits.services.enterprises import ENTER, may

PRICED = ("DEVICE", "INSTALLATION")
"""Kinds of cost the unified price stands for; pipes, wires and radiators differ from house to house."""
NEEDED = ("standard", "service_contract", "service_unit")


@transaction.atomic
def set_price(
    *, programme: Programme, device_model: DeviceModel, values: Mapping[str, Any], reason: str = "", by: User
) -> UnifiedPrice:
    """The one price, standard and service contract of a model; a change of them needs a reason.

    `values`: price_fen, standard, service_contract, service_unit, decided_on. Raises `Refused` PRICE_FAULTY,
    REASON_MISSING.
    """
    may(by, ENTER, programme.area_id)
    given = {name: values[name].strip() for name in NEEDED}
    if values["price_fen"] <= 0 or not all(given.values()) or values["decided_on"] > clock.today():
        words = _(
            "A unified price needs an amount above zero, its standard, the service contract, who serves, and a day "
            "that is not in the future."
        )
        raise Refused("PRICE_FAULTY", words)
    kept = UnifiedPrice.objects.select_for_update().filter(programme=programme, device_model=device_model).first()
    if kept and not reason.strip():
        raise Refused("REASON_MISSING", _("Say why: the reason is kept in the history."))
    row = kept or UnifiedPrice(programme=programme, device_model=device_model, area_id=programme.area_id, version=0)
    for name, value in {**values, **given}.items():
        setattr(row, name, value)
    row.recorded_by, row.version = by, row.version + 1
    with acting(by, reason.strip()[:300]):
        row.save()
    return row


def with_price(records: QuerySet[Installation]) -> QuerySet[Any]:
    """Installation records with `billed_fen` (device and installation) and `listed_fen`, the unified price.

    Each is None where nothing is billed or listed: then nobody can say that they differ.
    """
    listed = UnifiedPrice.objects.filter(programme=OuterRef("task__programme"), device_model=OuterRef("device_model"))
    billed = Sum("costs__amount_fen", filter=Q(costs__kind__in=PRICED))
    return records.annotate(billed_fen=billed, listed_fen=Subquery(listed.values("price_fen")[:1]))


def off_list(records: QuerySet[Installation]) -> QuerySet[Any]:
    """Records billed at another amount than the unified price of their model."""
    return with_price(records).filter(listed_fen__isnull=False).exclude(billed_fen=F("listed_fen"))
