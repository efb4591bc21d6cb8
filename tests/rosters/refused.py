"""Files the importer refuses: hostile, damaged, or no roster at all."""

from __future__ import annotations

import zipfile
from pathlib import Path

import xlsxwriter

from tests.rosters.formats import Page, compound_file, write_ods
from tests.rosters.kinds import ordinary
from tests.rosters.writing import one_sheet, rewrite, roster, write_xlsx


@roster("xlsx")
def nothing_at_all(path: Path) -> None:
    path.write_bytes(b"")


@roster("xlsx")
def behind_a_password(path: Path) -> None:
    path.write_bytes(compound_file({"EncryptionInfo": b"x", "EncryptedPackage": b"x" * 9000}))


@roster("ods")
def an_open_document_behind_a_password(path: Path) -> None:
    write_ods(path, ordinary())
    locked = b"<?xml version='1.0'?><manifest><file-entry><encryption-data/></file-entry></manifest>"
    rewrite(path, lambda part, text: locked if part.startswith("META-INF") else text)


@roster("xlsx")
def a_printout_by_name_a_workbook(path: Path) -> None:
    path.write_bytes(b"%PDF-1.7\n1 0 obj\n")


@roster("xlsx")
def cut_off(path: Path) -> None:
    write_xlsx(path, ordinary())
    path.write_bytes(path.read_bytes()[:-300])


@roster("xlsx")
def a_zip_bomb(path: Path) -> None:
    write_xlsx(path, ordinary())
    rewrite(
        path,
        lambda p, text: text.replace(b"<sheetData>", b"<sheetData>" + b" " * (20 << 20)) if "sheet1" in p else text,
    )


@roster("xlsx")
def outside_entities(path: Path) -> None:
    write_xlsx(path, ordinary())
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet>&e;</worksheet>'
    rewrite(path, lambda part, text: evil if part.endswith("sheet1.xml") else text)


@roster("xlsx")
def only_a_picture(path: Path) -> None:
    write_xlsx(path, [Page("名单", [])])
    rewrite(path, lambda _part, content: content, xl__media__image1_dot_png=b"\x89PNG\r\n\x1a\n")


@roster("xlsx")
def a_photo_by_name_a_workbook(path: Path) -> None:
    path.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")


@roster("xlsx")
def a_letter_by_name_a_workbook(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")


@roster("xls")
def a_web_page_without_a_table(path: Path) -> None:
    path.write_text("<html><body><p>请登录系统</p></body></html>", encoding="utf-8")


@roster("xlsx")
def two_far_corners(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("名单")
        sheet.write_string(0, 0, "户主姓名")
        sheet.write_string(1_048_575, 16_383, "x")


@roster("xlsx")
def values_from_other_files(path: Path) -> None:
    write_xlsx(path, ordinary())
    rewrite(path, lambda _part, content: content, xl__externalLinks__externalLink1_dot_xml=b"<externalLink/>")


@roster("csv")
def neither_utf8_nor_gbk(path: Path) -> None:
    path.write_bytes(b"\xff\xff\xfd\xfc\x81,\x81\n" * 3)


@roster("xlsx")
def no_header(path: Path) -> None:
    one_sheet(path, ["会议通知"], ["请各村于周五前报送名单"])
