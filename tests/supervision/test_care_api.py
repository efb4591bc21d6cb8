"""Cases and network values over the API: rows under the page's rights; bounded; told twice is stored once."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from accounts.models import User
from core import clock
from supervision.api import BODY_MOST, Writes
from supervision.models import Case, NetworkAlarm, NetworkPoint, NetworkValue
from tests import people
from tests.supervision.conftest import COUNTY, DAY, NOW, OTHER_TOWN, TOWN, VILLAGE, Room, client_of, heater_of

CASES, VALUES = "/api/cases/", "/api/network-values/"


@pytest.fixture(autouse=True)
def _uncounted() -> None:
    cache.clear()


def api_of(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
    return client


def new(**changes: str) -> dict[str, str]:
    return {"kind": "hazard", "category": "co", "source": "patrol", "area": VILLAGE, "title": "无通风口",
            "words": "取暖间密闭"} | changes  # fmt: skip


def test_cases_are_listed_shown_and_opened_under_the_rights_of_the_page(room: Room) -> None:
    seen, far = room.case(), room.case(at=OTHER_TOWN)
    secret = room.case("complaint", "conduct", source="phone", reporter_name="张示例", reporter_phone="19900001234")
    clerk, office = api_of(room.clerk), api_of(room.office)
    assert [row["number"] for row in clerk.get(CASES).json()["results"]] == [seen.number]
    assert {row["number"] for row in office.get(CASES).json()["results"]} == {seen.number, far.number, secret.number}
    assert clerk.get(f"{CASES}{far.number}/").status_code == 404
    assert [row["number"] for row in office.get(CASES, {"kind": "complaint"}).json()["results"]] == [secret.number]
    one = office.get(f"{CASES}{secret.number}/").json()
    assert (one["reporter_phone"], one["words"]) == ("199****1234", secret.words)
    assert "19900001234" not in json.dumps(one)
    made = clerk.post(CASES, new(), format="json")
    assert made.status_code == 201
    case = Case.objects.get(number=made.json()["number"])
    assert (case.opened_by, case.area_id, case.state, case.words) == (room.clerk, VILLAGE, "open", "取暖间密闭")
    assert APIClient().get(CASES).status_code == 401
    assert api_of(people.user("inspector", COUNTY)).get(CASES).status_code == 403  # no right to the API


def test_everything_wrong_with_a_new_case_is_told_and_nothing_is_stored(room: Room) -> None:
    clerk = api_of(room.clerk)
    told = clerk.post(CASES, new(area=OTHER_TOWN, source="public", dwelling_no="X-1", heater="H9"), format="json")
    assert told.status_code == 400
    assert set(told.json()) == {"area", "source", "dwelling_no", "heater"}
    assert clerk.post(CASES, new(category="media"), format="json").json()["code"] == "CASE_FAULTY"
    assert clerk.post(CASES, new(kind="order", category="other", source="office"), format="json").status_code == 403
    relapse = new(kind="relapse", category="coal_burnt", dwelling_no=people.dwelling(VILLAGE).dwelling_no)
    assert [clerk.post(CASES, relapse, format="json").status_code for _n in range(2)] == [201, 409]
    long = clerk.post(CASES, new(words="长" * BODY_MOST), format="json")
    assert long.status_code == 413
    assert clerk.put(CASES, new(), format="json").status_code == 405
    assert Case.objects.count() == 1


def test_a_ticket_with_a_heater_names_its_home_and_its_firm(room: Room) -> None:
    heater = heater_of(room, people.dwelling(VILLAGE))
    body = new(kind="repair", category="no_heat", source="phone", heater=heater.platform_no)
    made = api_of(room.office).post(CASES, body, format="json").json()
    assert (made["heater"], made["supplier"]) == (heater.platform_no, room.supplier.name)
    assert made["dwelling_no"] == heater.dwelling.dwelling_no
    assert list(Case.objects.visible_to(room.firm).values_list("number", flat=True)) == [made["number"]]


@pytest.mark.clause(
    "B-20", "管网漏损、密闭空间在线监测、及时预警和应急处置", serves="supervision.services.network:take_values",
    page="supervision:network-board", model="supervision.NetworkAlarm",
)  # fmt: skip
@pytest.mark.clause(
    "B-21", "根据实时气温、室温调控热网水温、水压和流量", serves="supervision.services.network:take_values",
    page="supervision:network-board", model="supervision.NetworkPoint",
)  # fmt: skip
def test_values_of_every_kind_come_in_are_bounded_stored_once_and_raise_alarms(room: Room) -> None:
    bands = {"weather": (None, None), "room": ("18", None), "temperature": ("45", "90"), "pressure": ("0.2", "0.6"),
             "flow": ("1", None), "leak": (None, "0"), "space": (None, "20")}  # fmt: skip
    assert set(bands) == set(NetworkPoint.Kind.values)
    for kind, (low, high) in bands.items():
        NetworkPoint.objects.create(area_id=TOWN, code=f"P-{kind}", name=kind, kind=kind, unit="u", low=low, high=high)
    client, at = api_of(room.clerk), clock.now() - DAY

    def send(**values: str) -> Any:
        said = [{"point": f"P-{kind}", "at": at.isoformat(), "value": value} for kind, value in values.items()]
        return client.post(VALUES, {"values": said}, format="json")

    fine = {"weather": "-12.5", "room": "18", "temperature": "90", "pressure": "0.2", "flow": "3", "leak": "0",
            "space": "20"}  # fmt: skip
    assert send(**fine).json() == {"points": 7, "alarms": []}
    assert send(**fine).status_code == 200
    assert NetworkValue.objects.count() == 7  # told twice, stored once
    for kind, value in (("room", "90"), ("weather", "-80"), ("temperature", "300"), ("pressure", "-1")):
        assert send(**{kind: value}).json()["code"] == "VALUES_FAULTY"
    assert send(room="1e40").status_code == 400
    at += timedelta(minutes=5)
    loud = {"room": "17.9", "leak": "0.001", "space": "20.1"}
    assert send(**loud).json() == {"points": 3, "alarms": ["P-leak", "P-room", "P-space"]}
    board = client_of(room.clerk).get(reverse("supervision:network-board")).context["alarms"]
    assert {alarm.point.kind for alarm in board} == set(loud)
    at += timedelta(minutes=5)
    assert send(**{kind: fine[kind] for kind in loud}).json()["alarms"] == []
    assert not NetworkAlarm.objects.filter(cleared_at=None).exists()
    at = clock.now() + DAY
    assert send(room="20").json()["code"] == "VALUES_FAULTY"
    assert NetworkPoint.objects.get(code="P-room").last_value == Decimal(18)


def test_another_towns_point_is_unknown_and_too_many_values_are_refused(room: Room) -> None:
    NetworkPoint.objects.create(area_id=OTHER_TOWN, code="P-far", name="x", kind="flow", unit="u")
    client = api_of(room.clerk)
    said = {"point": "P-far", "at": NOW.isoformat(), "value": "1"}
    assert client.get(VALUES).json() == []
    assert client.post(VALUES, {"values": [said]}, format="json").status_code == 422
    assert client.post(VALUES, {"values": []}, format="json").status_code == 400
    assert client.post(VALUES, {"values": [said] * 5001}, format="json").status_code == 400
    assert client.post(VALUES, {"values": [said | {"at": "gestern"}]}, format="json").status_code == 400
    assert not NetworkValue.objects.exists()


def test_what_changes_something_is_counted_more_strictly(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Writes, "rate", "2/min")
    client = api_of(room.clerk)
    assert [client.post(CASES, {}, format="json").status_code for _n in range(3)] == [400, 400, 429]
    assert client.get(CASES).status_code == 200


def test_the_description_names_the_new_addresses(room: Room) -> None:
    paths = api_of(room.office).get("/api/schema/").json()["paths"]
    assert {"get", "post"} <= set(paths[CASES])
    assert {"get", "post"} <= set(paths[VALUES])
    assert "requestBody" in paths[VALUES]["post"]
