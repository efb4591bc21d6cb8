"""The clerk's own file with its faults marked, corrected in Excel, and sent back."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from households import queries
from households.importing.reading import opened_copy
from households.models import RosterImport
from households.services import marked, repairs
from tests.households.conftest import TITLES, Importer, World, apply, line, row_of, upload, write_xlsx

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(imported: Importer) -> RosterImport:
    return imported([line(1), line(2, phone="1990000"), line(3, heated_area_m2="一百二"), line(4)], subtotal="4户")


def marked_book(found: RosterImport, path: Path) -> openpyxl.Workbook:
    marked.write_marked_file(found, path)
    return openpyxl.load_workbook(path)


def test_faulty_cells_are_filled_and_noted_and_all_others_are_as_they_were(found: RosterImport, tmp_path: Path) -> None:
    sheet = marked_book(found, tmp_path / "marked.xlsx")["名单"]
    noted = {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment}
    assert noted == {"D4", "F5"} and sheet["D4"].fill.fgColor.rgb == "FFFBE3E1"
    with opened_copy(found.file.stored_name) as path:
        original = openpyxl.load_workbook(BytesIO(path.read_bytes()))["名单"]
    for row in original.iter_rows():
        for cell in row:
            assert (sheet[cell.coordinate].value or None) == (cell.value or None), cell.coordinate
    assert sheet["C3"].value == line(1)["id_number"] and sheet.merged_cells.ranges == original.merged_cells.ranges


def test_corrected_and_sent_back_only_faulty_rows_are_touched(
    world: World, found: RosterImport, tmp_path: Path
) -> None:
    book = marked_book(found, tmp_path / "marked.xlsx")
    sheet = book["名单"]
    sheet["D4"], sheet["F5"], sheet["B3"] = line(2)["phone"], "120", "李样本"
    sheet.delete_rows(6)
    book.save(tmp_path / "back.xlsx")
    sent = upload(world, tmp_path / "back.xlsx", by=world.second_clerk)
    assert (sent.state, sent.corrects, sent.rows.count()) == ("void", found, 0)
    assert sent.counts["corrected_rows"] == 2 and sent.counts["ignored"] == 1
    assert queries.row_counts(found).faulty == 0 and queries.row_counts(found).ready == 4
    row = row_of(found, "张示例2")
    assert (row.corrections, row.edited_by) == ({"phone": line(2)["phone"]}, world.second_clerk)
    assert row.raw["texts"]["phone"] == "1990000"
    assert apply(found, world.clerk) == {"created": 4}


def test_a_row_mended_meanwhile_stays_as_it_is(world: World, found: RosterImport, tmp_path: Path) -> None:
    book = marked_book(found, tmp_path / "marked.xlsx")
    book["名单"]["D4"] = "19900000001"
    book.save(tmp_path / "back.xlsx")
    row = row_of(found, "张示例2")
    repairs.correct_row(row=row, version=row.version, changes={"phone": "19900000002"}, by=world.clerk)
    upload(world, tmp_path / "back.xlsx")
    assert row_of(found, "张示例2").corrections == {"phone": "19900000002"}


def test_a_column_put_in_is_refused_with_a_sentence(world: World, found: RosterImport, tmp_path: Path) -> None:
    book = marked_book(found, tmp_path / "marked.xlsx")
    sheet = book["名单"]
    sheet.insert_cols(2)
    book.save(tmp_path / "back.xlsx")
    sent = upload(world, tmp_path / "back.xlsx")
    assert (sent.state, sent.refusal[0]["code"]) == ("refused", "COLUMNS_MOVED")
    assert queries.row_counts(found).faulty == 2


def test_another_town_s_marks_are_unknown(world: World, found: RosterImport, tmp_path: Path) -> None:
    marked.write_marked_file(found, tmp_path / "marked.xlsx")
    sent = upload(world, tmp_path / "marked.xlsx", by=world.other_clerk)
    assert (sent.state, sent.refusal[0]["code"]) == ("refused", "MARKS_UNKNOWN")


def test_a_file_for_an_import_that_is_stored_is_refused(world: World, imported: Importer, tmp_path: Path) -> None:
    done = imported([line(1)])
    marked.write_marked_file(done, tmp_path / "marked.xlsx")
    book = openpyxl.load_workbook(tmp_path / "marked.xlsx")
    apply(done, world.clerk)
    book["名单"]["D3"] = "1"
    book.save(tmp_path / "back.xlsx")
    sent = upload(world, tmp_path / "back.xlsx")
    assert sent.state in ("void", "refused") and row_of(done, "张示例1").corrections == {}


def test_an_ordinary_file_is_no_marked_one(world: World, tmp_path: Path) -> None:
    assert upload(world, write_xlsx(tmp_path / "a.xlsx", [line(1)])).corrects is None


def test_a_village_that_stands_above_the_row_stays_when_the_file_comes_back(world: World, tmp_path: Path) -> None:
    """Its own cell is blank, merged, or holds something else where a heading names the village."""
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        columns = ("head_name", "id_number", "phone", "door_no", "heated_area_m2", "technology")
        for name, titles in (("甲一村", ()), ("合并", ("village",)), ("只写一次", ("village",))):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, [TITLES[field] for field in (*titles, *columns)])
            for n in (1, 2):
                found = line(len(name) * 10 + n, phone="1990000")
                sheet.write_row(n, 0, [*("甲一村" if n == 1 else "" for _ in titles), *map(found.get, columns)])
        book.get_worksheet_by_name("合并").merge_range(1, 0, 2, 0, "甲一村")
    found = upload(world, tmp_path / "a.xlsx")
    book = marked_book(found, tmp_path / "marked.xlsx")
    for n, sheet in enumerate(book.worksheets):
        sheet.cell(3, 3 if n == 0 else 4).value = line(90 + n)["phone"]
    book.save(tmp_path / "back.xlsx")
    sent = upload(world, tmp_path / "back.xlsx")
    assert [row.corrections for row in found.rows.filter(row_no=3).order_by("pk")] == [
        {"phone": line(90 + n)["phone"]} for n in range(3)
    ]
    assert sent.counts["cells"] == 3
