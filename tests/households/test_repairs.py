"""Rows are repaired in the browser: each save by itself, conflicts seen, everything can be taken back."""

from __future__ import annotations

import pytest

from core.refusals import Refused
from households import queries
from households.models import RosterImport
from households.services import repairs
from tests.households.conftest import Importer, World, apply, line, row_of

pytestmark = pytest.mark.django_db


def test_a_corrected_cell_makes_the_row_ready_and_keeps_the_file_s_text(world: World, imported: Importer) -> None:
    row = row_of(imported([line(1, phone="1990000")]), "张示例1")
    saved = repairs.correct_row(row=row, version=row.version, changes={"phone": "19900000123"}, by=world.clerk)
    assert saved.state == "ready" and saved.values["phone"] == "19900000123"
    assert saved.raw["texts"]["phone"] == "1990000" and saved.edited_by == world.clerk


def test_the_second_of_two_clerks_is_told_and_changes_nothing(world: World, imported: Importer) -> None:
    row = row_of(imported([line(1, phone="1990000")]), "张示例1")
    repairs.correct_row(row=row, version=row.version, changes={"phone": "19900000123"}, by=world.clerk)
    with pytest.raises(Refused) as refusal:
        repairs.correct_row(row=row, version=row.version, changes={"phone": "19900000999"}, by=world.second_clerk)
    assert (refusal.value.code, refusal.value.status) == ("ROW_CHANGED", 409)
    row.refresh_from_db()
    assert row.corrections["phone"] == "19900000123"


def test_undo_brings_the_row_back_to_the_file(world: World, imported: Importer) -> None:
    row = row_of(imported([line(1, phone="1990000")]), "张示例1")
    saved = repairs.correct_row(row=row, version=row.version, changes={"phone": "19900000123"}, by=world.clerk)
    back = repairs.undo_row(row=saved, version=saved.version, by=world.clerk)
    assert back.state == "faulty" and "E_PHONE_LENGTH" in back.issue_codes and back.corrections == {}


def test_a_correction_that_ends_a_duplicate_frees_the_other_row_and_undo_binds_it_again(
    world: World, imported: Importer
) -> None:
    twin = line(1, head_name="李样本", phone=line(2)["phone"], bank_card="", meter_no="", door_no="")
    found = imported([line(1), twin])
    row = row_of(found, "李样本")
    assert "E_DUPLICATE_ID" in row.issue_codes
    saved = repairs.correct_row(
        row=row, version=row.version, changes={"id_number": line(7)["id_number"]}, by=world.clerk
    )
    assert saved.state == "ready"
    first = row_of(found, "张示例1")
    moved = repairs.correct_row(
        row=first, version=first.version, changes={"id_number": line(7)["id_number"]}, by=world.clerk
    )
    assert moved.state == "ready"
    assert "E_DUPLICATE_ID" in row_of(found, "李样本").issue_codes


def test_a_relative_s_other_relatives_are_not_forgotten(world: World, imported: Importer) -> None:
    """B shares its door with A and its card with C: correcting A's door must keep B's trouble with C."""
    a, c = line(1), line(3)
    b = line(2, door_no=a["door_no"], bank_card=c["bank_card"])
    found = imported([a, c, b])
    row = row_of(found, "张示例1")
    repairs.correct_row(row=row, version=row.version, changes={"door_no": "77号"}, by=world.clerk)
    assert set(row_of(found, "张示例2").issue_codes) >= {"W_SAME_CARD"}
    assert "W_SAME_DOOR" not in row_of(found, "张示例2").issue_codes


def test_a_second_dwelling_is_confirmed_by_a_person(world: World, imported: Importer) -> None:
    other = line(1, door_no="88号", meter_no="", heated_area_m2="60")
    found = imported([line(1), other])
    row = found.rows.get(issue_codes__contains=["W_SECOND_DWELLING"])
    assert row.state == "faulty"
    saved = repairs.confirm_row(row=row, version=row.version, code="W_SECOND_DWELLING", by=world.clerk)
    assert saved.state == "ready"


def test_a_shared_card_cannot_be_confirmed_away(world: World, imported: Importer) -> None:
    found = imported([line(1), line(2, bank_card=line(1)["bank_card"])])
    row = row_of(found, "张示例2")
    with pytest.raises(Refused, match="NOT_CONFIRMABLE"):
        repairs.confirm_row(row=row, version=row.version, code="W_SAME_CARD", by=world.clerk)


def test_a_row_left_out_frees_its_twin_and_comes_back_on_undo(world: World, imported: Importer) -> None:
    found = imported([line(1), line(2, door_no="1号")])
    first = row_of(found, "张示例1")
    gone = repairs.leave_out_row(row=first, version=first.version, by=world.clerk)
    assert gone.state == "skipped" and row_of(found, "张示例2").state == "ready"
    assert queries.row_counts(found).adds_up
    repairs.undo_row(row=gone, version=gone.version, by=world.clerk)
    assert row_of(found, "张示例2").state == "faulty"


def test_a_subtotal_row_can_not_be_turned_into_a_household(world: World, imported: Importer) -> None:
    found = imported([line(1)], subtotal="1户")
    row = found.rows.get(kind="subtotal")
    with pytest.raises(Refused, match="ROW_CLOSED"):
        repairs.undo_row(row=row, version=row.version, by=world.clerk)


def test_group_repair_applies_what_was_shown_and_skips_rows_changed_meanwhile(world: World, imported: Importer) -> None:
    found = imported([line(n, village="甲一") for n in (1, 2, 3)])
    group = queries.repairs(found)[0]
    assert (group.value, group.proposal, len(group.items)) == ("甲一", "甲一村", 3)
    row = row_of(found, "张示例2")
    repairs.correct_row(row=row, version=row.version, changes={"village": "甲二村"}, by=world.second_clerk)
    assert repairs.repair_group(roster_import=found, repair=group, by=world.clerk) == 2
    assert [row_of(found, f"张示例{n}").village_id for n in (1, 2, 3)] == [
        "370999001001",
        "370999001002",
        "370999001001",
    ]


def test_words_for_numbers_are_proposed_row_by_row(world: World, imported: Importer) -> None:
    found = imported([line(1, heated_area_m2="一百二"), line(2, heated_area_m2="98平")])
    group = next(one for one in queries.repairs(found) if one.code == "E_AREA_NOT_NUMBER")
    assert [item.proposal for item in group.items] == ["120", "98"]
    repairs.repair_group(roster_import=found, repair=group, by=world.clerk)
    assert {row.values["heated_area_m2"] for row in found.rows.filter(kind="data")} == {"120", "98"}


def test_a_check_digit_is_never_repaired_in_a_group(imported: Importer) -> None:
    wrong = line(1)["id_number"][:-1] + ("0" if line(1)["id_number"][-1] != "0" else "1")
    found = imported([line(1, id_number=wrong)])
    assert row_of(found, "张示例1").state == "faulty" and queries.repairs(found) == []


def test_rows_of_a_void_or_stored_import_stay_as_they_are(world: World, imported: Importer) -> None:
    found = imported([line(1)])
    apply(found, world.clerk)
    row = row_of(found, "张示例1")
    with pytest.raises(Refused, match="NOT_IN_REVIEW"):
        repairs.correct_row(row=row, version=row.version, changes={"phone": "1"}, by=world.clerk)
    assert RosterImport.objects.get(pk=found.pk).state == "applied"
