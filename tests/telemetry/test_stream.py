"""The stream of changes: what it says, how long it lasts, and that there are few of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

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
    answers, clock = iter(["a", "a", "b", *["b"] * 20]), Clock()
    said = list(stream.pieces(lambda: next(answers), 30.0, clock.now, clock.pause))
    assert said == ["retry: 3000\n\n", "event: changed\ndata: b\n\n", ": still here\n\n"]
    assert clock.at == 30.0


def test_a_turn_an_alert_and_its_acknowledgement_are_changes(ops: Any) -> None:
    people.programme("370999", poll_period_s=30)
    now, heater = dt.datetime.now(dt.UTC), bare_heater()
    seen = [stream.state_of_place(ops, "370999001")]
    say(heater, now, room_dc=200)
    seen.append(stream.state_of_place(ops, "370999001"))
    alert = Alert.objects.create(heater=heater, area_id=heater.area_id, kind="fault", opened_at=now)
    seen.append(stream.state_of_place(ops, "370999001"))
    Alert.objects.filter(pk=alert.pk).update(acknowledged_at=now, acknowledged_by=ops)
    seen.append(stream.state_of_place(ops, "370999001"))
    assert len(set(seen)) == 4
    assert stream.state_of_place(people.user("ops", OTHER_TOWN), OTHER_TOWN).endswith(" 0 0 0")


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
