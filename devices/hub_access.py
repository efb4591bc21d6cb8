"""The hub as the settings describe it: the one way services and tasks reach a heater."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings

from devices import hub_leases
from devices.hub.client import HubClient
from devices.hub.config import HubConfig
from devices.hub.group import HubGroup


def hub_client(timeout_s: float = 10.0) -> HubClient:
    """A client of the running hub, or of all hubs where HUB_CONTROL names several with commas between them.

    It connects at the first request, which may raise HubUnavailable.

    Where the hub has a lease, its token is read before each use of a bus: who asks is fenced like who answers.
    """
    secret = settings.HUB_SECRET.encode()
    hubs = [
        HubClient.at(address.strip(), secret, timeout_s, partial(hub_leases.current_token, number))
        for number, address in enumerate(settings.HUB_CONTROL.split(","))
    ]
    return hubs[0] if len(hubs) == 1 else HubGroup(hubs)


def hub_config(**changes: Any) -> HubConfig:
    """Settings of the hub process; ``changes`` replace single fields."""
    usual = {
        "secret": settings.HUB_SECRET.encode(),
        "listen": settings.HUB_LISTEN,
        "control": settings.HUB_CONTROL,
        "serial_folder": settings.RUN_DIR,
    }
    return HubConfig(**(usual | changes))
