"""The registers of one heater as its profile describes them, beside what was read from them and how its line is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from devices.hub.client import HubUnavailable
from devices.hub_access import hub_client
from devices.models import Heater
from devices.protocol.decoder import decode
from devices.protocol.planner import merge_results, plan
from devices.protocol.points import MODES, POINTS
from devices.protocol.profiles import Point, Profile, Write
from telemetry import poller
from telemetry.models import LatestReading

HUB_WAIT_S = 1.0
READ_WAIT_S = 6.0
MEANINGS = {
    "supply_t": gettext_noop("supply temperature"),
    "return_t": gettext_noop("return temperature"),
    "outdoor_t": gettext_noop("outdoor temperature"),
    "room_t": gettext_noop("room temperature"),
    "set_room_t": gettext_noop("set room temperature"),
    "set_water_t": gettext_noop("set water temperature"),
    "energy_kwh": gettext_noop("energy used"),
    "power": gettext_noop("electrical power"),
    "running": gettext_noop("on or off"),
    "mode": gettext_noop("mode of operation"),
    "fault": gettext_noop("fault code"),
    "reset": gettext_noop("reset of alarms"),
}
MODE_WORDS = {
    "off": gettext_noop("mode off"),
    "heat": gettext_noop("heating"),
    "cool": gettext_noop("cooling"),
    "dhw": gettext_noop("hot water"),
    "defrost": gettext_noop("defrosting"),
    "auto": gettext_noop("automatic"),
    "fan": gettext_noop("fan only"),
    "eco": gettext_noop("economy"),
    "boost": gettext_noop("boost"),
    "frost_guard": gettext_noop("frost guard"),
}
UNITS = {"°C": "℃"}
_BY_POINT = {point: column for column, point in poller.MEASURED.items()} | {"running": "running"}


@dataclass(frozen=True)
class RegisterRow:
    """`value` is worded; `raw` the registers in hex as they came over the wire, "" when nobody read them now."""

    address: str
    meaning: str
    kind: str
    raw: str
    value: str
    is_read: bool
    is_written: bool


@dataclass(frozen=True)
class Snapshot:
    """What the heater said just now to a person who asked; `trouble` says why it said nothing."""

    at: dt.datetime
    registers: Mapping[tuple[str, int], int] = field(default_factory=dict)
    took_ms: int = 0
    trouble: str = ""


def rows(profile: Profile, latest: LatestReading | None, snapshot: Snapshot | None = None) -> list[RegisterRow]:
    """One row per point of the profile in the order of addresses, then the writes that can't be read."""
    registers = snapshot.registers if snapshot else {}
    values = decode(profile, registers).values if registers else stored_values(latest)
    written = {write.target.name for write in profile.writes.values() if _is_readable(profile, write)}
    points = sorted(profile.points.values(), key=lambda point: (point.table, point.addr))
    found = [
        _row(point, raw_hex(point, registers), words_of(profile, point.name, values.get(point.name)), written)
        for point in points
    ]
    blind = (write for write in profile.writes.values() if not _is_readable(profile, write))
    return found + [
        RegisterRow(_address(write.target), meaning(write.name), _("switch"), "", "", False, True) for write in blind
    ]


def _is_readable(profile: Profile, write: Write) -> bool:
    """Whether a write goes to a point that is also read, and not to a register of its own like a reset."""
    return profile.points.get(write.target.name) == write.target


def _row(point: Point, raw: str, value: str, written: set[str]) -> RegisterRow:
    return RegisterRow(_address(point), meaning(point.name), _kind(point), raw, value, True, point.name in written)


def stored_values(latest: LatestReading | None) -> dict[str, int | None]:
    """The newest reading by point, in the numbers of the decoder."""
    if latest is None or latest.at is None:
        return {}
    values: dict[str, int | None] = {point: getattr(latest, column) for point, column in _BY_POINT.items()}
    values["running"] = None if latest.running is None else int(latest.running)
    values["power"] = None if latest.power_w is None else latest.power_w // 100
    return values


def read_now(heater: Heater, profile: Profile, now: dt.datetime) -> Snapshot:
    """Ask the heater itself, ahead of the polls; takes at most a few seconds. What the board refuses is left out."""
    answers, took, refused = [], 0.0, False
    try:
        with hub_client(timeout_s=HUB_WAIT_S) as hub:
            for block in plan(profile):
                result = hub.read(heater.bus.line, heater.unit, block, deadline_s=READ_WAIT_S)
                took += result.took_ms
                refused = refused or result.status == poller.REFUSED
                if result.ok:
                    answers.append((block, result.registers))
                elif result.status != poller.REFUSED:
                    return Snapshot(now, took_ms=int(took), trouble=why(result.status))
    except HubUnavailable:
        return Snapshot(now, trouble=_("The hub, which holds the lines, can't be reached."))
    if refused and not answers:
        return Snapshot(now, took_ms=int(took), trouble=why(poller.REFUSED))
    return Snapshot(now, merge_results(answers), int(took))


def link_of(heater: Heater) -> dict[str, Any]:
    """The hub's counters of the heater's line; `trouble` when the hub is away or the line unknown to it."""
    try:
        with hub_client(timeout_s=HUB_WAIT_S) as hub:
            found = hub.lines([heater.bus.line], wait_s=HUB_WAIT_S)
    except HubUnavailable:
        return {"trouble": _("The hub, which holds the lines, can't be reached.")}
    return found[0] if found else {"trouble": _("The hub has not seen this line yet.")}


def meaning(name: str) -> str:
    return _(MEANINGS[name]) if name in MEANINGS else name


def words_of(profile: Profile, name: str, value: int | None) -> str:
    """A value as people read it; "" when there is none."""
    if value is None:
        return ""
    shape, unit = POINTS[name]
    if shape == "measure":
        return f"{value / 10:.1f} {UNITS.get(unit, unit)}".replace("-", "−")
    if shape == "flag":
        return _("switched on") if value else _("switched off")
    if shape == "code":
        return mode_words(value)
    return fault_words(profile, value) if value else _("none (no fault)")


def mode_words(mode: int | None) -> str:
    if mode is None or not 0 <= mode < len(MODES):
        return ""
    return _(MODE_WORDS[MODES[mode]])


def fault_words(profile: Profile, mask: int) -> str:
    """Codes and meanings of a fault mask, as the vendor's profile names them."""
    return "、".join(f"{code} {text}".strip() for code, text in profile.fault_texts(mask, get_language() or ""))


def why(reason: str) -> str:
    """Why a heater gave no answer."""
    words = {
        "timeout": _("the unit does not answer (breaker off, or cable loose)"),
        "offline": _("the line has no connection (gateway without power or network)"),
        "refused": _("the board refuses the question"),
        "out_of_step": _("the line answers too late"),
        "expired": _("there was no time left in this cycle"),
        "unasked": _("it was not asked"),
    }
    return words.get(reason, reason)


def raw_hex(point: Point, registers: Mapping[tuple[str, int], int]) -> str:
    words = [registers.get((point.table, addr)) for addr in range(point.addr, point.end)]
    return " ".join(f"{word:04X}" for word in words if word is not None) if None not in words else ""


def _address(point: Point) -> str:
    return f"{point.table} 0x{point.addr:04X}"


def _kind(point: Point) -> str:
    kinds = {"flag": _("switch"), "code": _("code value"), "bits": _("bits")}
    if point.shape != "measure":
        return kinds[point.shape]
    sign = "" if point.signed else "U"
    return f"{sign}INT{16 * point.length} ×{float(point.scale):g}"
