"""Tables that are filled by thousands write the entries of a statement together: the same entries, none left out."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError, ProgrammingError
from django.test.utils import CaptureQueriesContext

from accounts.history.triggers import InsertsTrigger, _hidden, history_triggers
from accounts.history.verify import verify_chain
from accounts.models import AuditEntry, User
from households.models import Dwelling, Enrolment, Household
from households.services.bulk import insert_rows, stamped
from tests import people

pytestmark = pytest.mark.django_db
_MADE = """
    INSERT INTO households_household (household_no, area_id, head_name, head_pinyin, head_initials, id_number,
        id_number_index, id_number_tail, phone, phone_index, bank_card, bank_card_index, income_class, remark, version,
        created_at)
    SELECT 'S-' || n, '370999001001', '张示例', '', '', '', '', '', '', '', '', '', '', '', 1, now()
    FROM generate_series(1, {rows}) n
"""


def made_entries() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(table="households_household").order_by("id"))


def test_a_statement_writes_one_entry_for_each_row_in_their_order() -> None:
    place = people.area("370999001001")
    with connection.cursor() as cursor:
        cursor.execute(_MADE.format(rows=5))
        cursor.execute("SELECT id::text, to_jsonb(h)::text FROM households_household h ORDER BY id")
        rows = cursor.fetchall()
    entries = made_entries()
    assert [(entry.row_pk, entry.after) for entry in entries] == [(key, json.loads(row)) for key, row in rows]
    same = {(e.operation, e.before, e.area_id, e.actor_name, e.reason, e.request_id, e.hash) for e in entries}
    assert same == {("I", None, place.code, "clerk 张示例", "test", "req-1", None)}
    assert all(one.at <= other.at for one, other in pairwise(entries))


def test_updates_and_deletions_are_written_row_by_row_as_before() -> None:
    household = people.household()
    Household.objects.filter(pk=household.pk).update(residents=3)
    Household.objects.filter(pk=household.pk).delete()
    assert [entry.operation for entry in made_entries()] == ["I", "U", "D"]
    assert made_entries()[1].after == {"residents": 3}


def test_rows_of_nobody_are_refused_and_none_need_nobody() -> None:
    people.area("370999001001")
    nobody = "SELECT set_config('pghistory.context_metadata', '', true)"
    plain = connection.connection.cursor()  # without the actor that Django's cursor sends along
    refusals = (InternalError, ProgrammingError)
    with pytest.raises(refusals) as refused, transaction.atomic(), connection.wrap_database_errors:
        plain.execute(nobody)
        plain.execute(_MADE.format(rows=0))
        plain.execute(_MADE.format(rows=2))
    assert "INSERT on households_household without an actor" in str(refused.value)
    assert not Household.objects.exists()


def test_the_actor_goes_with_what_writes_and_not_with_savepoints() -> None:
    with CaptureQueriesContext(connection) as spoken, transaction.atomic():
        people.area("370999001001")
        with suppress(LookupError), transaction.atomic():
            raise LookupError
    bare = {one["sql"].split()[0] for one in spoken.captured_queries if "pghistory.context_id" not in one["sql"]}
    assert {"SAVEPOINT", "RELEASE", "ROLLBACK"} <= bare and "INSERT" not in bare
    assert AuditEntry.objects.filter(table="accounts_area", actor_name="clerk 张示例").exists()


def test_a_row_taken_over_by_a_conflict_is_no_new_one() -> None:
    people.area("370999001001")
    with connection.cursor() as cursor:
        cursor.execute(_MADE.format(rows=2))
        cursor.execute(_MADE.format(rows=3) + " ON CONFLICT (household_no) DO UPDATE SET remark = 'again'")
    assert sorted(entry.operation for entry in made_entries()) == ["I", "I", "I", "U", "U"]


@pytest.mark.parametrize("model", [Household, Dwelling, Enrolment])
def test_one_trigger_for_statements_one_for_the_rest(model: type[Household]) -> None:
    rest, made = history_triggers(model)
    assert isinstance(made, InsertsTrigger) and str(rest.operation) == "UPDATE OR DELETE"


def test_either_trigger_switched_off_is_found() -> None:
    for trigger in history_triggers(Household):
        name = trigger.get_pgid(Household)
        with connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE households_household DISABLE TRIGGER {name}")
            assert str(verify_chain().broken) == "trigger_disabled, households_household"
            cursor.execute(f"ALTER TABLE households_household ENABLE TRIGGER {name}")


def test_rows_that_come_by_copy_have_their_history() -> None:
    place = people.area("370999001001")
    make = stamped(Household, area_id=place.pk)
    rows = [make() for _ in range(3)]
    for n, row in enumerate(rows):
        row.household_no = f"C-{n}"
    insert_rows(Household, rows)
    assert [entry.after["household_no"] for entry in made_entries()] == ["C-0", "C-1", "C-2"]
    assert {entry.actor_name for entry in made_entries()} == {"clerk 张示例"}


def test_secrets_are_hidden_in_a_statement_too() -> None:
    assert _hidden(["password"]) == """ || '{"password": "***"}'::jsonb"""
    open_table, secret_table = (InsertsTrigger(name="x").get_func(model) for model in (Household, User))
    assert "***" not in open_table and "***" in secret_table
