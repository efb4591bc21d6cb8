"""What the heaters said belongs to whoever owns the heater."""

from __future__ import annotations

from accounts.owning import belongs
from telemetry.models import Alert, AlertNote, DoorCheck, QuietTime


def declare() -> None:
    belongs(Alert, through="heater")
    belongs(AlertNote, through="alert")
    belongs(DoorCheck, through="heater")
    belongs(QuietTime, through="heater")
