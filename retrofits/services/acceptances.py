"""Acceptance at the door: once, by somebody else than the installer, with the platform's own evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.pictures import NotAPhoto, clean_drawing
from core.refusals import Refused
from households.models import Document
from programmes.queries import checklist_for
from retrofits import states
from retrofits.faults import Fault, Faulty
from retrofits.found import Found, plain_plate
from retrofits.gate_facts import GateBook
from retrofits.models import Acceptance, Rectification, Task
from retrofits.queries import (
    TelemetryEvidence,
    evidence_for,
    heater_of,
    items_of,
    metres_between,
    stages_of,
    with_door,
)
from retrofits.services import transmissions
from retrofits.services.orders import agency_of, close_order
from retrofits.services.photos import NOT_USABLE, SIGNATURE_KIND, store_evidence
from retrofits.services.works_checks import demand_works_check
from retrofits.visits import DEFECT_MAX, OPINION_MAX, Visit, open_items, refusal_faults, room_temperature
from telemetry.door import check_near

PASSED, FAILED = Acceptance.Result.PASSED, Acceptance.Result.FAILED
DEEDS = {PASSED: "accept", FAILED: "refuse"}


@transaction.atomic
def record_acceptance(
    *,
    task: Task,
    request_id: UUID,
    result: str,
    visit: Visit,
    by: User,
    found: Found | None = None,
    on: date | None = None,
    now: datetime | None = None,
    book: GateBook | None = None,
) -> Acceptance:
    """Store what the inspector found. The same `request_id` again returns the first acceptance and changes nothing.

    `found` is what the phone saw besides; a visit made without signal is dated by its own day, and the gates are judged
    on that day; `book` keeps what the gates are judged by through a bulk of tasks.
    Raises `Faulty` (ACCEPTANCE_INCOMPLETE) with all open items, `Refused` OWN_WORK, OWN_FIRM, TASK_STATE (409), or
    NO_CHECKLIST.
    """
    task = states.locked(task)
    earlier = Acceptance.objects.filter(request_id=request_id).first()
    if earlier:
        return _same(earlier, task)
    now, found = now or clock.now(), _measured(found or Found(), task)
    on = on or _day_of(found, now)
    move = states.demand(task, DEEDS[Acceptance.Result(result)], by, on=on, book=book)
    evidence = door_evidence(task, now=now, visited_at=found.visited_at)
    checklist = checklist_for(task.programme)
    if checklist is None:
        raise Refused(
            "NO_CHECKLIST", _("The programme has no acceptance checklist. Ask the programme office to load it.")
        )
    if result == PASSED:
        demand_works_check(task)
    items = items_of(checklist, task)
    drawing = _complete(task, items, result, visit, evidence, on)
    acceptance = Acceptance.objects.create(
        task=task, area_id=task.area_id, request_id=request_id, inspector=by, checklist=checklist,
        answers=_answers(items, visit), telemetry_evidence=evidence.as_json(),
        room_temp_c=room_temperature(items, visit), result=result, opinion=visit.opinion.strip()[:OPINION_MAX],
        signature=_signature(task, drawing, by), signer_name=visit.signer_name.strip()[:40], accepted_on=on,
        began_at=found.began_at, visited_at=found.visited_at, found=found.as_json(), agency=agency_of(task, by, on),
    )  # fmt: skip
    _transmission(acceptance, items, now)
    close_order(task=task, at=now)
    if result == FAILED:
        defect = visit.defect.strip()[:DEFECT_MAX]
        Rectification.objects.create(acceptance=acceptance, area_id=task.area_id, defect=defect, due_on=visit.due_on)
    states.go(task, move)
    return acceptance


@transaction.atomic
def report_rectified(*, rectification: Rectification, note: str, by: User, on: date | None = None) -> Task:
    """The firm says the defect is put right: a sentence and a photo, then the dwelling waits for an inspector again."""
    task = states.locked(rectification.acceptance.task)
    move = states.demand(task, "report_rectified", by)
    faults = [] if note.strip() else [Fault("note", "MISSING", str(_("say in one sentence what was done")))]
    if not task.photos.filter(
        stage="repaired", document__uploaded_at__gte=rectification.acceptance.recorded_at
    ).exists():
        faults.append(Fault("repaired-photo", "MISSING", str(_("a photo of what was put right"))))
    if faults:
        raise Faulty("RECTIFICATION_INCOMPLETE", _("%(count)d things are still missing."), faults)
    rectification.done_on, rectification.done_note = on or clock.today(), note.strip()[:300]
    rectification.save(update_fields=["done_on", "done_note"])
    states.go(task, move)
    return task


def door_evidence(task: Task, *, now: datetime, visited_at: datetime | None = None) -> TelemetryEvidence:
    """What the platform knows at the door (J-31): the good readings of the programme's window, or the reads that were
    made at the visit itself."""
    heater = heater_of(task)
    evidence = evidence_for(heater, poll_period_s=task.programme.poll_period_s, now=now)
    if heater is None:
        return evidence
    rules = transmissions.rules_for(task.programme)
    said = transmissions.heard(heater, now - rules.window, now + timedelta(seconds=1))
    evidence = replace(evidence, good_reads=said.good, needed_reads=rules.site_reads)
    return with_door(evidence, check_near(heater, visited_at or now), now=now)


def _transmission(acceptance: Acceptance, items: list[dict[str, Any]], now: datetime) -> None:
    """The item stays provisional until its window is full; where nobody asked for it there is none."""
    heater = heater_of(acceptance.task)
    asked = any(item["kind"] == "telemetry" for item in items)
    if acceptance.result != PASSED or not asked or heater is None:
        return
    moments = [transmissions.first_message(heater), _read_at(acceptance)]
    first = min((moment for moment in moments if moment), default=None)
    if first is not None:
        transmissions.open_check(acceptance=acceptance, heater=heater, first_at=first, now=now)


def _read_at(acceptance: Acceptance) -> datetime | None:
    """When the heater was read at the door, where the acceptance counts on that."""
    evidence = acceptance.telemetry_evidence
    return datetime.fromisoformat(evidence["at"]) if evidence.get("door_check") else None


def _measured(found: Found, task: Task) -> Found:
    """With the distance from the recorded place, and whether the plate is the recorded one."""
    record = getattr(task, "installation", None)
    if record is None:
        return found
    if found.longitude is not None and found.latitude is not None:
        metres = metres_between(found.longitude, found.latitude, record.longitude, record.latitude)
        found = replace(found, metres=metres)
    if found.plate:
        found = replace(found, plate_matches=found.plate == plain_plate(record.factory_address_code))
    return found


def _day_of(found: Found, now: datetime) -> date:
    """The business day, as many days back as the visit lies before now."""
    if found.visited_at is None:
        return clock.today()
    return clock.today() - max(timedelta(0), timezone.localdate(now) - timezone.localdate(found.visited_at))


def _same(earlier: Acceptance, task: Task) -> Acceptance:
    if earlier.task_id != task.pk:
        raise Refused("REQUEST_REUSED", _("This form belongs to another dwelling. Load the page again."), conflict=True)
    return earlier


def _complete(
    task: Task, items: list[dict[str, Any]], result: str, visit: Visit, evidence: TelemetryEvidence, on: date
) -> bytes:
    """The cleaned drawing of the signature, after everything has been found to be there."""
    stages = stages_of(task)
    faults = (
        open_items(items, visit, stages=stages, evidence=evidence)
        if result == PASSED
        else refusal_faults(visit, stages=stages, on=on)
    )
    drawing, fault = _drawing(visit)
    faults += [fault] if fault else []
    if faults:
        raise Faulty("ACCEPTANCE_INCOMPLETE", _("%(count)d items are still open."), faults)
    return drawing


def _drawing(visit: Visit) -> tuple[bytes, Fault | None]:
    if not visit.signature_png:
        return b"", None
    try:
        return clean_drawing(visit.signature_png), None
    except NotAPhoto as error:
        return b"", Fault("USER_SIGNATURE", error.code, str(NOT_USABLE[error.code]))


def _signature(task: Task, drawing: bytes, by: User) -> Document | None:
    if not drawing:
        return None
    name = f"{task.pk}-signature.png"
    return store_evidence(task=task, kind=SIGNATURE_KIND, name=name, content_type="image/png", content=drawing, by=by)


def _answers(items: list[dict[str, Any]], visit: Visit) -> dict[str, str]:
    """Only answers to questions that were asked, in their order, bounded."""
    return {item["code"]: visit.answers[item["code"]].strip()[:40] for item in items if visit.answers.get(item["code"])}
