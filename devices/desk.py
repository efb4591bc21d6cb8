"""What the fleet says to the duplicate desk."""

from __future__ import annotations

from collections.abc import Iterable

from devices.models import Heater
from households.serials import serial_source


@serial_source
def heaters() -> Iterable[tuple[int, str]]:
    """Heaters that hang in a dwelling now."""
    present = Heater.objects.filter(dwelling__isnull=False, removed_on__isnull=True).order_by("pk")
    return present.values_list("dwelling_id", "factory_no").iterator()
