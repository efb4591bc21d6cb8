"""Meter readings of a season, as the power or gas company reports them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from households.models import Dwelling, MeterReading

RIGHT = "households.edit"


@dataclass(frozen=True)
class Reading:
    """Quantity used between two days, both included: kWh of electricity or m³ of gas."""

    dwelling: Dwelling
    carrier: str
    starts_on: date
    ends_on: date
    quantity: Decimal


@transaction.atomic
def record_readings(*, readings: Iterable[Reading], by: User, source: str = "power_company") -> int:
    """Store readings; one that is there (dwelling, carrier, first day) stays as it is. Returns how many came in."""
    rows = list(readings)
    for code in {row.dwelling.area_id for row in rows}:
        if not by.has_right(RIGHT, code):
            raise PermissionDenied(RIGHT)
    before = MeterReading.objects.filter(dwelling__in=[row.dwelling.pk for row in rows]).count()
    MeterReading.objects.bulk_create(
        [
            MeterReading(
                dwelling=row.dwelling, area_id=row.dwelling.area_id, carrier=row.carrier, starts_on=row.starts_on,
                ends_on=row.ends_on, quantity=row.quantity, source=source,
            )
            for row in rows
        ],
        ignore_conflicts=True,
        batch_size=500,
    )  # fmt: skip
    return MeterReading.objects.filter(dwelling__in=[row.dwelling.pk for row in rows]).count() - before
