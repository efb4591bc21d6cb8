"""The queue of alerts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

import devices.tasks  # noqa: F401 - the handler of devices.send_command
from accounts.models import User
from devices.models import Heater
from telemetry.models import Alert
from tests import people
from tests.telemetry.plant import Plant
from tests.telemetry.said import bare_heater
from tests.telemetry.visiting import OTHER_TOWN, PARTS, detail, sign_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def alert(heater: Heater, **fields: Any) -> Alert:
    usual = {
        "kind": "unit_silent",
        "opened_at": dt.datetime.now(dt.UTC),
        "evidence": {"misses": 3, "reason": "timeout"},
    }
    return Alert.objects.create(heater=heater, area_id=heater.area_id, **(usual | fields))


def test_alerts_are_grouped_by_line_with_their_evidence(page: Client) -> None:
    for unit in (1, 2):
        alert(bare_heater(unit))
    response = page.get(reverse("telemetry:alert-list"))
    text = words(response)
    assert "2 open, 2 not acknowledged" in text
    assert "3 polls in a row without an answer: the unit does not answer" in text


def test_acknowledging_says_nothing_about_being_over(page: Client, ops: User) -> None:
    one = alert(bare_heater())
    page.post(reverse("telemetry:alert-acknowledge"), {"ids": one.pk})
    one.refresh_from_db()
    assert (one.acknowledged_by, one.cleared_at) == (ops, None)
    first = one.acknowledged_at
    page.post(reverse("telemetry:alert-acknowledge"), {"ids": one.pk})
    one.refresh_from_db()
    assert one.acknowledged_at == first


def test_all_that_match_are_acknowledged_only_while_the_list_is_as_seen(page: Client) -> None:
    for unit in (1, 2):
        alert(bare_heater(unit))
    everything = {"scope": "all", "query": "bits=new", "seen": "3"}
    assert page.post(reverse("telemetry:alert-acknowledge"), everything).status_code == 409
    assert page.post(reverse("telemetry:alert-acknowledge"), everything | {"seen": "2"}).status_code == 302
    assert Alert.objects.filter(acknowledged_at__isnull=True).count() == 0


def test_alerts_of_another_town_cannot_be_acknowledged() -> None:
    one = alert(bare_heater())
    client = sign_in(people.user("ops", OTHER_TOWN))
    assert client.post(reverse("telemetry:alert-acknowledge"), {"ids": one.pk}).status_code == 404
    assert sign_in(people.user("town_staff", "370999001")).post(
        reverse("telemetry:alert-acknowledge"), {"ids": one.pk}
    ).status_code == 403  # fmt: skip
    one.refresh_from_db()
    assert one.acknowledged_at is None


def test_looking_changes_nothing(plant: Plant, page: Client) -> None:
    alert(plant.heaters[0])
    before = _counts()
    for name in PARTS:
        page.get(detail(plant.heaters[0], name))
    page.get(reverse("telemetry:alert-list")), page.get(reverse("telemetry:heater-list"))
    assert _counts() == before


def _counts() -> list[Any]:
    tables = ["telemetry_reading", "telemetry_alert", "devices_command", "devices_heater", "accounts_auditentry"]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in tables))
        return sorted(cursor.fetchall())
