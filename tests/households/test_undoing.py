"""A whole import is taken back, or said to be held fast and by what; history keeps both sides."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import PROTECT
from django.urls import reverse

from accounts.models import AuditEntry
from core import clock
from core.refusals import Refused
from households import queries
from households.models import (
    DuplicatePair,
    Dwelling,
    Enrolment,
    Household,
    ImportRow,
    Merge,
    RosterImport,
    ValueConflict,
)
from households.provenance import source_lines, sources_of
from households.services import conflicts, households, imports, repairs, rosters, undoing
from jobs.running import run_job
from programmes.models import Technology
from tests.households.conftest import Importer, World, apply, line, row_of, upload
from tests.households.test_pages import signed_in

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
    conflicts.decide_conflict(conflict=conflict, take_file=True, by=world.second_clerk)
    home.refresh_from_db()
    assert home.heated_area_m2 == 81
    with pytest.raises(Refused, match="ALREADY_DECIDED"):
        conflicts.decide_conflict(conflict=conflict, take_file=False, by=world.clerk)


def test_keeping_what_was_typed_changes_nothing(world: World, imported: Importer) -> None:
    stored(world, imported, [line(1)])
    edit(world, "张示例1", phone="19900000555")
    apply(imported([line(1), line(2)]), world.clerk)
    conflict = ValueConflict.objects.get()
    decided = conflicts.decide_conflict(conflict=conflict, take_file=False, by=world.clerk)
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


#: Goes with its household or house and keeps nobody's work: calculated again, or told by `_later_edits`.
GOES_WITH_IT = {
    "households.DuplicateKey", "households.HandEdit", "households.ValueConflict", "households.ClassPeriod",
    "reports.DwellingSummary", "reports.HouseholdCode", "subsidies.OperationCheck",
}  # fmt: skip


@pytest.mark.parametrize("model", [Dwelling, Household])
def test_every_table_that_holds_on_to_a_home_is_named_or_known_to_go_with_it(model: type[Any]) -> None:
    held = {one.related_model._meta.label for one in undoing.holding(model)}
    assert held <= undoing.WORDS.keys()
    others = {
        one.related_model._meta.label
        for one in model._meta.get_fields(include_hidden=True)
        if one.auto_created and not one.concrete and one.on_delete is not PROTECT
    }
    assert others <= GOES_WITH_IT | {"households.ImportRow"}


def test_a_pair_the_machine_found_goes_and_a_merge_stays_in_the_way(world: World, imported: Importer) -> None:
    found = stored(world, imported, [line(1), line(2)])
    first, second = Dwelling.objects.order_by("pk")
    pair = DuplicatePair.objects.create(
        first=first, second=second, area=first.area, other_area=second.area, reasons=["NEAR_NAME"], weight=1,
        found_at=clock.now(),
    )  # fmt: skip
    assert undoing.blockers(found) == []
    merge = Merge.objects.create(
        pair=pair, kept=first.household, dissolved=second.household, same_house=False, merged_by=world.clerk,
        merged_at=clock.now(), reason="the same",
    )  # fmt: skip
    (blocker,) = undoing.blockers(found)
    assert blocker.dwellings and blocker.count >= 1
    merge.delete()
    undoing.undo_import(found.pk, by=world.clerk, reason="wrong")
    assert not Household.objects.exists() and not DuplicatePair.objects.exists()


def test_the_new_columns_are_stored_told_and_taken_back(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    head = "村,户主姓名,身份证号,取暖面积,改造方式,门牌号,收款卡号,户名,改造前取暖方式,困难类别"
    one = line(1)
    told = [one[name] for name in ("village", "head_name", "id_number", "heated_area_m2", "technology", "door_no")]
    path.write_text(
        "\n".join((head, ",".join([*told, one["bank_card"], "李样本", "散煤", "低保、残疾"]))), encoding="utf-8"
    )
    found = upload(world, path)
    apply(found, world.clerk)
    home = Dwelling.objects.select_related("household").get()
    assert (home.old_heating, home.household.account_holder) == ("coal_stove", "李样本")
    assert home.household.beneficiary_classes == ["DISABLED", "SUBSISTENCE"]
    sources = sources_of(home)
    assert [sources[name].cell for name in ("account_holder", "old_heating", "beneficiary_classes")] == [
        "H2",
        "I2",
        "J2",
    ]
    lines = {one.source.cell: one for one in source_lines(home, world.clerk)}
    assert lines["H2"].file_name == "a.csv" and lines["H2"].import_id == found.pk
    assert all(one.import_id is None for one in source_lines(home, world.village_signer))
    path.write_text(
        path.read_text(encoding="utf-8").replace("低保、残疾", "五保").replace("散煤", "小锅炉"), encoding="utf-8"
    )
    again = upload(world, path)
    faulty = again.rows.get(kind="data")
    assert faulty.issue_codes.count("W_REGISTER_DIFFERS") == 1
    repairs.confirm_row(row=faulty, version=faulty.version, code="W_REGISTER_DIFFERS", by=world.clerk)
    apply(again, world.clerk)
    home = Dwelling.objects.select_related("household").get()
    assert (home.old_heating, home.household.beneficiary_classes) == ("coal_boiler", ["DESTITUTE"])
    undoing.undo_import(again.pk, by=world.clerk, reason="wrong")
    home = Dwelling.objects.select_related("household").get()
    assert (home.old_heating, home.household.beneficiary_classes) == ("coal_stove", ["DISABLED", "SUBSISTENCE"])
    assert home.household.account_holder == "李样本"


def test_asking_twice_for_an_undo_is_one_job_and_the_page_says_it_runs(world: World, imported: Importer) -> None:
    found = stored(world, imported, [line(1)])
    job = undoing.request_undo(roster_import=found, by=world.clerk, reason="wrong")
    assert undoing.request_undo(roster_import=found, by=world.clerk, reason="wrong") == job
    browser = signed_in(world.clerk)
    page = browser.get(reverse("households:import-review", args=[found.pk])).content.decode()
    void = reverse("households:import-void", args=[found.pk])
    assert 'id="applying"' in page and void not in page
    assert browser.get(void).status_code == 302
