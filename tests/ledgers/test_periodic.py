"""Periodic reports: periods and due days, figures from data, words of people, frozen once, late, on paper, in Excel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from accounts.models import User
from core.refusals import Refused
from reports.models import MeetingMinutes, NamedReporter, PeriodicReport
from reports.periods import before, period_of
from reports.queries import todos
from reports.queries.periodic import behind, standings
from reports.queries.scope import Scope
from reports.services import periodic
from reports.services.summaries import refresh_summaries
from tests import people
from tests.reports.world import A1, World

SignIn = Callable[[User], Client]
WEEK = period_of("week", dt.date(2021, 10, 27))


@pytest.mark.parametrize(
    ("rhythm", "day", "name", "ends", "due"),
    [
        ("week", "2021-11-21", "2021-W46", "2021-11-21", "2021-11-22"),
        ("week", "2021-01-01", "2020-W53", "2021-01-03", "2021-01-04"),
        ("month", "2021-02-03", "2021-02", "2021-02-28", "2021-03-05"),
        ("quarter", "2021-11-21", "2021-Q4", "2021-12-31", "2022-01-10"),
        ("year", "2021-11-21", "2021", "2021-12-31", "2022-01-31"),
    ],
)
def test_periods_end_and_are_due(rhythm: str, day: str, name: str, ends: str, due: str) -> None:
    found = period_of(rhythm, dt.date.fromisoformat(day))
    assert (found.name, found.ends.isoformat(), found.due.isoformat()) == (name, ends, due)
    assert before(found).ends == found.begins - dt.timedelta(days=1)


def test_a_rhythm_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no rhythm"):
        period_of("fortnight", dt.date(2021, 1, 1))


def test_who_is_behind_is_ten_points_below_all() -> None:
    places = [
        {"name": name, "planned": planned, **dict.fromkeys(
            ("enrolled", "confirmed", "contracted", "installed", "excluded", "paid", "self_paid", "counted_only"), 0
        ), "accepted": accepted}
        for name, planned, accepted in (("甲", 100, 90), ("乙", 100, 40), ("丙", None, 0), ("丁", 100, 70))
    ]  # fmt: skip
    assert [one["name"] for one in behind(places)] == ["乙"]
    assert behind([]) == []


@pytest.mark.django_db
@pytest.mark.clause(
    "J-71",
    "将进度报区领导小组办公室",
    serves="reports.services.periodic:open_report",
    page="reports:periodic-list",
    model="reports.PeriodicReport",
)
@pytest.mark.clause(
    "D-46",
    "工作月报制度",
    serves="reports.services.periodic:open_report",
    page="reports:periodic-list",
    model="reports.PeriodicReport",
)
@pytest.mark.clause(
    "L-75",
    "每季度",
    serves="reports.services.periodic:open_report",
    page="reports:periodic-list",
    model="reports.PeriodicReport",
)
def test_a_report_is_filled_worded_and_frozen_once(county: World) -> None:
    by = county.staff["clerk_a"]
    made = {
        rhythm: periodic.open_report(
            programme=county.programme, area_code="370999001", period=period_of(rhythm, dt.date(2021, 10, 27)), by=by
        )
        for rhythm in ("week", "month", "quarter")
    }
    report = made["week"]
    assert report.figures["done"]["accepted"] == 8, "accepted on the 26th in this town"
    assert report.figures["whole"]["paid"] == 4
    assert made["quarter"].figures["done"]["paid_fen"] == 600_000 + 600_000 + 576_000 + 540_000
    again = periodic.open_report(programme=county.programme, area_code="370999001", period=WEEK, by=by)
    assert again.pk == report.pk and "8" in again.words
    with pytest.raises(PermissionDenied):
        periodic.open_report(programme=county.programme, area_code="370999001", period=WEEK, by=county.staff["clerk_b"])
    saved = periodic.save_report(report=report, words="本周验收 8 户。", seen=report.version, by=by)
    with pytest.raises(Refused, match="CHANGED_MEANWHILE"):
        periodic.save_report(report=report, words="x", seen=report.version, by=by)
    frozen = periodic.freeze_report(report=saved, by=by, on=dt.date(2021, 11, 4))
    assert frozen.late_days(dt.date(2030, 1, 1)) == 3
    county.dwelling(A1, "accepted")
    refresh_summaries()
    kept = PeriodicReport.objects.get(pk=report.pk)
    assert kept.figures == report.figures and periodic.content_hash(kept) == kept.content_hash
    with pytest.raises(Refused, match="REPORT_FROZEN"):
        periodic.save_report(report=kept, words="另写", seen=kept.version, by=by)
    kept.words += "。"
    assert periodic.content_hash(kept) != kept.content_hash


@pytest.mark.django_db
def test_a_period_that_runs_is_not_reported(county: World) -> None:
    with pytest.raises(Refused, match="NOT_OVER_YET"):
        periodic.open_report(
            programme=county.programme, area_code="370999001", period=WEEK, by=county.staff["clerk_a"],
            on=dt.date(2021, 10, 28),
        )  # fmt: skip


@pytest.mark.django_db
def test_only_a_period_that_is_over_is_offered(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["office"])
    over, runs = (client.get(f"/reports/?rhythm=year&on={year}-01-01").content.decode() for year in (2021, 2100))
    assert "编写报告</button>" in over and "自当日起可以编写报告" not in over
    assert "编写报告</button>" not in runs and "本期到 2100-12-31 结束" in runs


MINUTES = {
    "minutes_held_on": "2021-10-29", "minutes_chaired_by": "张示例", "minutes_present": "李样本、王测试",
    "minutes_words": "各镇下周五前补齐验收照片。",
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.clause(
    "J-71", "每周召开例会", serves="reports.services.minutes:keep_minutes", page="reports:periodic-detail",
    model="reports.MeetingMinutes",
)  # fmt: skip
def test_missing_reports_are_seen_by_the_office_whose_own_holds_the_minutes(county: World, sign_in: SignIn) -> None:
    periodic.open_report(
        programme=county.programme, area_code="370999001", period=WEEK, by=county.staff["clerk_a"]
    )  # fmt: skip
    scope = Scope(county.staff["office"], county.programme, "370999")
    found = {one.area.code: one for one in standings(scope, WEEK, WEEK.due + dt.timedelta(days=2))}
    assert (found["370999001"].state, found["370999002"].state) == ("draft", "missing")
    assert found["370999002"].late == 2
    client = sign_in(county.staff["office"])
    answer = client.post("/reports/", {"rhythm": "week", "on": "2021-10-27"})
    report = PeriodicReport.objects.get(area_id="370999")
    assert answer.url == f"/reports/{report.pk}/"
    said = {"deed": "save", "words": "全区验收。", "seen": str(report.version), **MINUTES}
    for wrong, told in ({"minutes_present": ""}, "参加人员"), ({"minutes_held_on": "2021-10-01"}, "2021-10-01"):
        refused = client.post(answer.url, said | wrong)
        assert refused.status_code == 422 and told in refused.context["fault"]
        assert MINUTES["minutes_words"] in refused.content.decode(), "what was typed stays"
    report.refresh_from_db()
    assert not MeetingMinutes.objects.exists() and report.words != said["words"], "all of it or nothing"
    assert client.post(answer.url, said).status_code == 302
    report.refresh_from_db()
    page = client.post(answer.url, said | {"deed": "freeze", "seen": str(report.version)})
    assert page.status_code == 302
    assert MINUTES["minutes_words"] in client.get(answer.url).content.decode()
    kept = PeriodicReport.objects.get(pk=report.pk)
    assert periodic.content_hash(kept) == kept.content_hash
    MeetingMinutes.objects.filter(report=kept).update(words="会上另有决定。")
    assert periodic.content_hash(kept) != kept.content_hash and client.get(answer.url).context["holds"] is False
    MeetingMinutes.objects.filter(report=kept).update(words=MINUTES["minutes_words"])
    assert client.post(answer.url, {"deed": "save", "words": "x", "seen": "3"}).status_code == 409
    book = openpyxl.load_workbook(BytesIO(client.get(f"{answer.url}?xlsx=1").content), data_only=True)
    rows = list(book.worksheets[0].iter_rows(min_row=3, values_only=True))
    assert rows[0][2] + rows[1][2] == rows[2][2] == 13
    printed = client.get(f"{answer.url}?print=1").content.decode()
    assert "全区验收" in printed and "张示例" in printed and MINUTES["minutes_words"] in printed
    told = {str(row[0]): row[1] for row in book.worksheets[1].iter_rows(values_only=True)}
    assert told["会议纪要"] == MINUTES["minutes_words"]
    assert client.get("/reports/?rhythm=month&on=nonsense").status_code == 200
    assert sign_in(county.staff["auditor"]).post("/reports/", {"rhythm": "week", "on": "2021-10-27"}).status_code == 403


@pytest.mark.django_db
def test_who_has_not_reported_is_reminded(county: World, settings: Any) -> None:
    settings.PORTAL_TODAY = "2021-11-03"
    scope = Scope(county.staff["clerk_a"], county.programme, "370999001")
    told = {todo.url: todo.due for todo in todos.todos_for(scope) if "/reports/" in todo.url}
    week = "/reports/?rhythm=week&on=2021-10-25"
    assert told[week] == dt.date(2021, 11, 1)
    report = periodic.open_report(
        programme=county.programme, area_code="370999001", period=WEEK, by=county.staff["clerk_a"]
    )
    periodic.freeze_report(report=report, by=county.staff["clerk_a"])
    assert week not in {todo.url for todo in todos.todos_for(scope)}
    inspector = Scope(county.staff["inspector"], county.programme, "370999")
    assert not [todo for todo in todos.todos_for(inspector) if "/reports/" in todo.url]


@pytest.mark.django_db
def test_the_named_writer_is_reminded_and_the_office_of_who_owes(county: World, sign_in: SignIn, settings: Any) -> None:
    settings.PORTAL_TODAY = "2021-11-03"
    client = sign_in(county.staff["office"])
    writer = people.user("town_staff", "370999001")
    form = {"rhythm": "week", "on": "2021-10-27", "deed": "name", "place": "370999001", "person": str(writer.pk)}
    assert client.post("/reports/", form).status_code == 302
    assert NamedReporter.objects.get().person == writer
    assert client.post("/reports/", form | {"person": str(county.staff["inspector"].pk)}).status_code == 422
    with pytest.raises(Refused, match="NOT_A_WRITER"):
        periodic.name_reporter(
            programme=county.programme, area_code="370999001", rhythm="week", person=county.staff["clerk_b"],
            by=county.staff["office"],
        )  # fmt: skip
    week = "/reports/?rhythm=week&on=2021-10-25"
    told = {who.pk: {todo.url for todo in todos.todos_for(Scope(who, county.programme, "370999001"))}
            for who in (writer, county.staff["clerk_a"])}  # fmt: skip
    assert week in told[writer.pk] and week not in told[county.staff["clerk_a"].pk]
    office = Scope(county.staff["office"], county.programme, "370999")
    owed = [todo for todo in todos.todos_for(office) if todo.url == f"{week}#places"]
    assert len(owed) == 1 and "甲镇" in owed[0].detail and "乙镇" in owed[0].detail
    report = periodic.open_report(programme=county.programme, area_code="370999001", period=WEEK, by=writer)
    periodic.freeze_report(report=report, by=writer)
    (left,) = [todo for todo in todos.todos_for(office) if todo.url == f"{week}#places"]
    assert "甲镇" not in left.detail and "乙镇" in left.detail
    html = client.get("/reports/?rhythm=week&on=2021-10-27").content.decode()
    assert writer.person_name in html and "2021-11-05" in html, "the monthly report is due on the 5th"


@pytest.mark.django_db
@pytest.mark.clause(
    "L-75", "上报区办汇总分析并及时上报市办", serves="reports.queries.periodic:units_of",
    page="reports:periodic-detail",
    model="reports.PeriodicReport",
)  # fmt: skip
def test_units_roll_up_to_the_district_and_districts_to_the_city(county: World, sign_in: SignIn) -> None:
    quarter = period_of("quarter", dt.date(2021, 10, 27))
    town = periodic.open_report(
        programme=county.programme, area_code="370999001", period=quarter, by=county.staff["clerk_a"]
    )  # fmt: skip
    assert town.figures["units"] == [], "villages write no reports"
    town = periodic.freeze_report(report=town, by=county.staff["clerk_a"], on=dt.date(2022, 1, 12))
    district = periodic.open_report(
        programme=county.programme, area_code="370999", period=quarter, by=county.staff["office"]
    )  # fmt: skip
    units = {one["name"]: (one["hash"], one["late"]) for one in district.figures["units"]}
    assert units == {"甲镇": (town.content_hash, 2), "乙镇": ("", None)}
    assert "乙镇" in district.words, "who has not handed in is said"
    district = periodic.freeze_report(report=district, by=county.staff["office"])
    city = people.user("office", "3709")
    whole = periodic.open_report(programme=county.programme, area_code="3709", period=quarter, by=city)
    assert [one["code"] for one in whole.figures["places"]] == ["370999"], "a city's report is over its counties"
    assert [one["hash"] for one in whole.figures["units"]] == [district.content_hash]
    standing = standings(Scope(city, county.programme, "3709"), quarter, quarter.due)
    assert [(one.area.code, one.state) for one in standing] == [("3709", "draft"), ("370999", "frozen")]
    html = sign_in(city).get(f"/reports/{whole.pk}/").content.decode()
    assert district.content_hash[:12] in html
