"""Golden workbooks: every ledger opened again cell by cell, its formulas recalculated, its totals the database's."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client

from accounts.models import User
from core import clock
from core.workbooks.write import DATE, DATETIME, NUMBER_FORMATS, TEXT, Column, cell_value
from households.models import MeterReading
from reports.ledgers.base import Extent
from reports.ledgers.registry import LEDGERS
from reports.models import LedgerExport
from reports.services import exports
from retrofits.models import Acceptance
from subsidies.models import PayoutLine
from tests.ledgers import office
from tests.ledgers.conftest import all_kinds
from tests.permissions.walk import taken_back
from tests.reports.conftest import made_county
from tests.reports.world import A1, A2, World, undone
from tests.standing import standing

SignIn = Callable[[User], Client]
SUM = re.compile(r"=(?:SUM|SUBTOTAL)\((?:9,)?([A-Z]+)(\d+):\1(\d+)\)")
QUERIES = {"busy_inspector": "least=1"}


@pytest.fixture(scope="module")
def db(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[None]:
    """In place of pytest-django's: one county for the whole file, never committed."""
    with standing(django_db_blocker, tmp_path_factory.mktemp("files")):
        yield


@pytest.fixture(scope="module")
def built(db: None) -> World:
    return all_kinds(made_county(World()))


@pytest.fixture
def odd(built: World) -> Iterator[World]:
    """The county as built, whatever the test before did to it."""
    with taken_back():
        yield built


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the ledgers lie that the tests of this file look at."""
    return tmp_path_factory.mktemp("ledgers")


def taken_out(made: World, folder: Path, kind: str) -> tuple[LedgerExport, Path]:
    wish = exports.Wish(kind, made.programme, "370999", query=QUERIES.get(kind, ""))
    target = folder / f"{kind}.xlsx"
    return exports.export_now(wish=wish, by=made.staff["office"], target=target), target


def parts_of(path: Path) -> dict[str, bytes]:
    """What a flat workbook holds but for its stamp, the moment the quick writer states as its making."""
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist() if name != "docProps/core.xml"}


def recalculated(sheet: Any, formula: str) -> Decimal:
    """What the formula says about the cells it names; other formulas among them are left out, as SUBTOTAL does."""
    found = SUM.fullmatch(formula)
    assert found, formula
    letters, first, last = found.group(1), int(found.group(2)), int(found.group(3))
    cells = [sheet[f"{letters}{row}"].value for row in range(first, last + 1)]
    return sum((Decimal(str(cell)) for cell in cells if not isinstance(cell, str) and cell is not None), Decimal(0))


def expected(column: Column, value: Any) -> Any:
    """The value of a cell as openpyxl reads it."""
    shown = cell_value(column.kind, value)
    if shown == "":
        return None
    if column.kind == DATE and isinstance(shown, dt.date):
        return dt.datetime.combine(shown, dt.time())
    if column.kind == DATETIME and shown is not None:
        return shown.replace(microsecond=0)
    return Decimal(str(shown)) if column.kind not in (TEXT, DATE, DATETIME) and shown is not None else shown


def read(column: Column, value: Any) -> Any:
    if value == "":
        return None
    if isinstance(value, dt.datetime):
        return (value + dt.timedelta(milliseconds=500)).replace(microsecond=0)
    return Decimal(str(value)) if column.kind not in (TEXT, DATE, DATETIME) and value is not None else value


def compare(path: Path, extent: Extent, kind: str) -> None:
    """Every data cell against the ledger's own line, every sum against its formula and its stored value."""
    ledger = LEDGERS[kind]
    columns, lines = ledger.columns(extent), list(ledger.lines(extent))
    plain, stored = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    sheet, values = plain.worksheets[0], stored.worksheets[0]
    head = 2
    assert [cell.value for cell in sheet[head]] == [column.heading for column in columns], kind
    assert sheet.freeze_panes == f"A{head + 1}", kind
    assert sheet.page_setup.orientation == "landscape", kind
    assert sheet.print_title_rows == f"$1:${head}", kind
    rows, sums = 0, 0
    for row in range(head + 1, sheet.max_row + 1):
        formulas = [cell for cell in sheet[row] if cell.data_type == "f"]
        if not formulas:
            for position, column in enumerate(columns):
                cell = sheet.cell(row, position + 1)
                said = (kind, row, column.key)
                assert read(column, cell.value) == expected(column, lines[rows].get(column.key)), said
                assert cell.value is None or cell.number_format == NUMBER_FORMATS[column.kind], said
                assert cell.data_type == "s" or column.kind != TEXT or cell.value is None, said
            rows += 1
        for cell in formulas:
            kept = Decimal(str(values[cell.coordinate].value))
            if cell.value != "=0":
                assert recalculated(sheet, cell.value) == kept, (kind, cell.coordinate)
            sums += 1
    assert rows == len(lines), kind
    assert sums >= sum(column.total for column in columns), kind


