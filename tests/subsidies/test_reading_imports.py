"""A company's Excel: on trial first, applied once whatever dies, taken back while unused; the same file is one file."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.test import override_settings
from openpyxl import Workbook as Excel

from core.refusals import Refused
from households.models import Dwelling, MeterReading
from jobs.models import Job
from jobs.running import run_job
from subsidies.models import Entitlement, ReadingImport
from subsidies.services import reading_imports as imports
from tests import people
from tests.subsidies.conftest import OTHER_TOWN, VILLAGE, Money, make_money
from tests.subsidies.test_crashes import Killed, dying_at
from tests.subsidies.test_readings import SPRING, TODAY, amounts, entry, record, shared_home

HEAD = (
    "序号",
    "用户编号",
    "电能表编号",
    "用户名称",
    "上次抄表日期",
    "本次抄表日期",
    "上次示数",
    "本次示数",
    "用电量（千瓦时）",
)
Row = tuple[Any, ...]


def sheet(*rows: Row, head: Row = HEAD, path: Any) -> bytes:
    """An invented company's workbook with two title rows."""
    book = Excel()
    page = book.active
    page.title = "抄表"
    page.append(["示例供电公司（虚构）"])
    page.append([])
    page.append(head)
    for row in rows:
        page.append(row)
    file = path / f"{uuid4().hex}.xlsx"
    book.save(file)
    return file.read_bytes()


def start(money: Money, content: bytes, *, area: str = VILLAGE[:6], carrier: str = "electricity") -> ReadingImport:
    made, _fresh = imports.start_import(
        programme=money.programme, area=people.area(area), carrier=carrier, content=[content], file_name="抄表.xlsx",
        by=money.clerk,
    )  # fmt: skip
    return imports.check_import(made.pk, today=TODAY)


def apply(money: Money, made: ReadingImport) -> ReadingImport:
    return imports.apply_import(made.pk, digest=made.plan_digest, by=money.clerk, today=TODAY)


def home_with(money: Money, meter: str, **more: Any) -> Dwelling:
    return money.accepted(**({"meter_no": meter} | more)).dwelling


def season_row(n: int, home: Dwelling, **more: Any) -> Row:
    values = {
        "who": home.dwelling_no,
        "meter": home.meter_no,
        "name": "",
        "start": "100",
        "end": "1100",
        "used": "1000",
    }
    said = values | more
    return (
        n,
        said["who"],
        said["meter"],
        said["name"],
        "2021-10-31",
        "2022-03-31",
        said["start"],
        said["end"],
        said["used"],
    )


@pytest.fixture
def file(tmp_path: Any) -> Any:
    return lambda *rows, **more: sheet(*rows, path=tmp_path, **more)


@pytest.mark.django_db
def test_on_trial_nothing_is_stored_and_applied_it_feeds_the_rules(money: Money, file: Any) -> None:
    homes = [home_with(money, f"M{n}") for n in range(3)]
    made = start(money, file(
        season_row(1, homes[0]), season_row(2, homes[1], who="", end="90", used=""), season_row(3, homes[2], meter=""),
    ))  # fmt: skip
    assert MeterReading.objects.count() == 0
    assert made.counts == {
        "rows": 3, "lines": 3, "problems": 0, "counted": 2, "confirms": 0, "held": 1, "same": 0,
    }  # fmt: skip
    assert made.held == [{"where": "抄表!H5", "codes": ["BACKWARDS"], "dwelling": homes[1].dwelling_no}]
    apply(money, made)
    assert sorted(MeterReading.objects.values_list("state", flat=True)) == ["counted", "counted", "held"]
    money.assess(on=TODAY, now=SPRING)
    assert [amounts(home) for home in homes] == [
        [("2021-2022", "due", 20_000)], [("2021-2022", "undefined", None)], [("2021-2022", "due", 20_000)],
    ]  # fmt: skip
    row = MeterReading.objects.filter(dwelling=homes[0]).get()
    assert (row.document, row.cell, row.source) == (made.file, "抄表!H4", "power_company")


