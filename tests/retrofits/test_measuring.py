"""Tolerances: both sides of each boundary, from the presets themselves; what a document does not say stays empty."""

from __future__ import annotations

import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.refusals import Refused
from core.strict_yaml import read_yaml
from programmes.models import Checklist
from retrofits.faults import Faulty
from retrofits.measuring import judge, limits, read_number, standard
from retrofits.models import Task, WorksCheck
from retrofits.services.acceptances import record_acceptance
from retrofits.services.works_checks import record_works_check
from tests import people
from tests.retrofits.conftest import DAY, Works
from tests.retrofits.test_pages import client_of, page

PRESETS = Path(__file__).resolve().parents[2] / "presets"
STEP = Decimal("0.1")
GOOD = {
    "WINDOWS_FIRST": "ok", "WALL_EVEN": "20", "BOND_AREA": "50", "GLUE_SPACING": "150", "BOARD_GAP": "2",
    "BOARD_FLAT": "3", "BOARD_UPRIGHT": "3", "CORNER_UPRIGHT": "4", "CORNER_SQUARE": "4", "JOINT_STEP": "2",
    "ANCHORS": "6", "MESH_OVERLAP": "40", "CORNER_OVERLAP": "300.1", "PLASTER_PAUSE": "4", "PLASTER_THICK": "12",
    "PLASTER_FLAT": "3", "PLASTER_UPRIGHT": "5",
}  # fmt: skip


def items(preset: str, kind: str) -> list[dict[str, Any]]:
    document = read_yaml((PRESETS / preset / "programme.yaml").read_text(encoding="utf-8"))
    return [item for one in document.get("checklists") or [] if one["kind"] == kind for item in one["items"]]


def edges() -> list[tuple[str, dict[str, Any], Decimal, str]]:
    """(item, limit, what is said of the first value beyond it) for every limit of the presets."""
    found = []
    for preset in ("litong_2021", "jincheng_2020", "taishan_2021"):
        for item in items(preset, "insulation") + items(preset, "acceptance"):
            low, high = limits(item)
            found += [(f"{preset}-{item['code']}-min", item, low, "TOO_LOW")] if low is not None else []
            found += [(f"{preset}-{item['code']}-max", item, high, "TOO_HIGH")] if high is not None else []
    return found


@pytest.mark.parametrize(("item", "limit", "code"), [edge[1:] for edge in edges()], ids=[edge[0] for edge in edges()])
def test_the_limit_is_within_and_the_next_tenth_is_not(item: dict[str, Any], limit: Decimal, code: str) -> None:
    inward, outward = (STEP, -STEP) if code == "TOO_LOW" else (-STEP, STEP)
    assert judge(limit + inward, item) == ""
    assert judge(limit, item) == (code if item.get("exclusive") else "")
    assert judge(limit + outward, item) == code
    assert judge(limit + outward / 10, item) == code  # 2.01 mm is not rounded to 2 mm


@pytest.mark.parametrize(
    ("code", "most", "tool"),
    [
        ("BOARD_FLAT", "3", "用2m靠尺、楔形塞尺检查"), ("BOARD_UPRIGHT", "3", "用2m托线板检查"),
        ("CORNER_UPRIGHT", "4", "用2m托线板检查"), ("CORNER_SQUARE", "4", "用200mm方尺检查"),
        ("JOINT_STEP", "2", "用直尺检查"),
    ],
)  # fmt: skip
@pytest.mark.clause(
    "L-57", "表面平整3", serves="retrofits.services.works_checks:record_works_check", page="retrofits:works-check"
)
def test_the_table_of_five_stands_as_printed_with_its_tools(works: Works, code: str, most: str, tool: str) -> None:
    (item,) = [item for item in items("litong_2021", "insulation") if item["code"] == code]
    assert (item["max"], item["unit"], item["tool"]) == (most, "mm", tool)
    task = measured_programme(works)
    beyond = {**GOOD, code: str(Decimal(most) + STEP)}
    assert check(works, task, beyond).faults == [code]
    assert check(works, task, {**GOOD, code: most}).result == "passed"


@pytest.mark.parametrize("preset", ["datong_2021", "baiyin_2023"])
def test_what_the_document_does_not_say_is_not_defined(preset: str) -> None:
    assert items(preset, "acceptance") == items(preset, "insulation") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [("2.1", "2.1"), (" 2，05 ", "2.05"), ("-3", "-3"), ("２", "2"), ("2.0001", None), ("1e9", None), ("NaN", None),
     ("Infinity", None), ("", None), ("2 mm", None), ("10000", None)],
)  # fmt: skip
def test_numbers_are_read_exactly_or_not_at_all(text: str, value: str | None) -> None:
    assert read_number(text) == (None if value is None else Decimal(value))


def test_a_standard_reads_as_on_the_page() -> None:
    assert standard({"min": "6", "max": "8", "unit": "个/㎡"}) == "≥ 6 · ≤ 8 个/㎡"
    assert standard({"min": "300", "exclusive": True, "unit": "mm"}) == "> 300 mm"
    assert (standard({"about": "10", "unit": "mm"}), standard({})) == ("≈ 10 mm", "")


def measured_programme(works: Works) -> Task:
    Checklist.objects.create(programme=works.programme, kind="insulation", items=items("litong_2021", "insulation"))
    return works.task()


