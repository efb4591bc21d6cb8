"""The canonical points of a heater (annex 2 of the 2020 district plan) and the flags a value can carry."""

from __future__ import annotations

from enum import IntFlag

# name -> (shape, unit). "measure" values travel as whole tenths of the unit, "flag" as 0 or 1,
# "code" as an index into MODES, "bits" as a bit mask (or the board's own fault number).
POINTS: dict[str, tuple[str, str]] = {
    "supply_t": ("measure", "°C"),
    "return_t": ("measure", "°C"),
    "outdoor_t": ("measure", "°C"),
    "room_t": ("measure", "°C"),
    "set_room_t": ("measure", "°C"),
    "set_water_t": ("measure", "°C"),
    "energy_kwh": ("measure", "kWh"),
    "power": ("measure", "kW"),
    "running": ("flag", ""),
    "mode": ("code", ""),
    "fault": ("bits", ""),
}
# Annex 2 item 1: a profile that lacks one of these is a draft and can't be certified.
REQUIRED_POINTS = ("supply_t", "return_t", "outdoor_t", "set_room_t", "running", "mode", "fault")
# Annex 2 item 2: what must be writable.
REQUIRED_WRITES = ("set_room_t", "running", "mode", "reset")
WRITE_NAMES = ("set_room_t", "set_water_t", "running", "mode", "reset")

# The stored number of a mode is its place here; append only.
MODES = ("off", "heat", "cool", "dhw", "defrost", "auto", "fan", "eco", "boost", "frost_guard")


class Quality(IntFlag):
    """Flags of one value or of a whole poll (the flags of its values together)."""

    GOOD = 0
    STALE = 1
    OUT_OF_RANGE = 2
    SENSOR_BROKEN = 4
    JUMP = 8
    PARTIAL = 16
    UNCERTIFIED = 32
    LATE = 64
    MAINTENANCE = 128
    UNKNOWN_CODE = 256
    REFUSED = 512  # of a heater's newest entry only: it has answered with nothing but errors since
