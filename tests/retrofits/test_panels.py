"""Joint acceptance: six departments, six persons, once each; a seventh is refused, by the database too."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from programmes.departments import keep_department, rename_department
from programmes.models import Department, Programme
from reports.queries.scope import Scope
from reports.queries.todos import todos_for
from retrofits.models import JointAcceptance, LevelCheck, PanelSeat, Task
from retrofits.services.acceptances import record_acceptance
from retrofits.services.levels import record_level
from retrofits.services.panels import open_sheet, return_sheet, sign_sheet
from tests import people
from tests.retrofits.conftest import DAY, VILLAGE, Works
from tests.retrofits.test_pages import client_of, page

DEPARTMENTS = ["住建局", "发改局", "财政局", "农业农村局", "生态环境局", "审计局"]


def member(department: str, **more: Any) -> User:
    """A person who stands for a department of the county; the unit of the account says something else."""
    known = keep_department(area="370999", name=f"示例县{department}")
    return people.bind(people.user("panel_member", "370999", **more), known)


def accepted(works: Works) -> Task:
    task = works.ready()
    record_acceptance(
        task=task, request_id=uuid.uuid4(), result="passed", visit=works.visit(), by=works.inspector, on=DAY
    )
    return task


def sheet_of(works: Works, homes: int = 1) -> JointAcceptance:
    works.programme.panels.get_or_create(code="six", defaults={"departments": DEPARTMENTS, "clause": "L-41"})
    for _n in range(homes):
        accepted(works)
    return open_sheet(programme=works.programme, area_code=VILLAGE, year=2021, by=works.office)


def sign(sheet: JointAcceptance, by: User) -> JointAcceptance:
    return sign_sheet(sheet=sheet, by=by, now=clock.now())


def refused(sheet: JointAcceptance, by: User) -> str:
    with pytest.raises(Refused) as refusal:
        sign(sheet, by)
    return refusal.value.code


@pytest.mark.clause(
    "L-41", "联合发改局、财政局、农业农村局、环保局、审计局等部门验收", serves="retrofits.services.panels:sign_sheet",
    page="retrofits:joint-detail", model="retrofits.PanelSeat",
)  # fmt: skip
def test_six_departments_sign_and_a_seventh_is_refused(works: Works) -> None:
    sheet = sheet_of(works)
    for department in DEPARTMENTS[:-1]:
        assert sign(sheet, member(department)).state == "open"
    assert sign(sheet, member(DEPARTMENTS[-1])).state == "passed"
    assert refused(sheet, member("市场监管局")) == "SHEET_CLOSED"
    assert PanelSeat.objects.filter(joint=sheet).count() == 6


def test_an_open_sheet_waits_for_departments_that_have_not_signed(works: Works) -> None:
    sheet, url = sheet_of(works), "/works/joint/"

    def waits(user: User) -> list[str]:
        fresh, programme = User.objects.get(pk=user.pk), Programme.objects.get(pk=works.programme.pk)
        return [one.url for one in todos_for(Scope(fresh, programme, "370999")) if url in one.url]

    housing, money = member(DEPARTMENTS[0]), member(DEPARTMENTS[2])
    twin = member(DEPARTMENTS[1], person_no=housing.person_no)
    signers = (housing, money, twin)
    assert [waits(one) for one in signers] == [[f"{url}{sheet.pk}/"]] * 3
    assert waits(member("市场监管局")) == waits(people.user("panel_member", "370999")) == waits(works.office) == []
    sign(sheet, housing)
    assert [waits(one) for one in signers] == [[], [f"{url}{sheet.pk}/"], []]
    phase = works.programme.phases.create(
        code="acceptance-2021", name="验收", starts_on="2021-01-01", ends_on="2021-01-31", goal_year=2021
    )
    assert waits(money) == []
    phase.ends_on = clock.today() + timedelta(days=5)
    phase.save()
    assert waits(money) == [f"{url}{sheet.pk}/"]
    return_sheet(sheet=sheet, reason="缺材料", by=works.office, now=clock.now())
    assert waits(money) == []


def test_one_person_signs_once_whatever_the_account(works: Works) -> None:
    sheet, person = sheet_of(works), member("财政局")
    sign(sheet, person)
    assert refused(sheet, person) == "PERSON_SIGNED"
    assert refused(sheet, member("审计局", person_no=person.person_no)) == "PERSON_SIGNED"


def test_a_department_signs_once(works: Works) -> None:
    sheet = sheet_of(works)
    sign(sheet, member("财政局"))
    assert refused(sheet, member("财政局")) == "DEPARTMENT_SIGNED"


def test_who_stands_for_no_department_of_the_panel_does_not_sign(works: Works) -> None:
    """Bound by key: a unit of the same name gives nothing, another name of the department takes nothing."""
    sheet = sheet_of(works)
    assert refused(sheet, member("教育局")) == "NOT_OF_PANEL"
    namesake = people.user("panel_member", "370999")
    User.objects.filter(pk=namesake.pk).update(unit="示例县财政局")
    assert refused(sheet, User.objects.get(pk=namesake.pk)) == "NOT_OF_PANEL"
    far = keep_department(area=people.area("371099"), name="示例县财政局")
    assert refused(sheet, people.bind(people.user("panel_member", "370999"), far)) == "NOT_OF_PANEL"
    person = member("财政局")
    rename_department(department=Department.objects.get(area="370999", name="示例县财政局"), name="示例县财政金融局")
    assert sign(sheet, person).seats.get().department == "财政局"


def test_without_the_grant_nobody_signs(works: Works) -> None:
    clerk = people.bind(works.clerk, keep_department(area="370999", name="示例县财政局"))
    with pytest.raises(PermissionDenied):
        sign(sheet_of(works), clerk)


def test_the_inspector_does_not_sign_for_own_homes(works: Works) -> None:
    sheet = sheet_of(works)
    assert refused(sheet, member("财政局", person_no=works.inspector.person_no)) == "OWN_ACCEPTANCE"


@pytest.mark.parametrize("changes", [{"department": "财政局"}, {"person_no": "P-1"}, {}])
def test_the_database_itself_refuses_a_seat_too_many(works: Works, changes: dict[str, str]) -> None:
    sheet = sheet_of(works)
    first = 1 if changes else 6
    for n in range(first):
        PanelSeat.objects.create(joint=sheet, department=DEPARTMENTS[n], signer=works.office, person_no=f"P-{n + 1}")
    if "department" in changes:
        changes = {"department": DEPARTMENTS[0]}
    fields = {"department": "第七局", "person_no": "P-7", **changes}
    with pytest.raises(IntegrityError), transaction.atomic():
        PanelSeat.objects.create(joint=sheet, signer=works.office, **fields)
    assert sheet.seats.count() == first


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_sign_at_once_each_department_does_once(works: Works) -> None:
    sheet, gate = sheet_of(works), Barrier(8)
    everybody = [member(department) for department in [*DEPARTMENTS, "财政局", "审计局"]]

    def one(by: User) -> str:
        gate.wait()
        try:
            with acting(by):
                return sign(JointAcceptance.objects.get(pk=sheet.pk), by).state
        except Refused as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(one, everybody))
    assert outcomes.count("passed") == 1
    assert outcomes.count("open") == 5
    assert set(outcomes) - {"open", "passed"} <= {"DEPARTMENT_SIGNED", "SHEET_CLOSED", "SEAT_TAKEN"}
    assert (PanelSeat.objects.count(), JointAcceptance.objects.get().state) == (6, "passed")


@pytest.mark.clause(
    "L-42", "发改、财政、审计、住建、农业农村", serves="retrofits.services.panels:open_sheet",
    page="retrofits:joint-list", model="retrofits.JointAcceptance",
)  # fmt: skip
def test_the_panel_of_a_year_goes_before_the_usual_one(works: Works) -> None:
    five = ["发改局", "财政局", "审计局", "住建局", "农业农村局"]
    works.programme.panels.create(code="six", departments=DEPARTMENTS, clause="L-41")
    works.programme.panels.create(code="five", departments=five, year=2021, clause="L-42")
    accepted(works)
    sheet = open_sheet(programme=works.programme, area_code=VILLAGE, year=2021, by=works.office)
    assert (sheet.departments, sheet.seat_count, sheet.clause) == (five, 5, "L-42")


def test_a_programme_without_a_panel_has_no_joint_acceptance(works: Works) -> None:
    accepted(works)
    with pytest.raises(Refused) as refusal:
        open_sheet(programme=works.programme, area_code=VILLAGE, year=2021, by=works.office)
    assert refusal.value.code == "NO_PANEL"


def test_a_home_stands_on_one_sheet_and_after_a_return_on_another(works: Works) -> None:
    sheet = sheet_of(works, homes=2)
    with pytest.raises(Refused) as refusal:
        open_sheet(programme=works.programme, area_code=VILLAGE, year=2021, by=works.office)
    assert refusal.value.code == "NO_HOMES"
    with pytest.raises(Refused) as refusal:
        return_sheet(sheet=sheet, reason=" ", by=works.office, now=clock.now())
    assert refusal.value.code == "REASON_MISSING"
    return_sheet(sheet=sheet, reason="两户照片缺失", by=works.office, now=clock.now())
    again = open_sheet(programme=works.programme, area_code=VILLAGE, year=2021, by=works.office)
    assert again.homes.count() == 2
    assert refused(sheet, member("财政局")) == "SHEET_CLOSED"


def test_the_pages_sign_and_print_with_a_seal_for_each_department(works: Works) -> None:
    sheet = sheet_of(works)
    person = client_of(member("财政局"))
    assert person.post(page("joint-sign", sheet.pk)).status_code == 302
    assert person.post(page("joint-sign", sheet.pk)).status_code == 422
    printed = person.get(page("joint-print", sheet.pk)).content.decode()
    assert printed.count("seals__box") == 6
    assert "5" in person.get(page("joint-list")).content.decode()


def test_without_departments_in_its_document_no_sheet_is_offered(works: Works) -> None:
    accepted(works)
    office, form = client_of(works.office), page("joint-open")
    assert form not in (shown := office.get(page("joint-list")).content.decode()) and "本方案没有联合验收" in shown
    works.programme.panels.create(code="six", departments=DEPARTMENTS, clause="L-41", year=2021)
    shown = office.get(page("joint-list")).content.decode()
    assert form in shown and "<option>2021</option>" in shown


def record(works: Works, level: str, result: str = "passed", **more: Any) -> LevelCheck:
    values = {"year": 2021, "held_on": DAY, "note": "", "by": works.office, "on": DAY} | more
    return record_level(programme=works.programme, level=level, **({"result": result} | values))


@pytest.mark.clause(
    "D-47", "各县区组织验收，报市领导小组办公室", serves="retrofits.services.levels:record_level",
    page="retrofits:joint-list", model="retrofits.LevelCheck",
)  # fmt: skip
@pytest.mark.clause(
    "L-43", "自查验收…通过吴忠市验收…国家项目验收", serves="retrofits.services.levels:record_level",
    page="retrofits:joint-list", model="retrofits.LevelCheck",
)  # fmt: skip
def test_levels_follow_one_another(works: Works) -> None:
    accepted(works)
    for level in ("city", "national"):
        with pytest.raises(Refused) as refusal:
            record(works, level)
        assert refusal.value.code == "LEVEL_ORDER"
    assert record(works, "self", "failed", note="两户未整改").result == "failed"
    assert record(works, "self").figures == {"homes": 1, "accepted": 1, "rectify": 0}
    with pytest.raises(Refused) as refusal:
        record(works, "self")
    assert refusal.value.code == "LEVEL_PASSED"
    assert [record(works, level).level for level in ("city", "national")] == ["city", "national"]


def test_the_next_year_s_levels_can_be_recorded_when_all_of_the_first_have_passed(works: Works) -> None:
    accepted(works)
    Programme.objects.filter(pk=works.programme.pk).update(year_to=2022)
    works.programme.refresh_from_db()
    client = client_of(works.office)

    def offered() -> tuple[list[int], str]:
        shown = client.get(page("joint-list")).context
        return shown["due_years"], shown["due"]

    record(works, "self")
    assert offered() == ([2021, 2022], "city")
    for level in ("city", "national"):
        record(works, level)
    assert offered() == ([2022], "self")
    sent = {"year": "2022", "level": "self", "result": "passed", "held_on": "0021-12-01"}
    assert client.post(page("level-record"), sent).status_code == 422
    assert client.post(page("level-record"), sent | {"held_on": DAY.isoformat()}).status_code == 302
    assert offered() == ([2022], "city")


@pytest.mark.parametrize(
    ("more", "code"),
    [({"year": 2020}, "YEAR_OUTSIDE"), ({"held_on": DAY.replace(day=9)}, "HELD_LATER"),
     ({"result": "failed"}, "NOTE_MISSING"), ({"result": "maybe"}, "LEVEL_UNKNOWN")],
)  # fmt: skip
def test_a_level_that_can_not_be_is_refused(works: Works, more: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        record(works, "self", **more)
    assert refusal.value.code == code
