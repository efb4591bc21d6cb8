"""The county's own workbook: recognised by its headings, filled by a map, and never a formula by accident."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from core.refusals import Refused
from households.models import Household
from reports.ledgers.registry import LEDGERS
from reports.models import LedgerExport, LedgerTemplate
from reports.services import exports, templates
from subsidies.models import PayoutLine
from tests.reports.world import World

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def countys_own() -> bytes:
    """Their title over merged cells, their order and words, a styled first row, a signature line below."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "发放表"
    sheet["A1"], sheet["A2"] = "示例县补贴发放表", "单位："
    sheet.merge_cells("A1:D1")
    for n, words in enumerate(("户 主", "村（社区）", "所属村", "金额（元）"), 1):
        sheet.cell(3, n, words)
    sheet["D4"].number_format = "0.0"
    sheet["A5"] = "制表人："
    sheet.merge_cells("A5:D5")
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def extent(made: World) -> Any:
    return exports.extent_for(LEDGERS["payout"], made.programme, "370999", "", made.staff["office"])


def add(made: World, by: str = "office", content: bytes = b"", **more: Any) -> LedgerTemplate:
    given = {"name": "县财政局发放表", "map_text": "A = head_name\nC = village\nD = amount\nA2 = 单位：{place}"}
    return templates.add_template(
        ledger=LEDGERS["payout"], extent=extent(made), file_name="x.xlsx", content=content or countys_own(),
        by=made.staff[by], **(given | more),
    )  # fmt: skip


def test_a_ledger_fills_the_countys_own_form(county: World, tmp_path: Path) -> None:
    first = PayoutLine.objects.filter(state="paid").order_by("area_id", "entitlement__dwelling__dwelling_no").first()
    Household.objects.filter(pk=first.entitlement.household_id).update(head_name="=张示例")
    template = add(county)
    wish = exports.Wish("payout", county.programme, "370999", template_id=template.pk)
    export = exports.export_now(wish=wish, by=county.staff["office"], target=tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["发放表"]
    assert sheet["A1"].value == "示例县补贴发放表" and str(sheet["A2"].value).startswith("单位：")
    assert "{" not in sheet["A2"].value
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_row=8)]
    assert round(sum(row[3] for row in rows) * 100) == export.total_fen == 2_796_000
    assert {sheet.cell(row, 4).number_format for row in range(4, 9)} == {"0.0"}, "the first row lends its look"
    assert sheet["A4"].value == "=张示例" and sheet["A4"].data_type == "s" and sheet["A4"].quotePrefix
    assert sheet["A9"].value == "制表人：" and "A9:D9" in {str(one) for one in sheet.merged_cells.ranges}


def test_headings_are_recognised_whatever_their_spelling() -> None:
    class Sheet:
        name, rows = "一", ()

    class Row:
        def __init__(self, number: int, *texts: str) -> None:
            self.row_no, self.texts = number, texts

    columns = [templates.Column("a", "应补"), templates.Column("b", "户主")]
    Sheet.rows = (Row(1, "台账"), Row(3, "序号", "户　主", "应补（元）"))
    found = templates.guessed([Sheet], columns)
    assert found == templates.Map("一", 4, {"B": "b", "C": "a"}, {})
    Sheet.rows = (Row(1, "户主"),)
    assert templates.guessed([Sheet], columns) is None


def test_what_is_wrong_is_said_at_once(county: World) -> None:
    with pytest.raises(Refused, match="MAP_UNREADABLE") as told:
        add(county, map_text="A = nobody\nZZZ = amount\nB2 =")
    assert told.value.sentence.count(":") >= 3
    with pytest.raises(Refused, match="NO_COLUMNS"):
        add(county, content=saved(openpyxl.Workbook()), map_text="")
    with pytest.raises(Refused, match="FILE_UNREADABLE"):
        add(county, content=b"<html>")
    with pytest.raises(PermissionDenied):
        add(county, by="auditor")
    add(county)
    with pytest.raises(Refused, match="NAME_TAKEN"):
        add(county)


def test_the_office_adds_a_form_and_it_is_offered(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["office"])
    file = SimpleUploadedFile("发放表.xlsx", countys_own())
    assert client.post("/ledgers/payout/template/", {"name": "甲"}).status_code == 422
    said = client.post("/ledgers/payout/template/", {"name": "甲", "file": file, "map": "D = amount"})
    assert said.status_code == 302
    template = LedgerTemplate.objects.get()
    assert f'value="{template.pk}"' in client.get("/ledgers/payout/export/").content.decode()
    client.post("/ledgers/payout/export/", {"query": "", "numbers": "masked", "template": str(template.pk)})
    assert LedgerExport.objects.get().template == template
