"""The plan of the works by place, who leads there, and days that become to-dos of those who answer for them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from core.refusals import Refused
from programmes.milestones import change_milestone, plan_milestone
from programmes.models import Deadline, Milestone, Principle, SubProgramme
from programmes.plan_queries import acceptance_panel, lead_units, rollout_order
from reports.queries.scope import Scope
from reports.queries.todos import Todo, todos_for
from tests import people
from tests.programmes.browsing import ONE, TOWN, TWO, Plan, browser, small_plan
from tests.programmes.conftest import LoadPreset

pytestmark = pytest.mark.django_db
OTHER_TOWN = "370999002"


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(settings, "PORTAL_TODAY", "2021-09-20", raising=False)
    return small_plan()


def steps_url(plan: Plan) -> str:
    return f"{plan.url}steps/"


def planned(plan: Plan, client: Client, **more: str) -> Any:
    sent = {"area": ONE, "name": "入户安装", "planned_on": "2021-09-10", "note": ""}
    return client.post(f"{plan.url}steps/new/", sent | more)


@pytest.mark.clause(
    "T-46", "制定完善的建设推进计划…按照时间节点", serves="programmes.milestones:plan_milestone",
    page="programmes:milestone-list", model="programmes.Milestone",
)  # fmt: skip
def test_a_town_plans_its_steps_and_says_when_they_were_reached(plan: Plan) -> None:
    clerk = browser(people.user("town_staff", TOWN))
    planned(plan, clerk)
    step = Milestone.objects.get(area_id=ONE)
    html = clerk.get(steps_url(plan)).content.decode()
    assert "入户安装" in html and "2021-09-10" in html and "逾期" in html
    sent = {"version": "1", "planned_on": "2021-09-10", "actual_on": "2021-09-15"}
    clerk.post(f"/programmes/steps/{step.pk}/", sent)
    step.refresh_from_db()
    assert (step.planned_on, step.actual_on, step.version) == (date(2021, 9, 10), date(2021, 9, 15), 2)
    assert "2021-09-15" in clerk.get(steps_url(plan)).content.decode()


@pytest.mark.clause(
    "J-70", "任务书、时间表、路线图和责任人", serves="programmes.milestones:plan_milestone",
    page="programmes:milestone-list", model="programmes.Milestone",
)  # fmt: skip
def test_each_step_names_its_day_its_department_and_who_answers_for_it(plan: Plan) -> None:
    clerk = browser(people.user("town_staff", TOWN))
    planned(plan, clerk, responsible="李样本")
    steps = {"area": TWO, "planned_on": "2021-12-10", "steps": "摸底 10\n安装 30", "responsible": "王测试"}
    clerk.post(f"{plan.url}steps/new/", steps)
    assert sorted(Milestone.objects.values_list("name", "planned_on", "responsible")) == [
        ("入户安装", date(2021, 9, 10), "李样本"), ("安装", date(2021, 12, 10), "王测试"),
        ("摸底", date(2021, 11, 10), "王测试"),
    ]  # fmt: skip
    html = clerk.get(steps_url(plan)).content.decode()
    assert "责任人" in html and "李样本" in html and "王测试" in html


def test_a_town_keeps_to_its_own_places(plan: Plan) -> None:
    people.area(OTHER_TOWN)
    stranger = browser(people.user("town_staff", OTHER_TOWN))
    assert planned(plan, stranger).status_code == 404
    planned(plan, browser(plan.office))
    step = Milestone.objects.get()
    sent = {"version": "1", "planned_on": "2021-09-11"}
    assert stranger.post(f"/programmes/steps/{step.pk}/", sent).status_code == 404
    assert "入户安装" not in stranger.get(steps_url(plan)).content.decode()
    assert planned(plan, browser(people.user("village_staff", ONE))).status_code == 403


def test_a_day_without_its_year_lies_in_the_programme_s(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PORTAL_TODAY", "2026-11-20", raising=False)
    assert planned(plan, browser(people.user("town_staff", TOWN)), planned_on="9-1").status_code == 302
    assert Milestone.objects.get().planned_on == date(2021, 9, 1)


@pytest.mark.parametrize("more", [{"planned_on": "2021-02-31"}, {"planned_on": ""}, {"name": " "}, {"area": "370999"}])
def test_a_step_without_day_name_or_place_is_refused(plan: Plan, more: dict[str, str]) -> None:
    answer = planned(plan, browser(plan.office), **more)
    assert Milestone.objects.count() == 0
    assert answer.status_code == 422 or "area" in more
    if answer.status_code == 422:  # nothing that was typed is gone
        page = answer.content.decode()
        assert "error-summary" in page and f'value="{more.get("name", "入户安装")}"' in page


def test_the_same_step_twice_and_a_day_to_come_are_refused(plan: Plan) -> None:
    area = people.area(TWO)
    given: dict[str, Any] = {"programme": plan.programme, "area": area, "name": "验收", "by": plan.office}
    step = plan_milestone(planned_on=date(2021, 9, 10), **given)
    with pytest.raises(Refused, match="ALREADY_PLANNED"):
        plan_milestone(planned_on=date(2021, 9, 11), **given)
    changed: dict[str, Any] = {"milestone": step, "planned_on": step.planned_on, "by": plan.office}
    with pytest.raises(Refused, match="DAY_TO_COME"):
        change_milestone(version=1, actual_on=date(2021, 9, 21), **changed)
    change_milestone(version=1, actual_on=date(2021, 9, 20), **changed)
    with pytest.raises(Refused, match="CHANGED"):
        change_milestone(version=1, actual_on=None, **changed)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"planned_on": "2021-02-31"}, 422), ({"actual_on": "下周"}, 422), ({"actual_on": "2021-09-21"}, 422),
     ({"version": "7"}, 409)],
)  # fmt: skip
def test_a_refused_change_of_a_step_leads_back_to_its_form(plan: Plan, wrong: dict[str, str], status: int) -> None:
    """The page of a refusal opens the form again as it was sent (refused.js); a redirect would have lost it."""
    client = browser(plan.office)
    planned(plan, client)
    sent = {"version": "1", "planned_on": "2021-09-12", "actual_on": "", "note": "等待电表"}
    answer = client.post(f"/programmes/steps/{Milestone.objects.get().pk}/", sent | wrong)
    assert answer.status_code == status
    assert f'href="{steps_url(plan)}" data-refused' in answer.content.decode()
    assert Milestone.objects.get().version == 1


def todos(plan: Plan, role: str, area: str = "370999") -> list[Todo]:
    return todos_for(Scope(people.user(role, area), plan.programme, area))


@pytest.mark.django_db
@pytest.mark.parametrize(("settings_day", "told"), [("2021-07-01", False), ("2021-06-01", True)])
def test_after_the_day_of_the_village_lists_the_villages_are_told_not_the_day(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, settings_day: str, told: bool
) -> None:
    Deadline.objects.create(
        programme=plan.programme, code="roster", name="名单上报", due_on=date(2021, 7, 1), remind_days=[7],
        role="town_staff",
    )  # fmt: skip
    plan.programme.settings = {"roster_deadline": settings_day}
    plan.programme.save()
    monkeypatch.setattr(settings, "PORTAL_TODAY", "2021-06-28", raising=False)
    assert [todo for todo in todos(plan, "town_staff", TOWN) if todo.title == "名单上报"]
    monkeypatch.setattr(settings, "PORTAL_TODAY", "2022-04-20", raising=False)
    assert bool([todo for todo in todos(plan, "town_staff", TOWN) if todo.title == "名单上报"]) is told


@pytest.mark.clause(
    "D-06", "每年10月底前", serves="reports.queries.todo_days:deadlines", page="home", model="programmes.Deadline"
)  # fmt: skip
@pytest.mark.parametrize(
    ("today", "words"),
    [("2021-09-30", None), ("2021-10-01", "30"), ("2021-10-31", "0"), ("2021-11-03", "3")],
)  # fmt: skip
def test_a_deadline_waits_for_those_who_answer_for_it(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, today: str, words: str | None
) -> None:
    Deadline.objects.create(
        programme=plan.programme, code="completion", name="全面完成", rhythm="yearly", day="10-31", remind_days=[30, 7],
        role="town_staff", clause="D-06",
    )  # fmt: skip
    monkeypatch.setattr(settings, "PORTAL_TODAY", today, raising=False)
    found = [todo for todo in todos(plan, "town_staff", TOWN) if todo.title == "全面完成"]
    assert [todo.due for todo in found] == ([date(2021, 10, 31)] if words else [])
    assert [todo.detail.split(" · ")[0] for todo in found] == (["D-06"] if words else [])
    left = [todo.days_left(date.fromisoformat(today)) for todo in found]
    assert [str(abs(one or 0)) for one in left] == ([words] if words else [])
    is_late = today > "2021-10-31"
    assert ["县（区）办公室" in todo.detail for todo in found] == ([is_late] if words else []), "they can't close it"
    of_office = [(todo.title, todo.detail) for todo in todos(plan, "office") if "calendar" in todo.url]
    assert of_office == ([("1 项期限已过，未登记完成", "全面完成")] if is_late else [])


def test_a_late_step_is_a_todo_until_it_is_reached(plan: Plan) -> None:
    planned(plan, browser(plan.office))
    assert "入户安装" in titles(plan, TOWN)
    assert "入户安装" not in titles(plan, OTHER_TOWN)
    Milestone.objects.update(actual_on=date(2021, 9, 19))
    assert "入户安装" not in titles(plan, TOWN)


def titles(plan: Plan, town: str) -> list[str]:
    return [todo.title for todo in todos(plan, "town_staff", town)]


@pytest.mark.clause(
    "L-63", "农业农村局牵头：高闸", serves="programmes.plan_queries:lead_units", page="programmes:programme-detail",
    model="programmes.LeadUnit",
)  # fmt: skip
@pytest.mark.clause(
    "L-64", "住建和交通局牵头：上桥", serves="programmes.plan_queries:lead_units", page="programmes:programme-detail",
    model="programmes.LeadUnit",
)  # fmt: skip
def test_the_lists_of_both_leads_and_the_town_in_both(preset: LoadPreset) -> None:
    programme = preset("litong_2021")

    def units(town: str) -> set[str]:
        return {lead.unit for lead in lead_units(programme, town)}

    assert units("640302102") == {"区农业农村局"} and units("640302106") == {"区住建和交通局"}
    assert units("640302101") == {"区农业农村局", "区住建和交通局"}  # Jinji


def test_a_village_gets_a_lead_of_its_own_and_loses_it_again(plan: Plan) -> None:
    part = SubProgramme.objects.create(programme=plan.programme, code="double", name="双替代")
    client = browser(plan.office)
    for sent in (
        {"area": TOWN, "unit": "甲局"},
        {"area": ONE, "unit": "乙局"},
        {"area": ONE, "unit": "丙局", "part": "double"},
    ):
        client.post(f"{plan.url}leads/", sent)
    assert [lead.unit for lead in lead_units(plan.programme, TWO)] == ["甲局"]
    assert {lead.unit for lead in lead_units(plan.programme, ONE, part)} == {"乙局", "丙局"}
    planned(plan, client)
    assert "丙局（双替代）" in client.get(steps_url(plan)).content.decode()
    for name in ("", "double"):
        client.post(f"{plan.url}leads/", {"area": ONE, "unit": "", "part": name})
    assert [lead.unit for lead in lead_units(plan.programme, ONE)] == ["甲局"]
    assert (
        browser(people.user("town_staff", TOWN)).post(f"{plan.url}leads/", {"area": ONE, "unit": "x"}).status_code
        == 403
    )


def test_what_a_person_set_stays_when_the_preset_is_loaded_again(preset: LoadPreset) -> None:
    from programmes.services import set_lead

    programme = preset("litong_2021")
    before, area = programme.leads.count(), people.area("640302101")
    set_lead(programme=programme, area=area, part=None, unit="区农业农村局", by=people.user("office", "640302"))
    preset("litong_2021")
    assert programme.leads.count() == before + 1


def test_places_come_in_the_order_the_document_names(plan: Plan) -> None:
    Principle.objects.create(
        programme=plan.programme, code="BY_VILLAGE", words="整村推进，由城区向外辐射", clause="D-07",
        area_classes=["built_up", "plain_rural"],
    )  # fmt: skip
    for code, kind in ((ONE, "plain_rural"), (TWO, "built_up")):
        area = people.area(code)
        area.area_class = kind
        area.save()
        planned(plan, browser(plan.office), area=code)
    assert rollout_order(plan.programme) == ["built_up", "plain_rural"]
    html = browser(plan.office).get(steps_url(plan)).content.decode()
    table = html[html.index("<tbody>") :]
    assert table.index("甲二村") < table.index("甲一村")


def test_a_panel_of_the_year_goes_before_the_one_for_every_year(plan: Plan) -> None:
    panels = plan.programme.panels
    panels.create(code="six", departments=list("abcdef"))
    panels.create(code="five", departments=list("abcde"), year=2021)
    panels.create(code="also", departments=["x"], in_use=False, year=2021)
    assert [len(acceptance_panel(plan.programme, year).departments) for year in (2021, 2022, None)] == [5, 6, 6]  # type: ignore[union-attr]


@pytest.mark.clause(
    "L-38", "明确改造户数及改造方式；倒排工期", serves="programmes.milestones:plan_backwards",
    page="programmes:milestone-list", model="programmes.Milestone",
)  # fmt: skip
def test_the_works_are_planned_back_from_their_last_day(plan: Plan) -> None:
    """Today is 2021-09-20: thirty days of works that end on 19 October begin today, a day earlier they began late."""
    clerk = browser(people.user("town_staff", TOWN))
    steps = {"steps": "摸底签约 7\n入户安装 20\n调试验收 3", "name": ""}
    planned(plan, clerk, planned_on="2021-10-18", **steps)
    assert Milestone.objects.count() == 0
    planned(plan, clerk, planned_on="2021-10-19", steps="摸底签约 7\n入户安装 0")
    assert Milestone.objects.count() == 0
    planned(plan, clerk, planned_on="2021-10-19", **steps)
    assert list(Milestone.objects.order_by("planned_on").values_list("name", "planned_on")) == [
        ("摸底签约", date(2021, 9, 26)), ("入户安装", date(2021, 10, 16)), ("调试验收", date(2021, 10, 19)),
    ]  # fmt: skip
    planned(plan, clerk, planned_on="2021-11-30", steps="交付 3\n入户安装 20")  # one is planned already: none is
    assert Milestone.objects.count() == 3
