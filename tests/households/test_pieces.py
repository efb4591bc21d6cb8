"""Storing goes piece by piece: killed or stopped between two, it goes on where it was, and nothing is stored twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accounts.acting import acting
from households.models import Dwelling, Enrolment, Household, ImportRow, RosterImport
from households.services import applying, imports, repairs
from jobs.models import Job
from jobs.running import Cancelled, run_job
from jobs.services import retry
from tests.households.conftest import Importer, World, line, make_world, upload, write_xlsx
from tests.households.test_applying import _dying_at_write, _Killed

PIECE = 2


def in_pieces(found: RosterImport, world: World, **more: Any) -> Any:
    return applying.apply_ready_rows(found.pk, by=world.clerk, commit=transaction.atomic, piece=PIECE, **more)


@pytest.mark.django_db(transaction=True)
def test_killed_in_any_piece_the_next_run_goes_on_with_the_rest(tmp_path: Path) -> None:
    with acting("tests"):
        world = make_world()
        found = upload(world, write_xlsx(tmp_path / "a.xlsx", [line(n) for n in range(1, 7)]))
    seen = []
    for _attempt in range(4):
        try:
            with acting("tests"), _dying_at_write(20):
                in_pieces(found, world)
        except _Killed:
            pass
        applied = found.rows.filter(state="applied").count()
        assert applied == Household.objects.count() == Dwelling.objects.count() == Enrolment.objects.count()
        seen.append(applied)
    assert 0 < seen[0] < 6 and seen[-1] == 6, seen
    assert Household.objects.values("household_no").distinct().count() == 6


@pytest.mark.django_db
def test_what_people_change_after_a_row_was_opened_ahead_is_seen(world: World, imported: Importer) -> None:
    found = imported([line(n) for n in range(1, 7)])
    rows = {row.row_no: row for row in found.rows.filter(state="ready")}
    late = [rows[no] for no in sorted(rows)][PIECE : 2 * PIECE]

    def step(done: int, _total: int) -> None:
        if done == PIECE:  # the rows of the second piece are open by now
            repairs.leave_out_row(row=late[0], version=late[0].version, by=world.clerk)
            repairs.correct_row(row=late[1], version=late[1].version, changes={"residents": "9"}, by=world.clerk)

    assert in_pieces(found, world, step=step) == {"created": 5}
    assert found.rows.get(pk=late[0].pk).state == "skipped"
    changed = found.rows.get(pk=late[1].pk)
    assert changed.state == "applied" and changed.dwelling is not None and changed.dwelling.household.residents == 9


@pytest.mark.django_db
def test_rows_about_one_person_or_door_stay_in_one_piece(world: World, imported: Importer) -> None:
    found = imported([line(1), line(2), line(3), line(1, door_no="88号", meter_no="")])
    row = found.rows.get(issue_codes__contains=["W_SECOND_DWELLING"])
    repairs.confirm_row(row=row, version=row.version, code="W_SECOND_DWELLING", by=world.clerk)
    assert in_pieces(found, world) == {"created": 3, "second_home": 1}


@pytest.mark.django_db(transaction=True)
def test_stopped_between_two_pieces_and_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults: dict[str, Any] = applying.apply_ready_rows.__kwdefaults__
    monkeypatch.setitem(defaults, "piece", PIECE)
    with acting("tests"):
        world = make_world()
        found = upload(world, write_xlsx(tmp_path / "a.xlsx", [line(n) for n in range(1, 6)]))
        job = imports.request_apply(roster_import=found, by=world.clerk)
    whole, done = applying.apply_piece, []

    def stop_after_one(*args: Any) -> Any:
        if done:
            raise Cancelled(job.pk)
        done.append(1)
        return whole(*args)

    monkeypatch.setattr(applying, "apply_piece", stop_after_one)
    assert run_job(job.pk) == "cancelled" and Household.objects.count() == PIECE
    assert RosterImport.objects.get(pk=found.pk).state == "review"
    monkeypatch.setattr(applying, "apply_piece", whole)
    with acting("tests"):
        retry(job=Job.objects.get(pk=job.pk), by=world.clerk)
    assert run_job(job.pk) == "done" and Household.objects.count() == 5
    assert ImportRow.objects.filter(state="applied").count() == 5
    assert RosterImport.objects.get(pk=found.pk).state == "applied"
