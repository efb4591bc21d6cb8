"""A sealer that stops, a chain that was cut and rows changed behind history's back become visible by themselves."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tasks
from accounts.history import anchors, rows, sealing, watching
from accounts.models import HistoryCheck, TOTPDevice
from heating_portal.celery import app
from tests import people

pytestmark = pytest.mark.django_db
TOWN = "370999001"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.ANCHORS_DIR = tmp_path / "anchors"
    return settings.ANCHORS_DIR


def untriggered(sql: str, *values: object) -> None:
    """What a database administrator can do: switch the triggers off, write, switch them on."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def grow_old(seconds: int) -> None:
    untriggered("UPDATE accounts_auditentry SET at = at - make_interval(secs => %s) WHERE hash IS NULL", seconds)


def home_of(role: str) -> str:
    client, user = Client(), people.user(role, "370999")
    client.force_login(user)
    session = client.session
    session["otp_device_id"] = TOTPDevice.objects.create(user=user, name="totp").persistent_id
    session.save()
    return client.get(reverse("home"), HTTP_ACCEPT_LANGUAGE="en").content.decode()


# --- a sealer that has stopped --------------------------------------------------------------------


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "audit_admin"])
def test_a_sealer_that_has_stopped_is_told_on_each_administrators_first_page(role: str) -> None:
    people.area(TOWN)
    assert "callout--bad" not in home_of(role)
    grow_old(121)
    page = home_of(role)
    assert 'callout--bad" role="alert"' in page
    sealing.seal_history()
    assert "callout--bad" not in home_of(role)


def test_it_is_told_in_the_log_to_monitoring_and_by_command(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heating_portal.health.redis_state", lambda: "ok")
    monkeypatch.setattr("heating_portal.management.commands.health.redis_state", lambda: "ok")
    people.area(TOWN)
    grow_old(119)
    assert (watching.watch(), client.get("/readyz").json()["history"]) == (False, "ok")
    call_command("health", stdout=StringIO())
    grow_old(2)
    with caplog.at_level(logging.ERROR):
        assert tasks.watch_history()
    assert "not being sealed" in caplog.text
    assert client.get("/readyz").json()["history"] == "late"
    with pytest.raises(CommandError, match="2"):
        call_command("health", stdout=StringIO())


def test_beat_seals_watches_anchors_and_reads_the_history() -> None:
    schedule = {entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()}
    assert schedule["accounts.tasks.watch_history"] <= 60
    assert schedule["accounts.tasks.anchor_history"] <= 600
    assert {"accounts.tasks.seal_history", "accounts.tasks.check_history"} <= set(schedule)
    assert set(schedule) <= set(app.tasks) | {name for name in schedule if not name.startswith("accounts.")}


# --- heads outside the database -------------------------------------------------------------------


def test_the_head_is_written_down_outside_the_database_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert tasks.anchor_history() == 0
    assert not folder.exists()
    people.area(TOWN)
    sealing.seal_history()
    with caplog.at_level(logging.INFO):
        assert tasks.anchor_history() == tasks.anchor_history() == 4
    (line,) = anchors.anchors_file().read_text().splitlines()
    assert json.loads(line) | {"at": ""} == {"seq": 4, "hash": sealing.head().hash.hex(), "at": ""}
    assert caplog.text.count(sealing.head().hash.hex()) == 1
    last = anchors.last_written()
    assert last is not None
    assert timezone.now() - last < timedelta(minutes=1)


def test_verify_audit_finds_a_cut_tail_by_the_portals_own_anchors(folder: Path) -> None:
    people.area(TOWN)
    sealing.seal_history()
    anchors.anchor_head()
    untriggered("DELETE FROM accounts_auditentry WHERE seq = 4")
    untriggered("DELETE FROM accounts_area WHERE code = %s", TOWN)
    with pytest.raises(CommandError, match="cut at link 4"):
        call_command("verify_audit", stdout=StringIO())


def test_a_damaged_anchor_file_is_no_proof(folder: Path) -> None:
    folder.mkdir()
    anchors.anchors_file().write_text("nonsense\n")
    with pytest.raises(CommandError, match="line 1"):
        call_command("verify_audit", stdout=StringIO())
    assert "line 1" in watching.check_history().finding


# --- rows behind history's back -------------------------------------------------------------------


def test_honest_rows_agree_after_every_kind_of_change() -> None:
    one, other = people.household(), people.dwelling()
    one.head_name = "王测试"
    one.save()
    people.user("office", "370999").set_password("x")
    with connection.cursor() as cursor:  # a person at a console of another time zone
        cursor.execute("SET LOCAL TIME ZONE 'Asia/Tokyo'")
        cursor.execute("UPDATE accounts_user SET created_at = created_at + interval '1 hour'")
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
    people.area("370999003").delete()
    other.delete()
    check = rows.compare_rows()
    assert check.found == []
    assert check.rows > 5
    assert check.tables > 30


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("UPDATE households_household SET head_name = '王测试'", "households_household {pk}: changed (head_name)"),
        ("UPDATE households_household SET bank_card = 'x'", "households_household {pk}: changed (bank_card)"),
        ("DELETE FROM households_household", "households_household {pk}: gone"),
    ],
)
def test_a_row_changed_while_triggers_were_off_is_named(sql: str, told: str) -> None:
    pk = people.household().pk
    untriggered(sql)
    assert [str(one) for one in rows.compare_rows().found] == [told.format(pk=pk)]
    sealing.seal_history()
    with pytest.raises(CommandError, match="households_household"):
        call_command("verify_audit", stdout=StringIO())
    call_command("verify_audit", chain_only=True, stdout=StringIO())  # the chain alone can't know


