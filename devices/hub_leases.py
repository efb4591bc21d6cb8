"""The lease of the hub as a row: one statement takes or renews it, on the database's own clock."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable
from pathlib import Path

from django.db import close_old_connections, connection

from devices.models import HubLease

LEASE_S = 20  # the hub gives up two seconds earlier (`HubConfig.lease_s`)

# Who listens at the same address of the same machine is the successor of a hub that has died: nobody else can bind it.
_TAKE = """
INSERT INTO devices_hublease AS lease (shard, holder, token, expires_at)
VALUES (%s, %s, 1, clock_timestamp() + make_interval(secs => %s))
ON CONFLICT (shard) DO UPDATE SET
    token = lease.token + (lease.holder <> EXCLUDED.holder)::int, holder = EXCLUDED.holder,
    expires_at = EXCLUDED.expires_at
WHERE lease.holder = EXCLUDED.holder OR lease.expires_at < clock_timestamp()
    OR split_part(lease.holder, '#', 1) = split_part(EXCLUDED.holder, '#', 1)
RETURNING token
"""


def take_lease(shard: int, holder: str, lease_s: float = LEASE_S) -> int | None:
    """Take the lease of a shard, or renew one's own; its token, None while another holds it."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [shard, holder, lease_s])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def lease_taker(shard: int, control: str) -> Callable[[], int | None]:
    """For `HubConfig.take_lease`: called in threads of the hub, so every call minds its connection."""
    holder = holder_name(control)

    def take() -> int | None:
        try:
            return take_lease(shard, holder)
        finally:
            close_old_connections()

    return take


def holder_name(control: str) -> str:
    """Machine and control address, and what makes this process different from its predecessor there."""
    machine = Path("/etc/machine-id")
    known = machine.read_text("ascii").strip()[:12] if machine.exists() else ""
    place = f"{socket.gethostname()[:20]}{known}/{control}"
    unique = uuid.uuid4().hex[:12]
    return f"{unique}#" if control.endswith(":0") else f"{place[-60:]}#{unique}"


def current_token(shard: int = 0) -> int | None:
    """What a request must name to be spoken on a bus; None when no hub has ever held the lease."""
    return HubLease.objects.filter(shard=shard).values_list("token", flat=True).first()
