"""The queue of alerts."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

import devices.tasks  # noqa: F401 - the handler of devices.send_command
from accounts.models import User
from core.refusals import Refused
from devices.models import Heater
from telemetry import handling
from telemetry.models import Alert, QuietTime
from telemetry.surroundings import about
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


@pytest.mark.parametrize("of_heaters", [False, True])
def test_many_alerts_are_given_to_somebody_at_once(page: Client, ops: User, of_heaters: bool) -> None:
    listed = reverse("telemetry:alert-list")
    assert "No alert is open. None has ever come." in words(page.get(listed))
    made = [alert(bare_heater(unit)) for unit in (1, 2)]
    over = alert(made[0].heater, kind="fault", cleared_at=dt.datetime.now(dt.UTC))
    colleague, stranger = people.user("ops", "370999001"), people.user("ops", OTHER_TOWN)
    address = reverse("telemetry:alert-acknowledge") + "?deed=give" + ("&of=heaters" if of_heaters else "")
    ids = [one.heater_id if of_heaters else one.pk for one in made]
    asked = page.post(address, {"ids": ids})
    assert asked.status_code == 200 and "Give 2 alerts to somebody" in words(asked)
    assert f'value="{colleague.pk}"' in asked.content.decode()
    said = {"ids": ids, "to": colleague.pk, "words": "gateway first", "count": "2"}
    for wrong in ({"count": "3"}, {"to": stranger.pk}):
        assert page.post(address, said | wrong).status_code == 422
    assert not Alert.objects.filter(assigned_to__isnull=False).exists()
    assert page.post(address, said).status_code == 302
    given = Alert.objects.filter(assigned_to=colleague, acknowledged_by=ops)
    assert set(given) == set(made) and {one.notes.get().words for one in made} == {"gateway first"}
    Alert.objects.update(cleared_at=dt.datetime.now(dt.UTC))
    assert "No alert is open. The last one came" in words(page.get(listed))
    if of_heaters:
        assert page.post(address, said).status_code == 422, "a heater without an open alert"
    over.refresh_from_db()
    assert over.assigned_to is None


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


# --- one alert ---

SILENT = {"misses": 3, "reason": "timeout"}
EVIDENCE: dict[str, tuple[dict[str, Any], str]] = {
    "unit_silent": (SILENT, "3 polls in a row"),
    "line_silent": (SILENT | {"reason": "offline"}, "the line has no connection"),
    "errors_only": (SILENT | {"line": "dtu:1", "unit": 7}, "unit 7 of dtu:1 has refused every question 3 polls"),
    "fault": ({"fault": 1}, "E01"),
    "supply_low": ({"since": 0.0, "supply_dc": 240, "limit_dc": 250}, "24.0 ℃ come out of it (limit 25.0 ℃)"),
    "freezing": ({"water_dc": 45, "limit_dc": 50, "outdoor_dc": -80}, "water at 4.5 ℃ (limit 5.0 ℃), outdoors −8.0 ℃"),
    "room_cold": (
        {"since": 0.0, "room_dc": 155, "limit_dc": 160, "set_room_dc": None, "outdoor_dc": -50, "running": False},
        "room at 15.5 ℃, below 16.0 ℃",
    ),
    "room_cool": (
        {"since": 0.0, "room_dc": 175, "limit_dc": 180, "set_room_dc": 200, "outdoor_dc": None, "running": True},
        "set to 20.0 ℃, outdoors —, heater switched on",
    ),
    "short_cycling": ({"starts": 5, "limit": 4}, "5 starts in one hour"),
    "second_master": ({"foreign": 7, "line": "serial:one"}, "7 frames on serial:one"),
    "duplicate_id": ({"line": "dtu:86199", "ago_s": 185}, "says it is dtu:86199; it was turned away, last 3 minutes"),
    "quality": ({"got": 5, "wanted": 12, "flagged": 3}, "5 of 12 polls answered"),
    "coal_return": (
        {"off_h": 9, "outdoor_dc": -60, "room_dc": 195, "expected_dc": 150, "learnt": True},
        "yet 19.5 ℃ in the room; by the house&#x27;s own nights 15.0 ℃",
    ),
    "welfare": (
        {"off_h": 30, "outdoor_dc": -60, "room_start_dc": None, "room_dc": None}, "the room is not measured",
    ),
}  # fmt: skip


def page_of(one: Alert) -> str:
    return reverse("telemetry:alert-detail", args=[one.pk])


@pytest.mark.parametrize("language, missing", [("en", "polls in a row"), ("zh-hans", "连续 3 次无应答")])
def test_every_kind_says_its_evidence_in_a_sentence(page: Client, ops: User, language: str, missing: str) -> None:
    User.objects.filter(pk=ops.pk).update(language=language)
    assert set(EVIDENCE) == set(Alert.Kind.values)
    heater = bare_heater()
    for kind, (found, _sentence) in EVIDENCE.items():
        alert(heater, kind=kind, evidence=found)
    text = words(page.get(reverse("telemetry:alert-list")))
    assert missing in text
    if language == "en":
        assert [kind for kind, (_found, sentence) in EVIDENCE.items() if sentence not in text] == []
    else:
        assert "room at" not in text and "polls" not in text


def test_an_alert_is_given_to_somebody_who_visits_and_says_what_was_found(page: Client, ops: User) -> None:
    one = alert(bare_heater(), kind="coal_return", evidence=EVIDENCE["coal_return"][0])
    visitor = people.user("town_staff", "370999001")
    assert page.post(page_of(one), {"deed": "assign", "to": visitor.pk}).status_code == 302
    one.refresh_from_db()
    assert (one.assigned_to, one.acknowledged_by, one.cleared_at) == (visitor, ops, None)
    theirs = sign_in(visitor)
    sent = {"deed": "note", "finding": "relapsed", "words": "炉子是热的，屋里有煤。"}
    assert theirs.post(page_of(one), sent).status_code == 302
    one.refresh_from_db()
    assert (one.finding, one.found_by) == ("relapsed", visitor)
    assert "炉子是热的" in words(page.get(page_of(one)))
    assert one.pk not in listed(page, "visit"), "it has been visited"


def listed(page: Client, bits: str) -> list[int]:
    text = page.get(reverse("telemetry:alert-list"), {"bits": bits}).content.decode()
    return [int(found) for found in re.findall(r'name="ids" value="(\d+)"', text)]


def test_the_list_of_visits_holds_coal_and_welfare_until_somebody_was_there(page: Client, ops: User) -> None:
    heater = bare_heater()
    coal, silent = alert(heater, kind="coal_return"), alert(heater)
    again = alert(bare_heater(2), kind="welfare", finding="nobody_home")
    assert sorted(listed(page, "visit")) == [coal.pk, again.pk]
    Alert.objects.filter(pk=silent.pk).update(assigned_to=ops)
    assert listed(page, "mine") == [silent.pk]


def test_where_nobody_lives_alerts_of_people_are_silenced(page: Client) -> None:
    one = alert(bare_heater(), kind="welfare")
    page.post(page_of(one), {"deed": "note", "finding": "nobody_lives"})
    with pytest.raises(Refused, match="NO_SUCH_FINDING") as refusal:
        handling.add_note(alert=one, words="", finding="ufo", by=people.user("ops", "370999"), now=one.opened_at)
    assert "ufo" in refusal.value.sentence
    quiet = QuietTime.objects.get()
    assert (quiet.heater, quiet.reason, quiet.ends_at) == (one.heater, "vacant", None)
    assert page.post(page_of(one), {"deed": "lived-in"}).status_code == 302
    quiet.refresh_from_db()
    assert quiet.ends_at is not None


def test_works_last_as_long_as_somebody_said(page: Client) -> None:
    one = alert(bare_heater())
    page.post(page_of(one), {"deed": "works", "hours": "6"})
    quiet = QuietTime.objects.get()
    assert quiet.ends_at is not None and quiet.ends_at - quiet.starts_at == dt.timedelta(hours=6)
    assert page.post(page_of(one), {"deed": "works", "hours": "721"}).status_code == 422
    neighbour = alert(bare_heater(2))
    page.post(page_of(one), {"deed": "works", "hours": "3", "village": "on"})
    place = QuietTime.objects.get(heater=None)
    assert place.area_id == one.area_id[:12]
    now = dt.datetime.now(dt.UTC)
    assert about([neighbour.heater_id], now)[neighbour.heater_id].maintenance, "the judging keeps still for it too"
    assert page.post(page_of(neighbour), {"deed": "lived-in"}).status_code == 302
    assert not about([neighbour.heater_id], dt.datetime.now(dt.UTC))[neighbour.heater_id].maintenance


@pytest.mark.parametrize(
    "sent, sentence",
    [
        ({"deed": "note"}, "Write a note or choose what was found"),
        ({"deed": "note", "finding": "ufo"}, "Select a valid choice"),
        ({"deed": "assign", "to": "0"}, "Select a valid choice"),
        ({}, "Press one of the buttons"),
    ],
)
def test_a_wrong_deed_comes_back_with_a_sentence(page: Client, sent: dict[str, str], sentence: str) -> None:
    response = page.post(page_of(alert(bare_heater())), sent)
    assert response.status_code == 422 and sentence in words(response)


def test_who_may_only_look_changes_nothing_and_elsewhere_it_does_not_exist() -> None:
    one = alert(bare_heater(), kind="coal_return")
    looks = sign_in(people.user("town_staff", "370999001"))
    assert looks.get(page_of(one)).status_code == 200
    for sent in ({"deed": "note", "words": "x"}, {"deed": "assign"}, {"deed": "works"}, {"deed": "lived-in"}):
        assert looks.post(page_of(one), sent).status_code == 422, sent
    one.refresh_from_db()
    assert (one.acknowledged_at, one.finding, one.notes.count(), QuietTime.objects.count()) == (None, "", 0, 0)
    assert sign_in(people.user("ops", OTHER_TOWN)).get(page_of(one)).status_code == 404


@pytest.mark.parametrize("by, name", [("village", "甲一村"), ("vendor", "示例厂"), ("line", "dtu:861990000000042")])
def test_open_alerts_are_counted_by_line_village_and_vendor(page: Client, by: str, name: str) -> None:
    alert(bare_heater(1)), alert(bare_heater(2)), alert(bare_heater(3), cleared_at=dt.datetime.now(dt.UTC))
    text = page.get(reverse("telemetry:alert-list"), {"by": by}).content.decode()
    group = re.search(rf'<tr><td><a[^>]*href="([^"]+)">{name}</a></td><td class="r num">(\d)</td>', text)
    assert group and group[2] == "2"
    shown = page.get(reverse("telemetry:alert-list") + group[1].replace("&amp;", "&")).content.decode()
    assert shown.count("<tr data-row") == 3
