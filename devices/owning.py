"""What of this app belongs to a firm: its products, what was found of them, its heaters and their lines."""

from __future__ import annotations

from accounts.owning import belongs, done_by
from devices.models import Bus, Command, CommandOrder, DockingCertificate, DockingTest, Gateway, Heater, ModelSample

MAKER = "device_model__supplier"


def declare() -> None:
    belongs(ModelSample, firm=MAKER)
    belongs(DockingTest, firm=MAKER)
    belongs(DockingTest, by=done_by("opened_by", "opened_at"))
    belongs(DockingCertificate, firm=MAKER)
    belongs(DockingCertificate, through="test")
    belongs(Heater, firm=MAKER)
    belongs(Bus, through="heaters")
    belongs(Gateway, through="bus")
    belongs(Command, through="heater")
    belongs(CommandOrder, through="commands")
