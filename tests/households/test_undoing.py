"""A whole import is taken back, or said to be held fast and by what; history keeps both sides."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import AuditEntry
from core.refusals import Refused
from households import queries
from households.models import Dwelling, Enrolment, Household, ImportRow, RosterImport, ValueConflict
from households.provenance import sources_of
from households.services import households, imports, provenance, repairs, rosters, undoing
from jobs.running import run_job
from programmes.models import Technology
from tests.households.conftest import Importer, World, apply, line, row_of

pytestmark = pytest.mark.django_db


def stored(world: World, imported: Importer, lines: list[dict[str, str]], *confirm: str) -> RosterImport:
    """Imported, every named warning set aside, and stored."""
    found = imported(lines)
    for row in found.rows.filter(state="faulty"):
        for code in confirm:
            row = repairs.confirm_row(row=row, version=row.version, code=code, by=world.clerk)
    apply(found, world.clerk)
    found.refresh_from_db()
    return found


def edit(world: World, name: str, **changes: Any) -> Dwelling:
    home = Dwelling.objects.select_related("household").get(household__head_name=name)
    version = households.version_of(home)
    return households.edit_household(dwelling=home, version=version, changes=changes, reason="seen", by=world.clerk)


def test_undoing_takes_everything_back_and_keeps_the_history(world: World, imported: Importer) -> None:
    found = stored(world, imported, [line(1), line(2), line(2, door_no="88号", meter_no="")], "W_SECOND_DWELLING")
    assert Dwelling.objects.count() == 3
    before = AuditEntry.objects.count()
    job = undoing.request_undo(roster_import=found, by=world.clerk, reason="wrong year")
    assert run_job(job.pk) == "done"
    assert not Household.objects.exists() and not Dwelling.objects.exists() and not Enrolment.objects.exists()
    found.refresh_from_db()
    counts = queries.row_counts(found)
    assert (found.state, counts.undone, counts.adds_up) == ("void", 3, True)
    assert found.counts["undone"]["reason"] == "wrong year"
    gone = AuditEntry.objects.filter(table="households_household", operation="D")
    assert gone.count() == 2 and all("wrong year" in entry.reason for entry in gone)
    assert AuditEntry.objects.count() > before
    assert apply(imported([line(1)]), world.clerk) == {"created": 1}


def test_undoing_an_update_brings_the_old_values_back(world: World, imported: Importer) -> None:
    stored(world, imported, [line(1)])
    gas = Technology.objects.get(programme=world.programme, code="GAS")
    gas.name = "煤改气"
    gas.save()
    world.programme.targets.filter(area=world.village).delete()
    second = line(1, heated_area_m2="150", phone="19900009999", technology="煤改气")
    found = stored(world, imported, [second], "W_REGISTER_DIFFERS")
    home = Dwelling.objects.select_related("household").get()
    assert (home.heated_area_m2, home.household.phone) == (150, "19900009999")
    assert home.enrolments.get().technology == gas
    undoing.undo_import(found.pk, by=world.clerk, reason="old list")
    home = Dwelling.objects.select_related("household").get()
    assert (home.heated_area_m2, home.household.phone) == (Decimal(line(1)["heated_area_m2"]), line(1)["phone"])
    assert home.enrolments.get().technology.code == "ELECTRIC"


def test_what_stands_on_an_import_is_named_and_keeps_it(world: World, imported: Importer) -> None:
    found = stored(world, imported, [line(1), line(2)])
    rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.village_signer)
    edit(world, "张示例2", remark="moved in 2020")
    blocked = {one.what: one for one in undoing.blockers(found)}
    assert len(blocked) == 2 and sorted(one.count for one in blocked.values()) == [1, 2]
    assert any("J-01-0001-1" in one.dwellings for one in blocked.values())
    with pytest.raises(Refused, match="STANDS_ON_IT"):
        undoing.request_undo(roster_import=found, by=world.clerk, reason="wrong")
    with pytest.raises(Refused, match="STANDS_ON_IT"):
        undoing.undo_import(found.pk, by=world.clerk, reason="wrong")
    assert Household.objects.count() == 2 and queries.row_counts(found).applied == 2


def test_a_later_import_that_met_the_households_blocks_too(world: World, imported: Importer) -> None:
    first = stored(world, imported, [line(1)])
    second = stored(world, imported, [line(1), line(2)])
    assert [one.count for one in undoing.blockers(first)] == [1]
    undoing.undo_import(second.pk, by=world.clerk, reason="wrong")
    assert undoing.blockers(first) == [] and Household.objects.count() == 1
    undoing.undo_import(first.pk, by=world.clerk, reason="wrong")
    assert not Household.objects.exists()


def test_every_value_knows_its_cell_or_its_person(world: World, imported: Importer) -> None:
    found = imported([line(1, phone="1990000")])
    row = row_of(found, "张示例1")
    repairs.correct_row(row=row, version=row.version, changes={"phone": "19900000123"}, by=world.second_clerk)
    apply(found, world.clerk)
    edit(world, "张示例1", heated_area_m2=Decimal("91"))
    told = sources_of(Dwelling.objects.get())
    assert (told["head_name"].cell, told["head_name"].typed) == ("B3", False)
    assert told["head_name"].row is not None and told["head_name"].row.roster_import == found
    assert (told["phone"].cell, told["phone"].typed, told["phone"].by) == ("D3", True, world.second_clerk)
    assert (told["heated_area_m2"].row, told["heated_area_m2"].by) == (None, world.clerk)


def test_a_typed_value_survives_the_next_roster_and_waits_for_a_decision(world: World, imported: Importer) -> None:
    stored(world, imported, [line(1), line(2)])
    edit(world, "张示例1", heated_area_m2=Decimal("91"))
    again = imported([line(1), line(2)])
    assert row_of(again, "张示例1").state == "ready" and "I_HAND_KEPT" in row_of(again, "张示例1").issue_codes
    assert apply(again, world.clerk) == {"unchanged": 2}
    home = Dwelling.objects.get(household__head_name="张示例1")
    assert home.heated_area_m2 == 91
    conflict = ValueConflict.objects.get()
    assert (conflict.field, str(conflict.given), conflict.dwelling) == ("heated_area_m2", "81", home)
    provenance.decide_conflict(conflict=conflict, take_file=True, by=world.second_clerk)
    home.refresh_from_db()
    assert home.heated_area_m2 == 81
    with pytest.raises(Refused, match="ALREADY_DECIDED"):
        provenance.decide_conflict(conflict=conflict, take_file=False, by=world.clerk)


def test_keeping_what_was_typed_changes_nothing(world: World, imported: Importer) -> None:
    stored(world, imported, [line(1)])
    edit(world, "张示例1", phone="19900000555")
    apply(imported([line(1), line(2)]), world.clerk)
    conflict = ValueConflict.objects.get()
    decided = provenance.decide_conflict(conflict=conflict, take_file=False, by=world.clerk)
    assert decided.decision == "mine" and Household.objects.get(head_name="张示例1").phone == "19900000555"


def test_a_value_an_approved_list_states_is_not_overwritten(world: World, imported: Importer) -> None:
    from households.models import Roster

    stored(world, imported, [line(1)])
    roster = rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.village_signer)
    Roster.objects.filter(pk=roster.pk).update(state="approved")
    again = imported([line(1, heated_area_m2="150")])
    row = row_of(again, "张示例1")
    assert row.state == "faulty" and "E_ON_APPROVED_LIST" in row.issue_codes


def test_nothing_is_stored_while_a_row_is_faulty_unless_the_clerk_says_so(world: World, imported: Importer) -> None:
    found = imported([line(1), line(2, phone="1")])
    with pytest.raises(Refused, match="FAULTY_LEFT"):
        imports.request_apply(roster_import=found, by=world.clerk)
    job = imports.request_apply(roster_import=found, by=world.clerk, leave_faulty=True)
    assert run_job(job.pk) == "done" and Household.objects.count() == 1
    assert ImportRow.objects.filter(state="faulty").count() == 1


def test_the_dry_run_says_what_storing_then_does(world: World, imported: Importer) -> None:
    stored(world, imported, [line(1), line(2)])
    found = imported([line(1), line(2, phone="19900000777"), line(3), line(3), line(4, phone="1")])
    row = row_of(found, "张示例2")
    repairs.confirm_row(row=row, version=row.version, code="W_REGISTER_DIFFERS", by=world.clerk)
    expected = queries.DryRun(new=1, changed=1, same=1, duplicate=1, refused=1)
    assert queries.dry_run_counts(found) == expected
    assert apply(found, world.clerk) == {"created": 1, "updated": 1, "unchanged": 1}
    assert queries.dry_run_counts(found) == expected
