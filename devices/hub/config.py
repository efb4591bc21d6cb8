"""Settings of the hub process: plain values, no Django."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devices.line.rules import LineRules
from devices.protocol.registration import Dialects, bundled_dialects


@dataclass(frozen=True)
class HubConfig:
    """Addresses are ``host:port`` (port 0: any free one). Times in seconds.

    ``serial_folder``: where relative paths of serial lines are seen from.

    ``take_lease``: takes or renews the lease of these lines (`devices.hub.lease`); called every ``lease_every_s`` in a
    thread. Until it gives a token nobody is let in; when it hasn't for ``lease_s`` the hub closes every line and stops,
    because another hub may have taken over. ``door_secret``: what a registration must say, "" where any may enter.
    ``number`` of ``hubs``: DTUs of the others are turned away (`devices.hub.group.hub_of`).
    """

    secret: bytes
    listen: str = "127.0.0.1:7501"
    control: str = "127.0.0.1:7502"
    serial_folder: Path = Path()
    rules: LineRules = field(default_factory=LineRules)
    manners: Dialects = field(default_factory=bundled_dialects)
    door_secret: str = ""
    number: int = 0
    hubs: int = 1
    register_s: float = 30.0
    fence_s: float = 2.0
    silent_s: float = 200.0
    housekeeping_s: float = 5.0
    reopen_s: float = 1.0
    reopen_most_s: float = 30.0
    max_pending: int = 2000
    max_pending_per_address: int = 512
    max_lines_per_address: int = 20000
    max_lines: int = 80000
    max_unclaimed: int = 5000
    window: int = 2000
    take_lease: Callable[[], int | None] | None = None
    lease_every_s: float = 5.0
    lease_s: float = 18.0
    log: Callable[[str, dict[str, Any]], None] = lambda event, fields: None


def split_address(text: str) -> tuple[str, int]:
    """``host:port`` -> (host, port); ValueError names the text."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{text!r} is not an address like 127.0.0.1:7502")
    return host.strip("[]"), int(port)
