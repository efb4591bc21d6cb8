"""The readings of one heater as a workbook: what was said and when, nothing where nothing was said."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.workbooks.columns import DATE, DATETIME, DECIMAL, INTEGER, Column, Row
from core.workbooks.write import LedgerWriter
from devices.models import Heater
from devices.protocol.points import Quality
from devices.protocol.profiles import Profile
from telemetry import registers
from telemetry.charts import Span
from telemetry.days import Day

MOST = 25_000
FLAGS = {
    Quality.STALE: gettext_lazy("values stand still"),
    Quality.OUT_OF_RANGE: gettext_lazy("out of range"),
    Quality.SENSOR_BROKEN: gettext_lazy("sensor broken"),
    Quality.JUMP: gettext_lazy("jump"),
    Quality.PARTIAL: gettext_lazy("read in part"),
    Quality.UNCERTIFIED: gettext_lazy("model without a valid docking confirmation"),
    Quality.LATE: gettext_lazy("late"),
    Quality.MAINTENANCE: gettext_lazy("under maintenance"),
    Quality.UNKNOWN_CODE: gettext_lazy("unknown code"),
}
_READ = (
    "at", "supply_dc", "return_dc", "outdoor_dc", "room_dc", "set_room_dc", "running", "mode", "fault", "power_w",
    "energy_dkwh", "flags",
)  # fmt: skip


def readings_sheet(heater: Heater, profile: Profile, span: Span, now: dt.datetime) -> bytes:
    """Every reading of the span, oldest first; the newest 25,000 where there are more."""
    rows = heater.readings.filter(at__gt=now - span.length, at__lte=now).order_by("-at").values(*_READ)[:MOST]
    return _written(heater, span, now, _reading_columns(profile), (_reading(profile, row) for row in reversed(rows)))


def days_sheet(heater: Heater, days: Iterable[Day], span: Span, now: dt.datetime) -> bytes:
    """A season by day, oldest first; a day nobody heard is a row without numbers."""
    return _written(heater, span, now, _day_columns(), map(_day, reversed(list(days))))


def _written(heater: Heater, span: Span, now: dt.datetime, columns: list[Column], rows: Iterable[Row]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "heater.xlsx"
        LedgerWriter(
            path, columns, titles=[f"{heater.platform_no} {heater.device_model} · {heater.area.name}"],
            query={
                _("Heater"): heater.platform_no, _("Line"): f"{heater.bus.line} / {heater.unit}",
                _("Register profile"): str(heater.profile), _("Span of time"): str(span.label),
                _("Written at"): f"{now:%Y-%m-%d %H:%M} UTC",
            },
            sheet_name=heater.platform_no, created=now,
        ).write(rows)  # fmt: skip
        return path.read_bytes()


def _reading_columns(profile: Profile) -> list[Column]:
    warm, cool = registers.meaning("supply_t"), registers.meaning("return_t")
    measures = [("supply_dc", warm), ("return_dc", cool)]
    measures += [(f"{name}_dc", registers.meaning(f"{name}_t")) for name in ("outdoor", "room", "set_room")]
    return [
        Column("at", _("Time"), DATETIME, width=20.0),
        *(Column(key, title, DECIMAL, "℃") for key, title in measures),
        Column("running", registers.meaning("running")), Column("mode", registers.meaning("mode")),
        Column("fault", registers.meaning("fault"), width=24.0),
        Column("power_w", registers.meaning("power"), INTEGER, "W"),
        Column("energy_dkwh", registers.meaning("energy_kwh"), DECIMAL, "kWh"),
        Column("flags", _("quality"), width=24.0),
    ]  # fmt: skip


def _reading(profile: Profile, row: dict[str, Any]) -> Row:
    state = {True: _("switched on"), False: _("switched off"), None: None}[row["running"]]
    return row | {key: _tenths(row[key]) for key in row if key.endswith(("_dc", "_dkwh"))} | {
        "running": state, "mode": registers.mode_words(row["mode"]) or None,
        "fault": registers.fault_words(profile, row["fault"]) if row["fault"] else None,
        "flags": "、".join(str(words) for flag, words in FLAGS.items() if row["flags"] & flag) or None,
    }  # fmt: skip


def _day_columns() -> list[Column]:
    return [
        Column("day", _("Day"), DATE), Column("hours", _("hours heard"), INTEGER),
        *(Column(key, words, DECIMAL, "℃") for key, words in (
            ("supply_min_dc", _("supply, lowest")), ("supply_max_dc", _("supply, highest")),
            ("room_min_dc", _("room, lowest")), ("room_avg_dc", _("room, mean")), ("room_max_dc", _("room, highest")),
            ("outdoor_avg_dc", _("outdoor, mean")),
        )),
        Column("hours_on", _("hours on"), DECIMAL), Column("energy_kwh", _("energy"), DECIMAL, "kWh", total=True),
    ]  # fmt: skip


def _day(day: Day) -> Row:
    keys = ("supply_min_dc", "supply_max_dc", "room_min_dc", "room_avg_dc", "room_max_dc", "outdoor_avg_dc")
    measures = {key: _tenths(getattr(day, key)) for key in keys}
    heard: dict[str, Any] = {"hours": day.hours, "hours_on": day.hours_on, "energy_kwh": day.energy_kwh}
    return {"day": day.day, **measures, **heard}


def _tenths(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value) / 10
