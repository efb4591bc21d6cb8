"""The duties of the five documents: every ROLE row is there, in its own words, and reaches the body it is about."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.urls import reverse

from accounts.models import User
from supervision.loading import load_duties
from tests import people
from tests.clauses.marks import all_clauses
from tests.supervision.conftest import COUNTY, Room, client_of

PRESETS = Path(settings.BASE_DIR) / "presets"
DOCUMENTS = {"T": "taishan_2021", "J": "jincheng_2020", "L": "litong_2021", "D": "datong_2021", "B": "baiyin_2023"}


@pytest.mark.parametrize(("letter", "preset"), DOCUMENTS.items())
def test_every_role_row_of_a_document_is_a_duty_in_its_own_words(letter: str, preset: str) -> None:
    asked = {
        row.number: row.words for row in all_clauses().values()
        if row.kind == "ROLE" and row.number.startswith(f"{letter}-")
    }  # fmt: skip
    rows = yaml.safe_load((PRESETS / preset / "duties.yaml").read_text(encoding="utf-8"))["duties"]
    assert {row["clause"]: row["words"] for row in rows} == asked
    assert all(row["unit"] for row in rows)


@pytest.mark.clause(
    "T-87", "区应急管理局：指导应急预案，抓好安全生产", serves="supervision.loading:load_duties",
    page="supervision:duty-board", model="supervision.DutyTerm",
)  # fmt: skip
@pytest.mark.clause(
    "T-56", "领导小组，办公室设在区住建局", serves="supervision.loading:load_duties",
    page="supervision:duty-board", model="supervision.DutyTerm",
)  # fmt: skip
def test_a_department_finds_its_duty_by_its_unit_does_it_and_says_so(room: Room) -> None:
    load_duties(path=PRESETS / "taishan_2021" / "duties.yaml", programme=room.programme, by="tests")
    made = people.user("panel_member", COUNTY)
    User.objects.filter(pk=made.pk).update(unit="区应急管理局")
    bureau, group = client_of(User.objects.get(pk=made.pk)), client_of(people.user("leading_group", COUNTY))
    hazard = room.case()
    mine = [row for row in bureau.get(reverse("supervision:duty-board")).context["rows"] if row.mine]
    assert [(row.clause, row.page) for row in mine] == [("T-87", "supervision:safety-year")]
    assert bureau.get(reverse(mine[0].page)).status_code == 200
    assert hazard.number in bureau.get(reverse("supervision:hazard-list")).content.decode()
    act = reverse("supervision:duty-act", args=[mine[0].pk])
    assert bureau.post(act, {"words": "预案已修订"}).status_code == 302
    assert "预案已修订" in bureau.get(reverse("supervision:duty-board")).content.decode()
    for client in (group, client_of(room.office)):
        rows = client.get(reverse("supervision:duty-board")).context["rows"]
        assert "T-56" in {row.clause for row in rows if row.mine}
