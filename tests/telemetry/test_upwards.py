"""What a platform above can pull (J-19): the record of annex 2, as JSON and as a workbook, and readings once each."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from core import clock
from devices.models import Heater
from telemetry import services
from telemetry.models import PollCycle
from tests import people
from tests.telemetry.said import bare_heater, sample, say, turn, unit_of

pytestmark = pytest.mark.django_db
FEED = "/api/heater-readings/"


def upper(role: str = "auditor", area: str = "370999") -> APIClient:
    """A platform above with its token, bound to an area."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=people.user(role, area)).key}")
    return client


@pytest.fixture
def heater() -> Heater:
    people.programme("370999", poll_period_s=30)
    made = bare_heater()
    made.dwelling = people.dwelling(longitude="112.851274", latitude="35.490700", heated_area_m2="88.00", door_no="7号")
    made.save()
    return made


def ago(**span: float) -> dt.datetime:
    return clock.now() - dt.timedelta(**span)


def pulled(client: APIClient, **asked: Any) -> tuple[list[str], dict[str, Any]]:
    body = client.get(FEED, asked).json()
    return [f"{row['heater']} {row['room_dc']}" for row in body["results"]], body


@pytest.mark.clause(
    "J-19",
    "配合推进市清洁取暖管理平台建设",
    serves="telemetry.feed:readings_since",
    model="telemetry.Reading",
)
def test_a_platform_above_pulls_every_reading_once(heater: Heater) -> None:
    for n in range(5):
        say(heater, ago(minutes=10 - n), room_dc=200 + n)
    client = upper()
    first, body = pulled(client, limit=3)
    assert first == [f"{heater.platform_no} {200 + n}" for n in range(3)] and body["more"] is True
    rest, body = pulled(client, cursor=body["cursor"])
    assert rest == [f"{heater.platform_no} {203 + n}" for n in range(2)] and body["more"] is False
    assert pulled(client, cursor=body["cursor"])[0] == []
    say(heater, ago(minutes=1), room_dc=150)
    assert pulled(client, cursor=body["cursor"])[0] == [f"{heater.platform_no} 150"]


def test_readings_of_a_turn_under_way_are_waited_for(heater: Heater) -> None:
    other = bare_heater(2)
    slow = services.plan_cycle(area_id="370999", shard=1, period_s=30, now=ago(seconds=40))
    assert slow
    PollCycle.objects.filter(pk=slow.pk).update(started_at=ago(seconds=40))
    say(heater, ago(seconds=20), room_dc=200)
    client = upper()
    rows, body = pulled(client)
    assert rows == [], "an older one may still come"
    late = sample(other, ago(seconds=35), room_dc=111)
    turn([unit_of(other)], [late], ago(seconds=5))
    PollCycle.objects.filter(pk=slow.pk).update(finished_at=clock.now())
    assert pulled(client, cursor=body["cursor"])[0] == [f"{other.platform_no} 111", f"{heater.platform_no} 200"]


def test_a_turn_that_died_holds_nobody_up_for_ever(heater: Heater) -> None:
    dead = services.plan_cycle(area_id="370999", shard=1, period_s=30, now=ago(seconds=61))
    assert dead
    PollCycle.objects.filter(pk=dead.pk).update(started_at=ago(seconds=61))
    say(heater, ago(seconds=20), room_dc=200)
    assert len(pulled(upper())[0]) == 1


def test_a_token_reaches_as_far_as_its_area(heater: Heater) -> None:
    say(heater, ago(minutes=5), room_dc=200)
    elsewhere = upper("town_staff", "370999002")
    assert pulled(elsewhere)[0] == []
    assert elsewhere.get("/api/heaters/").json()["results"] == []
    assert upper("inspector").get(FEED).status_code == 403
    assert APIClient().get(FEED).status_code == 401


@pytest.mark.parametrize(
    "asked",
    [{"cursor": "x"}, {"cursor": "MTIz"}, {"cursor": "9" * 90}, {"since": "2026-01-01"}, {"since": "2026-13-01T00:00Z"},
     {"limit": "0"}, {"limit": "5001"}, {"limit": "-1"}, {"limit": "many"}],
)  # fmt: skip
def test_a_question_that_can_not_be_is_refused_with_a_sentence(heater: Heater, asked: dict[str, str]) -> None:
    answer = upper().get(FEED, asked)
    assert answer.status_code == 400
    assert list(answer.json()) == list(asked)


@pytest.mark.clause(
    "J-19",
    "配合推进市清洁取暖管理平台建设",
    serves="telemetry.api:HeaterRows",
    model="devices.Heater",
)
def test_the_record_of_annex_2_leaves_as_json_and_as_a_workbook(heater: Heater) -> None:
    say(heater, ago(minutes=5), room_dc=195, supply_dc=-5, running=True, energy_dkwh=123456)
    client = upper("town_staff", "370999001")
    row = client.get("/api/heaters/").json()["results"][0]
    record = row["record"]
    assert (record["town"], record["village"], record["door_no"]) == ("甲镇", "甲一村", "7号")
    assert (record["longitude"], record["latitude"], record["heated_area_m2"]) == ("112.851274", "35.490700", "88.00")
    assert len(record) == 13 and None not in record.values(), "longitude and latitude are one item of the twelve"
    book = openpyxl.load_workbook(io.BytesIO(client.get("/api/heaters/?format=xlsx").content))
    cells = [str(cell.value) for line in book.worksheets[0].iter_rows() for cell in line if cell.value is not None]
    for wanted in ("镇名", "无线传输设备地址编号", "7号", "19.5", "-0.5", "12345.6", heater.factory_no):
        assert wanted in cells, wanted


def test_who_reads_no_households_gets_neither_name_nor_door(heater: Heater) -> None:
    ops = people.user("ops", "370999")
    from accounts.models import Grant

    Grant.objects.create(user=ops, role="auditor", area=people.area("370999002"))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=ops).key}")
    record = client.get("/api/heaters/").json()["results"][0]["record"]
    assert heater.dwelling is not None
    assert record["door_no"] is None and "*" in record["head_name"] and "****" in record["phone"]


def test_the_description_of_the_feed_names_its_fields(heater: Heater) -> None:
    paths = upper().get("/api/schema/").json()["paths"]
    assert {one["name"] for one in paths[FEED]["get"]["parameters"]} == {"cursor", "since", "limit"}


def test_the_description_of_the_api_says_what_is_sent_upwards() -> None:
    told = SchemaGenerator().get_schema(request=None, public=True)["webhooks"]["readings"]["post"]
    named = ("Idempotency-Key", "X-Portal-Timestamp", "X-Portal-Signature")
    assert all(name in told["description"] for name in named) and "410" in told["responses"]
    assert "requestBody" in told
