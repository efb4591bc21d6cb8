"""When a command needs a second person, and who that may be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from accounts.rights import ROLES
from devices.protocol.points import MODES

FOUR_EYES_ABOVE = 10
"""More heaters than this by one wish take a second person."""
COLD_BELOW_C = Decimal(5)
"""Below this outdoor temperature a heater that is switched off leaves a home cold: a second role agrees first."""
COLD_MONTHS = (10, 11, 12, 1, 2, 3, 4)
"""Where the outdoor temperature is not known, these months count as cold."""
DECIDE_WITHIN = dt.timedelta(minutes=30)
APPROVE = "commands.approve"
MANY, COLD = "many", "cold"


def needs_of(*, point: str, asked: Decimal, outdoor_c: Iterable[Decimal | None], on: dt.datetime) -> list[str]:
    """Why a wish needs a second person, for one outdoor temperature per heater; empty when it does not."""
    known = list(outdoor_c)
    needs = [MANY] if len(known) > FOUR_EYES_ABOVE else []
    if switches_off(point, asked) and any(is_cold(one, on) for one in known):
        needs.append(COLD)
    return needs


def switches_off(point: str, asked: Decimal) -> bool:
    return (point == "running" and asked == 0) or (point == "mode" and asked == MODES.index("off"))


def is_cold(outdoor_c: Decimal | None, on: dt.datetime) -> bool:
    """Unknown counts by the month: not knowing is no reason to leave somebody cold."""
    return timezone.localtime(on).month in COLD_MONTHS if outdoor_c is None else outdoor_c < COLD_BELOW_C


def roles_over(user: User, right: str, area_code: str) -> list[str]:
    """The roles in which a person holds a right over a place."""
    grants = (g for g in user.active_grants if area_code.startswith(g.area_id))
    return sorted({grant.role for grant in grants if right in ROLES[grant.role].rights})
