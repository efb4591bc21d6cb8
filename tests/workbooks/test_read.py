"""Reading: exact text, true addresses, suspect cells named, hostile files refused with a code."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from core.workbooks import child
from core.workbooks.guard import DEFAULT_LIMITS, Limits, inspect_file
from core.workbooks.read import (
    DATE_CELL,
    ERROR_VALUE,
    FORMULA_NO_VALUE,
    NUMERIC_ID,
    cell_address,
    read_workbook,
)
from core.workbooks.refusals import WorkbookRefused

SMALL_LIMITS = Limits(file_bytes=1 << 20, cells=10_000, ratio_from_bytes=1 << 16, memory_bytes=1 << 30, wall_s=20)


def made(path: Path, fill: Callable[[xlsxwriter.Workbook], None]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        fill(book)
    return path


def refusal(path: Path, limits: Limits = SMALL_LIMITS) -> WorkbookRefused:
    with pytest.raises(WorkbookRefused) as caught:
        read_workbook(path, limits=limits)
    return caught.value


def rewritten(source: Path, target: Path, changes: dict[str, Callable[[bytes], bytes]], **added: bytes) -> Path:
    """A copy of a zip container with some parts changed and others added."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, changes.get(part, bytes)(old.read(part)))
        for part, content in added.items():
            new.writestr(part.replace("__", "/").replace("_dot_", "."), content)
    return target


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return made(tmp_path / "plain.xlsx", lambda book: book.add_worksheet("名单").write("A1", "户主"))


SHEET = "xl/worksheets/sheet1.xml"


def test_cells_keep_text_address_and_notes(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("名单")
        sheet.merge_range("C3:E3", "标题")
        sheet.write("C5", 370999198001010147)
        sheet.write("D5", 12)
        sheet.write("E5", 86.3 + 1e-14)
        sheet.write_string("F5", "0012")
        sheet.write_datetime("G5", date(2020, 2, 7), book.add_format({"num_format": "m-d"}))
        sheet.write("H5", True)
        sheet.write("I5", 19900000147)
        book.add_worksheet("旧").hide()

    book = read_workbook(made(tmp_path / "a.xlsx", fill))
    sheet, hidden = book.sheets
    assert (sheet.merged, sheet.hidden, hidden.hidden, hidden.rows) == (((3, 3, 3, 5),), False, True, ())
    row = sheet.rows[4]
    assert row.row_no == 5 and cell_address(row.row_no, 28) == "AB5"
    assert row.texts == ("", "", "3.70999E+17", "12", "86.3", "0012", "2020-02-07", "TRUE", "19900000147")
    assert row.notes == {3: NUMERIC_ID, 7: DATE_CELL}


def test_formulas_without_value_and_errors_are_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["B2"], sheet["C2"], sheet["D2"] = "=60+26", "#N/A", 5
    sheet["C2"].data_type = "e"
    book.save(tmp_path / "f.xlsx")
    row = read_workbook(tmp_path / "f.xlsx").sheets[0].rows[1]
    assert row.notes == {2: FORMULA_NO_VALUE, 3: ERROR_VALUE} and row.texts[3] == "5"


def test_no_uncached_formula_is_missed_at_the_edge_of_a_chunk(tmp_path: Path) -> None:
    cells = "".join(f'<c r="A{row_no}" s="1"><f>B{row_no}+C{row_no}</f></c>' for row_no in range(1, 60_001))
    with zipfile.ZipFile(tmp_path / "f.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", cells)
    with zipfile.ZipFile(tmp_path / "f.zip") as archive:
        assert len(child.sheet_notes(archive, "sheet.xml")[0]) == 60_000


def test_formulas_with_their_value_are_read_as_the_value(tmp_path: Path) -> None:
    path = made(tmp_path / "f.xlsx", lambda book: book.add_worksheet().write_formula("A1", "=60+26", None, 86))
    row = read_workbook(path).sheets[0].rows[0]
    assert row.texts == ("86",) and row.notes == {}


def test_a_declared_dimension_is_not_believed(tmp_path: Path, plain: Path) -> None:
    for lie in (b'ref="A1:XFD1048576"', b'ref="Z9"'):

        def lied(part: bytes, lie: bytes = lie) -> bytes:
            return part.replace(b'ref="A1"', lie)

        path = rewritten(plain, tmp_path / "lie.xlsx", {SHEET: lied})
        assert lie in zipfile.ZipFile(path).read(SHEET)
        assert [row.texts for row in read_workbook(path).sheets[0].rows] == [("户主",)]


def test_csv_in_both_encodings_and_with_tabs(tmp_path: Path) -> None:
    for encoding, comma in (("utf-8-sig", ","), ("gbk", ","), ("utf-8", "\t")):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(f"户主{comma}身份证号\r\n张示例{comma}370999198001010147\r\n".encode(encoding))
        book = read_workbook(path)
        assert book.kind == "csv" and book.sheets[0].rows[1].texts == ("张示例", "370999198001010147")


OASIS = "urn:oasis:names:tc:opendocument:xmlns"
ODS = (
    f'<office:document-content office:version="1.2" xmlns:office="{OASIS}:office:1.0"'
    f' xmlns:table="{OASIS}:table:1.0" xmlns:text="{OASIS}:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="名单"><table:table-row><table:table-cell office:value-type="string">'
    "<text:p>张示例</text:p></table:table-cell></table:table-row></table:table>"
    "</office:spreadsheet></office:body></office:document-content>"
)


def ods(path: Path, **parts: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS)
        for name, text in ({"META-INF__manifest.xml": "<m/>"} | parts).items():
            archive.writestr(name.replace("__", "/"), text)
    return path


def test_ods_is_read_and_an_encrypted_one_refused(tmp_path: Path) -> None:
    assert read_workbook(ods(tmp_path / "a.ods")).sheets[0].rows[0].texts == ("张示例",)
    locked = ods(tmp_path / "b.ods", **{"META-INF__manifest.xml": "<m><encryption-data/></m>"})
    assert refusal(locked).code == "FILE_ENCRYPTED"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "FILE_EMPTY"),
        (b"x," * (1 << 20), "FILE_TOO_LARGE"),
        (b"<html><p>1</p></html>", "FILE_HTML"),
        (b"\xef\xbb\xbf\r\n<meta charset=utf-8><div>", "FILE_HTML"),
        (b"<table>" * 30, "FILE_CORRUPT"),
        (b"<table><tr><td colspan=9999>" + b"<td>" * 9999, "FILE_TOO_MANY_CELLS"),
        (b"<table><tr><td rowspan=9999 colspan=9999>", "FILE_TOO_MANY_CELLS"),
        (b"\x89PNG\r\n\x1a\n...", "FILE_IMAGE"),
        (b"%PDF-1.7", "FILE_WRONG_KIND"),
        (b"MZ\x90\x00\x03", "FILE_WRONG_KIND"),
        (b"\xff\xfe\xfd\xfc\x81", "FILE_ENCODING"),
        (b"PK\x03\x04 broken", "FILE_CORRUPT"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "FILE_ENCRYPTED"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook_VBA_PROJECT".encode("utf-16-le"), "FILE_MACROS"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "FILE_WRONG_KIND"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le") + b"\x00" * 600,
            "FILE_CORRUPT",
        ),
        (b"a," * 10_001, "FILE_TOO_MANY_CELLS"),
    ],
)
def test_a_file_under_a_false_name_is_refused_by_what_it_is(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "名单.xls"
    path.write_bytes(content)
    assert refusal(path).code == code


def test_a_bomb_is_refused_before_the_parser_sees_it(tmp_path: Path, plain: Path) -> None:
    padding = {SHEET: lambda part: part.replace(b"<sheetData>", b"<sheetData>" + b" " * (30 << 20))}
    path = rewritten(plain, tmp_path / "bomb.xlsx", padding)
    caught = refusal(path)
    assert (caught.code, caught.values) == ("FILE_ZIP_BOMB", {"part": SHEET})
    assert refusal(plain, Limits(unpacked_bytes=2000)).code == "FILE_ZIP_BOMB"
    assert refusal(plain, Limits(zip_parts=3)).code == "FILE_TOO_MANY_PARTS"


def test_a_false_size_in_the_directory_does_not_help_a_bomb(tmp_path: Path, plain: Path) -> None:
    path = rewritten(plain, tmp_path / "b.xlsx", {SHEET: lambda x: x + b" " * (30 << 20)})
    size = zipfile.ZipFile(path).getinfo(SHEET).file_size.to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (700).to_bytes(4, "little")))
    assert refusal(path).code in ("FILE_ZIP_BOMB", "FILE_CORRUPT")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_external_entities_are_refused(tmp_path: Path, plain: Path, encoding: str) -> None:
    xxe = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet>&e;</worksheet>'
    path = rewritten(plain, tmp_path / "xxe.xlsx", {SHEET: lambda _: xxe.encode(encoding)})
    caught = refusal(path)
    assert (caught.code, caught.values) == ("FILE_DTD", {"part": SHEET})


