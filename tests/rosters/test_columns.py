"""What a column means when the importer is in doubt: asked with samples, said once, known for the town's next file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.refusals import Refused
from core.workbooks.read import Sheet, SheetRow
from households.models import ColumnWord, RosterImport
from households.roster.columns import shipped_synonyms
from households.roster.doubts import GUESSED, MISPLACED, MISSING, TWICE, doubts_of
from households.roster.mapping import map_sheet
from households.services import parsing, repairs
from households.services.columns import confirm_columns
from tests.households.conftest import OTHER_TOWN, World, make_world, upload
from tests.households.test_pages import signed_in
from tests.rosters.people import cells, number, phone
from tests.rosters.writing import one_sheet

pytestmark = pytest.mark.django_db
State = RosterImport.State
HEAD = ("村", "当家的", "身份证号", "取暖面积", "改造方式", "门牌号")
KNOWN = ("村", "户主姓名", "身份证号", "取暖面积", "改造方式", "门牌号")


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def world() -> World:
    return make_world()


def rows(first: int) -> list[Any]:
    return [cells(n, KNOWN) for n in (first, first + 1)]


def doubtful(world: World, tmp_path: Path, head: Sequence[str] = HEAD, first: int = 1) -> RosterImport:
    return upload(world, one_sheet(tmp_path / f"{first}.xlsx", head, *rows(first)))


def read_again(found: RosterImport) -> RosterImport:
    return parsing.parse_import(found.pk)


def test_a_needed_column_under_an_unknown_word_is_asked_for(world: World, tmp_path: Path) -> None:
    found = doubtful(world, tmp_path)
    assert found.state == State.MAPPING and not found.rows.exists()
    (doubt,) = found.mapping["sheets"][0]["doubts"]
    assert (doubt["column"], doubt["title"], doubt["reason"]) == (2, "当家的", MISSING)
    page = signed_in(world.clerk).get(reverse("households:import-columns", args=[found.pk])).content.decode()
    assert "当家的" in page and 'name="c-0-2"' in page
    assert number(1) not in page and f"{number(1)[:4]}**********{number(1)[-4:]}" in page
    review = signed_in(world.clerk).get(reverse("households:import-review", args=[found.pk]))
    assert review.headers["Location"].endswith("/columns/")


def test_what_is_said_once_is_known_for_the_next_file_of_the_town(world: World, tmp_path: Path) -> None:
    found = doubtful(world, tmp_path)
    said = {"c-0-2": "head_name"}
    answer = signed_in(world.clerk).post(reverse("households:import-columns", args=[found.pk]), said)
    assert answer.status_code == 302
    read = read_again(found)
    assert read.state == State.REVIEW and [row.values["head_name"] for row in read.rows.filter(kind="data")] == [
        row[1] for row in rows(1)
    ]
    word = ColumnWord.objects.get()
    assert (word.area_id, word.heading, word.field, word.confirmed_by) == (
        found.area_id,
        "当家的",
        "head_name",
        world.clerk,
    )
    assert doubtful(world, tmp_path, first=11).state == State.REVIEW
    word.area_id = OTHER_TOWN
    word.save()
    assert doubtful(world, tmp_path, first=21).state == State.MAPPING


def test_a_column_set_aside_is_not_asked_about_again(world: World, tmp_path: Path) -> None:
    path = one_sheet(tmp_path / "a.xlsx", (*KNOWN, "手机号二"), *([*row, phone(70)] for row in rows(1)))
    found = upload(world, path)
    assert [doubt["guess"] for doubt in found.mapping["sheets"][0]["doubts"]] == ["phone"]
    confirm_columns(roster_import=found, choices={"名单": {7: ""}}, by=world.clerk)
    read = read_again(found)
    assert read.state == State.REVIEW and "phone" not in read.rows.filter(kind="data")[0].values
    assert read.rows.filter(kind="data")[0].raw["extra"] == {"手机号二": phone(70)}
    again = one_sheet(tmp_path / "b.xlsx", (*KNOWN, "手机号二"), *([*row, phone(71)] for row in rows(11)))
    assert upload(world, again).state == State.REVIEW


def test_without_the_needed_column_the_file_is_refused_after_the_answer(world: World, tmp_path: Path) -> None:
    found = doubtful(world, tmp_path)
    confirm_columns(roster_import=found, choices={"名单": {2: ""}}, by=world.clerk)
    read = read_again(found)
    assert read.state == State.REFUSED and read.refusal[0]["params"] == {"field": "head_name"}


def test_one_field_is_not_given_twice(world: World, tmp_path: Path) -> None:
    found = doubtful(world, tmp_path)
    url = reverse("households:import-columns", args=[found.pk])
    answer = signed_in(world.clerk).post(url, {"c-0-2": "head_name", "c-0-6": "head_name"})
    assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()
    found.refresh_from_db()
    assert found.state == State.MAPPING and not ColumnWord.objects.exists()
    with pytest.raises(Refused, match="UNKNOWN_COLUMN"):
        confirm_columns(roster_import=found, choices={"名单": {2: "password"}}, by=world.clerk)


def test_a_wrong_reading_can_be_changed_until_somebody_worked_on_the_rows(world: World, tmp_path: Path) -> None:
    found = upload(world, one_sheet(tmp_path / "a.xlsx", (*KNOWN, "备注"), *([*row, "甲"] for row in rows(1))))
    assert found.state == State.REVIEW
    confirm_columns(roster_import=found, choices={"名单": {6: "", 7: "door_no"}}, by=world.clerk)
    read = read_again(found)
    assert [row.values["door_no"] for row in read.rows.filter(kind="data")] == ["甲", "甲"]
    assert set(ColumnWord.objects.values_list("heading", "field")) == {("备注", "door_no")}
    row = read.rows.filter(kind="data").first()
    assert row is not None
    repairs.correct_row(row=row, version=row.version, changes={"door_no": "5号"}, by=world.clerk)
    with pytest.raises(Refused, match="ROWS_TOUCHED"):
        confirm_columns(roster_import=read, choices={"名单": {7: ""}}, by=world.clerk)


def test_another_towns_clerk_does_not_see_the_page(world: World, tmp_path: Path) -> None:
    found = doubtful(world, tmp_path)
    other: Client = signed_in(world.other_clerk)
    assert other.get(reverse("households:import-columns", args=[found.pk])).status_code == 404
    assert other.post(reverse("households:import-columns", args=[found.pk]), {"c-0-2": "head_name"}).status_code == 404


def doubts(*lines: Sequence[str], missing: Sequence[str] = ()) -> list[tuple[int, str, str]]:
    numbered = tuple(SheetRow(row_no, tuple(texts)) for row_no, texts in enumerate(lines, 1))
    mapped = map_sheet(Sheet("名单", False, (), numbered))
    found = doubts_of(mapped, missing, shipped_synonyms(), on=date(2021, 12, 8))
    return [(doubt.column, doubt.reason, doubt.guess) for doubt in found]


def test_what_is_guessed_from_values_and_from_headings() -> None:
    head = ("村", "户主姓名", "面积", "号码", "本人联系电话号码", "是否入社", "户主姓名")
    rows = [("甲一村", "张示例", "80", number(n), phone(n), "否", name) for n, name in ((1, "李样本"), (2, "王测试"))]
    assert doubts(head, *rows) == [(4, GUESSED, "id_number"), (5, GUESSED, "phone"), (7, TWICE, "head_name")]
    assert doubts(head[:3] + ("是否入社",), ("甲一村", "张示例", "80", "否")) == []
    assert doubts(head[:3] + ("路线",), ("甲一村", "张示例", "80", "电"), missing=["technology"]) == [(4, MISSING, "")]


def test_headings_over_each_others_values_are_asked_about() -> None:
    head = ("村", "户主姓名", "身份证号", "联系电话", "面积")
    people = [("甲一村", name, number(n), phone(n), "80") for n, name in ((1, "李样本"), (2, "王测试"))]
    assert doubts(head, *people) == []
    exchanged = [(village, name, mobile, own, area) for village, name, own, mobile, area in people]
    assert doubts(head, *exchanged) == [(3, MISPLACED, "phone"), (4, MISPLACED, "id_number")]
    turned = [(village, own, name, mobile, area) for village, name, own, mobile, area in people]
    assert doubts(head, *turned) == [(2, MISPLACED, "id_number"), (3, MISPLACED, "head_name")]
    doubled = [(village, name, mobile, mobile, area) for village, name, _own, mobile, area in people]
    assert doubts(head, *doubled) == [(3, MISPLACED, "")]
    assert doubts(head, *exchanged[:1]) == []  # one row may be a slip


def test_a_heading_over_the_wrong_values_is_put_right_for_this_file_only(world: World, tmp_path: Path) -> None:
    head = ("村", "户主姓名", "联系电话", "身份证号", "取暖面积", "改造方式")
    told = ("村", "户主姓名", "身份证号", "联系电话", "取暖面积", "改造方式")
    found = upload(world, one_sheet(tmp_path / "turned.xlsx", told, *(cells(n, head) for n in (1, 2))))
    assert found.state == State.MAPPING
    page = signed_in(world.clerk).get(reverse("households:import-columns", args=[found.pk])).content.decode()
    assert number(1) not in page and phone(1) not in page
    for column, field in (("c-0-3", "phone"), ("c-0-4", "id_number")):
        select = page.partition(f'name="{column}"')[2].partition("</select>")[0]
        assert f'<option value="{field}" selected>' in select
    confirm_columns(roster_import=found, choices={"名单": {3: "phone", 4: "id_number"}}, by=world.clerk)
    again = read_again(found)
    assert again.state == State.REVIEW and again.rows.filter(state="ready").count() == 2
    assert not ColumnWord.objects.exists()


def test_a_column_set_aside_is_asked_about_again_where_a_needed_one_is_missing() -> None:
    head, row = ("村", "户主姓名", "面积", "路线"), ("甲一村", "张示例", "80", "电")
    mapped = map_sheet(Sheet("名单", False, (), (SheetRow(1, head), SheetRow(2, row))))
    known = shipped_synonyms().learned({"路线": ""})
    on = date(2021, 12, 8)
    assert doubts_of(mapped, [], known, on=on) == []
    assert [doubt.column for doubt in doubts_of(mapped, ["technology"], known, on=on)] == [4]


def test_a_second_column_that_says_the_same_is_not_asked_about() -> None:
    head = ("村", "户主姓名", "面积", "姓名")
    assert doubts(head, ("甲一村", "张示例", "80", "张示例")) == []
