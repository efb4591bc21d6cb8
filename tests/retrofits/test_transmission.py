""" "Data transmission confirmed" (J-31): ten good reads at the door, final when the window of the programme is full."""

from __future__ import annotations

import datetime as dt
import uuid
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import AuditEntry
from core import clock
from retrofits.faults import Faulty
from retrofits.models import Acceptance, Task, TransmissionCheck
from retrofits.services.acceptances import door_evidence, record_acceptance
from retrofits.services.photos import add_photo
from retrofits.services.transmissions import settle_checks
from retrofits.tasks import settle_transmissions
from retrofits.transmission import Rules, Window, completeness, rules_of, verdict, window_of
from telemetry import door
from telemetry.models import DoorCheck, LatestReading, Reading
from tests import people
from tests.devices import boards
from tests.retrofits.conftest import DAY, NUMBERS, Works, picture
from tests.retrofits.test_pages import client_of, page

START = dt.datetime(2021, 12, 1, 8, 0, tzinfo=dt.UTC)
HOURS = dt.timedelta(hours=1)
TWO_DAYS = Rules(dt.timedelta(hours=48), Decimal(95), 10, 300)
FEW = {"transmission": {"window_hours": 1, "completeness_percent": 95, "site_reads": 10}}


@pytest.mark.parametrize(
    ("hours", "good", "said"),
    [(47, 576, "provisional"), (48, 576, "confirmed"), (48, 548, "confirmed"), (48, 547, "not_confirmed")],
)
def test_the_item_turns_final_when_the_window_is_full(hours: int, good: int, said: str) -> None:
    window = window_of(START, START + HOURS, TWO_DAYS)
    assert (window, TWO_DAYS.expected) == (Window(START, START + 48 * HOURS), 576)
    assert verdict(window, good, TWO_DAYS, now=START + hours * HOURS) == said


def test_completeness_is_never_rounded_up() -> None:
    assert completeness(547, TWO_DAYS) == Decimal("94.96")
    assert completeness(548, TWO_DAYS) == Decimal("95.13")
    assert completeness(600, TWO_DAYS) == Decimal(100)
    assert completeness(9499, Rules(dt.timedelta(seconds=10_000), Decimal(95), 10, 1)) == Decimal("94.99")


def test_a_window_already_full_at_the_visit_is_the_last_one_before_it() -> None:
    visit = START + 100 * HOURS
    assert window_of(START, visit, TWO_DAYS) == Window(visit - 48 * HOURS, visit)


def test_the_programme_says_the_rules_and_the_demonstration_its_own() -> None:
    said = {"transmission": {"window_hours": 24, "completeness_percent": 90, "site_reads": 5,
                             "demonstration": {"window_minutes": 10, "site_reads": 2}}}  # fmt: skip
    assert rules_of(said, period_s=30, is_demonstration=False) == Rules(dt.timedelta(hours=24), Decimal(90), 5, 30)
    assert rules_of(said, period_s=30, is_demonstration=True) == Rules(dt.timedelta(minutes=10), Decimal(90), 2, 30)
    assert rules_of({}, period_s=300, is_demonstration=False) == TWO_DAYS


def visited(works: Works, *, count: int, every_s: int = 30, supply_dc: int = 446, **programme: Any) -> Task:
    """A home whose heater has been heard `count` times, the last time now."""
    for name, value in programme.items():
        setattr(works.programme, name, value)
    works.programme.save()
    task = works.installed()
    now = clock.now()
    LatestReading.objects.create(heater=task.installation.heater, at=now, supply_dc=supply_dc)
    works.heard(task, now=now, count=count, every_s=every_s, supply_dc=supply_dc)
    return Task.objects.get(pk=task.pk)


def accept(works: Works, task: Task) -> Acceptance:
    add_photo(task=task, stage="after", content=picture(next(NUMBERS)), by=works.inspector)
    return record_acceptance(
        task=task, request_id=uuid.uuid4(), result="passed", visit=works.visit(), by=works.inspector, on=DAY
    )


