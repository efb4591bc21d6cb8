"""The rules of DEVICES §3.8: what each looks at, when it is bad and when it is good again, with its evidence.

A look answers (True, evidence) bad, (False, …) good, (None, …) in the band between, or None where nothing is known.
Between bad and good lies the hysteresis: there an open alert stays open and a new one is not begun.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telemetry.judging import disuse
from telemetry.judging.facts import Facts, Hour, Limits

Look = tuple[bool | None, dict[str, Any]] | None
REFUSED = "refused"
"""`Facts.reason` of a unit that answered with exceptions only."""


@dataclass(frozen=True)
class Rule:
    """`hold`: the limit that says for how long it must be bad; `seasonal`: only in the heating season;
    `needs_people`: silenced where nobody lives; `hourly`: judged from closed hours instead of polls."""

    kind: str
    look: Callable[[Facts, Limits], Look]
    hold: str = ""
    seasonal: bool = False
    needs_people: bool = False
    hourly: bool = False

    def hold_s(self, limits: Limits) -> int:
        return int(getattr(limits, self.hold)) if self.hold else 0


def band(value: int, bad_below: int, good_from: int) -> bool | None:
    """Bad below the one, good from the other, neither in between."""
    return True if value < bad_below else False if value >= good_from else None


def unit_silent(facts: Facts, limits: Limits) -> Look:
    """The unit is silent while its line is alive: breaker off, or cable loose. One that refuses is not silent."""
    if facts.answered or facts.reason == REFUSED:
        return False, {}
    evidence = {"misses": facts.misses, "reason": facts.reason, "line": facts.line, "unit": facts.unit}
    return (facts.misses >= limits.silent_polls and not facts.line_dead) or None, evidence


def errors_only(facts: Facts, limits: Limits) -> Look:
    """The board is there and refuses every question: other board, other profile, or a fault inside. Not cleared by
    silence."""
    if facts.answered:
        return False, {}
    evidence = {"misses": facts.misses, "line": facts.line, "unit": facts.unit}
    return (facts.misses >= limits.silent_polls and facts.reason == REFUSED) or None, evidence


def line_silent(facts: Facts, limits: Limits) -> Look:
    """Nothing on the line can be reached (DTU off line): one alert for all its heaters."""
    if facts.answered or facts.reason == REFUSED:
        return False, {}
    evidence = {"misses": facts.misses, "reason": facts.reason, "line": facts.line, "unit": facts.unit}
    return (facts.misses >= limits.silent_polls and facts.line_dead and facts.stands_for_line) or None, evidence


def fault(facts: Facts, limits: Limits) -> Look:
    return None if facts.fault is None else (facts.fault != 0, {"fault": facts.fault})


def supply_low(facts: Facts, limits: Limits) -> Look:
    """Running, and what comes out of it is not warm. While it defrosts that is as it should be."""
    if facts.running is None or facts.supply_dc is None or facts.defrosting:
        return None
    evidence = {"supply_dc": facts.supply_dc, "limit_dc": limits.supply_low_dc}
    return (band(facts.supply_dc, limits.supply_low_dc, limits.supply_fine_dc) if facts.running else False), evidence


def freezing(facts: Facts, limits: Limits) -> Look:
    """Water near the freezing point and the heater off; an air heater has no water."""
    water = [value for value in (facts.supply_dc, facts.return_dc) if value is not None]
    if facts.medium != "water" or facts.running is None or not water:
        return None
    evidence = {"water_dc": min(water), "limit_dc": limits.freeze_dc, "outdoor_dc": facts.outdoor_dc}
    return (False if facts.running else band(min(water), limits.freeze_dc, limits.freeze_fine_dc)), evidence


def room_cold(facts: Facts, limits: Limits) -> Look:
    """Below what the contract promises (annex 2, item 16: 16 ℃)."""
    if facts.room_dc is None:
        return None
    return band(facts.room_dc, facts.floor_dc, facts.floor_dc + limits.room_band_dc), _room(facts, facts.floor_dc)


def room_cool(facts: Facts, limits: Limits) -> Look:
    """Between the contract's floor and comfort; below the floor the graver alert speaks."""
    if facts.room_dc is None or facts.floor_dc >= limits.comfort_dc:
        return None
    evidence = _room(facts, limits.comfort_dc)
    if facts.room_dc < facts.floor_dc:
        return None, evidence
    return band(facts.room_dc, limits.comfort_dc, limits.comfort_dc + limits.room_band_dc), evidence


