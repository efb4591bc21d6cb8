"""Recording what was installed where, by whom and for how much."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from devices.models import Heater
from devices.services.heaters import register_heater
from retrofits import states
from retrofits.faults import Fault, Faulty
from retrofits.gate_facts import Chosen, GateBook
from retrofits.models import CostItem, Installation, Task
from retrofits.records import InstallationEntry, Record, check_entry

RIGHT = "installations.record"


def record_installation(
    *, task: Task, entry: InstallationEntry, by: User, on: date | None = None, book: GateBook | None = None
) -> Installation:
    """Store the twelve items and the costs, put the heater on its line, move the task to "installed".

    The gates are judged on the day of the installation, for the firm and product of the entry; `book` keeps what the
    programme's gates need through a bulk of records. Raises `Faulty` (INSTALLATION_FAULTY) with every fault of the
    entry, another enterprise named by a firm's account among them, and every shut gate; `Refused` (TASK_STATE) when the
    task is no longer to be installed, PermissionDenied without the right over the place.
    """
    try:
        with transaction.atomic():
            task = states.locked(task)
            states.permit(task, "install", by)
            record, faults = check_entry(entry, task, on=on or clock.today())
            faults += _foreign_firm(record, task, by)
            passage = _pass(task, record, faults, by, on, book)
            installation = _store(task, record, by)
            states.go(task, passage)
            return installation
    except IntegrityError as error:
        raise Refused(
            "INSTALLATION_CONFLICT",
            _("Somebody has just recorded this factory code or this address. Load the page again and compare."),
            conflict=True,
        ) from error


def _foreign_firm(record: Record, task: Task, by: User) -> list[Fault]:
    """A firm records what it installed itself; what others installed is theirs, or the town's, to record."""
    if record.supplier is None or any(task.area_id.startswith(code) for code in by.whole_codes_for(RIGHT)):
        return []
    if record.supplier.pk in by.works_for("firm"):
        return []
    words = _("%(firm)s is not the enterprise of your account; it records its own installations")
    return [Fault("supplier", "OTHER_FIRM", words % {"firm": record.supplier})]


def _pass(
    task: Task, record: Record, faults: list[Fault], by: User, on: date | None, book: GateBook | None
) -> states.Passage:
    day = record.values.get("installed_on") or on or clock.today()
    chosen = Chosen(record.supplier, record.device_model)
    try:
        return states.demand(task, "install", by, on=day, chosen=chosen, book=book, faults=faults)
    except Faulty as refusal:
        words = _("%(count)d things of the installation record need a change.")
        raise Faulty("INSTALLATION_FAULTY", words, refusal.faults) from None


def _store(task: Task, record: Record, by: User) -> Installation:
    installation = Installation.objects.create(
        task=task,
        area_id=task.area_id,
        **record.values,
        supplier=record.supplier,
        device_model=record.device_model,
        heater=_heater(task, record, by),
        recorded_by=by,
    )
    CostItem.objects.bulk_create(
        CostItem(installation=installation, kind=kind, amount_fen=fen, invoice_no=invoice)
        for kind, fen, invoice in record.costs
    )
    return installation


def _heater(task: Task, record: Record, by: User) -> Heater | None:
    if not task.technology.has_heater:
        return None
    assert record.device_model is not None and record.unit is not None
    return register_heater(
        dwelling=task.dwelling,
        device_model=record.device_model,
        factory_no=record.values["factory_address_code"],
        line=record.line,
        unit=record.unit,
        installed_on=record.values["installed_on"],
        by=by,
    )
