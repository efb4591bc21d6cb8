"""A small plant for tests: registered heaters in the database, their simulated boards behind a real hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.test import override_settings

from devices.models import Bus, DeviceModel, Heater, RegisterProfile, Supplier
from devices.protocol.profile_files import bundled_names, bundled_profile
from devices.simulator.faults import FaultSwitches, switch
from devices.simulator.fleet import Fleet, SimulatedFleet, SimulatedHeater
from tests import people
from tests.devices.hubs import SECRET, Events, running_fleet, running_hub

JANUARY = 1_611_000_000.0
PROFILES = Path("devices/profiles")


@dataclass
class Plant:
    heaters: list[Heater]
    faults: Path
    events: Events

    def unplug(self, heater: Heater) -> None:
        """The simulated board falls silent, as if its breaker were off."""
        switch(self.faults, f"{heater.bus.line}/{heater.unit}", "unplugged")


def register(line: str, unit: int, profile_name: str, area: str) -> Heater:
    """A heater row with everything it hangs on."""
    people.area(area)
    text = next(
        path for path in PROFILES.glob("*.yaml") if f"profile: {profile_name}\n" in path.read_text()
    ).read_text()
    profile, _ = RegisterProfile.objects.get_or_create(
        name=profile_name, version=1, defaults={"document": text, "sha256": bundled_profile(profile_name).digest}
    )
    supplier, _ = Supplier.objects.get_or_create(code="demo", defaults={"name": "示例厂"})
    model, _ = DeviceModel.objects.get_or_create(
        supplier=supplier, model_no=profile_name, defaults={"name": "热风机", "kind": "hot_air", "profile": profile}
    )
    bus, _ = Bus.objects.get_or_create(line=line, defaults={"area_id": area})
    return Heater.objects.create(
        platform_no=f"H{bus.pk:04d}{unit:02d}",
        area_id=area,
        device_model=model,
        profile=profile,
        factory_no=f"F-{line}-{unit}",
        bus=bus,
        unit=unit,
        installed_on=date(2020, 10, 1),
    )


@contextmanager
def running_plant(
    folder: Path, places: list[tuple[str, int]], area: str = "370999001001", **hub: Any
) -> Iterator[Plant]:
    """Heaters at these (line, unit) places, answered by simulated boards; settings point to the hub."""
    names, faults = bundled_names(), folder / "faults.json"
    fleet = Fleet(
        tuple(SimulatedHeater(i + 1, line, unit, names[i % len(names)], i) for i, (line, unit) in enumerate(places))
    )
    heaters = [register(line, unit, names[i % len(names)], area) for i, (line, unit) in enumerate(places)]
    simulated = SimulatedFleet(fleet, FaultSwitches(faults), lambda: JANUARY, pace=0)
    with (
        running_hub(serial_folder=folder, **hub) as (server, _client, events),
        running_fleet(simulated, server.listen_port, folder),
        override_settings(HUB_CONTROL=f"127.0.0.1:{server.control_port}", HUB_SECRET=SECRET.decode()),
    ):
        for line in {line for line, _unit in places if line.startswith("dtu:")}:
            events.wait("dtu_registered", line=line)
        yield Plant(heaters, faults, events)
