"""Points, values and deeds in a person's words; what a command asks for is shown by the same words everywhere."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from devices.protocol.points import MODES, POINTS

POINT_WORDS = {
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
    "frost_guard": gettext_noop("frost protection"),
}


def point_words(point: str) -> str:
    return _(POINT_WORDS.get(point, point))


def mode_words(mode: str) -> str:
    return _(MODE_WORDS.get(mode, mode))


def value_words(point: str, value: Decimal | None) -> str:
    """A value of a command: degrees, on or off, the name of a mode, the number of a fault; "—" for none."""
    if value is None:
        return "—"
    if point == "running":
        return _("on") if value else _("off")
    if point == "mode":
        return mode_words(MODES[int(value)]) if 0 <= value < len(MODES) else f"{value:g}"
    if point == "reset":
        return _("no fault") if value == 0 else _("fault %(n)s") % {"n": int(value)}
    return f"{value:.1f} ℃" if POINTS.get(point, ("", ""))[1] == "°C" else f"{value:g}"


def deed_words(point: str, asked: Decimal) -> str:
    """What somebody wants: “set room temperature 21.0 °C”, “switch off”, “reset of alarms”."""
    if point == "reset":
        return point_words(point)
    if point == "running":
        return _("switch on") if asked else _("switch off")
    return f"{point_words(point)} {value_words(point, asked)}"


def change_words(point: str, before: Decimal | None, asked: Decimal) -> str:
    """The same with what was there before: “set room temperature 19.0 ℃ → 21.0 ℃”."""
    if before is None or point == "reset":
        return deed_words(point, asked)
    return f"{point_words(point)} {value_words(point, before)} → {value_words(point, asked)}"
