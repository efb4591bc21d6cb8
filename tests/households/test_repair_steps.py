"""Ctrl+Z of the review page: the last steps of a clerk are taken back, never those of a colleague; who is at a row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from core.refusals import Refused
from households import queries
from households.models import ImportRow, RosterImport, RowAttention
from households.services import repairs
from households.services.attention import LASTS, colleagues_at, note_attention
from households.services.repair_steps import take_back_last
from tests.households.conftest import Importer, World, apply, line, row_of
from tests.households.test_pages import signed_in

pytestmark = pytest.mark.django_db


def correct(found: RosterImport, name: str, world: World, **changes: str) -> ImportRow:
    row = row_of(found, name)
    return repairs.correct_row(row=row, version=row.version, changes=changes, by=world.clerk)


def test_steps_are_taken_back_one_by_one_the_last_first(world: World, imported: Importer) -> None:
    found = imported([line(1, phone="1"), line(2, phone="2")])
    correct(found, "张示例1", world, phone="3")
    correct(found, "张示例1", world, phone="19900000123")
    correct(found, "张示例2", world, phone="19900000124")
    seen = []
    for _step in range(3):
        take_back_last(roster_import=found, by=world.clerk)
        rows = row_of(found, "张示例1"), row_of(found, "张示例2")
        seen.append([(row.state, row.corrections.get("phone"), row.edited_by_id is None) for row in rows])
    assert seen == [
        [("ready", "19900000123", False), ("faulty", None, True)],
        [("faulty", "3", False), ("faulty", None, True)],
        [("faulty", None, True), ("faulty", None, True)],
    ]
    with pytest.raises(Refused, match="NOTHING_TO_TAKE_BACK"):
        take_back_last(roster_import=found, by=world.clerk)


def test_a_group_is_one_step_and_rows_changed_since_stay(world: World, imported: Importer) -> None:
    found = imported([line(n, village="甲一") for n in (1, 2, 3)])
    repairs.repair_group(roster_import=found, repair=queries.repairs(found)[0], by=world.clerk)
    row = row_of(found, "张示例2")
    repairs.correct_row(row=row, version=row.version, changes={"village": "甲二村"}, by=world.second_clerk)
    done = take_back_last(roster_import=found, by=world.clerk)
    assert ([row.row_no for row in done.rows], done.left) == ([3, 5], 1)
    assert [row_of(found, f"张示例{n}").state for n in (1, 2, 3)] == ["faulty", "ready", "faulty"]


@pytest.mark.parametrize("step", ["leave_out", "confirm", "undo"])
def test_leaving_out_confirming_and_going_back_to_the_file_are_steps_too(
    world: World, imported: Importer, step: str
) -> None:
    found = imported([line(1), line(1, door_no="88号", meter_no="")])
    row = found.rows.get(issue_codes__contains=["W_SECOND_DWELLING"])
    if step == "undo":
        row = repairs.leave_out_row(row=row, version=row.version, by=world.second_clerk)
    row.refresh_from_db()
    before = (row.state, row.kind, list(row.confirmed), row.edited_by_id)
    press = {"leave_out": repairs.leave_out_row, "undo": repairs.undo_row}
    if step == "confirm":
        repairs.confirm_row(row=row, version=row.version, code="W_SECOND_DWELLING", by=world.clerk)
    else:
        press[step](row=row, version=row.version, by=world.clerk)
    row.refresh_from_db()
    assert row.state != before[0]
    take_back_last(roster_import=found, by=world.clerk)
    row.refresh_from_db()
    assert (row.state, row.kind, list(row.confirmed), row.edited_by_id) == before
    assert queries.row_counts(found).adds_up


def test_a_colleagues_step_is_not_mine_to_take_back(world: World, imported: Importer) -> None:
    found = imported([line(1, phone="1")])
    correct(found, "张示例1", world, phone="19900000123")
    with pytest.raises(Refused, match="NOTHING_TO_TAKE_BACK"):
        take_back_last(roster_import=found, by=world.second_clerk)


def test_a_stored_row_stays(world: World, imported: Importer) -> None:
    found = imported([line(1, phone="1"), line(2, phone="2")])
    correct(found, "张示例1", world, phone="19900000123")
    apply(found, world.clerk)
    done = take_back_last(roster_import=found, by=world.clerk)
    assert (done.rows, done.left) == ([], 1) and row_of(found, "张示例1").state == "applied"


def test_taking_back_binds_the_twin_again(world: World, imported: Importer) -> None:
    found = imported([line(1), line(2, door_no="1号")])
    correct(found, "张示例2", world, door_no="7号")
    assert row_of(found, "张示例2").state == "ready"
    take_back_last(roster_import=found, by=world.clerk)
    assert "W_SAME_DOOR" in row_of(found, "张示例2").issue_codes


def test_by_page_one_press_applies_a_group_and_one_takes_it_back(world: World, imported: Importer) -> None:
    found = imported([line(n, village="甲一") for n in (1, 2)])
    browser = signed_in(world.clerk)
    review = reverse("households:import-review", args=[found.pk])
    group = queries.repairs(found)[0]
    page = browser.get(review).content.decode()
    assert f'name="fingerprint" value="{group.fingerprint}"' in page and 'id="take-back"' not in page
    url = reverse("households:import-repair", args=[found.pk, group.code])
    assert browser.post(url, {"value": group.value, "fingerprint": group.fingerprint}).status_code == 302
    assert 'id="take-back"' in browser.get(review).content.decode()
    back = reverse("households:import-take-back", args=[found.pk])
    answer = browser.post(back)
    assert answer.status_code == 302 and answer.url.endswith(f"#r-{row_of(found, '张示例1').pk}")
    assert row_of(found, "张示例1").state == "faulty" and browser.post(back).status_code == 409


def attention(browser: Client, found: RosterImport, row: ImportRow | None) -> dict[str, str]:
    url = reverse("households:import-attention", args=[found.pk])
    return dict(browser.post(url, {"row": row.pk if row else ""}).json()["rows"])


def test_a_colleague_sees_who_is_at_a_row_and_no_longer_when_the_cursor_left(world: World, imported: Importer) -> None:
    found = imported([line(1, phone="1"), line(2, phone="2")])
    mine, theirs = signed_in(world.clerk), signed_in(world.second_clerk)
    row = row_of(found, "张示例1")
    assert attention(mine, found, row) == {}
    shown = attention(theirs, found, row_of(found, "张示例2"))
    assert list(shown) == [str(row.pk)] and world.clerk.person_name in shown[str(row.pk)]
    page = theirs.get(reverse("households:import-review", args=[found.pk])).content.decode()
    assert shown[str(row.pk)] in page
    attention(mine, found, None)
    assert attention(theirs, found, None) == {}


def test_a_mark_fades_and_another_imports_row_is_none(world: World, imported: Importer) -> None:
    found, other = imported([line(1, phone="1")]), imported([line(2, phone="1")])
    now = clock.now()
    note_attention(roster_import=found, row_id=row_of(found, "张示例1").pk, by=world.clerk, now=now)
    assert colleagues_at(found, world.second_clerk, now=now + LASTS - timedelta(seconds=1))
    assert colleagues_at(found, world.second_clerk, now=now + LASTS) == {}
    note_attention(roster_import=other, row_id=row_of(found, "张示例1").pk, by=world.second_clerk, now=now)
    assert not RowAttention.objects.filter(user=world.second_clerk).exists()


def test_another_town_learns_nothing(world: World, imported: Importer) -> None:
    found = imported([line(1, phone="1")])
    for name in ("import-attention", "import-take-back"):
        assert signed_in(world.other_clerk).post(reverse(f"households:{name}", args=[found.pk])).status_code == 404
