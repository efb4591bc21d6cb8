"""The installation record: twelve items of annex 2-5 (J-30) and what the works cost, checked all at once.

The same check serves the page and the workbook: text in, typed record or a list of faults out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Area
from core.identity import phone_problem
from core.money import MoneyError, parse_yuan
from devices.models import DeviceModel, Heater, Supplier
from devices.services.certificates import standing_of
from devices.services.heaters import address_problems
from retrofits.costs import KIND_SHAPE
from retrofits.faults import Fault
from retrofits.models import Admission, Installation, Task
from retrofits.site_rules import box_of

LABELS = {
    "town_name": gettext_lazy("town"),
    "village_name": gettext_lazy("village"),
    "door_no": gettext_lazy("door number"),
    "occupant_name": gettext_lazy("occupant"),
    "occupant_phone": gettext_lazy("occupant's phone"),
    "heated_area_m2": gettext_lazy("heated area"),
    "longitude": gettext_lazy("longitude"),
    "latitude": gettext_lazy("latitude"),
    "manufacturer": gettext_lazy("manufacturer"),
    "device_name": gettext_lazy("device"),
    "model_no": gettext_lazy("model"),
    "factory_address_code": gettext_lazy("factory address code"),
    "wireless_address_code": gettext_lazy("wireless unit address code"),
    "supplier": gettext_lazy("supplier"),
    "installed_on": gettext_lazy("installed on"),
    "unit": gettext_lazy("unit on the line"),
    "line": gettext_lazy("line"),
    "costs": gettext_lazy("costs"),
}
OF_THE_HEATER = ("factory_address_code", "wireless_address_code", "unit")
LONGITUDE, LATITUDE = (Decimal(73), Decimal(136)), (Decimal(3), Decimal(54))
AREA_M2 = (Decimal(5), Decimal(10_000))
MAX_COST_FEN = 100_000_000_00
TEXT_MAX = {"town_name": 60, "village_name": 60, "door_no": 60, "occupant_name": 40, "manufacturer": 120,
            "device_name": 80, "model_no": 60, "factory_address_code": 60, "wireless_address_code": 60}  # fmt: skip


@dataclass(frozen=True)
class CostEntry:
    """One cost position as written: kind, amount in yuan, number of the invoice."""

    kind: str
    amount: str
    invoice_no: str = ""


@dataclass(frozen=True)
class InstallationEntry:
    """What somebody wrote down at the installation, all as text. `line` is only needed where the wireless unit's
    code is not the line (serial bus); `unit` is the heater's number on the line."""

    town_name: str = ""
    village_name: str = ""
    door_no: str = ""
    occupant_name: str = ""
    occupant_phone: str = ""
    heated_area_m2: str = ""
    longitude: str = ""
    latitude: str = ""
    manufacturer: str = ""
    device_name: str = ""
    model_no: str = ""
    factory_address_code: str = ""
    wireless_address_code: str = ""
    supplier: str = ""
    installed_on: str = ""
    unit: str = ""
    line: str = ""
    costs: tuple[CostEntry, ...] = ()


@dataclass
class Record:
    """The entry in the types of the tables; `heater` values are set where the technology has a heater."""

    values: dict[str, Any] = field(default_factory=dict)
    supplier: Supplier | None = None
    device_model: DeviceModel | None = None
    line: str = ""
    unit: int | None = None
    costs: list[tuple[str, int, str]] = field(default_factory=list)


def check_entry(entry: InstallationEntry, task: Task, *, on: date) -> tuple[Record, list[Fault]]:
    """The record, and everything wrong with the entry. The record may be stored only when there is no fault."""
    check = _Check(entry, task, on)
    check.run()
    return check.record, check.faults


def tidy(value: str) -> str:
    """Half-width, without spaces at the ends: full-width digits are a keyboard's, not a clerk's, mistake."""
    return unicodedata.normalize("NFKC", value).strip()


