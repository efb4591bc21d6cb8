"""Keys of the wall page: signed, for a day, for machines in the network of whoever gave it (no Django tables)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from django.core import signing

SALT, DAY_S = "reports.wall", 24 * 3600
NETWORK_BITS = {4: 24, 6: 64}


@dataclass(frozen=True)
class Key:
    """Whose eyes, which place, which programme."""

    user_id: int
    area_code: str
    programme: str


def give(user_id: int, area_code: str, programme: str, remote: str) -> str:
    """A key for the network of `remote`."""
    return signing.dumps([user_id, area_code, programme, network_of(remote)], salt=SALT)


def read(text: str, remote: str) -> Key | None:
    """None for a key that is none, is a day old, or comes from another network."""
    try:
        user_id, area_code, programme, network = signing.loads(text[:400], salt=SALT, max_age=DAY_S)
    except (signing.BadSignature, ValueError):
        return None
    return Key(user_id, area_code, programme) if network == network_of(remote) else None


def network_of(remote: str) -> str:
    """The network of an address: /24, with IPv6 /64; "" for what is no address (a socket).

    >>> network_of("10.1.2.3")
    '10.1.2.0/24'
    """
    try:
        found = ipaddress.ip_address(remote.strip())
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{found}/{NETWORK_BITS[found.version]}", strict=False))
