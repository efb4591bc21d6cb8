"""The stream of changes: what it says, how long it lasts, and that there are few of them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from devices.models import Command, DockingTest
from telemetry import stream
from telemetry.models import Alert
from tests import people
from tests.telemetry.said import bare_heater, say
from tests.telemetry.visiting import OTHER_TOWN

pytestmark = pytest.mark.django_db


class Clock:
    """Time goes on by waiting only."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def pause(self, seconds: float) -> None:
        self.at += seconds


def test_it_speaks_when_something_changed_and_else_now_and_then() -> None:
    same, other = {"turns": "1", "alerts": "7"}, {"turns": "2", "alerts": "7"}
    answers, clock = iter([same, same, other, *[other] * 20]), Clock()
    said = list(stream.pieces(lambda: next(answers), 30.0, clock.now, clock.pause))
    assert said == ["retry: 3000\n\n", "event: changed\ndata: turns\n\n", ": still here\n\n"]
    assert clock.at == 30.0


def test_turns_alerts_commands_and_docking_tests_are_told_each_by_its_name(ops: Any) -> None:
    people.programme("370999", poll_period_s=30)
    now, heater, place = dt.datetime.now(dt.UTC), bare_heater(), "370999001"
    seen = [stream.state_of_place(ops, place)]

    def told() -> set[str]:
        seen.append(stream.state_of_place(ops, place))
        return {name for name in seen[-1] if seen[-1][name] != seen[-2][name]}

    say(heater, now, room_dc=200)
    assert told() == {"turns"}
    alert = Alert.objects.create(heater=heater, area_id=heater.area_id, kind="fault", opened_at=now)
    assert told() == {"alerts"}
    Alert.objects.filter(pk=alert.pk).update(acknowledged_at=now, acknowledged_by=ops)
    assert told() == {"alerts"}
    wish = {"heater": heater, "area_id": heater.area_id, "point": "set_room_t", "asked": 20, "requested_by": ops}
    Command.objects.create(request_id=uuid.uuid4(), expires_at=now, **wish)
    assert told() == {"commands"}
    for state in ("sent", "verified"):  # the one stays under way, the other is over
        with transaction.atomic():  # a row's version is told by its transaction, and this one has a number of its own
            Command.objects.update(state=state)
        assert told() == {"commands"}
    Command.objects.update(note="over")
    assert told() == set(), "what is over moves nothing"
    docking = {"device_model": heater.device_model, "profile": heater.profile, "line": "dtu:1", "unit": 1}
    DockingTest.objects.create(number="T-1", sample_received_on=now, opened_by=ops, opened_at=now, **docking)
    assert told() == {"docking"}
    for change in ({"steps": [{"number": 1, "state": "running"}]}, {"state": "passed"}):
        with transaction.atomic():
            DockingTest.objects.update(**change)
        assert told() == {"docking"}
    elsewhere = stream.state_of_place(people.user("ops", OTHER_TOWN), OTHER_TOWN)
    assert {elsewhere["alerts"][:1], elsewhere["commands"][:1]} <= {"0", "N"}, "nothing of other places"


def test_who_gets_no_place_polls_and_a_place_comes_back(page: Client, settings: Any) -> None:
    settings.STREAM_S = 0
    address = reverse("telemetry:stream")
    taken = [page.get(address) for _ in range(stream.MOST)]
    assert [answer["Content-Type"] for answer in taken] == ["text/event-stream"] * stream.MOST
    assert page.get(address).status_code == 204
    for answer in taken:
        assert b"".join(answer.streaming_content) == b"retry: 3000\n\n"  # type: ignore[attr-defined]
    again = page.get(address)
    assert again.status_code == 200
    b"".join(again.streaming_content)  # type: ignore[attr-defined]
