"""The two clocks: the moment (always true) and the business day (the demonstration may stand still on one).

Services take `now=` or `on=` as an argument and fall back to these; tests pass the argument.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone


def now() -> dt.datetime:
    """The present moment, aware, in UTC. Never shifted: readings and leases need the true time."""
    return timezone.now()


def today() -> dt.date:
    """The business day in the portal's zone (Asia/Shanghai); `PORTAL_TODAY=2021-12-01` fixes it."""
    fixed = getattr(settings, "PORTAL_TODAY", "")
    return dt.date.fromisoformat(fixed) if fixed else timezone.localdate()
