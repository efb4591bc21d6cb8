"""What is recorded of an installation, and by when departments accept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pytest import mark

from core import clock
from core.refusals import Refused
from retrofits.faults import Faulty
from retrofits.models import Admission
from retrofits.services.installations import record_installation
from retrofits.services.panels import sign_sheet
from tests.retrofits.asking import file_of, shut
from tests.retrofits.conftest import DAY, VILLAGE, Works
from tests.retrofits.test_panels import DEPARTMENTS, member, refused, sheet_of

RECORD = "retrofits.services.installations:record_installation"


@mark.clause("L-39", "切实规范台账录入和管理，确保台账真实准确", serves=RECORD, page="retrofits:installation-record",
             model="retrofits.Installation")  # fmt: skip
def test_a_record_is_checked_whole_and_a_device_stands_in_one(works: Works) -> None:
    works.programme.settings = {"boxes": {"370999": {"west": 112.8, "east": 112.9, "south": 35.4, "north": 35.5}}}
    works.programme.save()
    task, entry = works.task(), works.entry()
    record_installation(task=works.task(), entry=entry, by=works.clerk, on=DAY)
    wrong = {"village_name": "乙村", "heated_area_m2": "0", "longitude": "112.91", "installed_on": "2021-13-01",
             "factory_address_code": entry.factory_address_code}  # fmt: skip
    assert set(shut(works, task, **wrong)) == {
        ("village_name", "OTHER_PLACE"), ("heated_area_m2", "RANGE"), ("longitude", "OUTSIDE"),
        ("installed_on", "DATE"), ("factory_address_code", "TAKEN"),
    }  # fmt: skip
    assert shut(works, task, longitude="112.9", latitude="35.5") == []  # on the rim of the box


def test_a_place_outside_the_county_is_told_with_the_box(works: Works) -> None:
    works.programme.settings = {"boxes": {VILLAGE: {"west": 112.8, "east": 112.9, "south": 35.4, "north": 35.5},
                                          "370999": {"west": 1, "east": 2, "south": 1, "north": 2}}}  # fmt: skip
    works.programme.save()
    with pytest.raises(Faulty) as refusal:
        record_installation(task=works.task(), entry=works.entry(latitude="36.2"), by=works.clerk, on=DAY)
    (fault,) = refusal.value.faults
    assert "112.850000、36.200000" in fault.sentence and "甲一村" in fault.sentence and "35.4–35.5" in fault.sentence


@mark.clause("L-25", "费用由企业承担", serves=RECORD, page="retrofits:installation-record", model="retrofits.Admission")
def test_a_demonstration_site_costs_the_public_nothing(works: Works) -> None:
    site = Admission.objects.create(
        programme=works.programme, area_id="370999", supplier=works.supplier, is_pilot=True, applied_on=DAY,
        entered_by=works.office,
    )  # fmt: skip
    task, free = works.task(), works.entry().costs[0]
    assert shut(works, task) == [("costs", "PILOT_COST")]
    record_installation(
        task=task, entry=works.entry(costs=(replace(free, amount="0"),)), by=works.clerk, on=DAY
    )  # fmt: skip
    Admission.objects.filter(pk=site.pk).update(is_pilot=False)
    assert shut(works, works.task()) == []


@mark.clause("L-35", "检查验收 每年12-01..12-30", serves="retrofits.services.panels:sign_sheet",
             page="retrofits:joint-detail", model="retrofits.PanelSeat")  # fmt: skip
def test_departments_accept_in_december(works: Works) -> None:
    phases = {one["code"]: one for one in file_of("litong_2021", "programme.yaml")["phases"]}
    window = phases["acceptance-2022"]
    assert (str(window["starts_on"]), str(window["ends_on"])) == ("2022-12-01", "2022-12-30")
    days = {name: window[name].replace(year=2021) for name in ("starts_on", "ends_on")}
    works.programme.phases.create(**{**window, **days, "goal_year": 2021})
    sheet, signer = sheet_of(works), member(DEPARTMENTS[0])
    for day, code in (("2021-11-30", "OUT_OF_WINDOW"), ("2021-12-31", "OUT_OF_WINDOW")):
        with pytest.raises(Refused) as early:
            sign_sheet(sheet=sheet, by=signer, now=clock_at(day))
        assert early.value.code == code
        assert "2021-12-01" in early.value.sentence and "2021-12-30" in early.value.sentence
    assert sign_sheet(sheet=sheet, by=signer, now=clock_at("2021-12-30")).seats.count() == 1
    works.programme.phases.update(goal_year=2022)  # the window of another year says nothing of this one
    assert refused(sheet, signer) == "PERSON_SIGNED"


def clock_at(day: str) -> Any:
    return clock.now().replace(**dict(zip(("year", "month", "day"), map(int, day.split("-")), strict=True)), hour=4)
