"""Ten reads of a heater while somebody stands before it (J-31), kept for whoever accepts the installation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from time import sleep
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from core.refusals import Refused
from devices.hub_access import hub_client
from devices.models import Heater
from devices.services.site_check import READS, SiteCheck, check_on_site, line_words
from telemetry import queries, services
from telemetry.models import DoorCheck

RIGHTS = ("acceptances.record", "devices.command")
HUB_WAIT_S = 10.0  # longer than one read may take
COUNTS_FOR = dt.timedelta(hours=2)
"""How far from a visit reads may have been made to count as made at it."""


def may_check(user: User, heater: Heater) -> bool:
    """Those who accept at the door, and those who may send commands: the set temperature is written once more."""
    return any(user.has_right(right, heater.area_id) for right in RIGHTS)


def check_at_door(
    *, heater: Heater, by: User, now: dt.datetime, thermometer_c: Decimal | None = None
) -> DoorCheck:  # fmt: skip
    """Read the heater ten times, keep and return what was found; a silent heater is found to be silent.

    Takes about three seconds for a heater that answers and ten for one that does not; must not run in a transaction.
    Raises `Refused` DOOR_RIGHT, HEATER_REMOVED.
    """
    if not may_check(by, heater):
        raise Refused("DOOR_RIGHT", _("Only those who accept installations or send commands here may do this."))
    if heater.removed_on:
        raise Refused("HEATER_REMOVED", _("This heater has been removed; nothing can be sent to it."))
    with hub_client(timeout_s=HUB_WAIT_S) as hub:
        found = check_on_site(
            heater=heater, hub=hub, now=now, thermometer_c=thermometer_c, pause=sleep,
            read_by=queries.read_profile_of(heater.profile_id),
        )  # fmt: skip
    if found.answered:
        services.expect_again(heater=heater)
    return _kept(heater, found, by)


def _kept(heater: Heater, found: SiteCheck, by: User) -> DoorCheck:
    said = found.as_json()
    return DoorCheck.objects.create(
        heater=heater, area_id=heater.area_id, at=found.at, by=by, passed=found.passed, asked=READS,
        answered=found.answered, good=found.good, lines=said["lines"], values=said["values"], frames=said["frames"],
    )  # fmt: skip


def worded(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Kept lines with their sentences, in the language now active."""
    return [dict(line, words=line_words(line["code"], line["passed"], line.get("said", {}))) for line in lines]


def check_near(heater: Heater, at: dt.datetime) -> DoorCheck | None:
    """The newest reads made at a visit at that moment."""
    rows = DoorCheck.objects.filter(heater=heater, at__gte=at - COUNTS_FOR, at__lte=at + COUNTS_FOR)
    return rows.first()