def test_macros_and_external_links_are_refused(tmp_path: Path, plain: Path) -> None:
    macro = rewritten(plain, tmp_path / "m.xlsm", {}, xl__vbaProject_dot_bin=b"\x00")
    assert refusal(macro).code == "FILE_MACROS"
    assert read_workbook(macro, limits=Limits(allow_macros=True)).sheets[0].rows[0].texts == ("户主",)
    linked = rewritten(plain, tmp_path / "l.xlsx", {}, xl__externalLinks__externalLink1_dot_xml=b"<x/>")
    assert refusal(linked).code == "FILE_EXTERNAL_LINKS"


def test_a_document_and_a_password_are_told_apart(tmp_path: Path) -> None:
    for name, found in (("word/document.xml", "docx"), ("xl/workbook.bin", "xlsb"), ("a.txt", "zip")):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, "x")
        (tmp_path / "x.xlsx").write_bytes(buffer.getvalue())
        assert refusal(tmp_path / "x.xlsx").values == {"found": found}


def test_two_far_corners_do_not_exhaust_memory(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "x")
        sheet.write(1_048_575, 16_383, "x")

    path = made(tmp_path / "far.xlsx", fill)
    assert refusal(path).code in ("FILE_TOO_MUCH_WORK", "FILE_TOO_MANY_CELLS")


def test_too_many_cells_and_too_little_time(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for row_no in range(2_000):
            sheet.write_row(row_no, 0, ["x"] * 6)

    path = made(tmp_path / "big.xlsx", fill)
    assert refusal(path).values == {"limit": 10_000}
    assert refusal(path, Limits(memory_bytes=20 << 20)).code == "FILE_TOO_MUCH_WORK"


def test_a_broken_sheet_is_corrupt_and_the_default_limits_pass_an_ordinary_file(tmp_path: Path, plain: Path) -> None:
    path = rewritten(plain, tmp_path / "c.xlsx", {SHEET: lambda x: x[: len(x) // 2]})
    assert refusal(path).code == "FILE_CORRUPT"
    assert inspect_file(plain, limits=DEFAULT_LIMITS).kind == "xlsx"
