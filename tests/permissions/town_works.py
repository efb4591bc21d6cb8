"""The works of a town: rosters read in, heaters on lines, tasks in every state, visits, photos."""

from __future__ import annotations

import datetime as dt
import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from core import clock
from devices.models import Bus, Command, DeviceModel, Gateway, Heater, Supplier
from devices.services.heaters import store_profile
from households.models import Dwelling, ImportRow, RosterImport, ValueConflict
from programmes.models import Checklist
from retrofits.models import (
    Acceptance,
    Agency,
    AgencyMember,
    CostItem,
    Installation,
    InstallationImport,
    JointAcceptance,
    JointHome,
    Photo,
    PhotoBatch,
    PhotoUpload,
    Rectification,
    Review,
    ReviewLine,
    Task,
    WorksCheck,
)
from telemetry.models import Alert, LatestReading, Reading

if TYPE_CHECKING:
    from tests.permissions.town import Town

DAY = dt.date(2021, 12, 8)
ITEMS = [
    {"code": "IDENTITY", "text": "户主与名单一致", "kind": "yes_no", "required": True},
    {"code": "DATA", "text": "平台数据", "kind": "telemetry", "required": True, "technologies": ["ELECTRIC"]},
    {"code": "ROOM_TEMP", "text": "室温", "kind": "number", "required": True, "min": "16", "max": "35"},
    {"code": "PHOTO_AFTER", "text": "改造后照片", "kind": "photo", "required": True},
    {"code": "USER_SIGNATURE", "text": "住户签字", "kind": "signature", "required": True},
]


def build(town: Town) -> None:
    """Imports, heaters, tasks, visits; `size` of each."""
    for _n in range(town.size):
        _roster_import(town)
        _workbook(town)
    model = _device_model(town)
    for state, homes in town.homes.items():
        for home in homes:
            _task(town, home, state, model)
    _photo_batch(town)


def _roster_import(town: Town) -> None:
    file = town.document("roster")
    made = RosterImport.objects.create(
        programme=town.county, area=town.area, file=file, file_sha256=file.sha256, state=RosterImport.State.REVIEW,
        counts={"rows": town.size * 4, "faulty_at_first": town.size}, mapping={"sheets": []}, uploaded_by=town.clerk,
    )  # fmt: skip
    town.keep("roster_import", made)
    town.keep("wrong_village", SimpleNamespace(text=f"{town.word}错村"))
    home = town.homes["listed"][0].household
    for n in range(town.size * 4):
        row = _import_row(town, made, n, home)
        town.keep("import_row", row)
        town.keep("value_conflict", _value_conflict(town, row))


def _value_conflict(town: Town, row: ImportRow) -> ValueConflict:
    home = town.homes["listed"][0]
    return ValueConflict.objects.create(
        roster_import=row.roster_import, row=row, dwelling=home, area=home.area, field="phone", given="19900000000"
    )


def _import_row(town: Town, made: RosterImport, n: int, family: Any) -> ImportRow:
    state = ("faulty", "ready", "merged", "skipped")[n % 4]
    texts = {
        "village": f"{town.word}错村", "head_name": f"{town.word}户{n}", "id_number": family.id_number,
        "phone": family.phone, "bank_card": family.bank_card, "door_no": f"{town.word}{n}号",
        "heated_area_m2": "88", "technology": "煤改电",
    }  # fmt: skip
    problem = {
        "code": "E_VILLAGE_UNKNOWN", "column": "village", "cell": f"A{n}", "value": texts["village"],
        "params": {"suggestions": town.village.name},
        "proposal": town.village.name,
    }  # fmt: skip
    return ImportRow.objects.create(
        roster_import=made, sheet=f"{town.word}表", row_no=n + 3, kind="data", state=state,
        raw={"texts": texts, "cells": {}, "notes": {}, "extra": {}}, values=texts | {"village": town.village.code},
        issues=[problem] if state == "faulty" else [], issue_codes=[problem["code"]] if state == "faulty" else [],
        village=town.village, technology="ELECTRIC",
    )  # fmt: skip


def _workbook(town: Town) -> None:
    faults = [{"where": f"A{n}", "code": "NO_TASK", "sentence": f"{town.word}有误"} for n in range(town.size)]
    town.keep("workbook", InstallationImport.objects.create(
        programme=town.county, area=town.area, file=town.document("installations"), faults={"rows": faults},
        state=InstallationImport.State.FAULTY, uploaded_by=town.clerk,
    ))  # fmt: skip


def _device_model(town: Town) -> DeviceModel:
    if not town.county.checklists.exists():
        Checklist.objects.create(programme=town.county, kind="acceptance", items=ITEMS)
    supplier, _ = Supplier.objects.get_or_create(code="linshi", defaults={"name": "临示热泵（虚构）"})
    profile = store_profile(name="linshi-ashp-08", by="tests")
    model, _ = DeviceModel.objects.get_or_create(
        supplier=supplier, model_no="LS-08",
        defaults={"name": "空气源热泵", "kind": "ashp", "profile": profile, "docking_confirmed_on": DAY},
    )  # fmt: skip
    for kind, made in (("supplier", supplier), ("profile", profile), ("device_model", model)):
        town.keep(kind, made)
    return model


def _task(town: Town, home: Dwelling, state: str, model: DeviceModel) -> None:
    task = Task.objects.create(
        programme=town.county, area=town.village, dwelling=home, technology=town.county.technologies.get(),
        roster_row=town.roster_rows[home.pk], state=state, withdrawn_reason=f"{town.word}撤回",
    )  # fmt: skip
    town.keep("task" if state == "accepted" else f"task_{state}", task)
    if state == "listed":
        return
    heater = _heater(town, home, model)
    _installation(town, task, heater, model)
    for stage in Photo.Stage.values[:3]:
        photo = Photo.objects.create(task=task, area=town.village, stage=stage, document=town.document("photo", home))
        town.keep("photo", photo)
    if state != "installed":
        _visit(town, task, passed=state == "accepted")


