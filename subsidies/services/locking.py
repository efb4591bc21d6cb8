"""One at a time: named locks that end with the transaction, and running numbers handed out under them."""

from __future__ import annotations

import zlib
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models.functions import Length

from accounts.models import User

_SPACE = 7301  # first key of our advisory locks, so that no other app's lock is met by chance


def hold(name: str) -> None:
    """Wait for and hold the lock of this name until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_SPACE, zlib.crc32(name.encode()) - 2**31])


def next_number(model: Any, prefix: str) -> str:
    """The next free number that begins with `prefix`: PB-2021-001, PB-2021-002 …; the caller is in a transaction."""
    hold(f"number:{prefix}")
    taken = model.objects.filter(number__startswith=prefix).order_by(Length("number").desc(), "-number")
    last = taken.values_list("number", flat=True).first()
    return f"{prefix}{int(last[len(prefix) :]) + 1 if last else 1:03d}"


def demand_right(by: User, right: str, area_code: str) -> None:
    """403 unless this person holds `right` over the place. Services ask too: they also serve commands and jobs."""
    if not by.has_right(right, area_code):
        raise PermissionDenied(right)
