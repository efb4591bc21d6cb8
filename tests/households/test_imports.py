"""A roster comes in: where its rows went, what was refused, and that the same file is not taken twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import transaction

from core.identity import synthetic_id
from core.refusals import Refused
from core.together import read
from heating_portal.demo import rosters
from households import queries
from households.importing.checked import problems_of
from households.models import Enrolment, RosterImport
from households.problem_wording import reasons
from households.services import imports, parsing
from tests import people
from tests.households.conftest import Importer, World, apply, line, row_of, write_xlsx

pytestmark = pytest.mark.django_db


def test_every_row_of_the_file_is_accounted_for(imported: Importer) -> None:
    lines = [line(1), line(2), line(2), line(3, phone="199"), line(4)]
    found = imported(lines, subtotal="5户")
    counts = queries.row_counts(found)
    assert counts.adds_up
    assert (counts.rows, counts.ready, counts.faulty, counts.merged, counts.skipped) == (10, 3, 1, 1, 5)
    assert found.rows.count() == counts.rows


def test_a_wrong_subtotal_is_told(imported: Importer) -> None:
    found = imported([line(1), line(2)], subtotal="3户")
    codes = [one["code"] for one in found.mapping["sheets"][0]["findings"]]
    assert "F_SUBTOTAL_COUNT" in codes


def test_the_messy_demonstration_roster_has_exactly_its_planted_faults(
    world: World, tmp_path: Path, django_db_blocker: object
) -> None:
    from heating_portal import presets
    from programmes.models import Programme

    presets.load(presets.find("jincheng_2020"), by="tests", say=lambda _line: None)
    written = next(one for one in rosters.write_rosters("jincheng_2020", tmp_path, variant=rosters.MESSY) if one.faults)
    from accounts.models import Area

    programme = Programme.objects.get(code="jincheng-2020")
    made, _job = imports.start_import(
        programme=programme, area=Area.objects.get(pk=written.town_code), content=[written.path.read_bytes()],
        file_name=written.path.name, by=world.clerk,
    )  # fmt: skip
    found = parsing.parse_import(made.pk, commit=transaction.atomic)
    assert queries.row_counts(found).adds_up
    bad = found.rows.filter(kind="data").exclude(state="ready")
    seen = {(row.row_no, code) for row in bad for code in row.issue_codes if code[0] in "EWS"}
    planted = {(fault.row_no, fault.code) for fault in written.faults if not fault.code.startswith("X_")}
    assert seen == planted
    excluded = found.rows.filter(issue_codes__overlap=queries.EXCLUSION_CODES)
    assert [row.row_no for row in excluded] == [f.row_no for f in written.faults if f.code.startswith("X_")]


def test_the_same_file_alive_is_refused_with_the_first_one(world: World, tmp_path: Path) -> None:
    content = write_xlsx(tmp_path / "a.xlsx", [line(1)]).read_bytes()
    order = {"programme": world.programme, "area": world.town, "file_name": "a.xlsx"}
    first, _job = imports.start_import(content=[content], by=world.clerk, **order)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refusal:
        imports.start_import(content=[content], by=world.second_clerk, **order)  # type: ignore[arg-type]
    assert refusal.value.code == "SAME_FILE" and refusal.value.values["import_id"] == first.pk
    parsing.parse_import(first.pk, commit=transaction.atomic)
    imports.void_import(roster_import=first, by=world.clerk, reason="wrong file")
    again, _job = imports.start_import(content=[content], by=world.clerk, **order)  # type: ignore[arg-type]
    assert again.pk != first.pk


def test_a_refused_upload_leaves_no_file_behind(world: World, tmp_path: Path, settings: object) -> None:
    content = write_xlsx(tmp_path / "a.xlsx", [line(1)]).read_bytes()
    order = {"programme": world.programme, "area": world.town, "file_name": "a.xlsx", "by": world.clerk}
    imports.start_import(content=[content], **order)  # type: ignore[arg-type]
    kept = sorted((tmp_path / "files").rglob("*"))
    with pytest.raises(Refused):
        imports.start_import(content=[content], **order)  # type: ignore[arg-type]
    assert [path for path in sorted((tmp_path / "files").rglob("*")) if path.is_file()] == [
        p for p in kept if p.is_file()
    ]


def test_a_file_without_needed_columns_is_refused_with_all_reasons(world: World, tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_text("户主姓名,联系电话,门牌号\n张示例,19900000001,1号\n", encoding="utf-8")
    made, _job = imports.start_import(
        programme=world.programme, area=world.town, content=[path.read_bytes()], file_name="short.csv", by=world.clerk
    )
    found = parsing.parse_import(made.pk, commit=transaction.atomic)
    assert found.state == RosterImport.State.REFUSED
    assert {one["params"]["field"] for one in found.refusal} == {"village", "id_number", "heated_area_m2", "technology"}
    assert all(len(words) > 10 and "%(" not in words for words in reasons(found.refusal))
    assert not found.rows.exists()


def test_a_file_that_is_no_table_is_refused(world: World) -> None:
    made, _job = imports.start_import(
        programme=world.programme, area=world.town, content=[b"\x89PNG\r\n\x1a\n"], file_name="a.xlsx", by=world.clerk
    )
    found = parsing.parse_import(made.pk, commit=transaction.atomic)
    assert [one["code"] for one in found.refusal] == ["FILE_IMAGE"]


def test_reading_again_changes_nothing(imported: Importer) -> None:
    found = imported([line(1), line(2)])
    again = parsing.parse_import(found.pk, commit=transaction.atomic)
    assert again.rows.count() == found.rows.count() and again.state == RosterImport.State.REVIEW


def test_stored_rows_hold_no_plain_personal_value(imported: Importer) -> None:
    from django.db import connection

    found = imported([line(1)])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_to_json(r)::text FROM households_importrow r WHERE roster_import_id = %s", [found.pk]
        )
        text = "".join(row[0] for row in cursor.fetchall())
    assert "张示例" not in text and synthetic_id(50_001) not in text


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bank_card": line(1)["bank_card"]}, "E_CARD_TAKEN"),
        ({"door_no": "1号"}, "W_DOOR_TAKEN"),
        ({"meter_no": "T000001"}, "E_METER_TAKEN"),
    ],
)
def test_a_number_of_a_registered_household_is_found(
    world: World, imported: Importer, changes: dict[str, str], code: str
) -> None:
    apply(imported([line(1)]), world.clerk)
    row = row_of(imported([line(2, **changes)]), "张示例2")
    assert row.state == "faulty" and code in row.issue_codes


def test_a_known_person_at_another_door_is_asked_about(world: World, imported: Importer) -> None:
    apply(imported([line(1)]), world.clerk)
    row = row_of(imported([line(1, door_no="99号", meter_no="")]), "张示例1")
    assert row.state == "faulty" and "W_SECOND_HOME" in row.issue_codes


def test_changed_values_of_a_registered_household_are_asked_about_and_named(world: World, imported: Importer) -> None:
    apply(imported([line(1)]), world.clerk)
    row = row_of(imported([line(1, head_name="张示例1", heated_area_m2="150")]), "张示例1")
    problem = next(one for one in problems_of(row) if one.code == "W_REGISTER_DIFFERS")
    assert row.state == "faulty" and problem.params["fields"] == "heated_area_m2"


def test_a_supplement_is_counted_with_what_the_register_has(world: World, imported: Importer) -> None:
    """A list of two that repeats one of two stored households makes three of the village's target, not two."""
    apply(imported([line(1), line(2)]), world.clerk)
    villages = read(queries.village_counts(imported([line(2), line(3)])))
    assert [one.counted for one in villages if one.counted] == [3]


