"""Heaters come into the portal: profiles as rows, a heater with its line and unit at a dwelling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from core.refusals import Refused
from devices.models import Bus, DeviceModel, Gateway, Heater, RegisterProfile, Supplier
from devices.protocol.profile_files import PROFILE_FOLDER, bundled_profile, parse_profile
from households.models import Dwelling

LAST_UNIT = 247
LINE = re.compile(r"(dtu):([0-9A-Za-z_-]{4,40})|(serial):([^\s:]{1,100})|(tcp|mbtcp):([^\s:]{1,90}:[0-9]{1,5})")


@dataclass(frozen=True)
class AddressProblem:
    """Why a line or unit can't be used: `field` is "line" or "unit"."""

    field: str
    code: str
    sentence: str


@transaction.atomic
def store_profile(*, name: str, by: Any) -> RegisterProfile:
    """The repository's register profile of that name as a row; its newest version, stored once and released."""
    profile = bundled_profile(name)
    document = (PROFILE_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    values = {"document": document, "sha256": profile.digest, "state": RegisterProfile.State.RELEASED}
    row, _made = RegisterProfile.objects.get_or_create(name=profile.name, version=profile.version, defaults=values)
    return row


@transaction.atomic
def register_heater(
    *, dwelling: Dwelling, device_model: DeviceModel, factory_no: str, line: str, unit: int, installed_on: date, by: Any
) -> Heater:
    """Put a heater at a dwelling and on a line: `dtu:<id>`, `serial:<name>` or `tcp:<host>:<port>`; unit 1 to 247
    (to 65535 for boards whose profile says ``unit_bytes: 2``).

    Line and gateway are made when they are new. Raises `Refused` HEATER_ADDRESS, FACTORY_CODE_TAKEN or
    MODEL_NO_PROFILE.
    """
    if device_model.profile is None:
        raise Refused("MODEL_NO_PROFILE", _("The model %(model)s has no register profile."), model=str(device_model))
    last_unit = parse_profile(device_model.profile.document).limits.last_unit
    _refuse_taken(address_problems(line=line, unit=unit, last_unit=last_unit), factory_no)
    platform_id = _next_id()
    return Heater.objects.create(
        pk=platform_id,
        platform_no=f"H{platform_id:07d}",
        area_id=dwelling.area_id,
        dwelling=dwelling,
        device_model=device_model,
        profile=device_model.profile,
        factory_no=factory_no,
        bus=_bus(line, dwelling.area_id, device_model.profile),
        unit=unit,
        installed_on=installed_on,
    )


@transaction.atomic
def remove_heater(*, heater: Heater, on: date, by: Any) -> Heater:
    """The heater was taken away on that day: it is polled no more and its address is free. Raises `Refused`
    HEATER_REMOVAL for a second removal or a day before the installation.
    """
    heater = Heater.objects.select_for_update().get(pk=heater.pk)
    if heater.removed_on or on < heater.installed_on:
        raise Refused(
            "HEATER_REMOVAL", _("%(heater)s can't be taken away on %(day)s: it came on %(came)s and went on %(went)s."),
            heater=heater.platform_no, day=on, came=heater.installed_on, went=heater.removed_on or "—",
        )  # fmt: skip
    heater.removed_on, heater.poll_enabled = on, False
    heater.save(update_fields=["removed_on", "poll_enabled"])
    return heater


def address_problems(*, line: str, unit: int | None, last_unit: int = LAST_UNIT) -> list[AddressProblem]:
    """What keeps a heater from having this address, all at once; empty when it is free."""
    found = []
    if not LINE.fullmatch(line):
        words = _("“%(line)s” is no line: write dtu:<id>, serial:<name> or tcp:<host>:<port>") % {"line": line[:60]}
        found.append(AddressProblem("line", "LINE_SHAPE", words))
    if unit not in range(1, last_unit + 1):
        words = _("the unit must be a number from 1 to %(last)d") % {"last": last_unit}
        found.append(AddressProblem("unit", "UNIT_RANGE", words))
    if not found:
        holder = Heater.objects.filter(bus__line=line, unit=unit, removed_on__isnull=True).first()
        if holder:
            words = _("unit %(unit)s on %(line)s already belongs to heater %(heater)s")
            found.append(
                AddressProblem(
                    "unit", "ADDRESS_TAKEN", words % {"unit": unit, "line": line, "heater": holder.platform_no}
                )
            )
    return found


def _refuse_taken(problems: list[AddressProblem], factory_no: str) -> None:
    if problems:
        raise Refused("HEATER_ADDRESS", "; ".join(problem.sentence for problem in problems).replace("%", "%%"))
    if Heater.objects.filter(factory_no=factory_no).exists():
        words = _("A heater with the factory code %(code)s is already registered.")
        raise Refused("FACTORY_CODE_TAKEN", words % {"code": factory_no})


def _bus(line: str, area_code: str, profile: RegisterProfile) -> Bus:
    known = Bus.objects.filter(line=line).first()
    if known:
        return known
    kind, _sign, name = line.partition(":")
    gateway = Gateway.objects.get_or_create(dtu_id=name, defaults={"area_id": area_code})[0] if kind == "dtu" else None
    defaults = {"area_id": area_code, "gateway": gateway, "baud": parse_profile(profile.document).serial.baud}
    return Bus.objects.get_or_create(line=line, defaults=defaults)[0]


def _next_id() -> int:
    """The key is drawn first, so that the platform number can be made of it in one insert."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('devices_heater', 'id'))")
        return int(cursor.fetchone()[0])


def register_supplier(*, code: str, name: str, by: Any, admitted_on: date | None = None) -> Supplier:
    """A firm that delivers or installs; once per code."""
    return Supplier.objects.get_or_create(code=code, defaults={"name": name, "admitted_on": admitted_on})[0]


def register_model(
    *, supplier: Supplier, name: str, model_no: str, kind: str, by: Any, profile: RegisterProfile | None = None,
    docking_confirmed_on: date | None = None,
) -> DeviceModel:  # fmt: skip
    """A model of a supplier; once per number. A networked one needs a profile and its docking confirmation (J-29)."""
    values = {"name": name, "kind": kind, "profile": profile, "docking_confirmed_on": docking_confirmed_on}
    return DeviceModel.objects.get_or_create(supplier=supplier, model_no=model_no, defaults=values)[0]
