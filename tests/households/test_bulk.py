"""Many rows at once arrive as single rows would, and the history of an import's rows is what people did to them."""

from __future__ import annotations

import gc
import json
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from accounts.history.rows import disagreements
from accounts.models import AuditEntry
from households.importing.checked import cells_of, stored_raw
from households.importing.register import AnyOf
from households.models import Dwelling, Enrolment, Household, ImportRow
from households.roster.rows import Cells, RawRow
from households.services import repairs
from households.services.belt import belt
from households.services.bulk import copy_text, insert_rows, stamped, uncollected, update_rows
from programmes.models import Technology
from tests.households.conftest import Importer, World, line
from tests.households.test_applying import apply

TRAPS = ["a\tb", "line\nbreak", "back\\slash", "\\N", "\r", '"quoted", {braces}', "", "张示例", "NULL"]


def household(world: World, n: int, **values: object) -> Household:
    make = stamped(Household, area_id=world.village.pk, **values)
    made = make()
    made.household_no = f"T-{n}"
    return made


@pytest.mark.django_db
def test_every_character_survives_the_text_of_copy(world: World) -> None:
    rows = [household(world, n, remark=text, phone=text, beneficiary_classes=[text]) for n, text in enumerate(TRAPS)]
    insert_rows(Household, rows)
    for row, text in zip(rows, TRAPS, strict=True):
        found = Household.objects.get(pk=row.pk)
        assert (found.remark, found.phone, found.beneficiary_classes) == (text, text, [text])
        assert found.residents is None and found.created_at is not None and found.version == 1


@pytest.mark.django_db
def test_updates_reach_their_own_rows_only(world: World) -> None:
    rows = [household(world, n, head_name="张示例") for n in range(3)]
    insert_rows(Household, rows)
    rows[0].residents, rows[1].residents = 2, None
    update_rows(Household, rows[:2], ["residents"])
    assert list(Household.objects.order_by("pk").values_list("residents", flat=True)) == [2, None, None]


def series() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM belt_rows")
        return [n for (n,) in cursor.fetchall()]


@pytest.mark.django_db
def test_a_belt_runs_in_order_and_stops_at_the_first_failure() -> None:
    into = "COPY belt_rows (n) FROM STDIN"
    with belt() as running:
        running.execute("CREATE TEMP TABLE belt_rows (n int UNIQUE) ON COMMIT DROP")
        for n in range(12):
            running.copy(into, f"{n}\n")
    assert series() == [*range(12)]
    with pytest.raises(IntegrityError), transaction.atomic(), belt() as running:
        for n in (12, 3, 13):
            running.copy(into, f"{n}\n")
    with pytest.raises(LookupError), transaction.atomic(), belt() as running:
        running.copy(into, "14\n")
        raise LookupError
    assert series() == [*range(12)]
    assert not [thread for thread in threading.enumerate() if thread.name == "belt"]


def test_a_kind_nobody_thought_of_is_an_error() -> None:
    with pytest.raises(TypeError, match="set"):
        copy_text({"a"})


def test_stamped_rows_share_no_list(world: World) -> None:
    make = stamped(Household)
    one, other = make(), make()
    one.beneficiary_classes.append("DISABLED")
    assert other.beneficiary_classes == [] and one._state is not other._state and one._state.adding


@pytest.mark.django_db
def test_a_reference_to_nothing_is_refused_at_once(world: World) -> None:
    row = stamped(Enrolment, programme_id=world.programme.pk, entered_by_id=world.clerk.pk, area_id=world.village.pk)()
    row.technology_id, row.dwelling_id = Technology.objects.values_list("pk", flat=True)[0], 987_654_321
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(Enrolment, [row])


@pytest.mark.django_db
def test_foreign_keys_wait_again_afterwards(world: World) -> None:
    insert_rows(Household, [household(world, 1)])
    with connection.cursor() as cursor:  # refused at the end of the statement if they did not wait
        cursor.execute("UPDATE households_household SET merged_into_id = 987654321")
        cursor.execute("UPDATE households_household SET merged_into_id = NULL")


@pytest.mark.django_db
def test_any_of_finds_what_in_finds(world: World) -> None:
    rows = [household(world, n) for n in range(4)]
    insert_rows(Household, rows)
    wanted = [rows[1].pk, rows[3].pk, 0]
    found = Household.objects.filter(AnyOf(models.F("pk"), wanted)).order_by("pk")
    assert list(found) == list(Household.objects.filter(pk__in=wanted).order_by("pk")) == [rows[1], rows[3]]
    assert not Household.objects.filter(AnyOf(models.F("household_no"), ["nothing"])).exists()


def test_the_letters_of_a_table_stand_for_the_cells_of_its_rows() -> None:
    texts = {"village": "甲一村", "head_name": "张示例", "id_number": ""}
    cells = Cells({"village": "C", "id_number": "AA", "head_name": "B"}, 7, {})
    elsewhere = Cells({"village": "C", "head_name": "B"}, 8, {"village": "A2"})
    known: dict[tuple[Any, ...], str] = {}
    rows = [
        ImportRow(row_no=raw.row_no, raw=json.loads(json.dumps(stored_raw(raw, known), sort_keys=True)))
        for raw in (
            RawRow("s", 7, texts, cells),
            RawRow("s", 8, texts, elsewhere),
            RawRow("s", 9, texts, {"town": "A9"}),
        )
    ]
    assert [row.raw["cells"] for row in rows[:1]] == ["B AA C"]
    assert [cells_of(row) for row in rows] == [
        {"village": "C7", "head_name": "B7", "id_number": "AA7"},
        {"village": "A2", "head_name": "B8"},
        {"town": "A9"},
    ]


def test_the_collector_comes_back_after_a_failure() -> None:
    with pytest.raises(ValueError, match="x"), uncollected():
        assert not gc.isenabled()
        raise ValueError("x")
    assert gc.isenabled()


@pytest.mark.django_db
def test_history_of_an_imports_rows_is_what_people_did(world: World, imported: Importer) -> None:
    found = imported([line(1), line(2, phone="1")])
    told = AuditEntry.objects.filter(table="households_importrow")
    assert not told.exists()
    row = found.rows.get(state="faulty")
    repairs.correct_row(row=row, version=row.version, changes={"phone": line(2)["phone"]}, by=world.clerk)
    entry = told.get()
    assert entry.operation == "U" and {"corrections", "edited_by_id"} <= set(entry.after)
    assert apply(found, world.clerk) == {"created": 2}
    assert told.count() == 1
    for table, rows in (("household", 2), ("dwelling", 2), ("enrolment", 2)):
        made = AuditEntry.objects.filter(table=f"households_{table}", operation="I")
        assert set(made.values_list("actor_id", "reason")) == {(world.clerk.pk, f"roster import {found.pk}")}
        assert made.count() == rows


@pytest.mark.django_db
def test_rows_without_history_agree_and_a_changed_correction_is_found(world: World, imported: Importer) -> None:
    found = imported([line(1), line(2, phone="1")])
    row = found.rows.get(state="faulty")
    repairs.leave_out_row(row=row, version=row.version, by=world.clerk)
    apply(found, world.clerk)
    for model in (ImportRow, Dwelling, Household):
        assert list(disagreements(model)) == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # a superuser's way past every trigger
        cursor.execute("UPDATE households_importrow SET kind = 'data' WHERE id = %s", [row.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert [(one.row_pk, one.column) for one in disagreements(ImportRow)] == [(str(row.pk), "kind")]
    ImportRow.objects.get(pk=row.pk).delete()
    assert AuditEntry.objects.get(table="households_importrow", operation="D").before["kind"] == "data"