def test_homes_of_another_programme_are_counted_as_added(world: World, imported: Importer) -> None:
    apply(imported([line(1), line(2)]), world.clerk)
    Enrolment.objects.filter(dwelling__household__head_name="张示例2").update(programme=people.programme())
    villages = read(queries.village_counts(imported([line(1), line(2), line(3)])))
    assert [one.counted for one in villages if one.counted] == [3]


def test_another_name_under_a_registered_number_is_no_second_dwelling(world: World, imported: Importer) -> None:
    """However the register got the name: one press must not put a stranger's home under it."""
    apply(imported([line(1)]), world.clerk)
    same = row_of(imported([line(1, door_no="88号", meter_no="")]), "张示例1")
    assert "W_SECOND_HOME" in same.issue_codes and "E_ID_OTHER_NAME" not in same.issue_codes
    other = row_of(imported([line(1, door_no="88号", meter_no="", head_name="李样本")]), "李样本")
    assert "E_ID_OTHER_NAME" in other.issue_codes and "W_SECOND_HOME" not in other.issue_codes


def test_a_person_registered_elsewhere_is_refused_without_saying_where(world: World, imported: Importer) -> None:
    from core.blind_index import blind_index

    id_number = synthetic_id(50_001)
    people.household(
        "370999002001",
        id_number=id_number,
        id_number_index=blind_index(id_number, "id_number"),
        household_no="SECRET-1",
    )
    row = row_of(imported([line(1)]), "张示例1")
    assert "E_ID_ELSEWHERE" in row.issue_codes
    assert "SECRET-1" not in str(list(row.issues))
