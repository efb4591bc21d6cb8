"""Claim × running hours: what a heater's own data says about the use that was claimed for it. No Django.

"No data" is not "switched off": a heater that said too little is never accused.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

NEVER_RAN, NOT_CLAIMED, DISAGREE, NO_DATA, AGREE, IDLE = (
    "never_ran", "not_claimed", "disagree", "no_data", "agree", "idle",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bounds:
    """Data of the programme. ``ran_hours`` count as running; below ``known_percent`` of the season's hours nothing is
    said; the heater may read ``over_percent`` + 20 kWh above the home's meter; below ``share_percent`` of it the claim
    was hardly for heating."""

    ran_hours: int = 24
    known_percent: int = 50
    over_percent: int = 5
    share_percent: int = 20


@dataclass(frozen=True, slots=True)
class Season:
    """One dwelling's season. ``claimed`` None: no reading counts; ``hours_on``, ``heater_kwh`` None: never said."""

    claimed: Decimal | None
    hours_on: Decimal | None
    hours_known: int
    hours_passed: int
    heater_kwh: Decimal | None = None
    in_kwh: bool = True


def judge(one: Season, bounds: Bounds) -> str:
    """The verdict, the gravest first."""
    claimed = one.claimed is not None and one.claimed > 0
    ran = one.hours_on is not None and one.hours_on >= bounds.ran_hours
    if not claimed:
        return NOT_CLAIMED if ran else (IDLE if _known(one, bounds) else NO_DATA)
    if _meter_below_heater(one, bounds):
        return DISAGREE
    if not _known(one, bounds):
        return NO_DATA
    if not ran:
        return NEVER_RAN
    return DISAGREE if _hardly_heating(one, bounds) else AGREE


def _known(one: Season, bounds: Bounds) -> bool:
    if one.hours_on is None or one.hours_passed <= 0:
        return False
    return one.hours_known * 100 >= one.hours_passed * bounds.known_percent


def _meter_below_heater(one: Season, bounds: Bounds) -> bool:
    if one.claimed is None or one.heater_kwh is None or not one.in_kwh:
        return False
    return one.heater_kwh > one.claimed * (100 + bounds.over_percent) / 100 + 20


def _hardly_heating(one: Season, bounds: Bounds) -> bool:
    if one.claimed is None or one.heater_kwh is None or not one.in_kwh:
        return False
    return one.heater_kwh * 100 < one.claimed * bounds.share_percent