@pytest.mark.django_db
def test_every_row_that_is_not_taken_says_where_and_why(money: Money, file: Any) -> None:
    one, other = home_with(money, "M1"), home_with(money, "M2")
    far = people.dwelling(OTHER_TOWN, meter_no="M9")
    second = people.dwelling(VILLAGE, household=one.household)
    made = start(money, file(
        season_row(1, one, meter="M2"), season_row(2, far), season_row(3, one, who="没有", meter=""),
        season_row(4, one, who=one.household.household_no, meter=""), season_row(5, other, meter="", name="别人"),
        (6, other.dwelling_no, "M2", "", "2022-03-31", "2022-04-13", "1", "2", "1"),
        season_row(7, other), season_row(8, other), season_row(9, other, end="1200", used="1100"),
        season_row(10, one, start="一", who="", meter=""),
    ), area=VILLAGE[:9])  # fmt: skip
    assert second.household_id == one.household_id
    assert [row["where"] for row in made.problems if row["code"] in ("OTHER_HOME", "FUTURE")] == ["抄表!C4", "抄表!F9"]
    assert {row["code"] for row in made.problems} == {
        "WHO_MISSING", "UNKNOWN_HOME", "SEVERAL_HOMES", "OTHER_HOME", "NAME_DIFFERS", "TWICE_IN_FILE", "FUTURE",
        "FIGURE_UNREADABLE",
    }  # fmt: skip
    assert made.counts["lines"] == 1
    assert len(made.problems) == 9


@pytest.mark.django_db
def test_the_same_file_is_one_import_and_its_lines_once(money: Money, file: Any) -> None:
    home = home_with(money, "M1")
    content = file(season_row(1, home))
    first = apply(money, start(money, content))
    again, fresh = imports.start_import(
        programme=money.programme, area=people.area(VILLAGE), carrier="electricity", content=[content],
        file_name="再传.xlsx", by=money.clerk,
    )  # fmt: skip
    assert (again.pk, fresh) == (first.pk, False)
    assert apply(money, first).state == "applied"
    other = start(money, file(season_row(1, home), (), ("合计",)))
    assert other.counts["same"] == 1
    apply(money, other)
    assert MeterReading.objects.count() == 1


@pytest.mark.django_db
def test_what_was_shown_is_what_is_applied(money: Money, file: Any) -> None:
    home = home_with(money, "M1")
    made = start(money, file(season_row(1, home)))
    record(money, entry(home, "2021-11-01", "2021-11-30", quantity=900, source="clerk"))
    with pytest.raises(Refused, match="PLAN_CHANGED"):
        apply(money, made)
    assert imports.check_import(made.pk, today=TODAY).counts["held"] == 1


@pytest.mark.django_db
def test_taken_back_while_no_amount_rests_on_it(money: Money, file: Any) -> None:
    home = home_with(money, "M1")
    made = apply(money, start(money, file(season_row(1, home))))
    money.assess(on=TODAY, now=SPRING)
    with pytest.raises(Refused, match="IMPORT_USED"):
        imports.undo_import(made=made, reason="传错", by=money.clerk)
    Entitlement.objects.filter(benefit_kind="RUNNING").update(state="void")
    assert imports.undo_import(made=made, reason="传错", by=money.clerk) == 1
    assert list(MeterReading.objects.values_list("state", flat=True)) == ["withdrawn"]
    with pytest.raises(Refused, match="READING_STATE"):
        imports.undo_import(made=made, reason="传错", by=money.clerk)
    anew = start(money, file(season_row(1, home)))
    assert (anew.pk != made.pk, apply(money, anew).counts["counted"]) == (True, 1)


@pytest.mark.django_db
def test_a_shared_meter_of_a_file_becomes_one_held_line_for_each_home(money: Money, file: Any) -> None:
    homes = shared_home(money, 2)
    made = start(money, file((1, "", "共M1", "", "2021-10-31", "2022-03-31", "0", "900", "900")))
    assert (made.counts["lines"], made.counts["held"]) == (2, 2)
    apply(money, made)
    assert set(MeterReading.objects.values_list("dwelling_id", flat=True)) == {home.pk for home in homes}