@pytest.mark.parametrize(("count", "passes"), [(9, False), (10, True)])
def test_ten_good_reads_suffice_at_the_door(works: Works, count: int, passes: bool) -> None:
    task = visited(works, count=count)
    if passes:
        assert accept(works, task).transmission.state == "provisional"
        return
    with pytest.raises(Faulty) as refusal:
        accept(works, task)
    assert [(fault.field, fault.code) for fault in refusal.value.faults] == [("DATA", "TOO_FEW")]


def test_implausible_values_are_no_good_reads(works: Works) -> None:
    with pytest.raises(Faulty) as refusal:
        accept(works, visited(works, count=12, supply_dc=1001))
    assert [fault.code for fault in refusal.value.faults] == ["TOO_FEW"]


@pytest.mark.clause(
    "J-31", "确认数据传输无误", serves="retrofits.services.transmissions:settle_checks",
    page="retrofits:acceptance-detail", model="retrofits.TransmissionCheck",
)  # fmt: skip
def test_47_hours_stay_provisional_and_48_are_final(works: Works) -> None:
    check = accept(works, visited(works, count=10)).transmission
    first, heater = check.first_message_at, check.acceptance.task.installation.heater
    fill(heater, first, hours=48, every_s=300, but=0)
    TransmissionCheck.objects.update(expected=576)
    works.programme.poll_period_s = 300
    works.programme.save()
    assert settle_checks(now=first + 47 * HOURS) == 0
    assert TransmissionCheck.objects.get().state == "provisional"
    assert settle_checks(now=first + 48 * HOURS) == 1
    done = TransmissionCheck.objects.get()
    assert (done.state, done.window_to) == ("confirmed", first + 48 * HOURS)
    assert settle_checks(now=first + 49 * HOURS) == 0


def test_a_heater_that_fell_silent_is_not_confirmed_and_listed_for_the_reviewer(works: Works) -> None:
    check = accept(works, visited(works, count=10)).transmission
    assert settle_checks(now=check.window_to) == 1
    assert TransmissionCheck.objects.get().state == "not_confirmed"
    shown = client_of(works.office).get(page("review-list")).content.decode()
    assert f"10 / {check.expected}" in shown


