"""What the household signs: the supply contract (J-40), and what was done and confirmed at its dwelling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from core.seasons import SeasonRule
from devices.models import DeviceModel, Supplier
from retrofits.faults import Faulty
from retrofits.gate_facts import GateBook
from retrofits.gate_words import fault_of
from retrofits.gates.judging import REMOVE
from retrofits.models import Bundle, Confirmation, Contract, Installation, InstalledDevice, Task, TransitionalHome
from retrofits.services.seasons import refuse_unproven

RIGHT = "installations.record"
Kind, State = Confirmation.Kind, Task.State
INSTALLED = (State.INSTALLED, State.RECTIFY, State.ACCEPTED, State.RUNNING, State.REOPENED)
PROVEN = (State.ACCEPTED, State.RUNNING)
SIGNED = (Kind.ROUTE_CHOSEN, Kind.COMMISSIONED, Kind.TRAINED)


@dataclass(frozen=True)
class SupplyContract:
    """A contract as signed. `confirms_product` is the household's word that it accepts the product's data."""

    number: str
    supplier: Supplier
    signed_on: date
    signer_name: str
    confirms_product: bool
    device_model: DeviceModel | None = None
    warranty_months: int | None = None
    contents: Sequence[str] = ()


def sign_contract(*, task: Task, contract: SupplyContract, by: User, on: date | None = None) -> Contract:
    """Record one contract; see `sign_contracts`."""
    return sign_contracts(signed=[(task, contract)], by=by, on=on)[0]


def sign_contracts(
    *, signed: Sequence[tuple[Task, SupplyContract]], by: User, on: date | None = None
) -> list[Contract]:
    """Record contracts, all or none, in two statements however many they are.

    Raises `Refused` CONTRACT_FAULTY, TASK_STATE (409), CONTRACT_KNOWN (409); PermissionDenied outside one's places.
    """
    today = on or clock.today()
    for _task, contract in signed:
        _refuse_contract(contract, today)
    try:
        with transaction.atomic():
            _refuse_tasks([task for task, _contract in signed], (State.LISTED,), by)
            return Contract.objects.bulk_create([_contract(task, given, by) for task, given in signed], batch_size=500)
    except IntegrityError as error:
        words = _("The task has a contract already, or the number is taken. Cancel the old one first.")
        raise Refused("CONTRACT_KNOWN", words, conflict=True) from error


def _contract(task: Task, given: SupplyContract, by: User) -> Contract:
    return Contract(
        task=task, area_id=task.area_id, number=given.number.strip(), supplier=given.supplier,
        device_model=given.device_model, signed_on=given.signed_on, signer_name=given.signer_name.strip()[:40],
        confirms_product=given.confirms_product, warranty_months=given.warranty_months, contents=list(given.contents),
        recorded_by=by,
    )  # fmt: skip


def _refuse_contract(given: SupplyContract, today: date) -> None:
    if not given.number.strip() or not given.signer_name.strip():
        raise Refused(
            "CONTRACT_FAULTY", _("The contract needs its number and the name of who signed for the household.")
        )
    strange = [one for one in given.contents if one not in Contract.Item.values]
    if strange:
        raise Refused("CONTRACT_FAULTY", _("“%(item)s” is nothing a contract names."), item=strange[0])
    if given.signed_on > today:
        raise Refused(
            "CONTRACT_FAULTY", _("The contract can't be signed in the future (%(day)s)."), day=given.signed_on
        )
    if given.device_model and given.device_model.supplier_id != given.supplier.pk:
        words = _("%(device)s is not a product of %(firm)s.")
        raise Refused("CONTRACT_FAULTY", words, device=str(given.device_model), firm=given.supplier.name)


def _refuse_tasks(tasks: Sequence[Task], open_in: Iterable[str], by: User) -> None:
    """Locked, in one of these states, and inside the places of `by`."""
    keys = [task.pk for task in tasks]
    kept = list(Task.objects.select_for_update().filter(pk__in=keys).only("state", "area_id").order_by("pk"))
    denied = {task.area_id for task in kept if not by.has_right(RIGHT, task.area_id)}
    if denied:
        raise PermissionDenied(RIGHT)
    late = [task for task in kept if task.state not in open_in]
    if late:
        words = _("The task is “%(state)s” by now; this step is no longer open. Load the page again.")
        raise Refused("TASK_STATE", words, conflict=True, state=late[0].get_state_display())


@transaction.atomic
def cancel_contract(*, contract: Contract, reason: str, by: User, on: date | None = None) -> Contract:
    """The contract is off; only before the installation. Raises `Refused` REASON_MISSING, TASK_STATE, NO_CONTRACT."""
    if not reason.strip():
        raise Refused("REASON_MISSING", _("Say why: the reason is kept in the history."))
    _refuse_tasks([contract.task], (State.LISTED, State.RETURNED, State.WITHDRAWN), by)
    kept = Contract.objects.select_for_update().get(pk=contract.pk)
    if kept.cancelled_on:
        raise Refused("NO_CONTRACT", _("The contract is cancelled already."), conflict=True)
    kept.cancelled_on, kept.cancel_reason = on or clock.today(), reason.strip()[:300]
    kept.save(update_fields=["cancelled_on", "cancel_reason"])
    return kept


@dataclass(frozen=True)
class Done:
    """One thing done at a dwelling. Commissioning and training carry who signed; a stable season its first year."""

    kind: str
    done_on: date
    signer_name: str = ""
    note: str = ""
    season: int | None = None


def confirm(*, task: Task, done: Done, by: User, on: date | None = None) -> Confirmation:
    """Record one confirmation; see `confirm_all`. The removal of the old heating passes its gate first (D-14)."""
    return confirm_all(done=[(task, done)], by=by, on=on)[0]


def confirm_all(*, done: Sequence[tuple[Task, Done]], by: User, on: date | None = None) -> list[Confirmation]:
    """Record confirmations, all or none.

    Raises `Refused` CONFIRMATION_FAULTY, SEASON_OPEN, SEASON_NOT_RUN, TASK_STATE (409), CONFIRMED_ALREADY (409);
    `Faulty` GATES_SHUT where an old heating would go too early.
    """
    today = on or clock.today()
    for task, one in done:
        _refuse_done(task, one, today)
    try:
        with transaction.atomic():
            for kind in {one.kind for _task, one in done}:
                _refuse_tasks([task for task, one in done if one.kind == kind], _open_in(kind), by)
            _refuse_early_removal([(task, one) for task, one in done if one.kind == Kind.OLD_REMOVED])
            made = Confirmation.objects.bulk_create(
                [_confirmation(task, one, by) for task, one in done], batch_size=500
            )
            _gas_is_on([(task, one) for task, one in done if one.kind == Kind.GAS_ON])
            return made
    except IntegrityError as error:
        raise Refused(
            "CONFIRMED_ALREADY", _("This is confirmed already; load the page again."), conflict=True
        ) from error


def _open_in(kind: str) -> tuple[str, ...]:
    if kind == Kind.ROUTE_CHOSEN:
        return (State.LISTED, State.RETURNED)
    return PROVEN if kind in (Kind.STABLE_SEASON, Kind.OLD_REMOVED) else INSTALLED


def _confirmation(task: Task, one: Done, by: User) -> Confirmation:
    return Confirmation(
        task=task, area_id=task.area_id, kind=one.kind, season=one.season, done_on=one.done_on,
        signer_name=one.signer_name.strip()[:40], note=one.note.strip()[:300], recorded_by=by,
    )  # fmt: skip


def _refuse_done(task: Task, one: Done, today: date) -> None:
    if one.kind not in Kind.values:
        raise Refused("CONFIRMATION_FAULTY", _("“%(kind)s” is nothing that can be confirmed."), kind=one.kind)
    if one.done_on > today:
        raise Refused("CONFIRMATION_FAULTY", _("It can't have been done in the future (%(day)s)."), day=one.done_on)
    if one.kind == Kind.OLD_REMOVED and not one.signer_name.strip():
        words = _(
            "The old heating is never taken by force: kang sealed, stove torn out or coal carried off without the "
            "household's word is a complaint. Say who of the household signed that it agrees."
        )
        raise Refused("FORCED_REMOVAL", words)
    if one.kind in SIGNED and not one.signer_name.strip():
        raise Refused("CONFIRMATION_FAULTY", _("Say who signed for the household."))
    if one.kind == Kind.STABLE_SEASON:
        _refuse_season(task, one)


def _refuse_season(task: Task, one: Done) -> None:
    """A season counts when it began after the installation, is over, and the heater really ran."""
    if one.season is None or not 2000 <= one.season <= 2100:
        raise Refused("CONFIRMATION_FAULTY", _("Say in which year the season began."))
    season = SeasonRule.parse(task.programme.season_start, task.programme.season_end).season(one.season)
    record = Installation.objects.select_related("heater", "task__programme").filter(task=task).first()
    if record is None or season.first_day < record.installed_on or season.last_day >= one.done_on:
        words = _("The season %(season)s was not run through whole between the installation and %(day)s.")
        raise Refused("SEASON_OPEN", words, season=season.label, day=one.done_on)
    refuse_unproven(record, season, one.note)


def _refuse_early_removal(removals: Sequence[tuple[Task, Done]]) -> None:
    """Build first, remove later: the gate is asked on the day of the removal."""
    for task, one in removals:
        verdicts = GateBook(task.programme).verdicts(task, (REMOVE,), on=one.done_on)
        shut = [fault_of(verdict) for verdict in verdicts if verdict.blocks]
        if shut:
            raise Faulty("GATES_SHUT", _("%(count)d things stand in the way."), shut)


def _gas_is_on(lit: Sequence[tuple[Task, Done]]) -> None:
    """A dwelling that waited for gas waits no longer."""
    for task, one in lit:
        waiting = TransitionalHome.objects.filter(
            programme=task.programme, dwelling=task.dwelling, reason=TransitionalHome.Reason.NO_GAS, ended_on=None
        )
        for row in waiting.select_for_update():
            row.ended_on, row.version = max(one.done_on, row.since), row.version + 1
            row.save(update_fields=["ended_on", "version"])


@transaction.atomic
def choose_bundle(*, task: Task, bundle: Bundle, by: User) -> Installation:
    """Which set of devices was installed (L-46). Raises `Refused` OTHER_ROUTE, TASK_STATE."""
    _refuse_tasks([task], INSTALLED, by)
    if bundle.technology_id != task.technology_id:
        raise Refused("OTHER_ROUTE", _("The set “%(name)s” belongs to another technology."), name=bundle.name)
    record = Installation.objects.select_for_update(of=("self",)).get(task=task)
    record.bundle = bundle
    record.save(update_fields=["bundle"])
    return record


def record_device(*, task: Task, kind: str, model_no: str, factory_code: str, by: User) -> InstalledDevice:
    """One more device of the set. Raises `Refused` NOT_IN_SET, DEVICE_FAULTY, DEVICE_TAKEN, TASK_STATE."""
    if not model_no.strip() or not factory_code.strip():
        raise Refused("DEVICE_FAULTY", _("The device needs its model and its factory code."))
    try:
        with transaction.atomic():
            _refuse_tasks([task], INSTALLED, by)
            record = Installation.objects.select_related("bundle").get(task=task)
            parts = {part.kind: part.quantity for part in record.bundle.parts.all()} if record.bundle else {}
            if kind not in parts or record.devices.filter(kind=kind).count() >= parts[kind]:
                raise Refused("NOT_IN_SET", _("The set has no (further) device of this kind."))
            return InstalledDevice.objects.create(
                installation=record, kind=kind, model_no=model_no.strip()[:60], factory_code=factory_code.strip()[:60],
                recorded_by=by,
            )  # fmt: skip
    except IntegrityError as error:
        words = _("The device %(code)s is recorded already.")
        raise Refused("DEVICE_TAKEN", words, conflict=True, code=factory_code[:60]) from error
