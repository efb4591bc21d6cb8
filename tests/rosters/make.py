"""Make the messy rosters of this folder: ``python -m tests.rosters.make FOLDER``. The same bytes' worth each time.

One function per file; its name is the file's, what to expect stands in ``oracles/`` under the same name and was
written by reading the rows, not by running the importer.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.rosters.formats import Area, Fault, Formula, Page, compound_file, write_html, write_ods, write_xls
from tests.rosters.people import COLUMNS, card, cells, name, number, phone

FILES: dict[str, Callable[[Path], Any]] = {}
TITLE = ["甲镇清洁取暖改造户花名册"]
SHORT = ("村", "户主姓名", "身份证号", "取暖面积(㎡)", "改造方式", "门牌号")
WIDE = str.maketrans("0123456789Xx-.", "０１２３４５６７８９Ｘｘ－．")


def roster(suffix: str) -> Callable[[Callable[[Path], Any]], Callable[[Path], Any]]:
    """Register the function of one file."""

    def register(made: Callable[[Path], Any]) -> Callable[[Path], Any]:
        FILES[f"{made.__name__}.{suffix}"] = made
        return made

    return register


def write_xlsx(path: Path, pages: Sequence[Page], *, options: dict[str, Any] | None = None) -> Path:
    """A workbook by XlsxWriter; text stays text, a `date` becomes a date cell."""
    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, **(options or {})}) as book:
        for page in pages:
            sheet = book.add_worksheet(page.name)
            for area in page.merged:
                _merge(sheet, page, area)
            for row_no, row in enumerate(page.rows):
                for column, value in enumerate(row):
                    _write(book, sheet, row_no, column, value)
            if page.hidden:
                sheet.hide()
    return path


def _merge(sheet: Any, page: Page, area: Area) -> None:
    top, left, bottom, right = area
    sheet.merge_range(top - 1, left - 1, bottom - 1, right - 1, page.rows[top - 1][left - 1])


def _write(book: Any, sheet: Any, row_no: int, column: int, value: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Formula):
        sheet.write_formula(row_no, column, value.text, None, "" if value.value is None else value.value)
    elif isinstance(value, Fault):
        sheet.write_formula(row_no, column, "=VLOOKUP(1,A1:A1,1)", None, value.text)
    elif isinstance(value, date):
        sheet.write_datetime(row_no, column, value, book.add_format({"num_format": "yyyy-m-d"}))
    elif isinstance(value, str):
        sheet.write_string(row_no, column, value)
    else:
        sheet.write_number(row_no, column, value)


def rewrite(path: Path, change: Callable[[str, bytes], bytes], **added: bytes) -> None:
    """Change parts of a zip container in place; ``added`` takes names with __ for / and _dot_ for the dot."""
    old = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, change(part, old.read(part)))
        for part, content in added.items():
            new.writestr(part.replace("__", "/").replace("_dot_", "."), content)


def one_sheet(path: Path, *rows: Sequence[Any], merged: list[Area] | None = None) -> Path:
    return write_xlsx(path, [Page("名单", rows, merged or [])])


def short(n: int, **changes: object) -> list[object]:
    return cells(n, SHORT, **changes)


# --- lists as they should be ------------------------------------------------------------------------------------


@roster("xlsx")
def plain_list(path: Path) -> None:
    one_sheet(
        path, TITLE, ["填报单位：甲镇人民政府"], COLUMNS, cells(1), cells(2), cells(3),
        ["合计", "", "3户", "", "", "", 246], [], ["注：本表一式三份。"],
        ["经办人：李样本", "", "", "负责人（签字）："],
        merged=[(1, 1, 1, 10)],
    )  # fmt: skip


@roster("xlsx")
def columns_in_any_order(path: Path) -> None:
    columns = ("技术路线", "手机号码", "公民身份号码", "采暖面积", "农户姓名", "家庭住址", "行政村")
    rows = [[], [], [None, None, "花名册"], [None, *columns], [None, *cells(1, columns)], [None, *cells(2, columns)]]
    write_xlsx(path, [Page("Sheet1", rows)])


@roster("xlsx")
def technology_words(path: Path) -> None:
    words = ("煤改电", "电代煤", "空气源热泵", "热风机", " 煤 改 气 ", "燃气壁挂炉", "集中供热", "土炕", "")
    one_sheet(path, SHORT, *(short(n, technology=word) for n, word in enumerate(words, 1)))


# --- headers ------------------------------------------------------------------------------------------------------


@roster("xlsx")
def two_level_header(path: Path) -> None:
    top = ["序号", "村", "户主信息", "", "", "面积", "改造方式", "", "门牌号"]
    low = ["", "", "姓名", "身份证号码", "联系电话", "", "煤改电", "煤改气", ""]

    def row(n: int, electric: str, gas: str) -> list[object]:
        return [n, "甲一村", name(n), number(n), phone(n), 80 + n, electric, gas, f"{n}号"]

    one_sheet(
        path, TITLE, top, low, row(1, "√", ""), row(2, "", "√"), row(3, "", ""), row(4, "√", "√"),
        merged=[(1, 1, 1, 9), (2, 1, 3, 1), (2, 2, 3, 2), (2, 3, 2, 5), (2, 6, 3, 6), (2, 7, 2, 8), (2, 9, 3, 9)],
    )  # fmt: skip


@roster("xlsx")
def side_by_side(path: Path) -> None:
    half = ("户主姓名", "身份证号", "取暖面积(㎡)", "改造方式", "门牌号")
    rows: list[list[object]] = [["村", *half, "", *half]]
    rows += [["甲一村", *cells(n, half), "", *cells(n + 10, half)] for n in (1, 2)]
    rows.append(["甲二村", *cells(3, half)])
    rows.append(["合计", "5户", "", 81 + 82 + 83 + 91 + 92])
    one_sheet(path, TITLE, *rows, ["审核人（签字）："])


@roster("xlsx")
def a_payee_beside_the_head(path: Path) -> None:
    top = ["村", "户主信息", "", "取暖面积", "改造方式", "门牌号", "收款人信息", "", ""]
    low = ["", "姓名", "身份证号", "", "", "", "姓名", "身份证号", "银行卡号"]
    rows = [[*short(n), name(n + 50), number(n + 50), card(n)] for n in (1, 2)]
    one_sheet(path, top, low, *rows, merged=[(1, 2, 1, 3), (1, 7, 1, 9)])


@roster("xlsx")
def tables_below_each_other(path: Path) -> None:
    other = ("姓名", "证件号码", "行政村", "技术路线", "建筑面积", "门牌")
    one_sheet(
        path, ["甲一村"], SHORT, short(1), short(2), ["小计", "2户", "", 163], [], ["甲二村"], other,
        cells(3, other, village="甲二村"), cells(4, other, village="甲二村"), ["小计", "2户", "", "", 167],
        ["合计", "4户", "", "", 330],
    )  # fmt: skip


@roster("xlsx")
def repeated_headers(path: Path) -> None:
    one_sheet(
        path, TITLE, SHORT, short(1), short(2), ["本页小计", "2", "", 163], TITLE, SHORT, short(3),
        ["本页小计", "1", "", 83], ["总  计", "3", "", 246], ["备注：1.本表加盖公章有效。"],
    )  # fmt: skip


@roster("xlsx")
def village_headings(path: Path) -> None:
    columns = SHORT[1:]
    one_sheet(
        path, TITLE, columns, ["一、甲一村"], cells(1, columns), cells(2, columns), ["（二）甲二村"],
        cells(3, columns), ["甲二村小计", "1户", 83],
    )  # fmt: skip


@roster("xlsx")
def one_sheet_for_each_village(path: Path) -> None:
    columns = SHORT[1:]
    pages = [
        Page("填表说明", [["一、每村一个工作表"], ["二、身份证号为文本格式"]]),
        Page("甲一村", [columns, cells(1, columns), cells(2, columns)]),
        Page("甲二村", [columns, cells(3, columns)]),
        Page("丙村", [columns, cells(4, columns)]),
        Page("去年", [SHORT, short(5)], hidden=True),
        Page("Sheet6", []),
    ]
    write_xlsx(path, pages)


@roster("xlsx")
def village_merged_down(path: Path) -> None:
    rows = [short(1, village="甲一村"), short(2, village=""), short(3, village=""), short(4, village="")]
    one_sheet(path, SHORT, *rows, merged=[(2, 1, 4, 1)])


@roster("xlsx")
def unknown_columns(path: Path) -> None:
    columns = (*SHORT, "是否低保", "镇审核意见")
    one_sheet(path, columns, [*short(1), "是", ""], [*short(2), "否", "同意"], [*short(3), "否", "该户自愿放弃"])


@roster("xlsx")
def two_areas_in_one_list(path: Path) -> None:
    columns = ("村", "户主姓名", "身份证号", "建筑面积", "取暖面积", "改造方式", "门牌号")
    rows = [[*short(n)[:3], 150, 90 + n, "煤改电", f"{n}号"] for n in (1, 2)]
    one_sheet(path, columns, *rows)


@roster("csv")
def no_technology_column(path: Path) -> None:
    path.write_text("\n".join(",".join(map(str, row[:4])) for row in (SHORT, short(1), short(2))), encoding="utf-8")


# --- totals -------------------------------------------------------------------------------------------------------


@roster("xlsx")
def wrong_subtotals(path: Path) -> None:
    two = {"village": "甲二村"}
    one_sheet(
        path, SHORT, short(1), short(2), ["甲一村小计", "3户", "", 163], short(3, **two), short(4, **two),
        ["甲二村小计", "2户", "", "167.5㎡"], ["合计", "4户", "", "0.033万㎡"],
    )  # fmt: skip


@roster("xlsx")
def a_household_named_like_a_total(path: Path) -> None:
    one_sheet(path, SHORT, short(1, name="合计"), short(2, name="小计生"), ["合计", "", "", 163])


# --- values -------------------------------------------------------------------------------------------------------


@roster("xlsx")
def untidy_values(path: Path) -> None:
    ends_in_x = next(n for n in range(100, 200) if number(n).endswith("X"))
    spaced = cells(
        2,
        id=f" {number(2)[:6]} {number(2)[6:14]} {number(2)[14:]}",
        phone="-".join((phone(2)[:3], phone(2)[3:7], phone(2)[7:])),
    )
    one_sheet(
        path,
        COLUMNS,
        cells(1, id=number(1).translate(WIDE), phone=phone(1).translate(WIDE)),
        spaced,
        cells(3, id=number(ends_in_x).lower(), area="98.5㎡"),
        cells(4, card=" ".join(card(4)[i : i + 4] for i in range(0, 19, 4)), area="0.0102万㎡"),
        cells(5, name="王　测　试", village="甲 一村", area="１２０"),
        cells(6, phone=f"+86 {phone(6)}", area="1,00"),
        cells(7, id=f"'{number(7)}", area="86.305"),
        cells(8, phone=19900910008, area=86.30000000000001),
    )  # fmt: skip


@roster("xlsx")
def areas_in_words(path: Path) -> None:
    words = ("一百二", "一百零二", "八十六点五", "98 平", "约90", "90多", "60+30", "未测", "", 0, 9.99, 500, 500.01, -5)
    one_sheet(path, SHORT, *(short(n, area=word) for n, word in enumerate(words, 1)))


@roster("xlsx")
def days_of_application(path: Path) -> None:
    columns = (*SHORT, "申请日期")
    days = (
        date(2021, 3, 5), "2021-3-5", "2021年3月5日", "20210305", 44260, "2021/03/05", "2021.3.5", "21.3.5", "3-5",
        "二〇二一年三月五日", "2021-02-30", "2099-01-01", "去年",
    )  # fmt: skip
    one_sheet(path, columns, *([*short(n), day] for n, day in enumerate(days, 1)))


@roster("xlsx")
def numbers_with_a_slip(path: Path) -> None:
    wrong = str((int(number(1)[16]) + 1) % 10)
    one_sheet(
        path,
        COLUMNS,
        cells(1, id=number(1)[:16] + wrong + number(1)[17]),
        cells(2, id=number(2)[:10] + "1332" + number(2)[14:]),
        cells(3, id=number(3)[:17]),
        cells(4, id=number(4)[:15]),
        cells(5, id="370999500101001"),
        cells(6, id=number(6).replace("0", "O")),
        cells(7, id="", phone=phone(7)[:10]),
        cells(8, phone="12900910008"),
        cells(9, phone="0999-2026112"),
        cells(10, phone="1990091*010"),
        cells(11, card=card(11)[:-1] + str((int(card(11)[-1]) + 1) % 10)),
        cells(12, card=card(12)[:12]),
        cells(13, card="现金"),
    )


@roster("xlsx")
def numbers_typed_as_figures(path: Path) -> None:
    one_sheet(
        path, COLUMNS, cells(1, id=float(number(1)[:17] + "0")), cells(2, card=int(card(2))),
        cells(3, id=int(number(3)[:17] + "1"), phone=int(phone(3))), cells(4),
    )  # fmt: skip


@roster("csv")
def scientific_numbers(path: Path) -> None:
    rows = [COLUMNS, cells(1, id="3.70999E+17"), cells(2, card="6.23099E+18"), cells(3, phone="1.99009E+10")]
    rows += [cells(4, id=f"{number(4)[:15]}000.0"), cells(5, id=f'"=""{number(5)}"""')]
    path.write_text("\r\n".join(",".join(map(str, row)) for row in rows), encoding="utf-8-sig")


