"""Where a request comes from: its address and the kind of device."""

from __future__ import annotations

import ipaddress
import re

from django.http import HttpRequest

DESKTOP, PHONE = "desktop", "phone"
_PHONE = re.compile(r"Mobi|Android|iPhone|HarmonyOS.*Phone", re.IGNORECASE)


def client_address(request: HttpRequest) -> str | None:
    """The address of the person's machine, None when it is not an address (Unix sockets, tests).

    Behind the proxy `heating_portal.middleware.ClientAddress` has put the true one into REMOTE_ADDR.
    """
    return as_address(request.META.get("REMOTE_ADDR", ""))


def as_address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return None


def device_of(request: HttpRequest) -> str:
    """`desktop` or `phone`, as the browser calls itself. Only a hint: it decides which session a new one replaces."""
    hint = request.headers.get("Sec-CH-UA-Mobile", "")
    if hint in ("?0", "?1"):
        return PHONE if hint == "?1" else DESKTOP
    return PHONE if _PHONE.search(request.headers.get("User-Agent", "")) else DESKTOP
