"""What a turn leaves behind: flags, newest values, alerts that open and clear."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from devices.models import DeviceModel, DockingCertificate, DockingTest, Heater
from devices.protocol.points import Quality
from telemetry.models import Alert, AlertWatch, LatestReading, QuietTime, Reading
from tests import people
from tests.telemetry.said import bare_heater, sample, say, turn, unit_of

pytestmark = pytest.mark.django_db
WINTER = dt.datetime(2021, 1, 18, 4, tzinfo=dt.UTC)
SUMMER = dt.datetime(2021, 7, 18, 4, tzinfo=dt.UTC)
KINDS = {"room_cold": {"room_dc": 155}, "supply_low": {"running": True, "supply_dc": 240}}


@pytest.fixture
def heater() -> Heater:
    people.programme("370999", poll_period_s=30, room_temp_min_c=16)
    return bare_heater()


def minutes(start: dt.datetime, *steps: int) -> list[dt.datetime]:
    return [start + dt.timedelta(minutes=step) for step in steps]


def opened() -> set[str]:
    return set(Alert.objects.filter(cleared_at__isnull=True).values_list("kind", flat=True))


def test_every_column_comes_back_as_it_was_said(heater: Heater) -> None:
    said: dict[str, Any] = {
        "supply_dc": -32768, "return_dc": 32767, "outdoor_dc": -125, "room_dc": 0, "set_room_dc": None, "mode": 1,
        "running": False, "fault": 2**31 - 1, "power_w": -1, "energy_dkwh": 2**40,
    }  # fmt: skip
    say(heater, WINTER, **said)
    for row in (Reading.objects.get(), LatestReading.objects.get()):
        assert {name: getattr(row, name) for name in said} == said
        assert row.at == WINTER


def test_an_older_reading_never_becomes_the_newest(heater: Heater) -> None:
    say(heater, WINTER, room_dc=200)
    later = WINTER + dt.timedelta(seconds=30)
    turn([unit_of(heater)], [sample(heater, WINTER - dt.timedelta(seconds=5), room_dc=100)], later)
    assert (Reading.objects.count(), LatestReading.objects.get().room_dc) == (2, 200)


def test_a_model_without_docking_confirmation_a_jump_and_works_are_marked(heater: Heater) -> None:
    say(heater, WINTER, room_dc=200)
    assert LatestReading.objects.get().flags == Quality.UNCERTIFIED
    heater.device_model.docking_confirmed_on = dt.date(2020, 9, 1)
    heater.device_model.save()
    QuietTime.objects.create(area_id="370999001", reason="maintenance", starts_at=WINTER, ends_at=minutes(WINTER, 9)[0])
    say(heater, minutes(WINTER, 5)[0], room_dc=260)
    assert LatestReading.objects.get().flags == Quality.JUMP | Quality.MAINTENANCE
    say(heater, minutes(WINTER, 9)[0], room_dc=258)
    assert LatestReading.objects.get().flags == 0


@pytest.mark.parametrize("state, until, marked", [("valid", 0, False), ("valid", -1, True), ("suspended", 0, True)])
def test_the_confirmation_itself_goes_before_the_day_in_the_models_entry(
    heater: Heater, state: str, until: int, marked: bool
) -> None:
    model, day = heater.device_model, WINTER.date()
    DeviceModel.objects.filter(pk=model.pk).update(docking_confirmed_on=day)
    by = people.user("ops", "370999")
    proof = DockingTest.objects.create(
        number="DT-1", device_model=model, profile=heater.profile, line="dtu:1", unit=1, sample_received_on=day,
        opened_by=by, opened_at=WINTER,
    )  # fmt: skip
    DockingCertificate.objects.create(
        number="DJ-1", code="c", test=proof, device_model=model, profile=heater.profile, document={}, issued_by=by,
        issued_on=day - dt.timedelta(days=9), valid_until=day + dt.timedelta(days=until), state=state,
    )  # fmt: skip
    say(heater, WINTER, room_dc=200)
    assert bool(LatestReading.objects.get().flags & Quality.UNCERTIFIED) is marked


@pytest.mark.parametrize("kind, held", [("room_cold", 60), ("supply_low", 30)])
def test_an_alert_opens_after_its_time_and_carries_its_evidence(heater: Heater, kind: str, held: int) -> None:
    for at in minutes(WINTER, *range(0, held, 15)):
        say(heater, at, **KINDS[kind])
    assert opened() == set() and AlertWatch.objects.filter(kind=kind).exists()
    say(heater, minutes(WINTER, held)[0], **KINDS[kind])
    assert opened() == {kind} and not AlertWatch.objects.filter(kind=kind).exists()
    alert = Alert.objects.get()
    assert alert.evidence["since"] == WINTER.timestamp()
    assert set(KINDS[kind].values()) & set(alert.evidence.values())
    say(heater, minutes(WINTER, held + 5)[0], room_dc=200, running=True, supply_dc=400)
    assert opened() == set()


@pytest.mark.clause(
    "J-77",
    "防止…群众不愿用、舍不得用…又停用",
    serves="telemetry.alerting:judge_turn",
    page="telemetry:alert-list",
    model="telemetry.Alert",
)
def test_a_cold_room_is_a_matter_of_the_season(heater: Heater) -> None:
    for at in minutes(SUMMER, 0, 15, 30, 45, 60, 75):
        say(heater, at, **KINDS["room_cold"])
    assert opened() == set()
    for at in minutes(WINTER + dt.timedelta(days=365), 0, 15, 30, 45, 60):
        say(heater, at, **KINDS["room_cold"])
    assert opened() == {"room_cold"}


def test_a_programme_sets_its_own_time(heater: Heater) -> None:
    people.programme("370999001", poll_period_s=30, room_temp_min_c=16, settings={"alerts": {"room_hold_s": 600}})
    for at in minutes(WINTER, 0, 10):
        say(heater, at, **KINDS["room_cold"])
    assert opened() == {"room_cold"}


def test_of_a_dead_line_one_heater_speaks_even_when_another_is_asked_first(heater: Heater) -> None:
    other = bare_heater(2)
    units = [unit_of(heater, 2), unit_of(other, 2)]
    turn(units, [], WINTER, {heater.pk: "offline", other.pk: "offline"})
    turn([unit_of(other, 3)], [], minutes(WINTER, 1)[0], {other.pk: "offline"})
    assert [(a.heater_id, a.kind) for a in Alert.objects.all()] == [(heater.pk, "line_silent")]
    say(other, minutes(WINTER, 2)[0], room_dc=200)
    assert opened() == set()


def test_a_batch_costs_the_same_questions_as_one(heater: Heater, django_assert_max_num_queries: Any) -> None:
    heaters = [heater, *(bare_heater(n) for n in range(2, 21))]
    say(heater, WINTER, room_dc=150, fault=1)
    with django_assert_max_num_queries(22):
        at = minutes(WINTER, 1)[0]
        turn([unit_of(one) for one in heaters], [sample(one, at, room_dc=150, fault=1) for one in heaters], at)
    assert Alert.objects.filter(kind="fault").count() == 20
