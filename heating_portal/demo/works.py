"""Second half: tasks are opened, installations recorded and accepted, by the people whose duty it is."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.db import transaction

from accounts.acting import acting
from accounts.models import Membership, User
from devices.models import Supplier
from devices.protocol.profile_files import bundled_profile
from devices.services.heaters import register_model, register_supplier, store_profile
from heating_portal.demo import docking, papers, pictures
from heating_portal.demo.hands import with_both_hands
from heating_portal.demo.people import BY, bind_accounts, person
from heating_portal.demo.progress import Progress
from programmes.models import Programme
from retrofits.gate_facts import GateBook
from retrofits.models import Task
from retrofits.queries import items_for
from retrofits.records import CostEntry, InstallationEntry
from retrofits.services.acceptances import record_acceptance
from retrofits.services.installations import record_installation
from retrofits.services.photos import add_photo, add_photos
from retrofits.services.tasks import open_tasks
from retrofits.visits import Visit, stage_of

Numbered = tuple[int, Task]

WHY = "demonstration"
AT_ONCE = 40
NAMESPACE = uuid.UUID("6f1d2c0e-5a53-4c39-9a63-2f0b1f1f3709")
DEVICE_NAMES = {"ashp": "空气源热泵", "hot_air": "低温空气源热风机", "direct_electric": "直热式电采暖炉"}
SEATS = {"14": (112.851, 35.491), "37": (117.135, 36.191), "64": (106.196, 37.985)}
INSTALLER = "示例安装工程队（虚构）"
COSTS = {
    "ELECTRIC": (("DEVICE", 4600, 23), ("WIRING_BEHIND_METER", 500, 11), ("INSTALLATION", 300, 7)),
    "GAS": (("DEVICE", 3300, 19), ("INSTALLATION", 600, 11), ("VILLAGE_GAS_NETWORK", 1500, 13)),
    "CENTRAL": (("INDOOR_RADIATOR", 2400, 17), ("SECONDARY_NETWORK", 1800, 13)),
    "WASTE_HEAT": (("INDOOR_RADIATOR", 2200, 17), ("SECONDARY_NETWORK", 2100, 13)),
}
DEVICES = {
    "ELECTRIC": ("示样热风（虚构）", "空气源热风机", "SY-R35"),
    "GAS": ("样本燃具（虚构）", "燃气壁挂炉", "YB-20"),
    "CENTRAL": ("示例供热（虚构）", "室内散热器", "SR-60"),
    "WASTE_HEAT": ("示例供热（虚构）", "室内散热器", "SR-60"),
}


def open_everything(programme: Programme) -> None:
    office = person("office", programme.area_id)
    with acting(office, WHY):
        open_tasks(programme=programme, area_codes=[programme.area_id], by=office)


def register_firms(docked_on: date) -> dict[str, str]:
    """Suppliers and models of the simulated heaters, and the fitters; profile name → model number."""
    with acting(BY, WHY):
        fitters = register_supplier(code="installer", name=INSTALLER, by=BY)
        for _maker, device, number in DEVICES.values():  # what is installed is registered, so that samples can name it
            register_model(supplier=fitters, name=device, model_no=number, kind="plain", by=BY)
        names = ("linshi-ashp-08", "shiyang-hotair-03", "mofang-direct-02")
        models = {name: _model(name, docked_on) for name in names}
        makers = [name.split("-")[0] for name in names]
        bind_accounts("firm", Supplier.objects.filter(code__in=["installer", *makers]))
    docking.confirm_models(docked_on)
    return models


def _model(profile_name: str, docked_on: date) -> str:
    profile = bundled_profile(profile_name)
    supplier = register_supplier(code=profile_name.split("-")[0], name=profile.vendor, by=BY, admitted_on=docked_on)
    number = profile_name.upper()
    register_model(
        supplier=supplier, name=DEVICE_NAMES[profile.kind], model_no=number, kind=profile.kind, by=BY,
        profile=store_profile(name=profile_name, by=BY), docking_confirmed_on=docked_on,
    )  # fmt: skip
    return number


def install(tasks: Sequence[Task], begun: date, progress: Progress, fleet: Sequence[Sequence[Any]] = ()) -> None:
    """Record every listed task's installation. With a fleet, the i-th task gets the fleet's i-th line and unit, after
    its household signed the supply contract and before it signs the commissioning."""

    def record(chunk: list[Numbered]) -> None:
        listed = [(number, task) for number, task in chunk if task.state == Task.State.LISTED]
        days = {task.pk: _installed_on(number, begun) for number, task in listed}
        with transaction.atomic():
            if fleet:
                papers.sign(listed, days, fleet)
            book = GateBook(tasks[0].programme)
            book.read(task for _number, task in listed)
            for number, task in listed:
                _install(task, number, days[task.pk], fleet[number] if fleet else None, book)
            if fleet:
                papers.commission(listed, days)

    with_both_hands(_chunks(tasks, AT_ONCE), record, progress)


def tasks_in_order(programme: Programme, villages: Iterable[str]) -> list[Task]:
    """Tasks of these villages, village by village in the given order, then by dwelling number."""
    rows = Task.objects.filter(programme=programme).select_related(
        "technology", "dwelling__household", "area__parent", "programme"
    )
    return [task for code in villages for task in rows.filter(area_id=code).order_by("dwelling__dwelling_no")]


def _installed_on(number: int, begun: date) -> date:
    return begun + timedelta(days=number // 12)


def _install(task: Task, number: int, day: date, heater: Sequence[Any] | None, book: GateBook) -> None:
    entry = _entry(task, number, day, heater)
    recorder = _recorder(task, entry.supplier)
    with acting(recorder, WHY):
        record_installation(task=task, entry=entry, by=recorder, on=day, book=book)


def _recorder(task: Task, code: str) -> User:
    """The firm that installed it; the town for a firm without an account here."""
    firm = papers.person_of_the_firm(task)
    return firm if _is_of(firm.pk, code) else person("town_staff", task.area_id)


@lru_cache(maxsize=100)
def _is_of(user: int, code: str) -> bool:
    suppliers = Supplier.objects.filter(code=code).values("pk")
    return Membership.objects.filter(user=user, kind="firm", organisation_id__in=suppliers).exists()


def _entry(task: Task, number: int, day: date, heater: Sequence[Any] | None) -> InstallationEntry:
    maker, device, model = DEVICES[task.technology.code]
    more: dict[str, str] = {"supplier": "installer", "factory_address_code": "", "wireless_address_code": ""}
    if heater:
        _index, line, unit, profile_name = heater
        profile = bundled_profile(profile_name)
        maker, device, model = profile.vendor, DEVICE_NAMES[profile.kind], profile_name.upper()
        wireless = line.partition(":")[2]
        more = {
            "supplier": profile_name.split("-")[0],
            "factory_address_code": f"{profile_name[:2].upper()}2009-{number + 1:05d}",
            "wireless_address_code": wireless, "line": line, "unit": str(unit),
        }  # fmt: skip
    dwelling = task.dwelling
    return InstallationEntry(
        town_name=task.area.parent.name if task.area.parent else "", village_name=task.area.name,
        door_no=str(dwelling.door_no),
        occupant_name=dwelling.household.head_name, occupant_phone=str(dwelling.household.phone),
        heated_area_m2=str(dwelling.heated_area_m2), **_place(task, number), manufacturer=maker, device_name=device,
        model_no=model, installed_on=day.isoformat(), costs=_costs(task, number), **more,
    )  # fmt: skip


def _place(task: Task, number: int) -> dict[str, str]:
    """Somewhere near the county's seat, a few metres from the neighbour's."""
    longitude, latitude = SEATS[task.area_id[:2]]
    village = int(task.area_id[-3:]) % 50
    return {
        "longitude": f"{longitude + village * 0.011 + number % 15 * 0.0002:.6f}",
        "latitude": f"{latitude + village * 0.007 + number // 15 * 0.0002:.6f}",
    }


def _costs(task: Task, number: int) -> tuple[CostEntry, ...]:
    parts = COSTS[task.technology.code]
    return tuple(
        CostEntry(kind, f"{base + number * step % 900}.00", f"FP{task.pk:06d}-{place}")
        for place, (kind, base, step) in enumerate(parts, 1)
    )


def accept(tasks: Sequence[Task], begun: date, progress: Progress, *, per_day: int = 25) -> None:
    """The inspector photographs, asks, measures, has it signed, and accepts; the same visit is never stored twice."""

    def visit(chunk: list[Numbered]) -> None:
        with transaction.atomic():
            book = GateBook(tasks[0].programme)
            book.read(task for _number, task in chunk)
            for number, task in chunk:
                if task.state == Task.State.INSTALLED:
                    _accept(task, number, begun + timedelta(days=number // per_day), book)

    with_both_hands(_chunks(tasks, per_day), visit, progress)  # a day is one hand's: its order stays the same


def _accept(task: Task, number: int, day: date, book: GateBook) -> None:
    inspector = person("inspector", task.area_id)
    with acting(inspector, WHY):
        items = items_for(task)
        _photograph(task, items, inspector)
        record_acceptance(
            task=task,
            request_id=_key(task, "passed"),
            result="passed",
            visit=_visit(task, items, number),
            by=inspector,
            on=day,
            book=book,
        )


def refuse(tasks: Sequence[Task], day: date, progress: Progress) -> None:
    """Dwellings where the inspector found a defect; they wait for the fitters."""
    for task in tasks:
        inspector = person("inspector", task.area_id)
        if task.state == Task.State.INSTALLED:
            visit = Visit({}, defect="穿墙管路未封堵，室外机减振垫缺失", due_on=day + timedelta(days=10))
            with acting(inspector, WHY), transaction.atomic():
                add_photo(task=task, stage="defect", content=pictures.photo("defect", task.pk), by=inspector)
                record_acceptance(
                    task=task, request_id=_key(task, "failed"), result="failed", visit=visit, by=inspector, on=day
                )
        progress.tick()


def _photograph(task: Task, items: list[dict[str, Any]], inspector: User) -> None:
    stages = [stage_of(item) for item in items if item["kind"] == "photo"]
    shots = [(stage, pictures.photo(stage, task.pk)) for stage in stages]
    add_photos(task=task, photos=shots, by=inspector)


def _visit(task: Task, items: list[dict[str, Any]], number: int) -> Visit:
    answers = {item["code"]: "ok" for item in items if item["kind"] == "yes_no"}
    answers["ROOM_TEMP"] = f"{18.4 + number % 23 / 10:.1f}"
    opinions = ("比烧煤干净", "满意", "夜里有点声音，总体满意", "满意，会用手机调温")
    return Visit(answers, opinions[number % len(opinions)], signer_name=task.dwelling.household.head_name)


def _key(task: Task, result: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"{task.programme.code}/{task.dwelling.dwelling_no}/{result}")


def _chunks(tasks: Sequence[Task], size: int) -> list[list[Numbered]]:
    """A commit per so many dwellings: quick, and little is lost when the load is killed."""
    numbered = list(enumerate(tasks))
    return [numbered[at : at + size] for at in range(0, len(numbered), size)]
