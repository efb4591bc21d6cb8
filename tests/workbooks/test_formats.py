"""Old .xls, OpenDocument and web pages: the same text, addresses and notes as from .xlsx."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.workbooks.biff import error_cells
from core.workbooks.read import ERROR_VALUE, NUMERIC_ID, Workbook, read_workbook
from tests.rosters.formats import Fault, Page, compound_file, write_html, write_ods, write_xls
from tests.rosters.writing import rewrite

PAGE = Page(
    "名单",
    [["花名册", "", ""], ["", "", ""], ["户主", "身份证号", "面积"], ["张示例", "370999198001010147", 86.5]],
    merged=[(1, 1, 1, 3)],
)
SECOND = Page("旧", [["x", 370999198001010147]], hidden=True)

EMPTY = (
    b'<table:table-row table:number-rows-repeated="3" table:visibility="filter"><table:table-cell'
    b' table:number-columns-repeated="16384"/></table:table-row>'
)


def texts(book: Workbook, sheet: int = 0) -> list[tuple[str, ...]]:
    return [row.texts for row in book.sheets[sheet].rows]


@pytest.mark.parametrize("write", [write_xls, write_ods, write_html])
def test_every_format_gives_the_same_cells(tmp_path: Path, write: Callable[..., Path]) -> None:
    book = read_workbook(write(tmp_path / "名单.xls", [PAGE, SECOND]))
    assert [sheet.name for sheet in book.sheets] == ["名单", "旧"]
    filled = {n: row for n, row in enumerate(texts(book), 1) if any(row)}
    assert filled == {
        1: ("花名册", "", ""), 3: ("户主", "身份证号", "面积"), 4: ("张示例", "370999198001010147", "86.5")
    }  # fmt: skip
    assert book.sheets[0].rows[3].row_no == 4
    if write is not write_html:
        assert [sheet.hidden for sheet in book.sheets] == [False, True]
        assert book.sheets[1].rows[0].notes == {2: NUMERIC_ID}
    assert book.sheets[0].merged == ((1, 1, 1, 3),)


def test_an_error_in_an_old_workbook_is_not_an_empty_cell(tmp_path: Path) -> None:
    path = write_xls(tmp_path / "a.xls", [PAGE, Page("二", [["x", Fault()], [Fault(), "y"]])])
    assert error_cells(str(path)) == {"名单": set(), "二": {(1, 2), (2, 1)}}
    rows = read_workbook(path).sheets[1].rows
    assert [row.notes for row in rows] == [{2: ERROR_VALUE}, {1: ERROR_VALUE}]


@pytest.mark.parametrize("length", [8, 40, 100, 600, 4000])
def test_a_cut_compound_file_names_no_cells(tmp_path: Path, length: int) -> None:
    path = write_xls(tmp_path / "a.xls", [PAGE])
    (tmp_path / "cut.xls").write_bytes(path.read_bytes()[:length])
    assert error_cells(str(tmp_path / "cut.xls")) in ({}, {"名单": set()})
    (tmp_path / "other.xls").write_bytes(compound_file({"WordDocument": b"x"}))
    assert error_cells(str(tmp_path / "other.xls")) == {}


def test_spans_of_a_page_push_later_cells_to_their_column(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_text(
        "<table><tr><td rowspan=2>村<td colspan=2>甲<table><tr><td>内</table><tr><td>乙<br>丙</td><td>&lt;丁"
        "</td></tr></table>",
        encoding="utf-8",
    )
    book = read_workbook(path)
    assert texts(book) == [("村", "甲", ""), ("", "乙 丙", "<丁")] and texts(book, 1) == [("内",)]
    assert book.sheets[0].merged == ((1, 1, 2, 1), (1, 2, 1, 3))


def test_scripts_and_styles_of_a_page_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_text("<table><tr><td>一<script>x<td>y</script><style>td{}</style>二</table>", encoding="utf-8")
    assert texts(read_workbook(path)) == [("一二",)]


def test_text_files_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "名单.csv"
    path.write_bytes('户主\t身份证号\n张示例\t="370999198001010147"\n'.encode("utf-16"))
    assert texts(read_workbook(path)) == [("户主", "身份证号"), ("张示例", "370999198001010147")]


def test_rows_of_nothing_below_the_list_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "\n" * 50 + "b\n" + "\n" * 3000 + "c\n" + "\n" * 4000)
    numbers = [row.row_no for row in read_workbook(path).sheets[0].rows]
    assert numbers == [*range(1, 53), 3053]


def test_a_text_no_database_can_hold_loses_only_what_it_cannot(tmp_path: Path) -> None:
    path = write_xls(tmp_path / "a.xls", [Page("名\0单", [["张\0示例"]])])
    book = read_workbook(path)
    assert book.sheets[0].name == "名单" and texts(book)[0][0] == "张示例"


def test_repeated_rows_and_cells_of_an_open_document_count_before_a_merged_one(tmp_path: Path) -> None:
    path = write_ods(tmp_path / "a.ods", [Page("一", [["a", "b", "c"]], [(1, 1, 1, 2)]), Page("二", [["x"]])])
    row = b"<table:table-row>"

    def pushed(part: str, text: bytes) -> bytes:
        return text.replace(row, EMPTY + row + b"<table:table-cell/>", 1) if part == "content.xml" else text

    rewrite(path, pushed)
    book = read_workbook(path)
    assert [sheet.merged for sheet in book.sheets] == [((4, 2, 4, 3),), ()]
    assert [sheet.hidden_rows for sheet in book.sheets] == [3, 0]
    assert book.sheets[0].rows[-1].texts == ("", "a", "", "c")