def fill(heater: Any, first: dt.datetime, *, hours: int, every_s: int, but: int) -> None:
    """Readings after the door's ten, every `every_s` seconds to the end of the window."""
    last = Reading.objects.filter(heater=heater).latest("at").at
    moments = [first + dt.timedelta(seconds=every_s * n + 1) for n in range(hours * 3600 // every_s - but)]
    rows = [Reading(heater=heater, at=at, supply_dc=440) for at in moments if at > last]
    Reading.objects.bulk_create(rows)


def test_a_window_that_was_full_before_the_visit_is_final_at_once(works: Works) -> None:
    task = visited(works, count=130, settings=FEW)
    assert accept(works, task).transmission.state == "confirmed"


def test_later_changes_of_the_programme_do_not_count(works: Works) -> None:
    check = accept(works, visited(works, count=10)).transmission
    works.programme.settings = {"transmission": {"completeness_percent": 1, "window_hours": 1}}
    works.programme.save()
    settle_checks(now=check.window_to)
    assert TransmissionCheck.objects.get().state == "not_confirmed"


def test_the_sweep_is_written_down_under_its_own_name(works: Works) -> None:
    check = accept(works, visited(works, count=10)).transmission
    past = clock.now() - HOURS
    TransmissionCheck.objects.update(window_from=past - HOURS, window_to=past)
    assert settle_transmissions() == 1
    last = AuditEntry.objects.filter(table="retrofits_transmissioncheck", row_pk=str(check.pk)).latest("id")
    assert last.actor_name == "acceptance sweep"


# --- reads made while the inspector stands there ---


def board_of(task: Task, monkeypatch: pytest.MonkeyPatch, *, answers: bool = True) -> boards.BoardHub:
    """The task's heater as a board that answers at once, or one whose breaker is off."""
    heater = task.installation.heater
    at = {(heater.bus.line, heater.unit): boards.slave("linshi-ashp-08", heater.unit)} if answers else {}
    hub = boards.BoardHub(at)
    monkeypatch.setattr(door, "hub_client", lambda timeout_s: nullcontext(hub))
    monkeypatch.setattr(door, "sleep", lambda seconds: None)
    return hub


def press(works: Works, task: Task) -> Any:
    sent = {"deed": "read", "request_id": str(uuid.uuid4()), "item-ROOM_TEMP": "19.3"}
    return client_of(works.inspector).post(page("visit-record", task.pk), sent)


@pytest.mark.clause(
    "J-31", "登录平台并确认数据传输无误", serves="telemetry.door:check_at_door", page="retrofits:visit-record",
    model="telemetry.DoorCheck",
)  # fmt: skip
def test_ten_reads_from_the_phone_answer_the_item_and_it_turns_final_by_itself(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.programme.settings = FEW
    works.programme.save()
    task = works.installed()
    hub = board_of(task, monkeypatch)
    shown = press(works, task).content.decode()
    kept = DoorCheck.objects.get()
    assert (kept.good, kept.asked, kept.passed, kept.by, len(hub.writes)) == (10, 10, True, works.inspector, 1)
    assert 'id="door-check"' in shown and all(line["words"] in shown for line in door.worded(kept.lines))
    assert 'value="19.3"' in shown, "what was typed before stays"
    accepted = accept(works, task)
    check = accepted.transmission
    assert accepted.telemetry_evidence["door_check"] == kept.pk
    assert (check.state, check.first_message_at) == ("provisional", kept.at), "no poll has brought a reading yet"
    Reading.objects.create(heater=kept.heater, at=kept.at, supply_dc=440)
    fill(kept.heater, check.window_from, hours=1, every_s=30, but=0)
    assert settle_checks(now=check.window_to) == 1
    assert TransmissionCheck.objects.get().state == "confirmed"


def test_a_silent_heater_is_told_in_a_sentence_and_answers_nothing(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = works.installed()
    asked = []
    board_of(task, monkeypatch, answers=False).before = asked.append  # type: ignore[assignment]
    response = press(works, task)
    kept = DoorCheck.objects.get()
    assert response.status_code == 200 and door.worded(kept.lines)[0]["words"] in response.content.decode()
    assert (kept.answered, kept.good, kept.passed, len(kept.lines), len(asked)) == (0, 0, False, 1, 2)
    with pytest.raises(Faulty) as refusal:
        accept(works, task)
    assert [(fault.field, fault.code) for fault in refusal.value.faults] == [("DATA", "NEVER_HEARD")]


@pytest.mark.parametrize(("hours", "counts"), [(-3, False), (-1, True), (1, True), (3, False)])
def test_reads_count_for_the_visit_they_were_made_at(works: Works, hours: int, counts: bool) -> None:
    task, now = works.installed(), clock.now()
    DoorCheck.objects.create(
        heater=task.installation.heater, area_id=task.area_id, at=now + hours * HOURS, by=works.inspector, passed=True,
        asked=10, answered=10, good=10, values={"supply_t": 446},
    )  # fmt: skip
    assert door_evidence(task, now=now + 9 * HOURS, visited_at=now).suffices is counts


def test_the_heaters_page_and_the_phone_press_the_same_button(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    task = works.installed()
    board_of(task, monkeypatch)
    address = reverse("telemetry:heater-read", args=[task.installation.heater.platform_no])
    looks = client_of(people.user("town_staff", task.area_id[:9]))
    assert looks.post(address, {"deed": "door"}).status_code == 422 and not DoorCheck.objects.exists()
    phone = client_of(works.inspector)
    said = phone.post(address, {"deed": "door"}, headers={"Accept": "application/json"}).json()
    assert (said["good"], said["asked"], [line["code"] for line in said["lines"]]) == (
        10, 10, ["READS", "TEMPERATURES", "WRITE"],
    )  # fmt: skip
    shown = phone.get(reverse("telemetry:heater-detail", args=[task.installation.heater.platform_no])).content.decode()
    assert 'id="door-check"' in shown and 'value="door"' in shown
    assert f'<a href="{page("task-detail", task.pk)}">N 35.4900 E 112.8500</a>' in shown
