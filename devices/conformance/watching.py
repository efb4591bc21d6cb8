"""The steps in which a person handles the board and the portal watches: 2 power cycles and unit numbers, 7 a sensor,
9 power and network cut. (Step 10, a day at one read a minute, is kept by a periodic task.)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devices.conformance.findings import Probe, Step, frames
from devices.protocol.decoder import Decoded
from devices.protocol.encoder import encode_write
from devices.protocol.points import Quality
from devices.protocol.profiles import Profile

LOOK_S = 1.0
WATCH_S = 300.0
BACK_WITHIN_S = 300.0
CYCLES = 3
DAY_READS = 1440
LOOK_AFTER_S = 120.0
"""A minute's read comes at the latest after two; what lies between them beyond that is the portal's own silence."""
DAY_SHARE = 0.99


def units_wanted(profile: Profile) -> tuple[int, ...]:
    """Unit numbers the board must take: the ends of the field and the usual second one."""
    return (1, 2, 247, 300, 65535) if profile.limits.unit_bytes == 2 else (1, 2, 247)


def power_cycles(probe: Probe, known: dict[str, Any]) -> Step:
    """Step 2, first half: the same DTU id comes back three times. Watches for five minutes."""
    outages = _outages(probe, CYCLES)
    return _second_step(probe, known | {"cycles": len(outages), "outages_s": outages})


def at_unit(probe: Probe, known: dict[str, Any], unit: int) -> Step:
    """Step 2, second half: a person has set the board to this number; does it answer there?"""
    result = probe.read(probe.one_register(), unit=unit)
    units = sorted({*known.get("units", []), *([unit] if result.ok else [])})
    return _second_step(probe, known | {"units": units, "last": frames(result)})


def _second_step(probe: Probe, known: dict[str, Any]) -> Step:
    cycles, units = known.get("cycles", 0), known.get("units", [])
    missing = [unit for unit in units_wanted(probe.profile) if unit not in units]
    good = cycles >= CYCLES and not missing
    text = f"{cycles} of {CYCLES} power cycles; answers as unit {', '.join(map(str, units)) or '—'}"
    text += f", missing {', '.join(map(str, missing))}" if missing else ""
    return Step(2, "identity", True if good else None, text, [known])


def sensor_unplugged(probe: Probe) -> Step:
    """Step 7: the fault shows, goes when the sensor is back and the reset is written; five minutes for each."""
    broken = _until(probe, lambda seen: any(_broken(seen)))
    if broken is None:
        return Step(7, "sensor unplugged", False, "no sensor fault was seen within five minutes")
    healed = _until(probe, lambda seen: not any(flag & Quality.SENSOR_BROKEN for flag in seen.flags.values()))
    evidence = [{"broken": broken.values, "flags": {name: str(flag) for name, flag in broken.flags.items()}}]
    if healed is None:
        return Step(7, "sensor unplugged", False, "shown, but the sensor did not come back", evidence)
    written = probe.write(encode_write(probe.profile, probe.unit, "reset"))
    probe.wait(probe.profile.writes["reset"].settle_ms / 1000)
    fault = probe.values()[0].values.get("fault")
    evidence += [frames(written), {"fault": fault}]
    text = f"shown and healed; reset {written.status}, fault then {fault}"
    return Step(7, "sensor unplugged", written.ok and fault == 0, text, evidence)


def cut_off(probe: Probe) -> Step:
    """Step 9: power once, network once; each time data are back within five minutes."""
    outages = _outages(probe, 2)
    good = len(outages) == 2 and max(outages) <= BACK_WITHIN_S
    text = f"{len(outages)} of 2 outages, silent for {', '.join(f'{s:.0f} s' for s in outages) or '—'}"
    return Step(9, "power and network cut", good, text, [{"outages_s": outages}])


def day_figures(known: dict[str, Any], answered: bool, at: float) -> dict[str, Any]:
    """Step 10: the figures after one more read at epoch second ``at``; ``silent_s``: silent up to now, while asked."""
    figures = {"asked": 0, "answered": 0, "since": at, "looked": at, "silent_s": 0.0, "gap_s": 0.0} | known
    figures["silent_s"] += min(LOOK_AFTER_S, at - figures["looked"])
    figures["gap_s"] = max(figures["gap_s"], figures["silent_s"])
    figures["looked"] = at
    figures["asked"] += 1
    if answered:
        figures["answered"] += 1
        figures["silent_s"] = 0.0
    return figures


def day_over(figures: dict[str, Any]) -> Step | None:
    """The verdict when the day is full; None before."""
    if figures["asked"] < DAY_READS:
        return None
    good = figures["answered"] >= DAY_SHARE * figures["asked"] and figures["gap_s"] <= BACK_WITHIN_S
    text = f"{figures['answered']} of {figures['asked']} reads in a day, longest gap {figures['gap_s']:.0f} s"
    return Step(10, "a day at one read a minute", good, text, [figures])


def _broken(seen: Decoded) -> list[str]:
    shown = [name for name, flag in seen.flags.items() if flag & Quality.SENSOR_BROKEN]
    return [*shown, "fault"] if seen.values.get("fault") else shown


def _until(probe: Probe, holds: Callable[[Decoded], bool]) -> Decoded | None:
    """Look again and again until it holds; None after five minutes. An unanswered look says nothing."""
    began = probe.clock()
    while probe.clock() - began < WATCH_S:
        probe.told(int(probe.clock() - began), int(WATCH_S))
        seen, results = probe.values()
        if all(result.ok for result in results) and holds(seen):
            return seen
        probe.wait(LOOK_S)
    return None


def _outages(probe: Probe, wanted: int) -> list[float]:
    """Seconds of each time the board was silent and came back, until there were enough or five minutes passed."""
    began = silent_since = probe.clock()
    silent, lengths = False, list[float]()
    while probe.clock() - began < WATCH_S and len(lengths) < wanted:
        probe.told(len(lengths), wanted)
        answers = probe.read(probe.one_register(), deadline_s=3.0).ok
        if not answers and not silent:
            silent, silent_since = True, probe.clock()
        elif answers and silent:
            silent = False
            lengths.append(round(probe.clock() - silent_since, 1))
        probe.wait(LOOK_S)
    return lengths
