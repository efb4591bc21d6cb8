"""The short form of the docking test for acceptance at the door (J-31): ten minutes, one heater, no risk to the home.

Ten good reads, temperatures a room and a heater can have (beside the installer's thermometer, where he has one), and
the present set temperature written once more with read-back, so that nothing changes for the household.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from devices.hub.client import HubClient, HubRefused, HubUnavailable
from devices.models import Heater
from devices.protocol.decoder import Decoded, decode
from devices.protocol.encoder import WriteRefused, encode_write, read_back
from devices.protocol.planner import merge_results, plan
from devices.protocol.profiles import Profile
from devices.services.commands import profile_of

READS = 10
GIVE_UP = 2
"""A heater that stays silent so many times from the beginning is not asked on: somebody is waiting at a door."""
WAIT_S = 5.0
THERMOMETER_C = Decimal(3)
"""How far the heater's own room sensor may be from the installer's thermometer."""
PLAUSIBLE_DC = {"supply_t": (-300, 950), "return_t": (-300, 950), "outdoor_t": (-450, 500), "room_t": (-100, 450)}


@dataclass(frozen=True)
class Line:
    """One line of the sheet. `passed` None: it could not be judged (a profile without that point).

    `said` holds what the sentence is made of, so that everybody reads it in their own language.
    """

    code: str
    passed: bool | None
    said: Mapping[str, Any]

    @property
    def words(self) -> str:
        return line_words(self.code, self.passed, self.said)


@dataclass(frozen=True)
class SiteCheck:
    """What was found at the heater, with the values it said last (tenths) and the frames of the write.

    `answered` of the ten reads were; `good` of them held temperatures, and only plausible ones.
    """

    heater: str
    at: dt.datetime
    lines: tuple[Line, ...]
    values: dict[str, int | None]
    frames: tuple[str, ...]
    answered: int = 0
    good: int = 0

    @property
    def passed(self) -> bool:
        return all(line.passed is not False for line in self.lines) and any(line.passed for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """For the acceptance that keeps it."""
        lines = [{"code": line.code, "passed": line.passed, "said": dict(line.said)} for line in self.lines]
        told = {"heater": self.heater, "at": self.at.isoformat(), "passed": self.passed, "lines": lines}
        return told | {"values": self.values, "frames": list(self.frames)}


def check_on_site(
    *, heater: Heater, hub: HubClient, now: dt.datetime, thermometer_c: Decimal | None = None,
    pause: Callable[[float], None] = time.sleep, read_by: Profile | None = None,
) -> SiteCheck:  # fmt: skip
    """Ask the heater now; `telemetry.door` keeps what is found. `read_by`: its profile with holes that polls have met.

    A hub that is away, or a heater that is silent, is a line that failed, not an exception.
    """
    try:
        reads = _reads(heater, hub, read_by or profile_of(heater))
        if not reads.said:
            line = Line("READS", False, {"status": reads.status})
            return SiteCheck(heater.platform_no, now, (line,), {}, ())
        decoded = reads.said[-1]
        written, frames = _same_value(heater, hub, decoded, pause)
    except (HubUnavailable, HubRefused) as error:
        line = Line("READS", False, {"why": str(error)})
        return SiteCheck(heater.platform_no, now, (line,), {}, ())
    answered, good = len(reads.said), sum(_is_good(one) for one in reads.said)
    counted = Line("READS", answered == READS, {"n": answered, "all": READS})
    lines = (counted, *_temperatures(reads.said, thermometer_c), written)
    return SiteCheck(heater.platform_no, now, lines, decoded.values, frames, answered, good)


@dataclass(frozen=True)
class Reads:
    """What the whole reads that were answered said; `status` of the hub at the last that was not."""

    said: list[Decoded]
    status: str = ""


def _reads(heater: Heater, hub: HubClient, profile: Profile) -> Reads:
    """Ten whole reads; fewer where the heater is silent from the beginning."""
    said: list[Decoded] = []
    status = ""
    for number in range(READS):
        if number >= GIVE_UP and not said:
            break
        found = _one(heater, hub, profile)
        if isinstance(found, Decoded):
            said.append(found)
        else:
            status = found
    return Reads(said, status)


def _one(heater: Heater, hub: HubClient, profile: Profile) -> Decoded | str:
    """One whole read, or what the hub says of the first block that was not answered."""
    answers = []
    for block in plan(profile):
        result = hub.read(heater.bus.line, heater.unit, block, WAIT_S, unit_bytes=profile.limits.unit_bytes)
        if not result.ok:
            return result.status
        answers.append((block, result.registers))
    return decode(profile, merge_results(answers))


def line_words(code: str, passed: bool | None, said: Mapping[str, Any]) -> str:
    """The sentence of a line in the language now active; `said` as `Line` keeps it."""
    if code == "READS":
        return _reads_words(said)
    if code == "TEMPERATURES":
        return _("not plausible: %(points)s") % said if said.get("points") else _("temperatures are plausible")
    if code == "THERMOMETER":
        return _("the heater says %(said)s ℃, the thermometer %(seen)s ℃") % said
    if passed:
        return _("the set temperature was written again and read back")
    if passed is None:
        return str(said.get("why") or _("there is no set temperature to write again"))
    return _("writing: %(status)s") % said


def _reads_words(said: Mapping[str, Any]) -> str:
    """How many were answered; why none was, and what to look at."""
    if "n" in said:
        return _("%(n)d of %(all)d reads were answered") % said
    if "why" in said:
        return _("The lines of the portal can't be reached: %(why)s") % said
    told = {
        "offline": _("The gateway has no connection: look for its power, its aerial and its card."),
        "refused": _("The heater answers, but refuses the questions: the register profile is not this board's."),
    }
    silent = _("The heater is silent: look for its breaker, the two wires of the bus and the unit number on the board.")
    return told.get(said.get("status", ""), silent)


def _temperatures(said: list[Decoded], thermometer_c: Decimal | None) -> list[Line]:
    """One line for what every temperature of every read says, one for the room beside the thermometer."""
    odd = sorted({name for decoded in said for name in _odd(decoded)})
    decoded = said[-1]
    lines = [Line("TEMPERATURES", not odd, {"points": ", ".join(odd)})]
    room = decoded.values.get("room_t")
    if thermometer_c is not None and room is not None:
        apart = abs(Decimal(room) / 10 - thermometer_c)
        told = {"said": f"{room / 10:.1f}", "seen": f"{thermometer_c:.1f}"}
        lines.append(Line("THERMOMETER", apart <= THERMOMETER_C, told))
    return lines


def _is_good(decoded: Decoded) -> bool:
    """A read that holds a temperature, and none that can't be."""
    return any(name in decoded.values for name in PLAUSIBLE_DC) and not _odd(decoded)


