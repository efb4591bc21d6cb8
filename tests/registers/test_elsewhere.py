"""Rows refused because their person is registered in another town: on the desk of those who see both, only there."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core.blind_index import blind_index
from core.identity import synthetic_id
from households import elsewhere
from households.indexes import keys_of
from households.models import Document, Household, ImportRow, RosterImport
from households.services.duplicates import deciding
from tests.registers.conftest import FAR_VILLAGE, TOWN, VILLAGE, World, browser
from tests.registers.test_duplicates import home_of

pytestmark = pytest.mark.django_db
PERSON = synthetic_id(4711)


def refused_row(world: World, number: str = PERSON, state: str = "review", code: str = elsewhere.CODE) -> ImportRow:
    n = RosterImport.objects.count()
    file = Document.objects.create(area_id=TOWN, kind="roster", file_name="名单.xlsx", stored_name=f"r{n}",
                                   sha256=str(n) * 64, size_bytes=1, uploaded_by=world.clerk)  # fmt: skip
    sent = RosterImport.objects.create(programme=world.programme, area_id=TOWN, file=file, file_sha256=file.sha256,
                                       state=state, uploaded_by=world.clerk)  # fmt: skip
    return ImportRow.objects.create(
        roster_import=sent, sheet="Sheet1", row_no=7, kind="household", state="faulty", issue_codes=[code],
        village_id=VILLAGE, values={"head_name": "李样本", "id_number": number},
        keys_index=["meter_no:x", *keys_of({"id_number": number})],
    )  # fmt: skip


@pytest.fixture
def registered(world: World) -> Household:
    return home_of("王测试", FAR_VILLAGE, id_number=PERSON).household


def test_who_sees_both_sides_sees_the_row_beside_the_household(world: World, registered: Household) -> None:
    row = refused_row(world)
    page = browser(world.office).get(reverse("households:elsewhere-list"))
    shown = [one.item for one in page.context["table"].rows]
    assert [(one.row, one.household) for one in shown] == [(row, registered)]
    text = page.content.decode()
    assert "李样本" in text and "王测试" in text and world.clerk.person_name in text and PERSON not in text


def test_who_sees_one_side_sees_nothing(world: World, registered: Household) -> None:
    refused_row(world)
    for clerk in (world.clerk, world.far_clerk):
        page = browser(clerk).get(reverse("households:elsewhere-list"))
        assert page.status_code == 200 and page.context["table"].count == 0
        assert "王测试" not in page.content.decode()
    assert browser(world.leader).get(reverse("households:elsewhere-list")).status_code == 403


@pytest.mark.parametrize(
    ("number", "state", "code"),
    [(synthetic_id(1), "review", elsewhere.CODE), (PERSON, "void", elsewhere.CODE), (PERSON, "review", "E_CARD_TAKEN")],
)
def test_other_rows_stay_away(world: World, registered: Household, number: str, state: str, code: str) -> None:
    refused_row(world, number, state, code)
    assert not elsewhere.rows_for(world.office, deciding.RIGHT, "370999").exists()


def test_a_row_that_was_repaired_leaves_the_desk(world: World, registered: Household) -> None:
    row = refused_row(world)
    rows = elsewhere.rows_for(world.office, deciding.RIGHT, "370999")
    assert rows.get() == row
    ImportRow.objects.update(state="ready", issue_codes=[])
    assert not rows.all().exists()
    assert registered.id_number_index == blind_index(PERSON, "id_number")
