"""What a place must have before the works, and what its homes heat with meanwhile."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pytest import mark

from accounts.models import Area
from retrofits.models import TransitionalHome
from retrofits.services import supply, transition
from tests import people
from tests.retrofits.asking import asks, file_of, shut
from tests.retrofits.conftest import DAY, VILLAGE, Works
from tests.retrofits.test_pages import client_of, page
from tests.retrofits.test_projects import code_of
from tests.retrofits.test_works_services import gas, limit

STEP = "retrofits.services.supply:record_step"
PUT = "retrofits.services.transition:put_on_list"
TASK = "retrofits:task-detail"
SUPPLY = "retrofits:supply-list"
WAITING = "retrofits:transition-list"


@mark.clause("T-07", "坚持以气定改、以电定改", serves=STEP, page=SUPPLY, model="retrofits.SupplyStep")
def test_gas_or_grid_is_secured_before_a_village_starts(works: Works) -> None:
    asks(works, "taishan_2021", "GAS_CONTRACT", "GRID_CAPACITY")
    task, village = works.task(), Area.objects.get(code=VILLAGE)
    assert shut(works, task) == [("GRID_CAPACITY", "GRID_UNKNOWN")]
    gas(works)
    assert shut(works, task) == [("GAS_CONTRACT", "STEP_MISSING")]
    for step in ("plan", "contract"):
        supply.record_step(
            programme=works.programme, area=village, step=step, done_on=date(2021, 11, 1), party="燃气公司",
            paper_no=step, by=works.office,
        )  # fmt: skip
    assert shut(works, task) == []


@mark.clause("L-83", "六个近郊乡镇除安置楼之外的平房实施煤改电、煤改气", serves="retrofits.services.supply:give_reason",
             page=TASK, model="retrofits.GateReason")  # fmt: skip
def test_around_the_city_a_resettlement_building_needs_a_reason(works: Works) -> None:
    assert asks(works, "litong_2021", "BUNGALOW") == ["L-83"]
    task = works.task()
    Area.objects.filter(code="370999001").update(area_class="peri_urban")
    for kind, code in (("", "DWELLING_TYPE_UNKNOWN"), ("安置楼", "RESETTLEMENT")):
        type(task.dwelling).objects.filter(pk=task.dwelling_id).update(dwelling_type=kind)
        assert shut(works, task) == [("BUNGALOW", code)]
    supply.give_reason(task=task, gate="BUNGALOW", reason="安置楼未通热网", by=works.office)
    assert shut(works, task) == []


@mark.clause("D-12", "先规划、先设计、后改造", serves=STEP, page=SUPPLY, model="retrofits.SupplyStep")
def test_gas_goes_plan_design_conversion_in_datong(works: Works) -> None:
    gas(works)
    assert set(asks(works, "datong_2021", "GAS_PLAN", "GAS_DESIGN", "GAS_CONTRACT")) == {"D-12"}
    task = works.task()
    left = ["GAS_PLAN", "GAS_DESIGN", "GAS_CONTRACT"]
    for step in ("plan", "design", "contract"):
        assert [gate for gate, _code in shut(works, task)] == left
        supply.record_step(
            programme=works.programme, area=Area.objects.get(code="370999"), step=step, done_on=date(2021, 11, 1),
            party="燃气公司", paper_no=step, by=works.office,
        )  # fmt: skip
        left = left[1:]
    assert shut(works, task) == []


@pytest.mark.parametrize(
    ("reason", "fuel"),
    [
        pytest.param("later", "clean_coal", marks=mark.clause(
            "J-16", "未开展改造或无法供暖的区域…洁净煤兜底", serves=PUT, page=WAITING,
            model="retrofits.TransitionalHome")),
        pytest.param("no_network", "clean_coal", marks=mark.clause(
            "J-50", "偏远山区…“洁净煤+节能环保炉具”", serves=PUT, page=WAITING, model="retrofits.TransitionalHome")),
    ],
)  # fmt: skip
def test_clean_coal_is_the_last_resort_outside_the_no_coal_zone(works: Works, reason: str, fuel: str) -> None:
    home = people.dwelling(VILLAGE)
    values = {"programme": works.programme, "dwelling": home, "reason": reason, "fuel": fuel, "since": DAY}
    Area.objects.filter(code="370999001").update(in_no_coal_zone=True)
    assert code_of(transition.put_on_list, **values, by=works.clerk) == "NO_COAL_ZONE"
    Area.objects.filter(code=VILLAGE).update(in_no_coal_zone=False)  # said of the village itself
    transition.put_on_list(**values, by=works.clerk)
    text = client_of(works.clerk).get(page("transition-list")).content.decode()
    assert home.dwelling_no in text and "洁净煤" in text
    assert TransitionalHome.objects.get().reason == reason


@mark.clause("D-13", "管网5KM范围内已改造但未通气", serves=PUT, page=WAITING, model="retrofits.TransitionalHome")
def test_within_five_kilometres_a_converted_home_is_to_be_supplied(works: Works) -> None:
    radius = next(one for one in file_of("datong_2021", "programme.yaml")["thresholds"] if one["clause"] == "D-13")
    limit(works, radius["code"], radius["operator"], str(radius["value"]), "D-13")
    homes = {}
    for far, reason in (("5.00", "no_gas"), ("5.01", "no_gas"), ("1.00", "no_grid")):
        homes[far] = people.dwelling(VILLAGE)
        transition.put_on_list(
            programme=works.programme, dwelling=homes[far], reason=reason, fuel="none", since=DAY,
            network_km=Decimal(far), by=works.clerk,
        )  # fmt: skip
    client = client_of(works.clerk)
    table = client.get(f"{page('transition-list')}?reason=no_gas&near=1").context["table"]
    assert [row.item.dwelling_id for row in table.rows] == [homes["5.00"].pk]
    view = next(one for one in table.views if "near" in one.query)
    assert (view.count, "5" in str(view.label)) == (1, True)
    every = client.get(page("transition-list")).context["table"]
    assert {row.item.network_km: row.item.is_near for row in every.rows} == {
        Decimal("5.00"): True, Decimal("5.01"): False, Decimal("1.00"): True,
    }  # fmt: skip
