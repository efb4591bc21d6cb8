"""A heater that is off in the cold: does somebody burn coal again, or does somebody sit in the cold (J-76, J-77)?

A house without heat cools towards the air outside, with a time of its own: after `tau` hours a third of the difference
is left. That time is learnt from the house's own nights. A room much warmer than its curve has another source of heat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from statistics import mean, quantiles

from telemetry.judging.facts import Hour, Limits

USUAL_TAU_H = 40.0
LEAST_TAU_H, MOST_TAU_H = 10.0, 100.0
LEAST_PAIRS = 6
IDLE_DKWH = 1
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Spell:
    """The unbroken hours up to now in which the heater gave no heat. Temperatures in tenths, None where not measured.

    `expected_dc`: where the room would be by the house's own curve; `tau_h` its time, `learnt` if from its own past.
    """

    since: float
    hours: int
    outdoor_dc: int | None
    room_start_dc: int | None
    room_dc: int | None
    expected_dc: int | None
    tau_h: float
    learnt: bool

    @property
    def excess_dc(self) -> int | None:
        """How much warmer the room is than the curve."""
        return None if self.room_dc is None or self.expected_dc is None else self.room_dc - self.expected_dc

    @property
    def fall_dc(self) -> int | None:
        return None if self.room_dc is None or self.room_start_dc is None else self.room_start_dc - self.room_dc


def gave_no_heat(hour: Hour) -> bool:
    """Heard, and switched off the whole hour or drawing next to nothing. An hour without data says nothing."""
    if not hour.n:
        return False
    return hour.minutes_on == 0 or (hour.energy_dkwh is not None and hour.energy_dkwh <= IDLE_DKWH)


def spell_of(hours: Sequence[Hour]) -> Spell | None:
    """The spell that lasts until the last of `hours`; None when the heater gave heat in it. A gap ends a spell."""
    first = len(hours)
    while first and gave_no_heat(hours[first - 1]) and _follows(hours, first):
        first -= 1
    off = hours[first:]
    if not off:
        return None
    outdoor = [hour.outdoor_dc for hour in off if hour.outdoor_dc is not None]
    mean_outdoor = round(mean(outdoor)) if outdoor else None
    start, tau, learnt = off[0].room_dc, *cooling_time_h(hours[:first])
    return Spell(
        since=off[0].at, hours=len(off), outdoor_dc=mean_outdoor, room_start_dc=start, room_dc=off[-1].room_dc,
        expected_dc=_cooled(start, mean_outdoor, len(off) - 1, tau), tau_h=round(tau, 1), learnt=learnt,
    )  # fmt: skip


def _follows(hours: Sequence[Hour], index: int) -> bool:
    """Whether the hour at `index` (or the end) comes right after the one before it."""
    return index == len(hours) or hours[index].at - hours[index - 1].at <= HOUR_S


def _cooled(start_dc: int | None, outdoor_dc: int | None, hours: int, tau_h: float) -> int | None:
    if start_dc is None or outdoor_dc is None:
        return None
    return round(outdoor_dc + (start_dc - outdoor_dc) * exp(-hours / tau_h))


def cooling_time_h(hours: Sequence[Hour]) -> tuple[float, bool]:
    """The house's own time from earlier hours without heat, and whether there were enough of them to tell.

    The quicker quarter counts: nights in which a stove was lit would make any house look well insulated.
    """
    found = [tau for hour, after in pairwise(hours) if (tau := _tau(hour, after)) is not None]
    if len(found) < LEAST_PAIRS:
        return USUAL_TAU_H, False
    return min(MOST_TAU_H, max(LEAST_TAU_H, quantiles(found, n=4)[0])), True


def _tau(hour: Hour, after: Hour) -> float | None:
    if not (gave_no_heat(hour) and gave_no_heat(after)) or after.at - hour.at > HOUR_S:
        return None
    if hour.room_dc is None or after.room_dc is None or hour.outdoor_dc is None:
        return None
    before, then = hour.room_dc - hour.outdoor_dc, after.room_dc - hour.outdoor_dc
    if before < 50 or then < 20:
        return None  # too near the air outside for tenths of a degree to tell
    return 1 / log(before / then) if then < before else MOST_TAU_H


def burns_coal(spell: Spell | None, limits: Limits) -> bool | None:
    """True: warm without heat, in the cold. False: no reason to think so. None: in between, or not measured."""
    if spell is None:
        return False
    excess = spell.excess_dc
    if spell.hours < limits.off_h or excess is None or spell.outdoor_dc is None or spell.room_dc is None:
        return None
    if spell.outdoor_dc < limits.cold_dc and spell.room_dc >= limits.coal_room_dc and excess >= limits.coal_excess_dc:
        return True
    if spell.outdoor_dc >= limits.cold_dc + limits.cold_band_dc or excess < limits.coal_band_dc:
        return False
    return None


def sits_in_the_cold(spell: Spell | None, limits: Limits) -> bool | None:
    """True: the room goes down or is cold and nobody heats. Unmeasured rooms count after a longer time."""
    if spell is None:
        return False
    if spell.outdoor_dc is not None and spell.outdoor_dc >= limits.cold_dc + limits.cold_band_dc:
        return False
    if spell.hours < limits.off_h or spell.outdoor_dc is None or spell.outdoor_dc >= limits.cold_dc:
        return None
    if spell.room_dc is None:
        return True if spell.hours >= limits.unmeasured_off_h else None
    if spell.room_dc < limits.coal_room_dc:
        return True
    if (spell.excess_dc or 0) >= limits.coal_excess_dc:
        return False  # warm by something else: that is the other question
    return True if (spell.fall_dc or 0) >= limits.fall_dc else None
