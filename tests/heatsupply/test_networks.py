"""Sources, networks, pipes, stations and compounds: what is due, what backs up, what may not be used, whose it is."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Area
from core.together import read
from heatsupply.models import (
    Compound,
    EfficiencyWork,
    ExchangeStation,
    FuelContract,
    HeatingCompany,
    HeatSource,
    NetworkCheck,
)
from heatsupply.queries.networks import board_reading
from heatsupply.services import compounds, fuel, networks
from tests import people
from tests.heatsupply.networks import (
    COUNTY,
    OTHER_COUNTY,
    OTHER_FIRM,
    TODAY,
    Heat,
    code_of,
    firm_person,
    heat,
    piece,
)
from tests.supervision.conftest import client_of

__all__ = ["heat"]
BOARD, PIPES, COMPOUNDS = "heat:home", "heat:segment-list", "heat:compound-list"


def board(room: Heat) -> Any:
    return read(board_reading(room.office, COUNTY, room.programme, TODAY))


# --- Pipes --------------------------------------------------------------------------------------------------------


@pytest.mark.clause(
    "B-14", "运行年限满20年的供热管道…进行改造", serves="heatsupply.services.networks:due_condition",
    page="heat:segment-list", model="heatsupply.PipeSegment",
)  # fmt: skip
@pytest.mark.clause(
    "B-15", "存在泄露隐患、热损失大等问题的其他供热管道", serves="heatsupply.services.networks:note_condition",
    page="heat:segment-list", model="heatsupply.PipeSegment",
)  # fmt: skip
def test_pipes_of_2003_are_due_in_2023_those_of_2004_only_by_their_condition(heat: Heat) -> None:
    heat.lay(piece("G-03", 2003, length="120.5"), piece("G-04", 2004), piece("G-05", 2015), piece("G-06", None))
    assert (
        heat.post("condition", network=heat.network.pk, code="G-05", conditions=["leaking", "heat_loss"]).status_code
        == 302
    )
    page = heat.client().get(reverse(PIPES), {"due": "true"}).content.decode()
    assert [code for code in ("G-03", "G-04", "G-05", "G-06") if code in page] == ["G-03", "G-05"]
    rest = heat.client().get(reverse(PIPES), {"due": "false"}).content.decode()
    assert [code for code in ("G-03", "G-04", "G-05", "G-06") if code in rest] == ["G-04", "G-06"]
    line = board(heat).networks[0]
    assert (line.length_m, line.due_m, line.due) == (Decimal("420.5"), Decimal("220.5"), 2)
    assert heat.post("condition", network=heat.network.pk, code="G-99", conditions=[]).status_code == 422


@pytest.mark.clause(
    "B-41", "城市信息模型（CIM）平台", serves="heatsupply.exporting:feature_collection",
    page="heat:segment-list", model="heatsupply.PipeSegment",
)  # fmt: skip
def test_the_network_leaves_as_geojson_with_its_geometry_and_attributes(heat: Heat) -> None:
    heat.post("segment", network=heat.network.pk, code="G-1", level="primary", length_m="50", year_laid="2003",
              line="104.17,36.54 104.18,36.55")  # fmt: skip
    networks.add_station(network=heat.network, code="H1", name="一号站", capacity_mw=Decimal(5), lng=Decimal("104.2"),
                         lat=Decimal("36.5"), by=heat.firm)  # fmt: skip
    answer = heat.client().get(reverse(PIPES), {"as": "geojson"})
    assert answer["Content-Type"] == "application/geo+json"
    body = json.loads(answer.content)
    pipe, station, source = body["features"]
    assert pipe["geometry"] == {"type": "LineString", "coordinates": [[104.17, 36.54], [104.18, 36.55]]}
    assert (pipe["properties"]["year_laid"], pipe["properties"]["due"]) == (2003, ["AGE"])
    assert station["geometry"] == {"type": "Point", "coordinates": [104.2, 36.5]}
    assert (source["geometry"], source["properties"]["kind"]) == (None, "coal")
    assert (
        json.loads(client_of(firm_person(OTHER_FIRM)).get(reverse(PIPES), {"as": "geojson"}).content)["features"] == []
    )


# --- Sources and backup -------------------------------------------------------------------------------------------


@pytest.mark.clause(
    "B-09", "以热定电", serves="heatsupply.services.networks:contract_heat",
    page="heat:company-detail", model="heatsupply.HeatSource",
)  # fmt: skip
def test_heat_a_plant_has_contracted_is_what_its_network_counts_on(heat: Heat) -> None:
    heat.post("source", name="示例热电", kind="chp", capacity_mw="300", retrofits=["heating", "flexible"])
    plant = HeatSource.objects.get(name="示例热电")
    contract = {"source": plant.pk, "contract_no": "RD-2023-01", "contract_until": "2024-03-31"}
    assert heat.post("heat_contract", **contract, contracted_mw="301").status_code == 422
    assert heat.post("heat_contract", **contract, contracted_mw="80").status_code == 302
    plant.refresh_from_db()
    assert (plant.contracted_mw, plant.contract_no, plant.retrofits) == (80, "RD-2023-01", ["flexible", "heating"])
    networks.start_source(source=plant, on=TODAY, by=heat.firm)
    networks.feed_network(network=heat.network, source=plant, role="backup", by=heat.firm)
    assert board(heat).networks[0].fed.backup_mw == 80


@pytest.mark.clause(
    "B-11", "以气定改 建设天然气供热锅炉", serves="heatsupply.services.networks:start_source",
    page="heat:company-detail", model="heatsupply.HeatSource",
)  # fmt: skip
@pytest.mark.clause(
    "B-08", "保障天然气供应", serves="heatsupply.services.fuel:sign_contract",
    page="heat:company-detail", model="heatsupply.FuelContract",
)  # fmt: skip
def test_gas_boilers_start_only_with_gas_under_contract(heat: Heat) -> None:
    assert heat.post("source", name="燃气锅炉房", kind="gas", capacity_mw="58").status_code == 422  # no gas stated
    assert (
        heat.post("source", name="燃气锅炉房", kind="gas", capacity_mw="58", gas_need_m3="9000000").status_code == 302
    )
    boiler = HeatSource.objects.get(name="燃气锅炉房")
    contract = {"fuel": "gas", "supplier_name": "示例燃气", "quantity": "8999999", "signed_on": "2023-09-01",
                "valid_from": "2023-11-01", "valid_until": "2024-03-31"}  # fmt: skip
    assert heat.post("fuel_contract", number="Q-1", **contract).status_code == 302
    refused = heat.post("start", row=boiler.pk)
    assert (refused.status_code, "B-11" in refused.content.decode()) == (422, True)
    assert heat.post("fuel_contract", number="Q-2", **contract | {"quantity": "1"}).status_code == 302
    assert heat.post("start", row=boiler.pk).status_code == 302
    boiler.refresh_from_db()
    assert boiler.state == "running"
    twin = networks.add_source(company=heat.company, name="二号", kind="gas", capacity_mw=Decimal(9), gas_need_m3=1,
                               by=heat.firm)  # fmt: skip
    assert code_of(networks.start_source, source=twin, on=TODAY, by=heat.firm) == "GAS_NOT_SECURED"  # counted once


@pytest.mark.clause(
    "B-12", "第二热源、互为备用", serves="heatsupply.services.networks:feed_network",
    page="heat:home", model="heatsupply.NetworkSource",
)  # fmt: skip
def test_a_backup_is_another_running_source_and_the_board_says_how_far_it_carries(heat: Heat) -> None:
    second = networks.add_network(company=heat.company, name="北区", heated_area_m2=500_000, by=heat.firm)
    assert board(heat).coverage.with_backup == 0
    neighbour = networks.add_source(
        company=heat.other, name="邻厂", kind="waste", capacity_mw=Decimal(40), by=heat.office
    )
    feed = {"network": heat.network.pk, "source": neighbour.pk, "role": "backup"}
    assert heat.post("feed", **feed | {"source": heat.source.pk}).status_code == 409  # the main one is no backup
    assert heat.post("feed", heat.firm, **feed).status_code == 422  # another company's is the county's business
    assert heat.post("feed", **feed).status_code == 302
    assert board(heat).coverage.with_backup == 0  # planned sources carry nothing
    networks.start_source(source=neighbour, on=TODAY, by=heat.office)
    found = board(heat)
    assert (found.coverage.networks, found.coverage.with_backup, float(found.coverage.area_share)) == (2, 1, 0.8)
    line = next(one for one in found.networks if one.network == heat.network)
    assert (float(line.fed.share), next(one for one in found.networks if one.network == second).fed.share) == (
        0.4,
        None,
    )
    assert "40" in heat.client().get(reverse(BOARD)).content.decode()


# --- Stations and checks ------------------------------------------------------------------------------------------


@pytest.mark.clause(
    "B-19", "换热站、二级管网全面排查", serves="heatsupply.services.networks:record_check",
    page="heat:company-detail", model="heatsupply.NetworkCheck",
)  # fmt: skip
def test_stations_and_secondary_networks_are_checked_once_a_season_and_put_right(heat: Heat) -> None:
    heat.post("station", network=heat.network.pk, code="H1", name="一号站", capacity_mw="5", demand_mw="6")
    station = ExchangeStation.objects.get()
    check = {"network": heat.network.pk, "season": "2023", "checked_on": "2023-10-10"}
    assert heat.post("check", station=station.pk, **check).status_code == 422  # not enough, and nothing said
    said = {"findings": "换热能力不足", "due_on": "2023-11-01"}
    assert heat.post("check", heat.firm, station=station.pk, **check, **said).status_code == 302
    assert heat.post("check", station=station.pk, **check, **said).status_code == 409
    assert heat.post("check", **check, meets_demand="on").status_code == 302  # the secondary network
    line = board(heat).networks[0]
    assert (len(line.checks), line.to_check, len(line.open_checks)) == (2, 2, 1)
    found = NetworkCheck.objects.get(station=station)
    assert heat.post("put_right", row=found.pk, words="").status_code == 422
    assert heat.post("put_right", row=found.pk, words="增加一台换热器").status_code == 302
    assert board(heat).networks[0].open_checks == []


# --- Compounds ----------------------------------------------------------------------------------------------------


def compound(room: Heat, **more: Any) -> Compound:
    values = {"area": COUNTY, "name": "示例家园", "homes": "200", "metered_homes": "0", "heated_area_m2": "20000",
              "pipe_owner": "residents"}  # fmt: skip
    assert room.post("compound", room.firm, **values | more).status_code == 302
    return Compound.objects.get(name=(values | more)["name"])


@pytest.mark.clause(
    "B-18", "未经验收合格的供热设施不得投入使用", serves="heatsupply.services.compounds:start_use",
    page="heat:company-detail", model="heatsupply.Compound",
)  # fmt: skip
def test_a_new_compound_is_not_heated_before_its_facilities_are_accepted(heat: Heat) -> None:
    new = compound(heat, is_new="on")
    use = {"compound": new.pk, "on": "2023-11-15"}
    refused = heat.post("use", heat.firm, **use)
    assert (refused.status_code, "B-18" in refused.content.decode()) == (422, True)
    with pytest.raises(IntegrityError), transaction.atomic():  # and no road around the service
        Compound.objects.filter(pk=new.pk).update(in_use_since=TODAY)
    assert new in board(heat).waiting
    accept = {
        "compound": new.pk,
        "accepted_on": "2023-11-10",
        "accepted_by": "县住建局、供热企业",
        "acceptance_no": "YS-7",
    }
    assert heat.post("accept", heat.firm, **accept).status_code == 403  # the company is no judge of it
    assert heat.post("accept", **accept).status_code == 302
    assert heat.post("use", heat.firm, **use | {"on": "2023-11-09"}).status_code == 422
    assert heat.post("use", heat.firm, **use).status_code == 302
    assert board(heat).waiting == []
    old = compound(heat, name="老小区")
    assert heat.post("use", heat.firm, compound=old.pk, on="2005-11-01").status_code == 302


@pytest.mark.clause(
    "B-17", "移交供热企业；明确维护责任", serves="heatsupply.services.compounds:hand_over",
    page="heat:compound-list", model="heatsupply.Compound",
)  # fmt: skip
@pytest.mark.clause(
    "B-43", "移交后相关维护费用纳入企业运营成本", serves="heatsupply.services.compounds:hand_over",
    page="heat:compound-list", model="heatsupply.Compound",
)  # fmt: skip
def test_shared_pipes_are_handed_over_after_renewal_and_kept_at_the_companys_operating_cost(heat: Heat) -> None:
    plot = compound(heat)
    page = heat.client().get(reverse(COMPOUNDS), {"keeper": "none"}).content.decode()
    assert plot.name in page
    hand = {"compound": plot.pk, "handed_over_on": "2023-11-18", "handover_no": "YJ-3"}
    assert heat.post("handover", **hand).status_code == 422  # not renewed yet
    keep = {"compound": plot.pk, "keeper": "property", "cost_owner": "residents", "renewed_year": "2023"}
    assert heat.post("keeper", **keep).status_code == 302
    plot.refresh_from_db()
    assert (plot.keeper, plot.cost_owner) == ("property", "residents")
    assert heat.post("handover", **hand).status_code == 302
    plot.refresh_from_db()
    assert (plot.pipe_owner, plot.keeper, plot.cost_owner) == ("company", "company", "operating")
    assert heat.post("keeper", **keep).status_code == 409
    with pytest.raises(IntegrityError), transaction.atomic():
        Compound.objects.filter(pk=plot.pk).update(cost_owner="residents")
    assert plot.name in heat.client().get(reverse(COMPOUNDS), {"handed": "true"}).content.decode()


@pytest.mark.clause(
    "B-22", "供热分户改造", serves="heatsupply.services.compounds:finish_work",
    page="heat:company-detail", model="heatsupply.EfficiencyWork",
)  # fmt: skip
@pytest.mark.clause(
    "B-22", "外墙保温、公共区域门窗", serves="heatsupply.services.compounds:plan_work",
    page="heat:company-detail", model="heatsupply.EfficiencyWork",
)  # fmt: skip
def test_homes_converted_one_by_one_are_counted_and_never_more_than_there_are(heat: Heat) -> None:
    plot = compound(heat, metered_homes="50")
    work = {"compound": plot.pk, "year": "2023"}
    assert heat.post("work", kind="household", homes="201", **work).status_code == 422
    assert heat.post("work", kind="household", homes="150", **work).status_code == 302
    assert heat.post("work", kind="walls", homes="200", **work).status_code == 302
    assert heat.post("work", kind="openings", homes="200", **work).status_code == 302
    household = EfficiencyWork.objects.get(kind="household")
    assert heat.post("finish", heat.firm, row=household.pk).status_code == 302
    plot.refresh_from_db()
    assert plot.metered_homes == 200
    heat.post("finish", row=EfficiencyWork.objects.get(kind="walls").pk)
    more = compounds.plan_work(compound=plot, kind="household", year=2024, homes=1, by=heat.firm)
    assert code_of(compounds.finish_work, work=more, done_on=TODAY, by=heat.firm) == "WORK_FAULTY"


# --- Whose rows these are -----------------------------------------------------------------------------------------


def test_people_of_a_company_see_and_keep_only_what_is_its_own(heat: Heat) -> None:
    heat.lay(piece("G-1", 2003))
    stranger = firm_person(OTHER_FIRM)
    client = client_of(stranger)
    assert client.get(heat.page()).status_code == 404
    assert heat.post("network", stranger, name="偷建", heated_area_m2="1").status_code == 404
    assert heat.company.name not in client.get(reverse(BOARD)).content.decode()
    assert "G-1" not in client.get(reverse(PIPES)).content.decode()
    assert heat.client(heat.firm).get(heat.page()).status_code == 200
    assert "G-1" in heat.client(heat.firm).get(reverse(PIPES)).content.decode()
    with pytest.raises(PermissionDenied):
        networks.add_network(company=heat.company, name="偷建", heated_area_m2=1, by=stranger)
    with pytest.raises(PermissionDenied):
        fuel.record_price(area=heat.county, company=heat.company, kind="end", valid_from=TODAY, amount=Decimal(23),
                          paper_no="1", by=heat.firm)  # fmt: skip


def test_another_county_reads_nothing_and_readers_change_nothing(heat: Heat) -> None:
    people.area(OTHER_COUNTY)
    elsewhere, reader = people.user("office", OTHER_COUNTY), people.user("auditor", COUNTY)
    assert client_of(elsewhere).get(heat.page()).status_code == 404
    assert (
        heat.post("stock", elsewhere, fuel="coal", on="2023-11-01", quantity="1", used_per_day="1").status_code == 404
    )
    assert client_of(reader).get(heat.page()).status_code == 200
    assert heat.post("stock", reader, fuel="coal", on="2023-11-01", quantity="1", used_per_day="1").status_code == 403
    assert not FuelContract.objects.exists()
    assert Area.objects.filter(code=COUNTY).exists()
    assert HeatingCompany.objects.visible_to(reader).count() == 2