def check(works: Works, task: Task, answers: dict[str, str]) -> WorksCheck:
    return record_works_check(task=task, request_id=uuid.uuid4(), answers=answers, by=works.inspector, on=DAY)


def test_open_items_are_told_and_nothing_is_kept(works: Works) -> None:
    task = measured_programme(works)
    with pytest.raises(Faulty) as refusal:
        check(works, task, {**GOOD, "JOINT_STEP": "", "ANCHORS": "many"})
    assert {fault.field: fault.code for fault in refusal.value.faults} == {"JOINT_STEP": "MISSING", "ANCHORS": "NUMBER"}
    assert WorksCheck.objects.count() == 0


@pytest.mark.clause(
    "L-61", "先进行更换", serves="retrofits.services.works_checks:record_works_check", page="retrofits:works-check"
)
def test_windows_come_before_the_wall(works: Works) -> None:
    assert check(works, measured_programme(works), {**GOOD, "WINDOWS_FIRST": "bad"}).faults == ["WINDOWS_FIRST"]


@pytest.mark.clause(
    "L-58", "6～8个", serves="retrofits.services.works_checks:record_works_check", page="retrofits:works-check"
)
@pytest.mark.parametrize(("count", "result"), [("5.9", "failed"), ("6", "passed"), ("8", "passed"), ("8.1", "failed")])
def test_six_to_eight_anchors(works: Works, count: str, result: str) -> None:
    assert check(works, measured_programme(works), {**GOOD, "ANCHORS": count}).result == result


@pytest.mark.clause(
    "L-60", "大于2mm应填塞", serves="retrofits.services.works_checks:record_works_check", page="retrofits:works-check"
)
@pytest.mark.parametrize(("gap", "result"), [("2", "passed"), ("2.1", "failed")])
def test_a_gap_of_two_millimetres_need_not_be_filled(works: Works, gap: str, result: str) -> None:
    assert check(works, measured_programme(works), {**GOOD, "BOARD_GAP": gap}).result == result


@pytest.mark.clause(
    "L-59", "不得超过4小时", serves="retrofits.services.works_checks:record_works_check", page="retrofits:works-check"
)
@pytest.mark.parametrize(("hours", "result"), [("4", "passed"), ("4.1", "failed")])
def test_two_coats_lie_four_hours_apart_at_most(works: Works, hours: str, result: str) -> None:
    assert check(works, measured_programme(works), {**GOOD, "PLASTER_PAUSE": hours}).result == result


@pytest.mark.clause(
    "L-56", "粘结面积≮50%", serves="retrofits.services.works_checks:record_works_check", page="retrofits:works-check"
)
@pytest.mark.parametrize(("percent", "result"), [("50", "passed"), ("49.9", "failed")])
def test_half_of_the_board_is_glued(works: Works, percent: str, result: str) -> None:
    assert check(works, measured_programme(works), {**GOOD, "BOND_AREA": percent}).result == result


def test_a_target_given_as_about_never_fails(works: Works) -> None:
    assert check(works, measured_programme(works), {**GOOD, "PLASTER_THICK": "25"}).result == "passed"


def test_a_programme_without_a_table_says_so(works: Works) -> None:
    with pytest.raises(Refused) as refusal:
        check(works, works.task(), GOOD)
    assert refusal.value.code == "NO_CHECKLIST"


def test_works_out_of_tolerance_are_not_accepted_before_they_are_measured_anew(works: Works) -> None:
    Checklist.objects.create(programme=works.programme, kind="insulation", items=items("litong_2021", "insulation"))
    task = works.ready()
    check(works, task, {**GOOD, "JOINT_STEP": "2.1"})
    values = {"task": task, "result": "passed", "visit": works.visit(), "by": works.inspector, "on": DAY}
    with pytest.raises(Refused) as refusal:
        record_acceptance(request_id=uuid.uuid4(), **values)
    assert refusal.value.code == "WORKS_CHECK_FAILED"
    check(works, task, GOOD)
    assert record_acceptance(request_id=uuid.uuid4(), **values).result == "passed"


def test_the_installer_does_not_measure_own_works(works: Works) -> None:
    Checklist.objects.create(programme=works.programme, kind="insulation", items=items("litong_2021", "insulation"))
    both = people.user("town_staff", "370999001")
    people.Grant.objects.create(user=both, role="inspector", area=people.area("370999"))
    with pytest.raises(Refused) as refusal:
        record_works_check(task=works.ready(by=both), request_id=uuid.uuid4(), answers=GOOD, by=both, on=DAY)
    assert refusal.value.code == "OWN_WORK"


def test_the_page_keeps_what_was_typed_and_posts_once(works: Works) -> None:
    task, client = measured_programme(works), client_of(works.inspector)
    form = {f"item-{code}": answer for code, answer in GOOD.items()} | {"request_id": str(uuid.uuid4())}
    lacking = client.post(page("works-check", task.pk), {**form, "item-ANCHORS": ""})
    assert lacking.status_code == 422
    assert 'value="300.1"' in lacking.content.decode()
    answers = [client.post(page("works-check", task.pk), form) for _n in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert "≤ 2 mm" in client.get(answers[0].url).content.decode()
    assert WorksCheck.objects.get().result == "passed"
