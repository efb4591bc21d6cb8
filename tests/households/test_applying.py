"""What is ready enters the register: once, whole, with its history, however often and wherever it is interrupted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction

from accounts.acting import acting
from accounts.models import AuditEntry
from core.refusals import Refused
from households import queries
from households.models import Dwelling, Enrolment, Household, NumberSeries, RosterImport
from households.services import applying, belt, imports, repairs
from jobs.models import Job
from jobs.running import run_job
from tests import people
from tests.households.conftest import Importer, World, apply, line, make_world, row_of, upload, write_xlsx


@pytest.mark.django_db
def test_ready_rows_become_households_with_readable_numbers(world: World, imported: Importer) -> None:
    found = imported([line(1), line(2), line(3, phone="1")])
    assert apply(found, world.clerk) == {"created": 2}
    assert list(Household.objects.order_by("household_no").values_list("household_no", flat=True)) == [
        "J-01-0001",
        "J-01-0002",
    ]
    household = Household.objects.get(household_no="J-01-0001")
    assert (household.head_name, household.id_number, household.head_initials) == (
        "张示例1",
        line(1)["id_number"],
        "zsl1"[:4],
    )
    home = household.dwellings.get()
    assert (home.dwelling_no, home.door_no, home.is_second_home) == ("J-01-0001-1", "1号", False)
    assert Enrolment.objects.filter(programme=world.programme, source_import=found).count() == 2
    found.refresh_from_db()
    assert found.state == "review" and queries.row_counts(found).applied == 2


@pytest.mark.django_db
def test_the_rest_can_be_stored_later(world: World, imported: Importer) -> None:
    found = imported([line(1), line(2, phone="1")])
    apply(found, world.clerk)
    row = row_of(found, "张示例2")
    repairs.correct_row(row=row, version=row.version, changes={"phone": line(2)["phone"]}, by=world.clerk)
    assert apply(found, world.clerk) == {"created": 1}
    assert RosterImport.objects.get(pk=found.pk).state == "applied"


@pytest.mark.django_db
def test_history_names_the_import_and_the_person(world: World, imported: Importer) -> None:
    found = imported([line(1)])
    apply(found, world.clerk)
    entry = AuditEntry.objects.get(table="households_household", operation="I")
    assert (entry.actor_id, entry.reason) == (world.clerk.pk, f"roster import {found.pk}")


@pytest.mark.clause(
    "T-18", "“一户多宅”…原则上按一户一宅进行补贴",
    serves="households.services.applying:apply_ready_rows", page="households:import-review",
    model="households.Dwelling",
)  # fmt: skip
@pytest.mark.django_db
def test_a_second_dwelling_of_the_same_person_is_marked(world: World, imported: Importer) -> None:
    found = imported([line(1), line(1, door_no="88号", meter_no="")])
    row = found.rows.get(issue_codes__contains=["W_SECOND_DWELLING"])
    repairs.confirm_row(row=row, version=row.version, code="W_SECOND_DWELLING", by=world.clerk)
    assert apply(found, world.clerk) == {"created": 1, "second_home": 1}
    household = Household.objects.get()
    assert sorted(household.dwellings.values_list("dwelling_no", "is_second_home")) == [
        (f"{household.household_no}-1", False), (f"{household.household_no}-2", True),
    ]  # fmt: skip


@pytest.mark.django_db
def test_the_same_list_again_changes_nothing_and_a_confirmed_difference_is_written(
    world: World, imported: Importer
) -> None:
    apply(imported([line(1), line(2)]), world.clerk)
    again = imported([line(1), line(2), line(3)])
    assert apply(again, world.clerk) == {"unchanged": 2, "created": 1}
    assert Household.objects.filter(version=1).count() == 3
    changed = imported([line(1, heated_area_m2="150")])
    row = row_of(changed, "张示例1")
    repairs.confirm_row(row=row, version=row.version, code="W_REGISTER_DIFFERS", by=world.clerk)
    assert apply(changed, world.clerk) == {"updated": 1}
    assert Dwelling.objects.get(dwelling_no="J-01-0001-1").heated_area_m2 == 150


@pytest.mark.django_db
def test_excluded_households_are_kept_with_their_reason_and_stay_off_the_list(world: World, imported: Importer) -> None:
    found = imported([line(1), line(2, note="自愿放弃改造")])
    apply(found, world.clerk)
    assert Dwelling.objects.get(exclusion="VOLUNTARY_GIVE_UP").exclusion_note == "自愿放弃改造"
    assert queries.candidates(world.programme, world.village).count() == 1


@pytest.mark.django_db
def test_two_towns_with_the_same_letters_get_different_numbers(world: World, imported: Importer) -> None:
    from households.services.numbers import take_numbers

    with transaction.atomic():
        first = take_numbers(world.village, 1)
        second = take_numbers(people.area("370999003001"), 1)
        people.area("370999003").__class__.objects.filter(pk="370999003").update(name="吉镇")
        third = take_numbers(people.area("370999003002"), 2)
    assert first == ["J-01-0001"] and len({*first, *second, *third}) == 4
    NumberSeries.objects.create(area=people.area("370999003003"), prefix="J-04")
    with transaction.atomic():
        assert take_numbers(people.area("370999003004"), 1) == ["J2-04-0001"]


@pytest.mark.django_db
def test_numbers_of_many_villages_go_on_where_each_has_ended(world: World) -> None:
    from households.services.numbers import take_numbers, take_numbers_of

    other = people.area("370999001009")
    first = take_numbers(world.village, 2)
    both = take_numbers_of({other.pk: 1, world.village.pk: 2})
    assert first + both[world.village.pk] == [f"J-01-000{n}" for n in (1, 2, 3, 4)]
    assert both[other.pk] == ["J-09-0001"]
    assert dict(NumberSeries.objects.values_list("pk", "next_no")) == {world.village.pk: 5, other.pk: 2}


@pytest.mark.django_db
def test_an_import_with_stored_rows_can_not_be_voided(world: World, imported: Importer) -> None:
    found = imported([line(1), line(2, phone="1")])
    apply(found, world.clerk)
    with pytest.raises(Refused, match="ALREADY_STORED"):
        imports.void_import(roster_import=found, by=world.clerk, reason="wrong")


@pytest.mark.django_db
def test_a_row_whose_number_was_taken_meanwhile_waits_for_a_person(world: World, imported: Importer) -> None:
    late = imported([line(2, bank_card=line(1)["bank_card"]), line(3)])
    apply(imported([line(1)]), world.clerk)
    assert apply(late, world.clerk) == {"created": 1}
    assert row_of(late, "张示例2").state == "faulty"


class _Killed(BaseException):
    """Stands for a process that is gone: nothing may catch it."""


@contextmanager
def _dying_at_write(number: int) -> Iterator[list[str]]:
    """The n-th statement that writes a business table is never reached; those on a belt are counted with the others."""
    seen: list[str] = []

    def reached(statement: str) -> None:
        seen.append(statement)
        if len(seen) == number:
            raise _Killed(statement)

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if any(verb in sql for verb in ('INSERT INTO "households', 'UPDATE "households')):
            reached(sql)
        return execute(sql, params, many, context)

    class Dying(belt.Belt):
        def copy(self, into: str, text: str) -> None:
            reached(into)
            super().copy(into, text)

        def execute(self, statement: str) -> None:
            reached(statement)
            super().execute(statement)

    with connection.execute_wrapper(wrapper), patch.object(belt, "Belt", Dying):
        yield seen


@pytest.mark.django_db(transaction=True)
def test_killed_at_any_write_and_run_again_everything_is_there_exactly_once(tmp_path: Path) -> None:
    with acting("tests"):
        world = make_world()
        first = upload(world, write_xlsx(tmp_path / "a.xlsx", [line(1)]))
        apply(first, world.clerk)
        found = upload(world, write_xlsx(tmp_path / "b.xlsx", [line(n) for n in range(1, 6)]))
    number, survived = 0, False
    while not survived:
        number += 1
        try:
            with acting("tests"), _dying_at_write(number):
                apply(found, world.clerk)
            survived = True
        except _Killed:
            assert Household.objects.count() == 1 and found.rows.filter(state="applied").count() == 0
    assert number > 10
    assert Household.objects.count() == Dwelling.objects.count() == Enrolment.objects.count() == 5
    with acting("tests"):
        assert apply(found, world.clerk) == {}
    assert Household.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_two_apply_jobs_at_once_store_each_row_once(tmp_path: Path) -> None:
    with acting("tests"):
        world = make_world()
        found = upload(world, write_xlsx(tmp_path / "a.xlsx", [line(n) for n in range(1, 31)]))
        jobs = [imports.request_apply(roster_import=found, by=world.clerk) for _ in range(2)]
    assert _in_threads([lambda pk=job.pk: run_job(pk) for job in jobs]) == ["done", "done"]
    assert Household.objects.count() == Dwelling.objects.count() == 30
    messages = sorted(str(job.result["message"]) for job in Job.objects.filter(pk__in=[job.pk for job in jobs]))
    assert len(set(messages)) == 2


@pytest.mark.django_db(transaction=True)
def test_two_imports_naming_the_same_people_at_once_make_one_household_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has looked into the register waits for the other to look too, which the lock must not allow."""
    gate, look = threading.Barrier(2), applying._still_ready

    def look_and_wait(*args: Any) -> Any:
        seen = look(*args)
        with suppress(threading.BrokenBarrierError):
            gate.wait(timeout=4)
        return seen

    monkeypatch.setattr(applying, "_still_ready", look_and_wait)
    with acting("tests"):
        world = make_world()
        lists = [[line(n) for n in range(1, 16)], [line(n) for n in range(5, 20)]]
        both = [upload(world, write_xlsx(tmp_path / f"{i}.xlsx", lines)) for i, lines in enumerate(lists)]
        jobs = [imports.request_apply(roster_import=found, by=world.clerk) for found in both]
    assert _in_threads([lambda pk=job.pk: run_job(pk) for job in jobs]) == ["done", "done"]
    assert Household.objects.count() == 19 and Household.objects.values("household_no").distinct().count() == 19


def _in_threads(works: list[Any]) -> list[Any]:
    """Run all at the same moment; results in order, exceptions as values."""
    gate, results = threading.Barrier(len(works)), [None] * len(works)

    def run(position: int) -> None:
        try:
            gate.wait(timeout=10)
            results[position] = works[position]()
        except Exception as error:
            results[position] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(works))]
    [thread.start() for thread in threads]
    [thread.join(timeout=60) for thread in threads]
    return results
