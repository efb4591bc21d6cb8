"""The short form of the docking test for acceptance at the door (J-31): ten minutes, one heater, no risk to the home.

Ten good reads, temperatures a room and a heater can have (beside the installer's thermometer, where he has one), and
the present set temperature written once more with read-back, so that nothing changes for the household.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
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
THERMOMETER_C = Decimal(3)
"""How far the heater's own room sensor may be from the installer's thermometer."""
PLAUSIBLE_DC = {"supply_t": (-300, 950), "return_t": (-300, 950), "outdoor_t": (-450, 500), "room_t": (-100, 450)}


@dataclass(frozen=True)
class Line:
    """One line of the sheet. `passed` None: it could not be judged (a profile without that point)."""

    code: str
    passed: bool | None
    words: str


@dataclass(frozen=True)
class SiteCheck:
    """What was found at the heater, with the values it said last (tenths) and the frames of the write."""

    heater: str
    at: dt.datetime
    lines: tuple[Line, ...]
    values: dict[str, int | None]
    frames: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return all(line.passed is not False for line in self.lines) and any(line.passed for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """For the acceptance that keeps it."""
        lines = [{"code": line.code, "passed": line.passed, "words": line.words} for line in self.lines]
        told = {"heater": self.heater, "at": self.at.isoformat(), "passed": self.passed, "lines": lines}
        return told | {"values": self.values, "frames": list(self.frames)}


def check_on_site(
    *, heater: Heater, hub: HubClient, now: dt.datetime, thermometer_c: Decimal | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> SiteCheck:  # fmt: skip
    """Ask the heater now. Nothing is stored; a hub that is away is a line that failed, not an exception."""
    try:
        good, decoded = _reads(heater, hub, profile_of(heater))
        written, frames = _same_value(heater, hub, decoded, pause)
    except (HubUnavailable, HubRefused) as error:
        line = Line("READS", False, _("The lines of the portal can't be reached: %(why)s") % {"why": error})
        return SiteCheck(heater.platform_no, now, (line,), {}, ())
    words = _("%(good)d of %(all)d reads were good") % {"good": good, "all": READS}
    lines = (Line("READS", good == READS, words), *_temperatures(decoded, thermometer_c), written)
    return SiteCheck(heater.platform_no, now, lines, decoded.values, frames)


def _reads(heater: Heater, hub: HubClient, profile: Profile) -> tuple[int, Decoded]:
    """How many of ten whole reads were answered, and what the last good one said."""
    good, decoded = 0, Decoded()
    for _i in range(READS):
        width = profile.limits.unit_bytes
        read = [(b, hub.read(heater.bus.line, heater.unit, b, 5.0, unit_bytes=width)) for b in plan(profile)]
        if all(one.ok for _block, one in read):
            good += 1
            decoded = decode(profile, merge_results((block, one.registers) for block, one in read))
    return good, decoded


def _temperatures(decoded: Decoded, thermometer_c: Decimal | None) -> list[Line]:
    """One line for what every temperature says, one for the room beside the thermometer."""
    odd = [name for name, (low, high) in PLAUSIBLE_DC.items() if _is_odd(decoded, name, low, high)]
    words = _("temperatures are plausible") if not odd else _("not plausible: %(points)s") % {"points": ", ".join(odd)}
    lines = [Line("TEMPERATURES", not odd and bool(decoded.values), words)]
    room = decoded.values.get("room_t")
    if thermometer_c is not None and room is not None:
        apart = abs(Decimal(room) / 10 - thermometer_c)
        words = _("the heater says %(said)s ℃, the thermometer %(seen)s ℃")
        told = {"said": f"{room / 10:.1f}", "seen": f"{thermometer_c:.1f}"}
        lines.append(Line("THERMOMETER", apart <= THERMOMETER_C, words % told))
    return lines


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
        return Line("WRITE", None, _("there is no set temperature to write again")), ()
    try:
        request = encode_write(profile, heater.unit, "set_room_t", now)
    except WriteRefused as error:
        return Line("WRITE", None, str(error)), ()
    result = hub.write(heater.bus.line, request)
    pause(profile.writes["set_room_t"].settle_ms / 1000)
    block = read_back(profile, "set_room_t")
    assert block is not None  # the point was just read
    after = hub.read(heater.bus.line, heater.unit, block, unit_bytes=profile.limits.unit_bytes)
    seen = decode(profile, merge_results([(block, after.registers)]), asked={"set_room_t"}) if after.ok else Decoded()
    same = result.ok and seen.values.get("set_room_t") == now
    words = _("the set temperature was written again and read back") if same else _("writing: %(status)s")
    frames = (f"→ {result.sent}", f"← {result.answer}", f"→ {after.sent}", f"← {after.answer}")
    return Line("WRITE", same, words % {} if same else words % {"status": result.status}), frames
