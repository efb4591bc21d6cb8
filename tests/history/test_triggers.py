"""What the database writes down, and what it refuses."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError, ProgrammingError

from accounts.acting import acting
from accounts.history.checks import WITHOUT_HISTORY, check_history, lacks_history
from accounts.models import AccessLog, Area, AuditEntry, User
from heating_portal.errors import OUTAGES

pytestmark = pytest.mark.django_db
REFUSALS = (InternalError, ProgrammingError)


def province(code: str = "37", name: str = "Shandong") -> Area:
    return Area.objects.create(code=code, level="province", name=name)


def last() -> AuditEntry:
    return AuditEntry.objects.latest("id")


def test_insert_update_delete_are_written_with_actor_and_changed_columns_only() -> None:
    area = province()
    entry = last()
    assert (entry.operation, entry.table, entry.row_pk, entry.area_id) == ("I", "accounts_area", "37", "37")
    assert (entry.before, entry.after["name"]) == (None, "Shandong")
    assert (entry.actor_name, entry.reason, entry.request_id) == ("clerk 张示例", "test", "req-1")
    area.name = "山东"
    area.save()
    assert (last().before, last().after) == ({"name": "Shandong"}, {"name": "山东"})
    area.delete()
    assert (last().operation, last().before["name"], last().after) == ("D", "山东", None)


def test_bulk_and_raw_sql_are_seen_row_by_row() -> None:
    Area.objects.bulk_create([Area(code=f"{n}", level="province", name="x") for n in range(40, 50)])
    Area.objects.filter(code__gte="40").update(name="y")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_area WHERE code >= '40'")
    operations = list(AuditEntry.objects.order_by("id").values_list("operation", flat=True))
    assert operations == ["I"] * 10 + ["U"] * 10 + ["D"] * 10


def test_a_save_that_changes_nothing_writes_nothing() -> None:
    area, before = province(), AuditEntry.objects.count()
    area.save()
    assert AuditEntry.objects.count() == before


def test_secret_columns_are_recorded_as_changed_without_their_value() -> None:
    user = User.objects.create_user("zhang", "a long Passphrase 1", person_name="张示例", person_no="1")
    assert last().after["password"] == "***"
    user.set_password("another Passphrase 2")
    user.save()
    assert last().before["password"] == last().after["password"] == "***"


@pytest.mark.django_db(transaction=True)
def test_a_write_without_an_actor_is_refused() -> None:
    failures: list[Exception] = []

    def write() -> None:
        try:
            province("38")
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=write)  # acting() counts in its own thread only
    thread.start()
    thread.join()
    assert "without an actor" in str(failures[0])
    assert isinstance(failures[0], ProgrammingError)
    assert not isinstance(failures[0], OUTAGES)  # a forgotten actor is a mistake (500), no outage (503)
    assert not Area.objects.exists()


def test_the_actor_of_an_inner_block_does_not_outlive_it() -> None:
    with acting("inner", "why"):
        province("41")
    assert last().actor_name == "inner"
    assert last().request_id == "req-1"
    province("42")
    assert (last().actor_name, last().reason) == ("clerk 张示例", "test")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE accounts_auditentry SET actor_name = 'nobody'",
        "UPDATE accounts_auditentry SET hash = NULL",
        "UPDATE accounts_auditentry SET hash = 'x', after = '{}'",
        "DELETE FROM accounts_auditentry",
        "TRUNCATE accounts_auditentry",
        'INSERT INTO accounts_auditentry (at, "table", row_pk, operation, actor_name, request_id, reason, area_id) '
        "VALUES (now(), 'accounts_area', '37', 'I', 'x', '', '', '')",
        "UPDATE accounts_accesslog SET reason = ''",
        "DELETE FROM accounts_accesslog",
        "TRUNCATE accounts_accesslog",
    ],
)
def test_history_and_access_log_are_append_only(sql: str) -> None:
    area = province()
    user = User.objects.create_user("li", person_name="李样本", person_no="2")
    AccessLog.objects.create(user=user, kind="reveal", object_table="t", object_pk="1", reason="call", area=area)
    with pytest.raises(REFUSALS), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql)


def test_every_business_model_has_history() -> None:
    assert [error.msg for error in check_history()] == []


def test_the_check_sees_a_model_without_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Area._meta, "triggers", [])
    assert lacks_history(Area)
    assert "accounts.AuditEntry" in WITHOUT_HISTORY
