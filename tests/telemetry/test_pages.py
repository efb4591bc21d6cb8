"""The pages of heaters and alerts, with readings that came from simulated boards over a real hub."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import totp

import devices.tasks  # noqa: F401 - the handler of devices.send_command
from accounts.models import TOTPDevice, User
from devices.hub_access import hub_client
from devices.models import Command, Heater
from devices.services.commands import send_command
from jobs.models import Job
from telemetry import charts
from telemetry.models import Alert, LatestReading, PollCycle
from telemetry.partitions import ensure_partitions
from tests import people
from tests.telemetry.plant import Plant, register, running_plant
from tests.telemetry.test_polling import poll

pytestmark = pytest.mark.django_db
PLACES = [("dtu:861990000000018", 1), ("dtu:861990000000018", 2), ("serial:serial0", 1)]
VILLAGE, OTHER_TOWN = "370999001001", "370999002"


def sign_in(user: User) -> Client:
    """A browser of that person, second factor given."""
    device = TOTPDevice.objects.create(user=user, name="test", confirmed=True)
    client = Client()
    client.force_login(user, backend="accounts.backends.PersonBackend")
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    return client


def code_of(user: User) -> str:
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key):06d}"


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def ops() -> User:
    user = people.user("ops", "370999001")
    User.objects.filter(pk=user.pk).update(language="en")
    user.refresh_from_db()
    return user


@pytest.fixture
def page(ops: User) -> Client:
    return sign_in(ops)


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    people.programme("370999", poll_period_s=30, room_temp_min_c=16)
    with running_plant(tmp_path, PLACES, VILLAGE) as made:
        poll()
        yield made


def detail(heater: Heater, name: str = "heater-detail") -> str:
    return reverse(f"telemetry:{name}", args=[heater.platform_no])


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def bare_heater(unit: int = 1, area: str = VILLAGE) -> Heater:
    """A registered heater without a board behind it."""
    return register("dtu:861990000000042", unit, "linshi-ashp-08", area)


def say(heater: Heater, moment: dt.datetime, **values: Any) -> None:
    """A stored reading at a moment, as a poll would have left it."""
    names = ["heater_id", "at", *values]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO telemetry_reading ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})",
            [heater.pk, moment, *values.values()],
        )


# --- the list ---


def test_the_list_shows_what_the_boards_said(plant: Plant, page: Client) -> None:
    text = words(page.get(reverse("telemetry:heater-list")))
    for heater in plant.heaters:
        latest = LatestReading.objects.get(heater=heater)
        assert heater.platform_no in text
        assert f"{latest.supply_dc / 10:.1f}℃" in text  # type: ignore[operator]
    assert "100.0%" in text and "3 of 3 heaters" in text


def test_no_data_is_not_switched_off(plant: Plant, page: Client) -> None:
    off, silent, never = plant.heaters
    LatestReading.objects.filter(heater=off).update(running=False)
    LatestReading.objects.filter(heater=silent).update(at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=91))
    LatestReading.objects.filter(heater=never).delete()
    address = reverse("telemetry:heater-list")
    for state, heater, look in [("off", off, "st--note"), ("silent", silent, "st--warn"), ("never", never, "st")]:
        response = page.get(address, {"state": state})
        listed = re.findall(r'class="id" href="/dev/(\w+)/"', response.content.decode())
        assert listed == [heater.platform_no], state
        assert f'class="{"st " + look if look != "st" else "st"}"' in response.content.decode()
    assert "1 of 3 heaters" in words(page.get(address))


def test_a_place_and_a_line_narrow_the_list(plant: Plant, page: Client) -> None:
    register("dtu:861990000000042", 1, "linshi-ashp-08", "370999001002")
    for query, count in [({"place": "370999001002"}, 1), ({"place": "370999001"}, 4), ({"line": "serial"}, 1)]:
        response = page.get(reverse("telemetry:heater-list"), query)
        assert response.content.decode().count("<tr data-row") == count, query


def test_the_live_part_is_the_same_address_and_says_when_nothing_changed(plant: Plant, page: Client) -> None:
    address = reverse("telemetry:heater-list")
    asks = {"HX-Request": "true", "X-Unattended": "1"}
    part = page.get(address, headers=asks)
    assert b"<html" not in part.content and b"<tr data-row" in part.content
    assert page.get(address, headers=asks | {"If-None-Match": part["ETag"]}).status_code == 304
    LatestReading.objects.filter(heater=plant.heaters[0]).update(at=dt.datetime.now(dt.UTC))
    assert page.get(address, headers=asks | {"If-None-Match": part["ETag"]}).status_code == 200


def test_a_hub_that_is_away_is_said_on_the_list(plant: Plant, page: Client) -> None:
    cycle = PollCycle.objects.order_by("pk").last()
    assert cycle
    PollCycle.objects.create(
        area=cycle.area, shard=0, cycle=cycle.cycle + 1, period_s=30, planned_at=dt.datetime.now(dt.UTC),
        finished_at=dt.datetime.now(dt.UTC), outcome="hub away",
    )  # fmt: skip
    assert "nothing is being read" in words(page.get(reverse("telemetry:heater-list")))


def test_a_long_list_asks_no_more_than_a_short_one(ops: User, page: Client) -> None:
    people.programme("370999", poll_period_s=30)
    bare_heater(1)
    page.get(reverse("telemetry:heater-list"))
    with CaptureQueriesContext(
        connection,
    ) as short:
        page.get(reverse("telemetry:heater-list"))
    for unit in range(2, 30):
        bare_heater(unit)
    with CaptureQueriesContext(connection) as long:
        page.get(reverse("telemetry:heater-list"))
    assert len(long) == len(short)
    assert len(long) <= 16, [q["sql"][:90] for q in long.captured_queries]


# --- one heater ---


def test_the_page_of_a_heater_shows_registers_line_and_address(plant: Plant, page: Client) -> None:
    heater = plant.heaters[0]
    text = words(page.get(detail(heater)))
    latest = LatestReading.objects.get(heater=heater)
    assert f"{latest.set_room_dc / 10:.1f} ℃" in text  # type: ignore[operator]
    assert heater.factory_no in text and heater.bus.line in text and str(heater.profile) in text
    assert "connected" in text and "Answer time" in text


def test_a_register_is_only_shown_raw_when_it_was_just_read(plant: Plant, page: Client) -> None:
    heater = plant.heaters[1]
    assert not re.search(r'<td class="mono">[0-9A-F]{4}', page.get(detail(heater)).content.decode())
    read = page.post(detail(heater, "heater-read"), headers={"HX-Request": "true"}).content.decode()
    assert re.search(r'<td class="mono">[0-9A-F]{4}', read)
    assert "Read from the heater just now" in read


def test_an_answer_to_read_now_ends_the_back_off(plant: Plant, page: Client) -> None:
    heater = plant.heaters[1]
    LatestReading.objects.filter(heater=heater).update(misses=40)
    page.post(detail(heater, "heater-read"))
    assert LatestReading.objects.get(heater=heater).misses == 0


def test_a_hub_that_is_away_leaves_the_page_standing(plant: Plant, page: Client, settings: Any) -> None:
    settings.HUB_CONTROL = "127.0.0.1:1"
    response = page.get(detail(plant.heaters[0]))
    assert response.status_code == 200
    assert "The hub, which holds the lines, can&#x27;t be reached." in response.content.decode()
    assert "can&#x27;t be reached" in page.post(detail(plant.heaters[0], "heater-read")).content.decode()


def test_an_unplugged_heater_answers_read_now_with_the_reason(plant: Plant, page: Client) -> None:
    from tests.telemetry.test_polling import _until_silent

    plant.unplug(plant.heaters[0])
    _until_silent(plant)
    assert "does not answer" in words(page.post(detail(plant.heaters[0], "heater-read")))


def test_the_page_asks_a_fixed_number_of_queries(plant: Plant, page: Client) -> None:
    heater = plant.heaters[0]
    page.get(detail(heater))
    with CaptureQueriesContext(connection) as asked:
        page.get(detail(heater))
    assert len(asked) <= 17, [q["sql"][:90] for q in asked.captured_queries]


def test_a_heater_that_was_never_read_has_a_page(page: Client) -> None:
    text = words(page.get(detail(bare_heater())))
    assert "never heard" in text and "power now" not in text


# --- charts ---


NOW = dt.datetime(2021, 1, 18, 4, 0, 30, tzinfo=dt.UTC)


def test_a_gap_is_drawn_as_a_gap_and_never_carried_over() -> None:
    heater = bare_heater()
    ensure_partitions(NOW)
    for minute in [*range(20), *range(25, 60)]:
        for second in (0, 30):
            say(
                heater, NOW - dt.timedelta(minutes=59.9 - minute, seconds=-second), supply_dc=400 + minute, running=True
            )
    drawn = charts.track(heater, charts.SPANS["1h"], NOW, 30)
    values = drawn.values("supply_dc")
    assert values.count(None) in {4, 5, 6}
    first = values.index(None)
    assert all(value is None for value in values[first : first + 4])
    data = charts.chart(heater, drawn, 16.0)
    assert len(data["bands"]) == 1 and data["bands"][0]["from"] == first - 1
    assert data["panels"][0]["series"][0]["values"] == values


def test_one_lost_poll_is_no_gap() -> None:
    heater = bare_heater()
    ensure_partitions(NOW)
    for step in range(120):
        if step != 60:
            say(heater, NOW - dt.timedelta(seconds=30 * step), supply_dc=400)
    assert charts.gaps(charts.track(heater, charts.SPANS["1h"], NOW, 30)) == []


def test_switched_off_fault_and_silence_are_different_states() -> None:
    heater = bare_heater()
    ensure_partitions(NOW)
    said = {50: {"running": True, "fault": 0}, 40: {"running": False, "fault": 0}, 30: {"running": True, "fault": 2}}
    for minutes, values in said.items():
        say(heater, NOW - dt.timedelta(minutes=minutes), **values)
    drawn = charts.track(heater, charts.SPANS["1h"], NOW, 30)
    assert charts.band(drawn, heard_before=True).counts == {"none": 4, "heat": 1, "idle": 1, "fault": 1}


def test_polls_before_the_first_answer_were_not_missed() -> None:
    heater = bare_heater()
    ensure_partitions(NOW)
    for step in range(1, 20):
        say(heater, NOW - dt.timedelta(seconds=30 * step), running=True)
    drawn = charts.track(heater, charts.SPANS["1h"], NOW, 30)
    fresh, old = charts.band(drawn, heard_before=False), charts.band(drawn, heard_before=True)
    assert fresh.wanted == fresh.got and old.wanted == 2 * (len(drawn.buckets) - 1)
    assert fresh.strip[0].state == "before" and old.strip[0].state == "lost"


@pytest.mark.parametrize("period", [1, 30, 300, 3600])
@pytest.mark.parametrize("code", ["1h", "24h", "7d"])
def test_a_chart_has_at_most_two_thousand_points(code: str, period: int) -> None:
    heater = bare_heater()
    drawn = charts.track(heater, charts.SPANS[code], NOW, period)
    assert 5 * len(drawn.buckets) <= 2000
    assert drawn.buckets[-1].at <= NOW < drawn.buckets[-1].at + dt.timedelta(seconds=drawn.width_s)


def test_the_series_of_every_span_is_json_with_gaps_as_null(plant: Plant, page: Client) -> None:
    for code in charts.SPANS:
        data = page.get(detail(plant.heaters[0], "heater-series"), {"period": code}).json()
        for panel in data["panels"]:
            assert all(len(series["values"]) == len(data["times"]) for series in panel["series"])
    assert data["bands"], "a season without hourly rows is one gap"


def test_the_table_behind_the_chart_has_the_same_numbers(plant: Plant, page: Client) -> None:
    heater = plant.heaters[0]
    latest = LatestReading.objects.get(heater=heater)
    table = words(page.get(detail(heater, "heater-table"), {"period": "1h"}))
    assert f"{latest.room_dc / 10:.1f}℃" in table  # type: ignore[operator]


# --- scope ---


PARTS = [
    "heater-detail",
    "heater-now",
    "heater-state",
    "heater-band",
    "heater-series",
    "heater-table",
    "heater-commands",
]


@pytest.mark.parametrize("name", PARTS)
def test_a_heater_of_another_town_does_not_exist(name: str) -> None:
    heater = bare_heater()
    assert sign_in(people.user("ops", OTHER_TOWN)).get(detail(heater, name)).status_code == 404
    assert sign_in(people.user("finance", "370999")).get(detail(heater, name)).status_code == 403


def test_writing_needs_the_right_over_the_place() -> None:
    heater = bare_heater()
    looks, elsewhere = sign_in(people.user("town_staff", "370999001")), sign_in(people.user("ops", OTHER_TOWN))
    assert looks.post(detail(heater, "heater-command")).status_code == 403
    assert elsewhere.post(detail(heater, "heater-command")).status_code == 404
    assert elsewhere.post(detail(heater, "heater-read")).status_code == 404
    assert not Command.objects.exists()


def test_who_may_only_look_is_told_who_grants_the_right() -> None:
    client = sign_in(people.user("town_staff", "370999001"))
    text = client.get(detail(bare_heater())).content.decode()
    assert 'name="value"' not in text
    assert "security administrator" in text or "安全管理员" in text


def test_other_peoples_heaters_are_not_counted(plant: Plant) -> None:
    client = sign_in(people.user("ops", OTHER_TOWN))
    response = client.get(reverse("telemetry:heater-list"))
    assert plant.heaters[0].platform_no not in response.content.decode()


# --- commands ---


def form(user: User, **changes: str) -> dict[str, str]:
    usual = {"value": "21.5", "reason": "老人反映偏冷", "request_id": str(uuid.uuid4()), "token": code_of(user)}
    return usual | changes


def test_a_set_point_goes_from_the_form_to_the_board_and_back(plant: Plant, page: Client, ops: User) -> None:
    heater = plant.heaters[0]
    response = page.post(detail(heater, "heater-command"), form(ops), follow=True)
    assert response.status_code == 200 and "is on its way" in words(response)
    command = Command.objects.get()
    with hub_client() as hub:
        send_command(command_id=command.pk, hub=hub, now=dt.datetime.now(dt.UTC), pause=lambda _s: None)
    shown = page.get(detail(heater, "heater-commands")).content.decode()
    assert shown.count('<li class="did">') == 4
    assert "→ 21.5 ℃" in shown and "frames" in shown
    assert "hx-trigger" not in shown, "a command that has ended is not asked for again"


def test_the_same_form_twice_is_one_command_and_needs_one_code(page: Client, ops: User) -> None:
    heater, sent = bare_heater(), form(ops)
    assert [page.post(detail(heater, "heater-command"), sent).status_code for _ in range(2)] == [302, 302]
    assert Command.objects.count() == 1
    assert Job.objects.filter(kind="devices.send_command").count() == 1


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"token": "000000"}, "one-time code is wrong"),
        ({"token": ""}, "Type the six-digit one-time code"),
        ({"value": "45"}, "45 ℃ is outside what this heater takes: 5 to 30 ℃"),
        ({"value": "20.3"}, "20.3 ℃ is between two steps"),
        ({"value": "warm"}, "Enter a number"),
        ({"reason": "  "}, "required"),
        ({"request_id": "x"}, "UUID"),
    ],
)
def test_a_wrong_form_comes_back_with_a_sentence(
    page: Client, ops: User, changes: dict[str, str], sentence: str
) -> None:
    response = page.post(detail(bare_heater(), "heater-command"), form(ops, **changes))
    assert response.status_code == 422
    assert sentence in words(response)
    assert not Command.objects.exists()


def test_a_code_given_for_one_value_is_worth_nothing_for_another(page: Client, ops: User) -> None:
    heater, token = bare_heater(), code_of(ops)
    assert page.post(detail(heater, "heater-command"), form(ops, token=token)).status_code == 302
    assert page.post(detail(heater, "heater-command"), form(ops, token=token, value="25")).status_code == 422
    assert Command.objects.count() == 1


# --- alerts ---


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
