"""What the phone takes along: a day's homes in walking order with their questions.

No identity number (its last four digits only), no phone, no card; at most `HOMES_MAX` homes; good until the evening.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from programmes.models import Checklist
from programmes.queries import checklist_for
from retrofits import states
from retrofits.models import Installation, Task, VisitOrder
from retrofits.queries import FRESH_PERIODS, items_of
from retrofits.visits import stage_of
from retrofits.walking import walking_order
from telemetry.models import LatestReading

HOMES_MAX = 60
GOOD_FOR = timedelta(hours=14)


def package(tasks: Iterable[Task], user: Any, *, now: datetime) -> dict[str, Any]:
    """JSON of the day: homes (see `_home`) and the checklists they point to by number."""
    homes = in_walking_order(list(tasks)[:HOMES_MAX])
    checklists = _checklists(homes)
    live = _live(homes, now)
    orders = _orders(homes)
    return {
        "made_at": now.isoformat(),
        "good_until": (now + GOOD_FOR).isoformat(),
        "homes": [_home(task, checklists.get(task.programme_id), live, orders, user) for task in homes],
    }


def in_walking_order(tasks: list[Task]) -> list[Task]:
    """Those refused before stay first, then village by village, always to the nearest."""
    return walking_order(tasks, group=lambda task: (-_refused(task), task.area_id), place=_place)


def _refused(task: Task) -> int:
    return int(bool(getattr(task, "refused", 0)))


def _place(task: Task) -> tuple[float, float] | None:
    record = _record(task)
    return (float(record.longitude), float(record.latitude)) if record else None


def _record(task: Task) -> Installation | None:
    found: Installation | None = getattr(task, "installation", None)
    return found


def _checklists(tasks: list[Task]) -> dict[int, Checklist | None]:
    programmes = {task.programme_id: task.programme for task in tasks}
    return {key: checklist_for(programme) for key, programme in programmes.items()}


def _live(tasks: list[Task], now: datetime) -> dict[int, dict[str, Any]]:
    """The last reading of each heater, one query for all."""
    heaters = [record.heater_id for record in map(_record, tasks) if record and record.heater_id]
    rows = LatestReading.objects.filter(heater__in=heaters, at__isnull=False)
    return {row.heater_id: {"at": row.at.isoformat(), "supply": _c(row.supply_dc), "return": _c(row.return_dc),
                            "room": _c(row.room_dc)} for row in rows if row.at}  # fmt: skip


def _c(tenths: int | None) -> str:
    return "" if tenths is None else f"{tenths / 10:.1f}"


def _orders(tasks: list[Task]) -> dict[int, str]:
    """Until when a home that was given to an inspector is to be visited."""
    rows = VisitOrder.objects.filter(task__in=tasks, done_at__isnull=True)
    return {row.task_id: row.due_on.isoformat() for row in rows}


def _home(
    task: Task, checklist: Checklist | None, live: dict[int, dict[str, Any]], orders: dict[int, str], user: Any
) -> dict[str, Any]:
    record, dwelling = _record(task), task.dwelling
    guard = states.not_the_installer(task, user) if record else None
    return {
        "task": task.pk,
        "name": dwelling.household.head_name,
        "id_tail": dwelling.household.id_number_tail,
        "dwelling_no": dwelling.dwelling_no,
        "door_no": str(dwelling.door_no or ""),
        "village": task.area.name,
        "kind": dwelling.dwelling_type,
        "technology": task.technology.name,
        "route": task.technology.route,
        "again": bool(_refused(task)),
        "due_on": orders.get(task.pk, ""),
        "stages": sorted({photo.stage for photo in task.photos.all()} - {"defect"}),
        "items": [_item(item) for item in items_of(checklist, task)] if checklist else [],
        "version": checklist.version if checklist else None,
        "guard": guard.sentence if guard else ("" if checklist else _("The programme has no acceptance checklist.")),
        **(_works(record, live, task) if record else {}),
    }


def _works(record: Installation, live: dict[int, dict[str, Any]], task: Task) -> dict[str, Any]:
    return {
        "area_m2": f"{record.heated_area_m2.normalize():f}",
        "device": f"{record.device_name} {record.model_no}",
        "plate": record.factory_address_code,
        "longitude": float(record.longitude),
        "latitude": float(record.latitude),
        "has_heater": record.heater_id is not None,
        "heater": record.heater.platform_no if record.heater else "",
        "live": live.get(record.heater_id or 0),
        "limit_s": FRESH_PERIODS * task.programme.poll_period_s,
    }


def _item(item: dict[str, Any]) -> dict[str, Any]:
    """A question without what only the office needs."""
    wanted = ("code", "text", "kind", "required", "min", "max", "clause", "unit", "tool", "exclusive", "about")
    return {name: item[name] for name in wanted if item.get(name) is not None} | {"stage": stage_of(item)}