@roster("csv")
def numbers_rounded_before(path: Path) -> None:
    """Ends in 000 and passes its check all the same: one rounded number in eleven does."""
    rows = [SHORT, short(1, id=_ending_in_zeros()), short(2)]
    path.write_text("\r\n".join(",".join(map(str, row)) for row in rows), encoding="utf-8")


def _ending_in_zeros() -> str:
    from core.identity import id_check_digit

    first = (
        "3709991970" + f"{month:02d}{day:02d}" + f"{tens:01d}00"
        for month in range(1, 13)
        for day in range(1, 29)
        for tens in range(1, 9)
    )
    return next(first17 + "0" for first17 in first if id_check_digit(first17) == "0")


@roster("xlsx")
def formulas(path: Path) -> None:
    one_sheet(
        path, SHORT, short(1, area=Formula("=60+21", 81)), short(2, area=Formula("=60+22")),
        short(3, id=Fault("#N/A")), short(4, village=Fault("#REF!")), short(5, name="=A1&B1"),
    )  # fmt: skip


@roster("xlsx")
def door_numbers_turned_into_days(path: Path) -> None:
    one_sheet(path, SHORT, short(1, door=date(2021, 2, 7)), short(2, door="2-7"), short(3, door=207))


@roster("xlsx")
def names_of_more_than_one(path: Path) -> None:
    names = ("张三（已故）", "张示例/李样本", "王", "欧阳示例", "买买提·样本", "示例100018", "Zhang San", "12")
    one_sheet(path, SHORT, *(short(n, name=word) for n, word in enumerate(names, 1)))