@pytest.mark.clause(
    "J-51",
    "实行项目台账管理",
    serves="reports.services.exports:export_now",
    page="reports:ledger-detail",
    model="reports.LedgerExport",
)
@pytest.mark.clause(
    "T-93",
    "建立清洁取暖改造台账，建档立卡",
    serves="reports.services.exports:export_now",
    page="reports:ledger-detail",
    model="reports.LedgerExport",
)
@pytest.mark.clause(
    "T-51",
    "建立到户竣工台账",
    serves="reports.services.exports:export_now",
    page="reports:ledger-export",
    model="reports.LedgerExport",
)
def test_every_ledger_is_the_database_cell_by_cell(odd: World, shelf: Path) -> None:
    for kind, ledger in LEDGERS.items():
        export, path = taken_out(odd, shelf, kind)
        extent = exports.extent_of(export)
        assert export.row_count == ledger.found(extent).count() > 0, kind
        assert export.total_fen == ledger.total_fen(extent), kind
        compare(path, extent, kind)


def test_subtotals_of_towns_stand_below_their_rows(odd: World, tmp_path: Path) -> None:
    export, path = taken_out(odd, tmp_path, "payout")
    sheet = openpyxl.load_workbook(path, data_only=True).worksheets[0]
    amount = [column.key for column in LEDGERS["payout"].columns(exports.extent_of(export))].index("amount") + 1
    labels = {str(row[0].value): row[amount - 1].value for row in sheet.iter_rows(min_row=3) if row[0].value}
    sums = [value for label, value in labels.items() if not label.isdigit()]
    assert len(sums) == 3, "two towns and the whole"
    assert round(sums[0] + sums[1], 2) == sums[2]