def _levels(town: Town, visit: Acceptance) -> None:
    """What stands above a visit: the agency's contract, a sheet to be signed, a sample."""
    agency = Agency.objects.create(
        programme=town.county, area=town.village, name=f"{town.word}机构", contract_no=f"{town.word}{visit.pk}",
        begins_on=DAY, ends_on=DAY,
    )  # fmt: skip
    AgencyMember.objects.create(agency=agency, user=town.signers[0])
    town.keep("agency", agency)
    joint = JointAcceptance.objects.create(
        programme=town.county, area=town.village, year=2021, departments=["住建局"], seat_count=1,
        opened_by=town.signers[0],
    )  # fmt: skip
    JointHome.objects.create(joint=joint, task=visit.task)
    town.keep("joint", joint)
    review = Review.objects.create(
        programme=town.county, area=town.village, kind="second", seed="7", until=visit.recorded_at, candidates=1,
        digest="0" * 64, size=1, drawn_by=town.signers[0],
    )  # fmt: skip
    town.keep("review", review)
    town.keep("review_line", ReviewLine.objects.create(review=review, acceptance=visit, place=1))


def _photo_batch(town: Town) -> None:
    batch = town.keep("photo_batch", PhotoBatch.objects.create(
        programme=town.county, area=town.village, stage="after", state="ready", uploaded_by=town.clerk,
    ))  # fmt: skip
    town.keep("photo_upload", PhotoUpload.objects.create(
        batch=batch, file_name=f"{town.word}.jpg", stage="after", state="open", document=town.document("photo_upload"),
    ))  # fmt: skip


def _heater(town: Town, home: Dwelling, model: DeviceModel) -> Heater:
    number, now = f"{town.code}{home.pk:06d}"[:12], clock.now()
    gateway = Gateway.objects.create(dtu_id=f"{number}D", area=town.village, sim_iccid=f"{town.code}{home.pk}")
    bus = Bus.objects.create(line=f"dtu:{number}D", area=town.village, gateway=gateway)
    heater = Heater.objects.create(
        platform_no=number, area=town.village, dwelling=home, device_model=model, profile=model.profile,
        factory_no=f"{number}F", bus=bus, unit=1, installed_on=DAY,
    )  # fmt: skip
    said = {"supply_dc": 446, "return_dc": 398, "room_dc": 193, "power_w": 1800, "energy_dkwh": 4321}
    LatestReading.objects.create(heater=heater, at=now, asked_at=now, **said)
    for minute in range(3):
        Reading.objects.create(heater=heater, at=now - dt.timedelta(minutes=minute), **said)
    alert = Alert.objects.create(
        heater=heater, area=town.village, kind="unit_silent", opened_at=now, evidence={"line": bus.line}
    )
    command = Command.objects.create(
        heater=heater, area=town.village, request_id=uuid.uuid4(), point="set_room", asked=20,
        reason=f"{town.word}调温",
        requested_by=town.clerk, expires_at=now, state=Command.State.VERIFIED, note=f"{town.word}记",
        frames=[f"> {town.code}", "< 01 06"],
    )  # fmt: skip
    for kind, made in (
        ("gateway", gateway), ("bus", bus), ("heater", heater), ("alert", alert), ("command", command),
    ):  # fmt: skip
        town.keep(kind, made)
    return heater


def _installation(town: Town, task: Task, heater: Heater, model: DeviceModel) -> None:
    family = task.dwelling.household
    made = Installation.objects.create(
        task=task, area=town.village, town_name=town.word, village_name=town.word, door_no=task.dwelling.door_no,
        occupant_name=family.head_name, occupant_phone=family.phone, heated_area_m2=88, longitude="112.85",
        latitude="35.49", manufacturer="临示热泵（虚构）", device_name="空气源热泵", model_no="LS-08",
        factory_address_code=heater.factory_no, wireless_address_code=f"{heater.platform_no}W",
        supplier=model.supplier, device_model=model, heater=heater, installed_on=DAY, recorded_by=town.clerk,
    )  # fmt: skip
    town.keep("installation", made)
    cost = CostItem.objects.create(installation=made, kind="DEVICE", amount_fen=town.fen, invoice_no=f"{town.code}-INV")
    town.keep("cost", cost)


def _visit(town: Town, task: Task, *, passed: bool) -> None:
    visit = Acceptance.objects.create(
        task=task, area=town.village, request_id=uuid.uuid4(), inspector=town.signers[0],
        checklist=town.county.checklists.get(), answers={"IDENTITY": "ok", "ROOM_TEMP": "19.3"}, room_temp_c="19.3",
        telemetry_evidence={"state": "fresh", "heater": task.installation.heater.platform_no},
        result="passed" if passed else "failed", opinion=f"{town.word}意见", accepted_on=DAY,
        signature=town.document("signature", task.dwelling), signer_name=f"{town.word}签",
    )  # fmt: skip
    town.keep("acceptance" if passed else "acceptance_failed", visit)
    if passed:
        _levels(town, visit)
        town.keep("works_check", WorksCheck.objects.create(
            task=task, area=town.village, request_id=uuid.uuid4(), checklist=town.county.checklists.get(),
            answers={"ROOM_TEMP": "19.3"}, result="passed", checked_on=DAY, checked_by=town.signers[0],
        ))  # fmt: skip
    if not passed:
        town.keep("rectification", Rectification.objects.create(
            acceptance=visit, area=town.village, defect=f"{town.word}缺陷", due_on=DAY, done_note=f"{town.word}整改"
        ))  # fmt: skip
