"""Litong's joint acceptance (L-41): homes of two invented villages, accepted in December by six departments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from accounts.acting import acting
from accounts.models import Area, Grant
from accounts.owning import BUREAU
from core import identity
from devices.models import Supplier
from devices.services.heaters import register_supplier
from heating_portal import presets
from heating_portal.demo import lists, papers, works
from heating_portal.demo.people import BY, bind_accounts, make_people, person
from heating_portal.demo.presets import LITONG
from heating_portal.demo.progress import Progress
from households.models import Household
from households.services.households import register_household
from programmes.models import Department, Programme
from retrofits.models import Contract, JointAcceptance, Task
from retrofits.services.contracts import Done, SupplyContract, confirm_all, sign_contracts
from retrofits.services.panels import open_sheet, sign_sheet

WHY = "demonstration"
TOWN, YEAR, ROUTE = "640302102", 2022, "WASTE_HEAT"
VILLAGES = (("640302102201", "示例闸村（虚构）", 8), ("640302102202", "样本渠村（虚构）", 6))
FIRST_NUMBER = 30_000
SIGNED = (6, 4)  # how many departments have signed the sheet of each village
CODES = [code for code, _name, _count in VILLAGES]
HOMES = sum(count for _code, _name, count in VILLAGES)


def load(progress: Progress) -> Programme:
    """The programme, its people, two villages accepted at the door, two sheets. Safe to run again."""
    preset = presets.find(LITONG)
    programme = presets.load(preset, by=BY)
    make_people((preset.read("accounts.yaml") or {}).get("accounts", []))
    bind_accounts(BUREAU, Department.objects.filter(area=programme.area))
    _homes(programme)
    lists.draw_up(programme, CODES, progress)
    lists.seal(programme, {}, datetime(YEAR, 4, 12, 2, 30, tzinfo=UTC), progress)
    works.open_everything(programme)
    _works(programme, progress)
    for code, signed in zip(CODES, SIGNED, strict=True):
        _sheet(programme, code, signed)
    return programme


def _homes(programme: Programme) -> None:
    """What the villages' clerk types in, house by house."""
    number, clerk = FIRST_NUMBER, person("town_staff", TOWN)
    for code, name, count in VILLAGES:
        with acting(BY, WHY):
            known = {"level": Area.Level.VILLAGE, "name": name, "parent_id": TOWN, "in_heat_network": True}
            village, _new = Area.objects.get_or_create(code=code, defaults=known)
        for house in range(count):
            number += 1
            values = _household(number, house)
            if not Household.objects.filter(area=village, head_name=values["head_name"]).exists():
                with acting(clerk, WHY):
                    register_household(programme=programme, area=village, values=values, by=clerk)


def _household(number: int, house: int) -> dict[str, str]:
    surname, given = "马丁杨李王张金海"[house % 8], ("样甲", "样乙", "样丙")[number % 3]
    return {
        "head_name": f"{surname}{given}", "id_number": identity.synthetic_id(number),
        "phone": identity.synthetic_phone(number), "bank_card": identity.synthetic_card(number),
        "door_no": f"{house // 4 + 1}组{house % 4 + 1}号", "heated_area_m2": str(76 + number % 5 * 9),
        "technology": ROUTE, "dwelling_type": "平房", "residents": str(2 + number % 4),
    }  # fmt: skip


def _works(programme: Programme, progress: Progress) -> None:
    """The firm is admitted with three years' warranty, the household trained, the home accepted in November."""
    with acting(BY, WHY):
        supplier = register_supplier(code="installer", name=works.INSTALLER, by=BY)
        bind_accounts("firm", [supplier])
    papers.admit(programme, supplier, date(YEAR, 5, 10), person("office", programme.area_id))
    tasks = works.tasks_in_order(programme, CODES)
    _agree(tasks, supplier)
    works.install(tasks, date(YEAR, 8, 15), progress)
    firm = person("supplier", TOWN)
    untrained = [
        task for task in Task.objects.filter(programme=programme).select_related("programme", "dwelling__household")
        if not task.confirmations.filter(kind="trained").exists()
    ]  # fmt: skip
    with acting(firm, WHY):
        day = date(YEAR, 9, 20)
        done = [(one, Done("trained", day, one.dwelling.household.head_name)) for one in untrained]
        confirm_all(done=done, by=firm, on=day)
    installed = works.tasks_in_order(programme, CODES)[:-1]  # the last home is left for an inspector to measure
    works.accept(installed, date(YEAR, 11, 7), progress)


def _agree(tasks: list[Task], supplier: Supplier) -> None:
    """Each household signs what it chose (L-27) and a contract that names all the document lists (L-44)."""
    held = set(Contract.objects.filter(task__in=tasks).values_list("task_id", flat=True))
    fresh = [task for task in tasks if task.state == Task.State.LISTED and task.pk not in held]
    firm, day = person("supplier", TOWN), date(YEAR, 6, 20)
    with acting(firm, WHY):
        chosen = [(task, Done("route_chosen", day, task.dwelling.household.head_name)) for task in fresh]
        confirm_all(done=chosen, by=firm, on=day)
        signed = [
            (task, SupplyContract(f"LT-{task.pk:06d}", supplier, day, task.dwelling.household.head_name, True,
                                  warranty_months=36, contents=Contract.Item.values))
            for task in fresh
        ]  # fmt: skip
        sign_contracts(signed=signed, by=firm, on=day)


def _sheet(programme: Programme, village: str, signed: int) -> None:
    """A village's sheet with the first `signed` departments in the panel's order, a day apart."""
    office = person("office", programme.area_id)
    sheet = JointAcceptance.objects.filter(programme=programme, area_id=village).first()
    if sheet is None:
        with acting(office, WHY):
            sheet = open_sheet(programme=programme, area_code=village, year=YEAR, by=office)
    members = [grant.user for grant in Grant.objects.filter(role="panel_member", area=programme.area).order_by("id")]
    for number, member in enumerate(members[:signed]):
        if sheet.state == JointAcceptance.State.OPEN and not sheet.seats.filter(signer=member).exists():
            at = datetime(YEAR, 12, 5, 3, 0, tzinfo=UTC) + timedelta(days=number)
            with acting(member, WHY):
                sheet = sign_sheet(sheet=sheet, by=member, now=at)
