"""Everything the page of one task shows, read with few questions."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.beside import hang, read_beside
from devices.models import DeviceModel, Supplier
from programmes.models import Checklist, Principle
from retrofits import states
from retrofits.gate_page import lines_of
from retrofits.models import Bundle, CostItem, InstalledDevice, PvPlant, TariffChoice, Task
from retrofits.queries import evidence_for
from retrofits.services import homes
from retrofits.services.tasks import PLAIN_DEEDS
from retrofits.services.works_checks import KIND, MEASURED_IN, RIGHT
from retrofits.site_rules import tariffs_of
from retrofits.works_forms import (
    BundleForm,
    ConfirmForm,
    ContractForm,
    DeviceForm,
    FeeForm,
    PvForm,
    TariffForm,
    offer,
)

WITHOUT_RECORD = (Task.State.LISTED, Task.State.RETURNED, Task.State.WITHDRAWN)


def task_context(task: Task, user: Any) -> dict[str, Any]:
    record = getattr(task, "installation", None)
    may_record = user.has_right("installations.record", task.area_id)
    found = _read(task, record, may_record)
    moves = (
        {move.deed: move for move in states.open_moves(task, user)} if record or task.state in WITHOUT_RECORD else {}
    )
    acceptances, costs = found["acceptances"], found["costs"]
    return {
        **_gates(task),
        **_forms(task, record, found, may_record),
        **_measured(task, user, found),
        **_heat(task, record),
        **_at_home(task, found),
        "may_reason": user.has_right("works.manage", task.area_id),
        "plain_moves": [move for deed, move in moves.items() if deed in PLAIN_DEEDS],
        "task": task,
        "record": record,
        "costs": costs,
        "cost_sum": sum(cost.amount_fen for cost in costs) if record else None,
        "photos": found["photos"],
        "acceptances": acceptances,
        "moves": moves,
        "steps": _steps(task, record, acceptances),
        "may_add_photos": may_record,
        "contract": next(iter(found["contracts"]), None),
        "confirmations": found["confirmations"],
        "may_record": may_record and task.state != Task.State.WITHDRAWN,
    }


def _read(task: Task, record: Any, may_record: bool) -> dict[str, Any]:
    """All that hangs on the task, by one question, and joined."""
    offers = may_record and task.state == Task.State.LISTED
    suppliers, models = Supplier.objects.order_by("name"), DeviceModel.objects.order_by("model_no")
    bundles = Bundle.objects.filter(technology=task.technology_id) if may_record and record else Bundle.objects.none()
    tables = Checklist.objects.filter(programme=task.programme_id, kind=KIND)
    found = read_beside(
        contracts=task.contracts.filter(cancelled_on=None).select_related("supplier", "device_model").order_by("pk"),
        confirmations=task.confirmations.all(),
        suppliers=suppliers if offers else suppliers.none(), models=models if offers else models.none(),
        costs=CostItem.objects.filter(installation__task=task).order_by("pk"),
        photos=task.photos.order_by("document__uploaded_at", "pk"),
        acceptances=task.acceptances.select_related("inspector", "rectification").order_by("-recorded_at"),
        bundles=bundles, devices=InstalledDevice.objects.filter(installation__task=task),
        tables=tables.values_list("items", flat=True).order_by("-version")[:1],
        measured=task.works_checks.all(), tariffs=task.tariffs.all(), fees=task.user_fees.all(),
        panels=PvPlant.objects.filter(programme=task.programme_id, dwelling=task.dwelling_id),
        pilots=Principle.objects.filter(programme=task.programme_id, code=Principle.Code.PV_PILOT),
    )  # fmt: skip
    if record:
        hang([record], "devices", found["devices"], "installation_id")
    return found


def _gates(task: Task) -> dict[str, Any]:
    lines = lines_of(task, on=clock.today())
    shut = sum(line.blocks for line in lines)
    words = ngettext("%(count)d gate shut", "%(count)d gates shut", shut) % {"count": shut}
    return {"gates": lines, "shut": shut, "shut_words": words}


def _heat(task: Task, record: Any) -> dict[str, Any]:
    heater = record.heater if record else None
    period = task.programme.poll_period_s
    return {
        "heater": heater,
        "evidence": evidence_for(heater, poll_period_s=period, now=clock.now()) if heater else None,
    }


def _at_home(task: Task, found: dict[str, Any]) -> dict[str, Any]:
    """Electricity price, fees of the user, photovoltaics; forms only where the programme and the home have them."""
    tariff = homes.tariff_on(task, found["tariffs"], clock.today())
    offered = bool(tariffs_of(task.programme.settings)) and homes.no_tariff(task) is None
    return {
        "tariff": tariff, "tariff_words": TariffChoice.Tariff(tariff.code).label if tariff else "",
        "tariffs": found["tariffs"], "fees": found["fees"], "panels": found["panels"],
        "tariff_form": TariffForm(auto_id="tar_%s") if offered else None,
        "fee_form": FeeForm(auto_id="fee_%s") if homes.owes_fees(task) else None,
        "pv_form": PvForm(auto_id="pv_%s") if found["pilots"] and not found["panels"] else None,
    }  # fmt: skip


def _measured(task: Task, user: Any, found: dict[str, Any]) -> dict[str, Any]:
    """The measurings of the works, and whether this person may measure here now."""
    asked = any(_concerns(item, task) for items in found["tables"] for item in items)
    may = asked and task.state in MEASURED_IN and user.has_right(RIGHT, task.area_id)
    return {"measured": found["measured"], "may_measure": may}


def _concerns(item: dict[str, Any], task: Task) -> bool:
    return not item.get("technologies") or task.technology.code in item["technologies"]


def _forms(task: Task, record: Any, found: dict[str, Any], may_record: bool) -> dict[str, Any]:
    """Forms for those who may record; the rows to choose from were read already."""
    contract, bundle = None, None
    if may_record and task.state == Task.State.LISTED:
        contract = ContractForm(auto_id="con_%s")
        offer(contract, "supplier", _named(found["suppliers"]))
        offer(contract, "device_model", _named(found["models"]))
    if record and may_record and found["bundles"]:
        bundle = BundleForm(auto_id="set_%s")
        offer(bundle, "bundle", _named(found["bundles"]))
    return {
        "contract_form": contract,
        "confirm_form": ConfirmForm(auto_id="did_%s"),
        "bundle_form": bundle,
        "device_form": DeviceForm(auto_id="dev_%s"),
    }


def _named(rows: list[Any]) -> list[tuple[Any, str]]:
    return [(row.pk, str(row)) for row in rows]


def _steps(task: Task, record: Any, acceptances: Any) -> list[dict[str, Any]]:
    last = acceptances[0] if acceptances else None
    accepted = task.state == Task.State.ACCEPTED
    return [
        {"title": _("Listed"), "state": "did", "note": timezone.localdate(task.opened_at)},
        {"title": _("Installed"), "state": "did" if record else "now", "note": record.installed_on if record else ""},
        {
            "title": _("Accepted"),
            "state": "did" if accepted else ("now" if record else ""),
            "note": last.accepted_on if last else "",
        },
    ]