# --- places and people --------------------------------------------------------------------------------------------


@roster("xlsx")
def villages_spelt_otherwise(path: Path) -> None:
    words = ("甲一", "甲壹村", "石门勾村", "石门", "乙一村", "无此地方", "(甲一村)", "")
    one_sheet(path, SHORT, *(short(n, village=word) for n, word in enumerate(words, 1)))


@roster("xlsx")
def the_same_twice(path: Path) -> None:
    one_sheet(
        path, COLUMNS, cells(1), cells(1), cells(2), cells(2, no=9, door="20号", area=60),
        cells(3), cells(3, area=99), cells(4), cells(5, door="4号"), cells(6, card=card(4)), cells(1, no=77),
    )  # fmt: skip


@roster("xlsx")
def notes_that_exclude(path: Path) -> None:
    notes = (
        "自愿放弃", "2020年列入拆迁计划", "2015年列入拆迁计划", "长期无人居住", "未列入拆迁", "不在拆迁计划内",
        "已取消拆迁计划", "低保户", "户主常年无人居住，自愿放弃改造",
    )  # fmt: skip
    rows = [cells(n, note=note) for n, note in enumerate(notes, 1)]
    one_sheet(path, COLUMNS, *rows, cells(10, note="自愿放弃", id="1"))


# --- formats ------------------------------------------------------------------------------------------------------