class _Check:
    def __init__(self, entry: InstallationEntry, task: Task, on: date) -> None:
        self.text = {f.name: tidy(getattr(entry, f.name)) for f in fields(entry) if f.name != "costs"}
        self.costs, self.task, self.on = entry.costs, task, on
        self.record, self.faults = Record(), []
        self.with_heater = task.technology.has_heater

    def fault(self, name: str, code: str, sentence: str) -> None:
        self.faults.append(Fault(name, code, sentence))

    def run(self) -> None:
        self._missing()
        self._texts()
        self._place()
        self._numbers()
        self._date()
        self._supplier()
        if self.with_heater:
            self._heater()
        self._costs()

    def _missing(self) -> None:
        optional = {"line"} if self.with_heater else {"line", *OF_THE_HEATER}
        for name, text in self.text.items():
            if not text and name not in optional:
                self.fault(name, "MISSING", _("%(label)s is missing") % {"label": LABELS[name]})

    def _texts(self) -> None:
        for name, limit in TEXT_MAX.items():
            if len(self.text[name]) > limit:
                words = _("%(label)s is longer than %(limit)d characters")
                self.fault(name, "TOO_LONG", words % {"label": LABELS[name], "limit": limit})
            self.record.values[name] = self.text[name]
        phone = self.text["occupant_phone"].replace(" ", "").replace("-", "")
        if phone and phone_problem(phone):
            self.fault(
                "occupant_phone", "PHONE", _("“%(phone)s” is no mobile number of 11 digits") % {"phone": phone[:20]}
            )
        self.record.values["occupant_phone"] = phone

    def _place(self) -> None:
        """Town and village must be those of the task; a record in the wrong village would be paid in the wrong list."""
        village = self.task.area
        for name, area in (("village_name", village), ("town_name", village.parent)):
            text = self.text[name]
            if text and area and text not in {tidy(known) for known in (area.name, *area.aliases)}:
                words = _("%(label)s: “%(text)s” is not “%(name)s”, where the task lies")
                self.fault(name, "OTHER_PLACE", words % {"label": LABELS[name], "text": text[:60], "name": area.name})

    def _numbers(self) -> None:
        self._number("heated_area_m2", AREA_M2, "0.01", _("%(label)s must be between %(low)s and %(high)s m²"))
        if self._are_swapped():
            words = _("longitude and latitude look swapped: %(longitude)s and %(latitude)s")
            self.fault(
                "longitude", "SWAPPED", words % {name: self.text[name][:20] for name in ("longitude", "latitude")}
            )
            return
        words = _("%(label)s must lie between %(low)s and %(high)s degrees")
        self._number("longitude", LONGITUDE, "0.000001", words)
        self._number("latitude", LATITUDE, "0.000001", words)
        self._inside()

    def _inside(self) -> None:
        """J-30: the place on the map lies where the task lies, as far as the programme says where that is."""
        box = box_of(self.task.programme.settings, self.task.area_id)
        found = [self.record.values.get(name) for name in ("longitude", "latitude")]
        if box is None or None in found or box.holds(*found):
            return
        words = _("%(place)s, %(degrees)s lies outside %(area)s (%(box)s degrees); read the place again at the door")
        area = Area.objects.filter(code=box.area).values_list("name", flat=True).first() or box.area
        self.fault("longitude", "OUTSIDE", words % {
            "place": f"{found[0]}", "degrees": f"{found[1]}", "area": area, "box": box})  # fmt: skip

    def _are_swapped(self) -> bool:
        """Each lies outside China where it stands, and inside where the other does."""
        longitude, latitude = _decimal(self.text["longitude"]), _decimal(self.text["latitude"])
        if longitude is None or latitude is None or LONGITUDE[0] <= longitude <= LONGITUDE[1]:
            return False
        return LATITUDE[0] <= longitude <= LATITUDE[1] and LONGITUDE[0] <= latitude <= LONGITUDE[1]

    def _number(self, name: str, span: tuple[Decimal, Decimal], step: str, words: str) -> None:
        if not self.text[name]:
            return
        value = _decimal(self.text[name])
        if value is None:
            text = _("%(label)s: “%(text)s” is not a number") % {"label": LABELS[name], "text": self.text[name][:30]}
            self.fault(name, "NUMBER", text)
        elif not span[0] <= value <= span[1]:
            self.fault(name, "RANGE", words % {"label": LABELS[name], "low": span[0], "high": span[1]})
        else:
            self.record.values[name] = value.quantize(Decimal(step))

    def _date(self) -> None:
        text = self.text["installed_on"]
        day = _day(text)
        if text and day is None:
            self.fault(
                "installed_on", "DATE", _("“%(text)s” is no date; write it like 2021-12-08") % {"text": text[:20]}
            )
        elif day and day > self.on:
            self.fault("installed_on", "FUTURE", _("the installation can't lie in the future (%(day)s)") % {"day": day})
        self.record.values["installed_on"] = day

    def _supplier(self) -> None:
        name = self.text["supplier"]
        found = list(Supplier.objects.filter(code=name) or Supplier.objects.filter(name=name)[:2]) if name else []
        supplier = found[0] if len(found) == 1 else None
        if len(found) > 1:
            words = _("several suppliers are called “%(name)s”; write the supplier's code instead")
            self.fault("supplier", "TWO_SUPPLIERS", words % {"name": name[:60]})
        elif name and supplier is None:
            words = _("the supplier “%(name)s” is not registered; register it first")
            self.fault("supplier", "UNKNOWN_SUPPLIER", words % {"name": name[:60]})
        self.record.supplier = supplier
        model = self.text["model_no"]
        if supplier and model:
            self.record.device_model = DeviceModel.objects.filter(supplier=supplier, model_no=model).first()

    def _heater(self) -> None:
        self._model()
        code = self.text["factory_address_code"]
        if code and Installation.objects.filter(factory_address_code=code).exists():
            self.fault(
                "factory_address_code",
                "TAKEN",
                _("the factory code %(code)s is already installed elsewhere") % {"code": code},
            )
        elif code and Heater.objects.filter(factory_no=code).exists():
            self.fault(
                "factory_address_code",
                "TAKEN",
                _("a heater with the factory code %(code)s exists already") % {"code": code},
            )
        self._address()

    def _model(self) -> None:
        """J-29: no installation of a model without its data-docking confirmation."""
        model = self.record.device_model
        if self.record.supplier and self.text["model_no"] and model is None:
            words = _("%(supplier)s has no registered model “%(model)s”")
            self.fault(
                "model_no", "UNKNOWN_MODEL", words % {"supplier": self.record.supplier, "model": self.text["model_no"]}
            )
        elif model and (model.profile_id is None or not standing_of(model, self.on).holds):
            words = _("the model %(model)s has no data-docking confirmation yet and must not be installed")
            self.fault("model_no", "NOT_DOCKED", words % {"model": model})

    def _address(self) -> None:
        wireless, unit = self.text["wireless_address_code"], self.text["unit"]
        self.record.line = self.text["line"] or (f"dtu:{wireless}" if wireless else "")
        self.record.unit = int(unit) if unit.isascii() and unit.isdigit() and len(unit) < 6 else None
        if not self.record.line or not unit:
            return
        for problem in address_problems(line=self.record.line, unit=self.record.unit):
            name = "wireless_address_code" if problem.field == "line" and not self.text["line"] else problem.field
            self.fault(name, problem.code, problem.sentence)

    def _costs(self) -> None:
        written = [cost for cost in self.costs if cost.kind or cost.amount]
        if not written:
            self.fault("costs", "MISSING", _("enter at least one cost position"))
        for number, cost in enumerate(written, 1):
            self._cost(number, cost)
        if any(fen for _kind, fen, _invoice in self.record.costs) and self._is_pilot():
            words = _("%(firm)s is admitted for a demonstration site: it bears the cost itself; enter 0 (L-25)")
            self.fault("costs", "PILOT_COST", words % {"firm": self.record.supplier})

    def _is_pilot(self) -> bool:
        """L-25: whether the firm is in the programme only for a demonstration site."""
        alive = Admission.objects.filter(programme=self.task.programme, supplier=self.record.supplier, ended_on=None)
        return self.record.supplier is not None and alive.filter(is_pilot=True).exists()

    def _cost(self, number: int, cost: CostEntry) -> None:
        if not KIND_SHAPE.fullmatch(cost.kind):
            self.fault("costs", "KIND", _("cost %(n)d: choose what it was for") % {"n": number})
        try:
            fen = parse_yuan(cost.amount)
        except MoneyError:
            words = _("cost %(n)d: “%(amount)s” is not an amount in yuan")
            self.fault("costs", "AMOUNT", words % {"n": number, "amount": cost.amount[:20]})
            return
        if not 0 <= fen <= MAX_COST_FEN:
            self.fault("costs", "AMOUNT", _("cost %(n)d: the amount must lie between 0 and 1 亿 yuan") % {"n": number})
        self.record.costs.append((cost.kind, fen, tidy(cost.invoice_no)[:40]))


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return value if value.is_finite() and len(text) < 30 else None


def _day(text: str) -> date | None:
    """2021-12-08, 2021/12/8, 2021.12.8, 20211208 or 2021年12月8日."""
    digits = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").replace(".", "-")
    if len(digits) == 8 and digits.isdigit():
        digits = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
    shape: Callable[[str], date] = lambda parts: date(*(int(part) for part in parts.split("-")))  # noqa: E731
    try:
        return shape(digits.split(" ")[0])
    except (ValueError, TypeError):
        return None