@pytest.mark.django_db
def test_gas_by_month_and_files_that_are_no_tables(money: Money, file: Any) -> None:
    home = home_with(money, "")
    head = ("燃气户号", "账期", "用气量(m³)")
    made = start(money, file((home.dwelling_no, "202111", "88.5"), head=head), carrier="gas")
    assert apply(money, made).counts["counted"] == 1
    row = MeterReading.objects.get()
    assert (row.carrier, row.ends_on, row.source) == ("gas", dt.date(2021, 11, 30), "gas_company")
    refused = start(money, b"PK\x03\x04 nothing")
    assert (refused.state, len(refused.problems)) == ("refused", 1)
    assert [one["code"] for one in start(money, file(("x",), head=("随便",))).problems] == ["NO_HEADER"]


@pytest.mark.django_db
def test_only_who_records_readings_there(money: Money, file: Any) -> None:
    with pytest.raises(PermissionDenied):
        imports.start_import(
            programme=money.programme, area=people.area(VILLAGE), carrier="electricity", content=[file()],
            file_name="x.xlsx", by=money.maker,
        )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_killed_at_any_statement_it_is_applied_exactly_once(file: Any) -> None:
    money = make_money()
    homes = [home_with(money, f"M{n}") for n in range(3)]
    made = start(money, file(*(season_row(n, home) for n, home in enumerate(homes))))
    points = 0
    for statement in range(1, 100):
        try:
            with dying_at(statement):
                apply(money, made)
            break
        except Killed:
            points += 1
            assert MeterReading.objects.count() == 0, f"after statement {statement}"
    assert points >= 8
    assert apply(money, made).state == "applied"
    assert MeterReading.objects.filter(state="counted").count() == 3


@pytest.mark.django_db
def test_the_jobs_do_it_in_the_background(money: Money, file: Any) -> None:
    home = home_with(money, "M1")
    made, _fresh = imports.start_import(
        programme=money.programme, area=people.area(VILLAGE), carrier="electricity", by=money.clerk,
        content=[file(season_row(1, home))], file_name="x.xlsx",
    )  # fmt: skip
    assert run_job(made.job_id) == "done"
    made.refresh_from_db()
    with pytest.raises(Refused, match="PLAN_CHANGED"):
        imports.ask_to_apply(made=made, digest="x", by=money.clerk)
    job = imports.ask_to_apply(made=made, digest=made.plan_digest, by=money.clerk)
    assert run_job(job.pk) == "done"
    assert run_job(job.pk) == "not waiting"
    assert Job.objects.get(pk=job.pk).result["url"].endswith(f"/{made.pk}/")
    assert MeterReading.objects.count() == 1


@pytest.mark.django_db
@override_settings(PORTAL_TODAY="2022-04-12")
def test_the_commands_do_the_same(money: Money, file: Any, tmp_path: Any) -> None:
    home = home_with(money, "M1")
    path = tmp_path / "抄表.xlsx"
    path.write_bytes(file(season_row(1, home), season_row(2, home, who="无", meter="")))
    who = {"by": money.clerk.username, "area": VILLAGE, "programme": money.programme.code}

    def said(**more: Any) -> dict[str, Any]:
        out = StringIO()
        call_command("import_readings", str(path), json=True, stdout=out, **who, **more)
        return json.loads(out.getvalue())

    trial = said()
    assert (trial["state"], trial["counts"]["counted"], trial["problems"][0]["where"]) == ("checked", 1, "抄表!B5")
    assert MeterReading.objects.count() == 0
    assert said(apply=True)["state"] == "applied"
    assert said(apply=True)["state"] == "applied"
    assert MeterReading.objects.count() == 1
    out = StringIO()
    call_command(
        "settle_season", programme=money.programme.code, season=2021, by=money.maker.username, propose=True, stdout=out
    )
    assert amounts(home) == [("2021-2022", "due", 20_000)]
