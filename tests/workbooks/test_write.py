"""Ledgers: what is written is what is read back, by both engines."""

from __future__ import annotations

import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.workbooks import write as writing
from core.workbooks.read import read_workbook
from core.workbooks.write import Column, LedgerWriter, Row, WrittenLedger, csv_text

COLUMNS = (
    Column("name", "户主"),
    Column("id_number", "身份证号", width=22),
    Column("paid_on", "日期", "date"),
    Column("area", "面积", "decimal", unit="㎡", total=True),
    Column("amount", "金额", "money", unit="元", total=True),
)
ENGINES = pytest.mark.parametrize("large", [False, True])


def write(path: Path, rows: list[Row], *, large: bool) -> WrittenLedger:
    writer = LedgerWriter(
        path,
        COLUMNS,
        titles=["补贴发放台账", "2020 年度"],
        query={"who": "李样本"},
        sheet_name="台账",
        large=large,
    )
    return writer.write(iter(rows))


def ledger_row(name: str, amount_fen: int = 600_000) -> Row:
    return {
        "name": name,
        "id_number": "370999198001010147",
        "paid_on": date(2020, 12, 1),
        "area": Decimal("86.50"),
        "amount": amount_fen,
    }


@ENGINES
def test_a_ledger_has_titles_units_frozen_header_types_and_totals(tmp_path: Path, large: bool) -> None:
    written = write(tmp_path / "l.xlsx", [ledger_row("张示例", 599_999), ledger_row("李样本")], large=large)
    assert written.rows == 2 and written.totals == {"area": Decimal("173.00"), "amount": 1_199_999}
    sheet = openpyxl.load_workbook(tmp_path / "l.xlsx", data_only=True)["台账"]
    assert sheet["A1"].value == "补贴发放台账" and sheet.freeze_panes == "A4" and len(sheet.merged_cells.ranges) == 2
    assert [cell.value for cell in sheet[3]] == ["户主", "身份证号", "日期", "面积(㎡)", "金额(元)"]
    assert sheet["B4"].value == "370999198001010147" and sheet["B4"].data_type == "s"
    assert sheet["E4"].value == 5999.99 and sheet["E4"].number_format == "#,##0.00"
    assert sheet["A6"].value == "Total" and sheet["D6"].value == 173 and sheet["E6"].value == 11999.99


def test_small_ledgers_have_formulas_over_exactly_the_data_rows(tmp_path: Path) -> None:
    write(tmp_path / "l.xlsx", [ledger_row("张示例"), ledger_row("李样本")], large=False)
    sheet = openpyxl.load_workbook(tmp_path / "l.xlsx")["台账"]
    assert sheet["E6"].value == "=SUM(E4:E5)"


@ENGINES
def test_the_query_sheet_states_count_and_hash(tmp_path: Path, large: bool) -> None:
    written = write(tmp_path / "l.xlsx", [ledger_row("张示例")], large=large)
    texts = {text for row in read_workbook(tmp_path / "l.xlsx").sheets[1].rows for text in row.texts}
    assert {"who", "李样本", "1", written.rows_sha256} <= texts


def test_the_hash_depends_on_every_value_and_not_on_the_engine(tmp_path: Path) -> None:
    small = write(tmp_path / "a.xlsx", [ledger_row("张示例")], large=False)
    large = write(tmp_path / "b.xlsx", [ledger_row("张示例")], large=True)
    other = write(tmp_path / "c.xlsx", [ledger_row("张示例", 1)], large=False)
    assert small.rows_sha256 == large.rows_sha256 != other.rows_sha256


@ENGINES
@pytest.mark.parametrize("start", ["=HYPERLINK(1)", "+1", "-1", "@SUM", "\tx", "\rx"])
def test_no_text_can_be_taken_for_a_formula(tmp_path: Path, large: bool, start: str) -> None:
    write(tmp_path / "l.xlsx", [ledger_row(start)], large=large)
    cell = openpyxl.load_workbook(tmp_path / "l.xlsx")["台账"]["A4"]
    assert cell.data_type == "s" and cell.quotePrefix
    assert csv_text(start) == "'" + start and csv_text("张示例") == "张示例"


@ENGINES
def test_an_empty_ledger_says_zero(tmp_path: Path, large: bool) -> None:
    written = write(tmp_path / "l.xlsx", [], large=large)
    assert written.rows == 0 and written.totals == {"area": 0, "amount": 0}
    assert read_workbook(tmp_path / "l.xlsx").sheets[0].rows[-1].texts[-1] == "0"


@pytest.mark.parametrize(("expected", "sheets"), [(7, [3, 3, 1]), (3, [3]), (9, [3, 3, 1]), (13, [3, 3, 1, 0, 0])])
def test_rows_a_sheet_cannot_hold_go_on_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: int, sheets: list[int]
) -> None:
    """Seven rows where a sheet holds three; the total stands on the last. Where fewer were expected, it says so."""
    monkeypatch.setattr(writing, "MAX_ROWS", 6)
    rows = [ledger_row(f"张示例{number}", number) for number in range(7)]
    writer = LedgerWriter(
        tmp_path / "l.xlsx", COLUMNS, titles=["台账"], query={}, sheet_name="台账", large=True, expected=expected
    )  # fmt: skip
    if sum(sheets) < len(rows):
        with pytest.raises(ValueError, match="hold 3 rows"):
            writer.write(iter(rows))
        return
    written = writer.write(iter(rows))
    assert written.rows == 7 and written.totals["amount"] == 21
    book = openpyxl.load_workbook(tmp_path / "l.xlsx")
    names = ["台账", *(f"台账 {number}" for number in range(2, len(sheets) + 1))]
    assert book.sheetnames == [*names, "query"]
    found = [[row[0].value for row in book[name].iter_rows(min_row=3)] for name in names]
    assert [sum(str(cell).startswith("张") for cell in one) for one in found] == sheets
    assert [one[-1:] for one in found].index(["Total"]) == len(sheets) - 1
    assert {(book[name].freeze_panes, book[name]["A2"].value) for name in names} == {("A3", "户主")}


def test_what_cannot_be_written_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="column name, row 1"):
        write(tmp_path / "l.xlsx", [ledger_row("长" * 32_768)], large=False)
    with pytest.raises(ValueError, match="same heading"):
        LedgerWriter(tmp_path / "l", [COLUMNS[0], COLUMNS[0]], titles=[], query={}, sheet_name="s")
    with pytest.raises(ValueError, match="without a sum"):
        LedgerWriter(tmp_path / "l", [Column("a", "a", total=True)], titles=[], query={}, sheet_name="s")


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffe\uffff"), min_size=1, max_size=40
)


@settings(max_examples=15, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=60), st.booleans())
@example(["_x0041_", "\r\n", " 前后有空格 ", "0012", "1E5", "<&>\"'", "𠮷"], True)
def test_every_text_survives_the_round_trip(texts: list[str], large: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "l.xlsx"
        write(path, [ledger_row(text) for text in texts], large=large)
        rows = read_workbook(path).sheets[0].rows
        assert [row.texts[0] for row in rows[3 : 3 + len(texts)]] == texts