def test_a_row_slipped_in_while_triggers_were_off_is_named() -> None:
    people.area(TOWN)
    untriggered(
        "INSERT INTO accounts_area (code, level, name, aliases, area_class, is_scattered) "
        "VALUES ('99', 'province', 'P', '{}', '', false)"
    )
    assert [str(one) for one in rows.compare_rows().found] == ["accounts_area 99: unrecorded"]


def test_the_second_factor_of_another_slipped_under_a_person_is_named() -> None:
    devices = [TOTPDevice.objects.create(user=people.user("auditor", "370999"), name="totp") for _n in range(2)]
    untriggered(
        "UPDATE accounts_totpdevice SET key = (SELECT key FROM accounts_totpdevice WHERE id = %s) WHERE id = %s",
        devices[0].pk, devices[1].pk,
    )  # fmt: skip
    assert [str(one) for one in rows.compare_rows().found] == [f"accounts_totpdevice {devices[1].pk}: changed (key)"]


# --- the nightly reading --------------------------------------------------------------------------


def test_the_nightly_reading_is_kept_and_a_finding_stands_on_the_first_page(folder: Path) -> None:
    people.area(TOWN)
    sealing.seal_history()
    anchors.anchor_head()
    assert tasks.check_history()
    good = HistoryCheck.objects.get()
    assert (good.holds, good.links, good.anchors, good.finding) == (True, 4, 1, "")
    untriggered("UPDATE accounts_area SET name = 'X' WHERE code = %s", TOWN)
    assert not tasks.check_history()
    assert HistoryCheck.objects.latest("id").finding == f"accounts_area {TOWN}: changed (name)"
    assert f"accounts_area {TOWN}" in home_of("security_admin")


def test_a_history_that_nobody_reads_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    people.area(TOWN)
    sealing.seal_history()
    assert watching.alarms() == []
    later = timezone.now() + timedelta(days=2, minutes=1)
    monkeypatch.setattr("accounts.history.watching.timezone.now", lambda: later)
    (alarm,) = watching.alarms()
    assert alarm
    HistoryCheck.objects.create(at=later, holds=True, links=4, rows=4, anchors=0)
    sealing.seal_history()
    assert watching.alarms() == []