def _room(facts: Facts, limit_dc: int) -> dict[str, Any]:
    return {
        "room_dc": facts.room_dc, "limit_dc": limit_dc, "set_room_dc": facts.set_room_dc,
        "outdoor_dc": facts.outdoor_dc, "running": facts.running,
    }  # fmt: skip


def second_master(facts: Facts, limits: Limits) -> Look:
    """Frames on the line that nobody of ours asked for; `foreign` counts those since the last look."""
    return None if facts.foreign is None else (facts.foreign > 0, {"foreign": facts.foreign, "line": facts.line})


def duplicate_id(facts: Facts, limits: Limits) -> Look:
    """Another gateway dials in under the line's id while this one answers; it tries again and again."""
    if facts.foreign is None:
        return None
    if facts.duplicate_s is None:
        return False, {}
    ago_s = round(facts.duplicate_s)
    return band(ago_s, limits.duplicate_s, limits.duplicate_fine_s), {"line": facts.line, "ago_s": ago_s}


def short_cycling(facts: Facts, limits: Limits) -> Look:
    last = _last(facts)
    if last is None or last.starts is None:
        return None
    evidence = {"starts": last.starts, "limit": limits.starts}
    return (True if last.starts >= limits.starts else False if last.starts <= limits.starts_fine else None), evidence


def quality_degraded(facts: Facts, limits: Limits) -> Look:
    """Many polls lost, or many readings that are not good. A heater that said nothing at all is silent instead."""
    last = _last(facts)
    if last is None or not last.wanted or not last.n:
        return None
    lost = 100 * max(0, last.wanted - last.n) // last.wanted
    flagged = 100 * last.flagged // last.n
    worst = max(lost, flagged)
    evidence = {"got": last.n, "wanted": last.wanted, "flagged": last.flagged}
    return (True if worst > limits.bad_percent else False if worst <= limits.bad_fine_percent else None), evidence


def _last(facts: Facts) -> Hour | None:
    return facts.hours[-1] if facts.hours else None


def coal_return(facts: Facts, limits: Limits) -> Look:
    if not facts.hours:
        return None
    spell = disuse.spell_of(facts.hours)
    return disuse.burns_coal(spell, limits), _spell(spell)


def welfare(facts: Facts, limits: Limits) -> Look:
    if not facts.hours:
        return None
    spell = disuse.spell_of(facts.hours)
    return disuse.sits_in_the_cold(spell, limits), _spell(spell)


def _spell(spell: disuse.Spell | None) -> dict[str, Any]:
    if spell is None:
        return {}
    return {
        "off_since": spell.since, "off_h": spell.hours, "outdoor_dc": spell.outdoor_dc,
        "room_start_dc": spell.room_start_dc, "room_dc": spell.room_dc, "expected_dc": spell.expected_dc,
        "tau_h": spell.tau_h, "learnt": spell.learnt,
    }  # fmt: skip


TURN_KINDS = ("unit_silent", "line_silent", "errors_only", "fault", "supply_low", "freezing", "room_cold", "room_cool")
RULES: tuple[Rule, ...] = (
    Rule("unit_silent", unit_silent),
    Rule("line_silent", line_silent),
    Rule("errors_only", errors_only),
    Rule("fault", fault),
    Rule("supply_low", supply_low, "supply_hold_s"),
    Rule("freezing", freezing, "freeze_hold_s"),
    Rule("room_cold", room_cold, "room_hold_s", seasonal=True),
    Rule("room_cool", room_cool, "room_hold_s", seasonal=True),
    Rule("second_master", second_master, "foreign_hold_s"),
    Rule("duplicate_id", duplicate_id),
    Rule("short_cycling", short_cycling, "starts_hold_s", hourly=True),
    Rule("quality", quality_degraded, "bad_hold_s", hourly=True),
    Rule("coal_return", coal_return, seasonal=True, needs_people=True, hourly=True),
    Rule("welfare", welfare, seasonal=True, needs_people=True, hourly=True),
)
BY_KIND = {rule.kind: rule for rule in RULES}
OF_A_TURN = tuple(BY_KIND[kind] for kind in TURN_KINDS)
OF_AN_HOUR = tuple(rule for rule in RULES if rule.hourly)
OF_A_LINE = (BY_KIND["second_master"], BY_KIND["duplicate_id"])