def _odd(decoded: Decoded) -> list[str]:
    """Temperatures of the profile without a value, or beyond what can be."""
    return [name for name, (low, high) in PLAUSIBLE_DC.items() if _is_odd(decoded, name, low, high)]


def _is_odd(decoded: Decoded, name: str, low: int, high: int) -> bool:
    """A point of the profile without a value, or beyond what can be; a point it lacks is not odd."""
    if name not in decoded.values:
        return False
    value = decoded.values[name]
    return value is None or not low <= value <= high


def _same_value(
    heater: Heater, hub: HubClient, decoded: Decoded, pause: Callable[[float], None]
) -> tuple[Line, tuple[str, ...]]:
    """Write the present set temperature again and read it back."""
    profile, now = profile_of(heater), decoded.values.get("set_room_t")
    if now is None or "set_room_t" not in profile.writes:
        return Line("WRITE", None, {}), ()
    try:
        request = encode_write(profile, heater.unit, "set_room_t", now)
    except WriteRefused as error:
        return Line("WRITE", None, {"why": str(error)}), ()
    result = hub.write(heater.bus.line, request)
    pause(profile.writes["set_room_t"].settle_ms / 1000)
    block = read_back(profile, "set_room_t")
    assert block is not None  # the point was just read
    after = hub.read(heater.bus.line, heater.unit, block, unit_bytes=profile.limits.unit_bytes)
    seen = decode(profile, merge_results([(block, after.registers)]), asked={"set_room_t"}) if after.ok else Decoded()
    same = result.ok and seen.values.get("set_room_t") == now
    frames = (f"→ {result.sent}", f"← {result.answer}", f"→ {after.sent}", f"← {after.answer}")
    return Line("WRITE", same, {"status": result.status}), frames
