"""The same list in every format, and containers that are odd but honest."""

from __future__ import annotations

from pathlib import Path

import xlsxwriter

from tests.rosters.formats import Fault, Formula, Page, write_html, write_ods, write_xls
from tests.rosters.people import number
from tests.rosters.writing import SHORT, TITLE, rewrite, roster, short, write_cell, write_xlsx


def ordinary() -> list[Page]:
    rows = [TITLE, SHORT, short(1), short(2, id=number(2)[:17]), ["合计", "2户", "", 163]]
    return [Page("名单", rows, merged=[(1, 1, 1, 6)])]


@roster("csv")
def gbk_text(path: Path) -> None:
    path.write_bytes("\r\n".join(",".join(map(str, row)) for row in ordinary()[0].rows).encode("gbk"))


@roster("csv")
def utf16_text(path: Path) -> None:
    path.write_bytes("\r\n".join("\t".join(map(str, row)) for row in ordinary()[0].rows).encode("utf-16"))


@roster("xls")
def old_workbook(path: Path) -> None:
    write_xls(
        path,
        [
            *ordinary(),
            Page("旧表", [SHORT, short(3, id=float(number(3)[:17] + "0")), short(4, door=Fault())], hidden=True),
        ],
    )


@roster("ods")
def open_document(path: Path) -> None:
    extra = [SHORT, short(3, area=Formula("=80+3", 83)), short(4, id=Fault("#N/A"))]
    write_ods(path, [*ordinary(), Page("第二组", extra, hidden=True)])


@roster("ods")
def open_document_with_merged_cells(path: Path) -> None:
    top = ["村", "户主信息", "", "面积", "改造方式", "", "门牌号"]
    low = ["", "姓名", "身份证号码", "", "煤改电", "煤改气", ""]
    rows = [["甲一村" if n == 1 else "", *short(n)[1:3], 80 + n, "√", "", f"{n}号"] for n in (1, 2, 3)]
    spans = [(1, 1, 1, 7), (2, 1, 3, 1), (2, 2, 2, 3), (2, 4, 3, 4), (2, 5, 2, 6), (2, 7, 3, 7), (4, 1, 6, 1)]
    write_ods(path, [Page("名单", [TITLE + [""] * 6, top, low, *rows], merged=spans)])


@roster("ods")
def a_million_rows_of_nothing(path: Path) -> None:
    write_ods(path, [Page("名单", [SHORT, short(1), short(2)])])
    empty = (b'<table:table-row table:number-rows-repeated="1048573"><table:table-cell'
             b' table:number-columns-repeated="16384"/></table:table-row>')  # fmt: skip
    rewrite(path, lambda part, text: text.replace(b"</table:table>", empty + b"</table:table>"))


@roster("xls")
def web_page(path: Path) -> None:
    write_html(path, ordinary())


@roster("xlsm")
def with_macros(path: Path) -> None:
    write_xlsx(path, ordinary())
    rewrite(path, lambda _part, content: content, xl__vbaProject_dot_bin=b"\xd0\xcf\x11\xe0macro")


@roster("xlsx")
def a_huge_declared_dimension(path: Path) -> None:
    write_xlsx(path, ordinary())
    lie = b'ref="A1:XFD1048576"'
    rewrite(path, lambda part, text: text.replace(b'ref="A1:F5"', lie) if part.endswith("sheet1.xml") else text)


@roster("xlsx")
def a_stray_cell_at_the_end(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("名单")
        for row_no, row in enumerate([SHORT, short(1), short(2)]):
            for column, value in enumerate(row):
                write_cell(book, sheet, row_no, column, value)
        sheet.write_string(1_048_575, 1, ".")


@roster("xlsx")
def rows_hidden_by_a_filter(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("名单")
        for row_no, row in enumerate([SHORT, short(1), short(2), short(3)]):
            for column, value in enumerate(row):
                write_cell(book, sheet, row_no, column, value)
        sheet.set_row(2, None, None, {"hidden": True})
