"""The hub as the settings describe it: the one way services and tasks reach a heater."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from devices import hub_leases
from devices.hub.client import HubClient
from devices.hub.config import HubConfig


def hub_client(timeout_s: float = 10.0) -> HubClient:
    """A client of the running hub; connects at the first request, which may raise HubUnavailable.

    Where the hub has a lease, its token is read before each use of a bus: who asks is fenced like who answers.
    """
    return HubClient.at(settings.HUB_CONTROL, settings.HUB_SECRET.encode(), timeout_s, hub_leases.current_token)


def hub_config(**changes: Any) -> HubConfig:
    """Settings of the hub process; ``changes`` replace single fields."""
    usual = {
        "secret": settings.HUB_SECRET.encode(),
        "listen": settings.HUB_LISTEN,
        "control": settings.HUB_CONTROL,
        "serial_folder": settings.RUN_DIR,
    }
    return HubConfig(**(usual | changes))
