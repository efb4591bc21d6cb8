"""The row with the headings, picked by a person when the importer found none or the wrong one."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from core.refusals import Refused
from core.workbooks.read import Sheet, SheetRow
from households.models import RosterImport
from households.roster.mapping import map_sheet
from households.services import parsing, repairs
from households.services.columns import choose_header, confirm_columns
from households.views.samples import masked_row, masked_sample
from tests.households.conftest import TOWN, World, make_world, upload
from tests.households.test_pages import signed_in
from tests.rosters.people import cells, name, number
from tests.rosters.writing import SHORT, one_sheet

pytestmark = pytest.mark.django_db
State = RosterImport.State
STRANGE = ("庄子", "当家的", "证", "面(平)", "怎么改", "门牌号")
FIELDS = {1: "village", 2: "head_name", 3: "id_number", 4: "heated_area_m2", 5: "technology"}


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def world() -> World:
    return make_world()


def strange_file(tmp_path: Path) -> Path:
    return one_sheet(tmp_path / "a.xlsx", ["甲镇"], STRANGE, cells(1, SHORT), cells(2, SHORT))


def test_a_list_whose_headings_nobody_knows_is_read_once_a_person_pointed_at_them(world: World, tmp_path: Path) -> None:
    found = upload(world, strange_file(tmp_path))
    assert found.state == State.REFUSED and [one["code"] for one in found.refusal] == ["F_NO_HEADER"]
    browser = signed_in(world.clerk)
    header = reverse("households:import-header", args=[found.pk])
    assert header in browser.get(reverse("households:import-review", args=[found.pk])).content.decode()
    page = browser.get(header).content.decode()
    assert "当家的" in page and number(1) not in page and name(1) not in page
    assert browser.post(header, {"sheet": "名单", "row": "2"}).status_code == 302
    asked = parsing.parse_import(found.pk)
    assert asked.state == State.MAPPING and asked.mapping["sheets"][0]["header_row"] == 2
    confirm_columns(roster_import=asked, choices={"名单": FIELDS}, by=world.clerk)
    read = parsing.parse_import(found.pk)
    assert read.state == State.REVIEW
    assert [row.values["head_name"] for row in read.rows.filter(kind="data")] == [name(1), name(2)]


def test_a_wrong_guess_is_put_right_until_somebody_worked_on_the_rows(world: World, tmp_path: Path) -> None:
    path = one_sheet(tmp_path / "a.xlsx", SHORT, cells(1, SHORT), ["说明"], SHORT, cells(2, SHORT), cells(3, SHORT))
    found = upload(world, path)
    assert found.rows.filter(kind="data").count() == 3
    choose_header(roster_import=found, sheet="名单", row_no=4, by=world.clerk)
    read = parsing.parse_import(found.pk)
    assert [row.row_no for row in read.rows.filter(kind="data")] == [5, 6]
    assert read.rows.filter(kind="title").count() == 3
    row = read.rows.filter(kind="data")[0]
    repairs.correct_row(row=row, version=row.version, changes={"door_no": "5号"}, by=world.clerk)
    with pytest.raises(Refused, match="ROWS_TOUCHED"):
        choose_header(roster_import=read, sheet="名单", row_no=1, by=world.clerk)


def test_what_was_said_about_columns_is_forgotten_with_the_row_it_spoke_of(world: World, tmp_path: Path) -> None:
    found = upload(world, one_sheet(tmp_path / "a.xlsx", SHORT, cells(1, SHORT), SHORT, cells(2, SHORT)))
    confirm_columns(roster_import=found, choices={"名单": {6: ""}}, by=world.clerk)
    read = parsing.parse_import(found.pk)
    choose_header(roster_import=read, sheet="名单", row_no=3, by=world.clerk)
    read.refresh_from_db()
    assert read.mapping["assigned"] == {} and read.mapping["header_rows"] == {"名单": 3}


def test_a_row_of_nothing_is_refused_and_may_be_picked_anew(world: World, tmp_path: Path) -> None:
    found = upload(world, strange_file(tmp_path))
    choose_header(roster_import=found, sheet="名单", row_no=77, by=world.clerk)
    read = parsing.parse_import(found.pk)
    assert (read.state, read.refusal[0]["code"]) == (State.REFUSED, "HEADER_ROW_UNKNOWN")
    choose_header(roster_import=read, sheet="名单", row_no=2, by=world.clerk)
    assert parsing.parse_import(found.pk).state == State.MAPPING


def test_a_file_that_cant_be_read_has_no_header_to_pick(world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"")
    found = upload(world, path)
    with pytest.raises(Refused, match="NOT_IN_MAPPING"):
        choose_header(roster_import=found, sheet="名单", row_no=1, by=world.clerk)


def test_the_same_file_uploaded_again_meanwhile_stays_the_only_one_alive(world: World, tmp_path: Path) -> None:
    first = upload(world, strange_file(tmp_path))
    second = upload(world, tmp_path / "a.xlsx")
    choose_header(roster_import=second, sheet="名单", row_no=2, by=world.clerk)
    with pytest.raises(Refused, match="SAME_FILE"):
        choose_header(roster_import=first, sheet="名单", row_no=2, by=world.clerk)


def test_another_towns_clerk_picks_nothing(world: World, tmp_path: Path) -> None:
    found = upload(world, strange_file(tmp_path))
    url = reverse("households:import-header", args=[found.pk])
    other = signed_in(world.other_clerk)
    assert other.get(url).status_code == 404 and other.post(url, {"sheet": "名单", "row": "2"}).status_code == 404


def test_a_header_of_two_rows_and_no_other_header_is_looked_for(world: World) -> None:
    rows = (("村", "户主信息", ""), ("", "大名", "证"), ("甲一村", "张示例", "x"), SHORT)
    sheet = Sheet("名单", False, ((1, 2, 1, 3),), tuple(SheetRow(n, tuple(row)) for n, row in enumerate(rows, 1)))
    mapped = map_sheet(sheet, header_row=1)
    assert mapped.titles == {1: "村", 2: "户主信息", 3: "户主信息"} or mapped.titles[2] == "户主信息 / 大名"
    assert mapped.header_row in (1, 2) and not any(finding.code == "F_HEADER_AGAIN" for finding in mapped.findings)


def dry(path: Path, world: World, *flags: str) -> dict[str, Any]:
    out = StringIO()
    arguments = [str(path), "--area", TOWN, "--programme", world.programme.code, "--json", *flags]
    try:
        call_command("import_roster", *arguments, stdout=out)
    except SystemExit:
        pass
    return dict(json.loads(out.getvalue()))


def test_the_command_takes_the_row_too(world: World, tmp_path: Path) -> None:
    path = strange_file(tmp_path)
    assert dry(path, world, "--dry-run")["refused"][0]["code"] == "F_NO_HEADER"
    answer = dry(path, world, "--dry-run", "--header-row", "名单:2")
    assert [doubt["column"] for doubt in answer["doubts"]] == ["A", "B", "C", "D", "E"]
    wrong = dry(path, world, "--dry-run", "--header-row", "别的:2")["refused"][0]
    assert wrong["code"] == "HEADER_ROW_UNKNOWN" and "名单" in wrong["message"]
    asked = dry(path, world, "--header-row", "名单:2")
    assert asked["refused"][0]["code"] == "COLUMNS_UNCLEAR"
    assert {"sheet": "名单", "column": "B", "title": "当家的", "reason": "missing", "guess": ""} in asked["doubts"]
    with pytest.raises(CommandError, match="名单:3"):
        dry(path, world, "--header-row", "名单")


@pytest.mark.parametrize(
    ("text", "meaning", "shown"),
    [
        ("370999198001010147", "", "3709**********0147"), ("19900000147", "", "199****0147"), ("张示例", "", "张*例"),
        ("张示例", "head_name", "张*例"), ("李样本", "account_holder", "李*本"), ("张庄村", "", "张庄村"),
        ("煤改电", "", "煤改电"), ("6230990000009100024", "", None), ("3组2号", "door_no", "3组2号"), ("王", "", "王"),
    ],
)  # fmt: skip
def test_samples_show_the_kind_of_a_column_and_no_person(text: str, meaning: str, shown: str | None) -> None:
    found = masked_sample(text, meaning)
    assert found == shown if shown is not None else (text not in found and found.endswith(text[-4:]))


def test_headings_stay_readable_where_people_are_hidden() -> None:
    assert masked_row(["村", "户主", "证件号", "金额"]) == ["村", "户主", "证件号", "金额"]
    shown = masked_row(["甲一村", "张示例", number(1), "煤改电"])
    assert shown[0] == "甲一村" and shown[1] == "张*例" and number(1) not in shown
