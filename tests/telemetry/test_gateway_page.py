"""Lines and gateways: what the hub sees, and taking a gateway that nobody has claimed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from devices.models import Bus, Gateway
from tests import people
from tests.devices.hubs import SECRET, running_fleet, running_hub
from tests.telemetry.said import bare_heater
from tests.telemetry.visiting import OTHER_TOWN, VILLAGE, sign_in, words

pytestmark = pytest.mark.django_db
STRANGER = "dtu:861990000000018"


@pytest.fixture
def stranger(tmp_path: Path, settings: Any) -> Iterator[None]:
    """A gateway that has dialled in and belongs to nobody."""
    from devices.protocol.profile_files import bundled_names
    from devices.simulator.faults import FaultSwitches
    from devices.simulator.fleet import Fleet, SimulatedFleet, SimulatedHeater

    fleet = Fleet((SimulatedHeater(1, STRANGER, 1, bundled_names()[0], 0),))
    simulated = SimulatedFleet(fleet, FaultSwitches(tmp_path / "faults.json"), lambda: 1_611_000_000.0, pace=0)
    with running_hub() as (server, _client, events), running_fleet(simulated, server.listen_port, tmp_path):
        settings.HUB_CONTROL, settings.HUB_SECRET = f"127.0.0.1:{server.control_port}", SECRET.decode()
        events.wait("dtu_registered", line=STRANGER)
        yield


def listed() -> str:
    return reverse("telemetry:gateway-list")


def claim() -> str:
    return reverse("telemetry:gateway-claim")


def test_a_gateway_nobody_knows_is_claimed_for_a_village(page: Client, stranger: None) -> None:
    people.area(VILLAGE)
    assert STRANGER in words(page.get(listed()))
    assert page.post(claim(), {"line": STRANGER, "area": VILLAGE}).status_code == 302
    bus = Bus.objects.get(line=STRANGER)
    assert (bus.area_id, bus.gateway) == (VILLAGE, Gateway.objects.get(dtu_id="861990000000018"))
    text = page.get(listed()).content.decode()
    assert 'name="line"' not in text and "connected" in text
    again = page.post(claim(), {"line": STRANGER, "area": VILLAGE})
    assert "has been claimed already" in words(again)


@pytest.mark.parametrize("role", ["town_staff", "office"])
def test_who_does_not_register_heaters_neither_sees_nor_claims_them(role: str, stranger: None) -> None:
    people.area(VILLAGE)
    client = sign_in(people.user(role, "370999001"))
    assert 'name="line"' not in client.get(listed()).content.decode()
    assert client.post(claim(), {"line": STRANGER, "area": VILLAGE}).status_code == 403
    assert not Bus.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {"line": "serial:x", "area": VILLAGE},
        {"line": "dtu:" + "9" * 60, "area": VILLAGE},
        {"line": STRANGER, "area": OTHER_TOWN + "001"},
        {"line": STRANGER},
    ],
)
def test_what_is_no_gateway_or_no_village_of_mine_is_refused(page: Client, sent: dict[str, str]) -> None:
    people.area(VILLAGE), people.area(OTHER_TOWN + "001")
    assert page.post(claim(), sent).status_code == 422
    assert not Bus.objects.exists()


def test_a_hub_that_is_away_is_said_and_lines_stay_listed(page: Client, settings: Any) -> None:
    settings.HUB_CONTROL = "127.0.0.1:1"
    heater = bare_heater()
    text = words(page.get(listed()))
    assert "nothing is known of their connections" in text and "not known" in text and heater.bus.line in text
    assert "no connection" not in text, "not known is not the same as no connection"


def test_lines_of_another_town_are_not_listed() -> None:
    line = bare_heater().bus.line
    assert line not in sign_in(people.user("ops", OTHER_TOWN)).get(listed()).content.decode()
