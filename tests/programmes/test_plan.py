"""What a plan asks a person, what is due when, and how late it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.loading import load_areas
from core.refusals import Refused
from core.strict_yaml import read_yaml
from heating_portal import presets
from programmes.calendar import Standing, occurrences, read_day, reminder_due, typed_day
from programmes.loading import ProgrammeRefused, store_programme
from programmes.models import Deadline, PlanDecision, Programme
from programmes.plan_checks import findings
from programmes.plan_queries import calendar_of, lead_units, threshold
from programmes.services import decide_finding, record_deadline_met
from programmes.thresholds import target_words
from tests import people
from tests.programmes.browsing import browser, small_plan
from tests.programmes.conftest import LoadPreset

TODAY = date(2022, 10, 20)
STANDING = ("litong_2021", "taishan_2021")


def codes_of(programme: Programme) -> list[str]:
    return [one.code for one in findings(programme) if one.decision is None]


@pytest.mark.django_db
def test_4300_households_in_two_lines_are_asked_about(preset: LoadPreset) -> None:
    """A-13: counted in waste heat and again as bungalows, in the same six towns."""
    found = [one for one in findings(preset("litong_2021")) if one.code == "OVERLAP"]
    equal = [one for one in found if one.words.count("4300") == 2]
    assert len(equal) == 1
    assert all(town in equal[0].words for town in ("金积镇", "古城镇", "上桥镇", "东塔寺乡", "郭家桥乡", "板桥乡"))
    assert "16700" in found[0].words and "金积镇" in found[0].words  # Jinji in both technology areas


@pytest.mark.django_db
def test_a_plan_without_overlap_is_not_asked_about(preset: LoadPreset) -> None:
    assert codes_of(preset("jincheng_2020")) == []
    assert codes_of(preset("datong_2021")) == []


@pytest.mark.django_db
def test_the_31st_of_april_is_read_as_the_30th_and_asked_about(preset: LoadPreset) -> None:
    programme = preset("litong_2021")
    assert programme.phases.get(code="prepare").ends_on == date(2022, 4, 30)
    (found,) = [one for one in findings(programme) if one.code == "IMPOSSIBLE_DATE"]
    assert "4月31日" in found.words and found.clause == "L-31"


@pytest.mark.django_db
def test_a_day_that_is_no_day_at_all_is_refused(litong: dict[str, Any]) -> None:
    litong["phases"][0]["ends_on"] = "2022-13-01"
    with pytest.raises(ProgrammeRefused) as refusal:
        store_programme(document=litong, by="tests")
    assert any("phases[1].ends_on" in one for one in refusal.value.problems)


@pytest.mark.django_db
def test_two_leads_of_one_place_are_told_apart_by_part(preset: LoadPreset) -> None:
    programme = preset("litong_2021")
    jinji = "640302101"
    assert {lead.unit for lead in lead_units(programme, jinji + "201")} == {"区农业农村局", "区住建和交通局"}
    assert [lead.unit for lead in lead_units(programme, jinji, programme.parts.get(code="double"))] == ["区农业农村局"]
    assert "TWO_LEADS" in codes_of(programme)
    assert [lead.unit for lead in lead_units(programme, "640302102")] == ["区农业农村局"]


@pytest.mark.django_db
def test_the_baseline_that_its_own_numbers_do_not_give_is_asked_about(preset: LoadPreset) -> None:
    (found,) = [one for one in findings(preset("litong_2021")) if one.code == "BASELINE_SHARE"]
    assert "23.97" in found.words and "23.99" in found.words


@pytest.mark.django_db
def test_a_decision_holds_until_a_number_changes(preset: LoadPreset) -> None:
    programme, office = preset("litong_2021"), people.user("office", "640302")
    key = next(one.key for one in findings(programme) if one.code == "IMPOSSIBLE_DATE")
    decide_finding(programme=programme, key=key, words="按4月30日执行", by=office)
    assert "IMPOSSIBLE_DATE" not in codes_of(programme)
    phase = programme.phases.get(code="prepare")
    phase.ends_on = date(2022, 5, 1)
    phase.save()
    assert "IMPOSSIBLE_DATE" in codes_of(programme)


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "words"), [("OVERLAP:none", "x"), (None, "  ")])
def test_a_decision_needs_words_and_a_finding(preset: LoadPreset, key: str | None, words: str) -> None:
    programme, office = preset("taishan_2021"), people.user("office", "370902")
    key = key or findings(programme)[0].key
    with pytest.raises(Refused):
        decide_finding(programme=programme, key=key, words=words, by=office)
    assert PlanDecision.objects.count() == 0


@pytest.mark.parametrize(
    ("text", "day", "impossible"),
    [("2022-04-31", date(2022, 4, 30), True), ("2022-04-30", date(2022, 4, 30), False),
     ("2023-02-29", date(2023, 2, 28), True), ("2024-02-29", date(2024, 2, 29), False)],
)  # fmt: skip
def test_days_as_written(text: str, day: date, impossible: bool) -> None:
    written = read_day(text)
    assert written is not None and (written.day, written.impossible) == (day, impossible)


@pytest.mark.parametrize(
    "text", ["2021-12-08", "12-8", "20211208", "12/8", "2021.12.8", "12月8日", "２０２１年１２月８日", " 12 - 8 "]
)
def test_days_as_typed(text: str) -> None:
    assert typed_day(text, 2021) == date(2021, 12, 8)


@pytest.mark.parametrize("text", ["", "8", "2021-2-30", "13-1", "2021-12", "2021128", "12-8-9", "十二月八日"])
def test_what_was_typed_and_is_no_day(text: str) -> None:
    assert typed_day(text, 2021) is None


@pytest.mark.parametrize("text", ["2022-13-01", "2022-00-10", "2022-04-32", "soon", "", "2022-04"])
def test_what_is_no_day(text: str) -> None:
    assert read_day(text) is None


@pytest.mark.parametrize(
    ("rhythm", "day", "first", "last", "expected"),
    [("yearly", "10-31", date(2021, 1, 1), date(2023, 12, 31), ["2021-10-31", "2022-10-31", "2023-10-31"]),
     ("yearly", "10-31", date(2021, 11, 1), date(2022, 10, 30), []),
     ("quarterly", "", date(2022, 3, 31), date(2022, 9, 29), ["2022-03-31", "2022-06-30"]),
     ("monthly", "", date(2024, 2, 1), date(2024, 3, 31), ["2024-02-29", "2024-03-31"]),
     ("weekly", "", date(2022, 10, 17), date(2022, 10, 30), ["2022-10-23", "2022-10-30"]),
     ("weekly", "", date(2022, 10, 24), date(2022, 10, 29), [])],
)  # fmt: skip
def test_rhythms(rhythm: str, day: str, first: date, last: date, expected: list[str]) -> None:
    assert [one.isoformat() for one in occurrences(rhythm, first, last, day=day)] == expected


@pytest.mark.parametrize(
    ("due", "met", "state", "late", "left", "remind"),
    [(date(2022, 10, 31), None, "open", 0, 11, 30), (date(2022, 10, 20), None, "open", 0, 0, 1),
     (date(2022, 10, 19), None, "overdue", 1, None, None),
     (date(2022, 10, 19), date(2022, 10, 19), "met", 0, None, None),
     (date(2022, 10, 1), date(2022, 10, 6), "met_late", 5, None, None),
     (date(2022, 11, 20), None, "open", 0, 31, None)],
)  # fmt: skip
def test_lateness_and_reminders(
    due: date, met: date | None, state: str, late: int, left: int | None, remind: int | None
) -> None:
    standing = Standing(due, met, TODAY)
    assert (standing.state, standing.late_days, standing.days_left) == (state, late, left)
    assert reminder_due(standing, [30, 7, 1]) == remind


@pytest.mark.django_db
def test_the_roster_deadline_before_the_document_is_late_not_refused(preset: LoadPreset) -> None:
    """A-01 and T-44: 1 July, printed 13 October."""
    programme = preset("taishan_2021")
    line = next(one for one in calendar_of(programme, date(2021, 10, 13)) if one.deadline.code == "roster")
    assert (line.standing.state, line.standing.late_days) == ("overdue", 104)
    assert "DEADLINE_BEFORE_DOCUMENT" in codes_of(programme)


def yearly(programme: Programme) -> Deadline:
    return Deadline.objects.create(programme=programme, code="d", name="完成", rhythm="yearly", day="10-31")


@pytest.mark.django_db
def test_a_deadline_met_late_stays_late() -> None:
    plan = small_plan()
    record_deadline_met(
        deadline=yearly(plan.programme), due_on=date(2021, 10, 31), met_on=date(2021, 11, 3), by=plan.office,
        today=lambda: TODAY,
    )  # fmt: skip
    (line,) = calendar_of(plan.programme, date(2021, 12, 1))
    assert (line.standing.state, line.standing.late_days) == ("met_late", 3)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("due", "met"),
    [(date(2021, 10, 31), date(2022, 10, 21)), (date(2021, 10, 30), date(2021, 10, 30)),
     (date(2020, 10, 31), date(2020, 10, 31))],
)  # fmt: skip
def test_days_to_come_and_days_that_are_no_deadline_are_refused(due: date, met: date) -> None:
    plan = small_plan()
    with pytest.raises(Refused):
        record_deadline_met(
            deadline=yearly(plan.programme), due_on=due, met_on=met, by=plan.office, today=lambda: TODAY
        )


@pytest.mark.django_db
def test_the_page_takes_decisions_and_days() -> None:
    plan = small_plan()
    yearly(plan.programme)
    client = browser(plan.office)
    sent = {"deadline": "d", "due_on": "2021-10-31", "met_on": "2021-10-30", "note": "已报区办"}
    client.post(f"{plan.url}deadlines/", sent)
    assert "已报区办" in client.get(plan.url).content.decode()
    for wrong in ({"met_on": "2021-02-31"}, {"due_on": "x"}):
        refused = client.post(f"{plan.url}deadlines/", sent | wrong)
        assert refused.status_code == 422 and "data-refused" in refused.content.decode()
    assert Deadline.objects.get(code="d").met.count() == 1


LIMITS = {
    "litong_2021": [("GAS_BOILER_KW", "15.1", "15.0"), ("WARRANTY_YEARS", "3", "2.9")],
    "jincheng_2020": [
        ("COAL_SULPHUR_PERCENT", "0.5", "0.51"), ("COAL_ASH_PERCENT", "16", "16.01"), ("GAS_BOILER_GRADE", "2", "3"),
        ("ROOM_TEMP_C", "16", "15.9"),
    ],
    "baiyin_2023": [("ROOM_TEMP_C", "18", "17.9"), ("PIPE_AGE_YEARS", "20", "19")],
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", LIMITS)
def test_both_sides_of_every_limit(preset: LoadPreset, name: str) -> None:
    programme = preset(name)
    for code, passes, fails in LIMITS[name]:
        found = threshold(programme, code)
        assert found is not None
        assert (found.is_met_by(Decimal(passes)), found.is_met_by(Decimal(fails))) == (True, False), code


@pytest.fixture
def litong() -> dict[str, Any]:
    load_areas(path=presets.FOLDER / "litong_2021" / "areas.csv", by="tests")
    return read_yaml((presets.FOLDER / "litong_2021" / "programme.yaml").read_text(encoding="utf-8"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "value", "words"),
    [(("parts", 0, "total_wan_yuan"), 18470, ("parts[1]", "18469", "18470")),
     (("parts", 3, "funds_wan_yuan", "CENTRAL"), 5846, ("parts[4]", "11691")),
     (("budget_totals", 1, "wan_yuan", "CENTRAL"), 9284, ("budget_totals[2].CENTRAL", "9283")),
     (("target_totals", 3, "quantity"), 11901, ("rural", "28500", "28501")),
     (("target_totals", 7, "quantity"), 16701, ("rural", "28501")),
     (("target_totals", 23, "quantity"), 5.35, ("efficiency", "112.17", "112.18")),
     (("targets", 0, "quantity"), 601, ("peri-urban", "4300", "4301")),
     (("figures", 0, "quantity"), 3, ("venues", "167", "168")),
     (("targets", 0, "unit"), "kg", ("targets[1].unit",)),
     (("targets", 0, "part"), "magic", ("targets[1].part", "magic")),
     (("target_totals", 1, "year"), 2030, ("2030", "2021")),
     (("duties", 0, "role"), "king", ("king",)),
     (("deadlines", 0, "due_on"), None, ("goal-2022", "due_on")),
     (("deadlines", 0, "remind_days"), [-1], ("goal-2022", "remind_days"))],
)  # fmt: skip
def test_a_wrong_number_anywhere_is_named(
    litong: dict[str, Any], path: tuple[Any, ...], value: Any, words: tuple[str, ...]
) -> None:
    place: Any = litong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(ProgrammeRefused) as refusal:
        store_programme(document=litong, by="tests")
    assert any(all(word in one for word in words) for one in refusal.value.problems), refusal.value.problems


@pytest.mark.parametrize(
    ("comparison", "soft_word", "told"),
    [
        (">=", "", ">= 80 %"), ("=", "", "= 80 %"), (">=", "以上", ">= 80 %"), ("<=", "以下", "<= 80 %"),
        (">=", "普遍…以上", "普遍 >= 80 %"), (">=", "平均…左右", "平均 80 % 左右"), (">=", "左右", "80 % 左右"),
        ("<=", "以上", "<= 80 % 以上"),
    ],
)  # fmt: skip
def test_a_rate_to_reach_says_its_limit_once(comparison: str, soft_word: str, told: str) -> None:
    assert target_words(comparison, "80 %", soft_word) == told