def _ordinary() -> list[Page]:
    rows = [TITLE, SHORT, short(1), short(2, id=number(2)[:17]), ["合计", "2户", "", 163]]
    return [Page("名单", rows, merged=[(1, 1, 1, 6)])]


@roster("csv")
def gbk_text(path: Path) -> None:
    path.write_bytes("\r\n".join(",".join(map(str, row)) for row in _ordinary()[0].rows).encode("gbk"))


@roster("csv")
def utf16_text(path: Path) -> None:
    path.write_bytes("\r\n".join("\t".join(map(str, row)) for row in _ordinary()[0].rows).encode("utf-16"))


@roster("xls")
def old_workbook(path: Path) -> None:
    write_xls(
        path,
        [
            *_ordinary(),
            Page("旧表", [SHORT, short(3, id=float(number(3)[:17] + "0")), short(4, door=Fault())], hidden=True),
        ],
    )


@roster("ods")
def open_document(path: Path) -> None:
    extra = [SHORT, short(3, area=Formula("=80+3", 83)), short(4, id=Fault("#N/A"))]
    write_ods(path, [*_ordinary(), Page("第二组", extra, hidden=True)])


@roster("xls")
def web_page(path: Path) -> None:
    write_html(path, _ordinary())


@roster("xlsm")
def with_macros(path: Path) -> None:
    write_xlsx(path, _ordinary())
    rewrite(path, lambda _part, content: content, xl__vbaProject_dot_bin=b"\xd0\xcf\x11\xe0macro")