def test_same_data_give_the_same_bytes_but_for_the_stamp(
    odd: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = clock.now()
    monkeypatch.setattr(clock, "now", lambda: at)
    for kind in ("village", "payout"):
        export, _path = taken_out(odd, tmp_path, kind)
        first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
        for path in (first, second):
            exports.write_ledger(LEDGERS[kind], exports.extent_of(export), export, path)
        assert first.read_bytes() == second.read_bytes(), kind
    monkeypatch.setattr(exports, "QUICK_FROM", 0)
    for path in (first, second):
        exports.write_ledger(LEDGERS["payout"], exports.extent_of(export), export, path)
    assert parts_of(first) == parts_of(second) != {}


def test_the_sheet_of_the_query_names_the_version_of_the_data(odd: World, tmp_path: Path) -> None:
    from accounts.models import AuditEntry

    last = AuditEntry.objects.order_by("-id").first()
    _export, path = taken_out(odd, tmp_path, "fund")
    stated = {row[0].value: row[1].value for row in openpyxl.load_workbook(path).worksheets[1].iter_rows()}
    assert any(str(value).isdigit() and int(value) >= last.pk for value in stated.values())


def test_libreoffice_agrees_to_the_fen(odd: World, shelf: Path, tmp_path: Path) -> None:
    """It forgets the values stored beside the formulas: one book, whose stored sum is wrong, comes back right."""
    office.needed()
    paths = [office.wrongly_summed(tmp_path / "wrong.xlsx", Decimal("0.30"))]
    for kind in LEDGERS:
        kept = shelf / f"{kind}.xlsx"
        paths.append(kept if kept.exists() else taken_out(odd, shelf, kind)[1])
    again = office.recalculated(paths, tmp_path)
    assert again["wrong"].sums == {"A3": Decimal("0.30")}
    for kind in LEDGERS:
        assert again[kind].sums == again[kind].stored, kind
    assert sum(len(one.sums) for one in again.values()) > len(LEDGERS)


# --- on the screen ------------------------------------------------------------------------------------------


@pytest.mark.clause(
    "J-74",
    "建立镇（街道）、村（社区）两级管理台账",
    serves="reports.ledgers.places:_totals",
    page="reports:ledger-detail",
    model="reports.SummaryTotal",
)
@pytest.mark.clause(
    "T-96",
    "查缺补漏",
    serves="reports.ledgers.gaps:_gaps",
    page="reports:ledger-detail",
    model="reports.DwellingSummary",
)
@pytest.mark.clause(
    "T-59",
    "加快预算执行",
    serves="reports.ledgers.funds:_executed",
    page="reports:ledger-detail",
    model="subsidies.Fund",
)
def test_every_ledger_is_a_list_with_filters_and_a_sheet_of_paper(
    odd: World, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = sign_in(odd.staff["auditor"])
    for kind, ledger in LEDGERS.items():
        query = QUERIES.get(kind, "")
        with django_assert_max_num_queries(12):
            answer = client.get(f"/ledgers/{kind}/?{query}")
        assert answer.status_code == 200, kind
        table = answer.context["table"]
        extent = exports.extent_for(ledger, odd.programme, "370999", query, odd.staff["auditor"])
        assert table.count == ledger.found(extent).count(), kind
        assert {field.name for field in table.form} == set(ledger.asks), kind
        paper = client.get(f"/ledgers/{kind}/?{query}&print=1")
        assert paper.context["sheet"].rows == table.count, kind
    towns = client.get("/ledgers/town/").context["table"]
    assert 2_896_001 in [value for _label, _kind, value in towns.totals], "paid, over the whole filter"
    gaps = client.get("/ledgers/gap/?gap=works").context["table"]
    assert [row.item.stage for row in gaps.rows] == ["listed"]
    fund = client.get("/ledgers/fund/?source=CENTRAL").context["table"].rows[0]
    assert fund.cells[-1].value == round(Decimal(100) * fund.item.paid_fen / fund.item.received_fen, 1)


def test_a_ledger_asks_for_its_own_right(odd: World, sign_in: SignIn) -> None:
    assert sign_in(odd.staff["clerk_a"]).get("/ledgers/fund/").status_code == 403
    answer = sign_in(odd.staff["clerk_a"]).get("/ledgers/")
    assert b"/ledgers/village/" in answer.content
    assert b"/ledgers/fund/" not in answer.content


def test_what_stands_out_is_found_and_nothing_else(odd: World) -> None:
    def homes(kind: str) -> list[Any]:
        extent = exports.extent_for(
            LEDGERS[kind], odd.programme, "370999", QUERIES.get(kind, ""), odd.staff["auditor"]
        )  # fmt: skip
        return list(LEDGERS[kind].found(extent))

    assert [line.others for line in homes("shared_card")] == [1, 1]
    assert [line.payee_name for line in homes("stranger_card")] == ["王测试"]
    twice = homes("paid_twice")
    assert len(twice) == 2 and len({line.entitlement.household_id for line in twice}) == 1
    assert len({line.entitlement.dwelling_id for line in twice}) == 2
    assert [row.used for row in homes("use_unpaid")] == [Decimal("812.000")]
    assert [row.cost_fen for row in homes("round_costs")] == [900_000]
    (silent,) = homes("no_use")
    assert PayoutLine.objects.filter(state="paid").exclude(entitlement__dwelling=silent.dwelling_id).exists()
    for said in ({"quantity": None, "state": "held"}, {"ends_on": "2020-12-31"}, {"quantity": 5}):
        with undone():
            MeterReading.objects.filter(dwelling=silent.dwelling_id).update(starts_on="2020-01-01", **said)
            assert homes("no_use") == [], f"{said}: what nobody read is no nought"
    (unknown,) = homes("unread")
    assert (unknown.benefit_kind, unknown.amount_fen, unknown.paid_fen) == ("RUNNING", 30_050, None)
    assert not MeterReading.objects.filter(dwelling=unknown.dwelling_id).exists()
    (day,) = homes("busy_inspector")
    visits = Acceptance.objects.filter(task__programme=odd.programme)
    assert (day["n_homes"], day["n_towns"]) == (visits.values("task__dwelling").distinct().count(), 2)
    (pair,) = homes("twins")
    assert (pair.area_id, pair.other_area_id, pair.first_paid and pair.second_paid) == (A1, A2, True)
    broken = homes("broken")
    assert {line.payee_name for line in broken} >= {"王测试"}


def test_words_that_look_like_formulas_stay_words(odd: World, tmp_path: Path) -> None:
    _export, path = taken_out(odd, tmp_path, "exclusion")
    cells = [cell for row in openpyxl.load_workbook(path).worksheets[0].iter_rows() for cell in row]
    [note] = [cell for cell in cells if cell.value == "=常年无人"]
    assert note.data_type == "s" and note.quotePrefix


def test_a_large_ledger_is_flat_and_has_a_sheet_of_sums(
    odd: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "QUICK_FROM", 0)
    export, path = taken_out(odd, tmp_path, "payout")
    book = openpyxl.load_workbook(path)
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert book.worksheets[0].page_setup.orientation == "landscape"
    rows = list(book.worksheets[2].iter_rows(min_row=2, values_only=True))
    assert len(rows) == 3, "two towns and the whole"
    assert [row[1] for row in rows] == [5, 1, 6]
    assert round(rows[0][2] + rows[1][2], 2) == rows[2][2] == export.total_fen / 100
