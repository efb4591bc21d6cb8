from __future__ import annotations

from dataclasses import fields, replace

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from core.refusals import Refused
from devices.models import Gateway, Heater, Supplier
from retrofits.faults import Faulty
from retrofits.models import CostItem, Installation, Task
from retrofits.records import CostEntry, InstallationEntry
from retrofits.services.installations import record_installation
from tests import people
from tests.retrofits.conftest import DAY, Works
from tests.retrofits.test_pages import client_of


def faults_of(works: Works, entry: InstallationEntry, task: Task | None = None) -> dict[str, str]:
    with pytest.raises(Faulty) as refusal:
        record_installation(task=task or works.task(), entry=entry, by=works.clerk, on=DAY)
    return {fault.field: fault.code for fault in refusal.value.faults}


def test_a_record_puts_the_heater_on_its_line(works: Works) -> None:
    task = works.installed()
    heater = Heater.objects.get()
    assert (task.state, task.installation.heater) == (Task.State.INSTALLED, heater)
    assert heater.bus.line == f"dtu:{task.installation.wireless_address_code}"
    assert (heater.bus.gateway, heater.unit, heater.dwelling) == (Gateway.objects.get(), 1, task.dwelling)
    assert CostItem.objects.get().amount_fen == 890_000


@pytest.mark.clause(
    "J-30",
    "镇名、村名、门牌号、住户名字及联系电话、取暖面积、经纬度",
    serves="retrofits.services.installations:record_installation",
    page="retrofits:installation-record",
    model="retrofits.Installation",
)
def test_an_empty_record_names_everything_that_is_missing(works: Works) -> None:
    faults = faults_of(works, InstallationEntry())
    assert set(faults) == {field.name for field in fields(InstallationEntry)} - {"line"}
    assert set(faults.values()) == {"MISSING"}
    assert Installation.objects.count() == 0


def test_all_wrong_values_are_told_at_once(works: Works) -> None:
    entry = works.entry(
        longitude="35.49", latitude="112.85", occupant_phone="1234", heated_area_m2="一百二", village_name="乙一村",
        installed_on="2022-01-01", unit="300", model_no="XX", costs=(CostEntry("DEVICE", "many"),),
    )  # fmt: skip
    assert faults_of(works, entry) == {
        "longitude": "SWAPPED", "occupant_phone": "PHONE", "heated_area_m2": "NUMBER",
        "village_name": "OTHER_PLACE", "installed_on": "FUTURE", "unit": "UNIT_RANGE", "model_no": "UNKNOWN_MODEL",
        "costs": "AMOUNT",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("longitude", "latitude", "codes"),
    [
        ("73", "3", {}), ("136", "54", {}), ("72.99", "35", {"longitude": "RANGE"}),
        ("112", "54.01", {"latitude": "RANGE"}),
        ("35.49", "112.85", {"longitude": "SWAPPED"}), ("1", "2", {"longitude": "RANGE", "latitude": "RANGE"}),
    ],
)  # fmt: skip
def test_a_place_lies_in_china_and_swapped_figures_are_named(
    works: Works, longitude: str, latitude: str, codes: dict[str, str]
) -> None:
    entry, task = works.entry(longitude=longitude, latitude=latitude), works.task()
    if not codes:
        Supplier.objects.bulk_create([Supplier(code=code, name="同名热泵") for code in ("twin-a", "twin-b")])
        named = replace(entry, supplier="同名热泵")
        assert faults_of(works, named, task)["supplier"] == "TWO_SUPPLIERS"
        entry = replace(entry, supplier=works.supplier.code)
    if codes:
        assert faults_of(works, entry, task) == codes
    else:
        record_installation(task=task, entry=entry, by=works.clerk, on=DAY)


def test_a_factory_code_is_installed_once(works: Works) -> None:
    code = works.installed().installation.factory_address_code
    assert faults_of(works, works.entry(factory_address_code=code)) == {"factory_address_code": "TAKEN"}


@pytest.mark.clause(
    "J-27",
    "独立且唯一的网络地址",
    serves="retrofits.services.installations:record_installation",
    model="devices.Heater",
)
def test_an_address_on_a_line_is_taken_once(works: Works) -> None:
    wireless = works.installed().installation.wireless_address_code
    assert faults_of(works, works.entry(wireless_address_code=wireless)) == {"unit": "ADDRESS_TAKEN"}
    record_installation(
        task=works.task(), entry=works.entry(wireless_address_code=wireless, unit="2"), by=works.clerk, on=DAY
    )
    assert Gateway.objects.count() == 1


@pytest.mark.clause(
    "J-29",
    "数据对接确认书",
    serves="retrofits.services.installations:record_installation",
    page="retrofits:installation-record",
    model="devices.DeviceModel",
)
def test_a_model_without_docking_confirmation_is_not_installed(works: Works) -> None:
    works.model.docking_confirmed_on = None
    works.model.save()
    assert faults_of(works, works.entry()) == {"model_no": "NOT_DOCKED"}


def test_a_route_without_heaters_asks_no_codes(works: Works) -> None:
    works.programme.technologies.update(has_heater=False)
    entry = works.entry(factory_address_code="", wireless_address_code="", unit="")
    assert record_installation(task=works.task(), entry=entry, by=works.clerk, on=DAY).heater is None
    assert Heater.objects.count() == 0


def test_full_width_digits_are_read(works: Works) -> None:
    task = works.task()
    record_installation(
        task=task,
        entry=works.entry(heated_area_m2="１２０．５", installed_on="２０２１年１２月１日"),
        by=works.clerk,
        on=DAY,
    )
    record = Installation.objects.get()
    assert (str(record.heated_area_m2), record.installed_on.isoformat()) == ("120.50", "2021-12-01")


def test_recording_twice_is_refused_as_somebody_was_faster(works: Works) -> None:
    task = works.installed()
    with pytest.raises(Refused) as refusal:
        record_installation(task=task, entry=works.entry(), by=works.clerk, on=DAY)
    assert (refusal.value.code, refusal.value.status) == ("TASK_STATE", 409)
    assert Installation.objects.count() == 1


def test_another_towns_clerk_may_not_record(works: Works) -> None:
    with pytest.raises(PermissionDenied):
        record_installation(task=works.task(), entry=works.entry(), by=people.user("town_staff", "370999002"), on=DAY)


def test_a_firm_records_what_it_installed_itself_and_names_no_other(works: Works) -> None:
    """Of accounts bound to a firm; who records for the whole town names any."""
    rival = Supplier.objects.create(code="rival", name="另一热泵（虚构）")
    task, entry = works.task(), works.entry()
    stranger, own = (people.bind(people.user("supplier", "370999"), firm) for firm in (rival, works.supplier))
    with pytest.raises(Faulty) as refusal:
        record_installation(task=task, entry=entry, by=stranger, on=DAY)
    assert {fault.field: fault.code for fault in refusal.value.faults} == {"supplier": "OTHER_FIRM"}
    form = client_of(own).get(reverse("retrofits:installation-record", args=[task.pk])).context["form"]
    assert [code for code, _name in form.fields["supplier"].choices] == ["", works.supplier.code]
    assert record_installation(task=task, entry=entry, by=own, on=DAY).supplier == works.supplier