@roster("xlsx")
def a_huge_declared_dimension(path: Path) -> None:
    write_xlsx(path, _ordinary())
    lie = b'ref="A1:XFD1048576"'
    rewrite(path, lambda part, text: text.replace(b'ref="A1:F5"', lie) if part.endswith("sheet1.xml") else text)


@roster("xlsx")
def a_stray_cell_at_the_end(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("名单")
        for row_no, row in enumerate([SHORT, short(1), short(2)]):
            for column, value in enumerate(row):
                _write(book, sheet, row_no, column, value)
        sheet.write_string(1_048_575, 1, ".")


@roster("xlsx")
def rows_hidden_by_a_filter(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("名单")
        for row_no, row in enumerate([SHORT, short(1), short(2), short(3)]):
            for column, value in enumerate(row):
                _write(book, sheet, row_no, column, value)
        sheet.set_row(2, None, None, {"hidden": True})


# --- files that are refused -----------------------------------------------------------------------------------------


@roster("xlsx")
def nothing_at_all(path: Path) -> None:
    path.write_bytes(b"")


@roster("xlsx")
def behind_a_password(path: Path) -> None:
    path.write_bytes(compound_file({"EncryptionInfo": b"x", "EncryptedPackage": b"x" * 9000}))


@roster("xlsx")
def cut_off(path: Path) -> None:
    write_xlsx(path, _ordinary())
    path.write_bytes(path.read_bytes()[:-300])


@roster("xlsx")
def a_zip_bomb(path: Path) -> None:
    write_xlsx(path, _ordinary())
    rewrite(
        path,
        lambda p, text: text.replace(b"<sheetData>", b"<sheetData>" + b" " * (20 << 20)) if "sheet1" in p else text,
    )


@roster("xlsx")
def outside_entities(path: Path) -> None:
    write_xlsx(path, _ordinary())
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
    write_xlsx(path, _ordinary())
    rewrite(path, lambda _part, content: content, xl__externalLinks__externalLink1_dot_xml=b"<externalLink/>")


@roster("csv")
def neither_utf8_nor_gbk(path: Path) -> None:
    path.write_bytes(b"\xff\xff\xfd\xfc\x81,\x81\n" * 3)


@roster("xlsx")
def no_header(path: Path) -> None:
    one_sheet(path, ["会议通知"], ["请各村于周五前报送名单"])


def main(folder: str) -> None:
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for file_name, write in FILES.items():
        write(target / file_name)
        print(target / file_name)


if __name__ == "__main__":
    main(sys.argv[1])
