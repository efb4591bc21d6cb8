"""Alerts that become cases, lists of relapse, orders drafted from a report; heat use, work plans and publicity."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.models import Area
from reports.models import PeriodicReport
from reports.services.orders import laggards_of
from supervision.kinds import CATEGORIES
from supervision.models import Case, SafetyEvent
from supervision.queries import late
from supervision.services import alerts
from supervision.services.cases import escalate_overdue, move_case
from supervision.services.orders import draft_orders, edit_draft
from tests import people
from tests.supervision.conftest import (
    COUNTY,
    DAY,
    FIRM,
    HOUR,
    NOW,
    OTHER_TOWN,
    TOWN,
    VILLAGE,
    Room,
    alert_of,
    client_of,
    code_of,
    heater_of,
)  # fmt: skip

ACT = "supervision:register-act"


# --- Alerts -------------------------------------------------------------------------------------------------------


@pytest.mark.clause(
    "J-76", "防止散煤“复燃”", serves="supervision.services.alerts:open_from_alert",
    page="telemetry:alert-detail", model="supervision.AlertCase",
)  # fmt: skip
def test_an_alert_becomes_a_case_by_one_press_and_shows_how_far_it_is(room: Room) -> None:
    home = people.dwelling(VILLAGE)
    alert = alert_of(heater_of(room, home))
    client, page = client_of(room.office), reverse("telemetry:alert-detail", args=[alert.pk])
    assert 'name="kind" value="relapse"' in client.get(page).content.decode()
    press = {"deed": "alert", "alert": alert.pk, "kind": "relapse"}
    assert client.post(reverse(ACT), press | {"kind": "repair"}).status_code == 422  # coal is nothing to repair
    assert client.post(reverse(ACT), press).status_code == 302
    case = Case.objects.get()
    assert (case.kind, case.source, case.dwelling, case.supplier) == ("relapse", "telemetry", home, None)
    shown = client.get(page).content.decode()
    assert case.number in shown
    assert 'value="relapse"' not in shown
    assert client.post(reverse(ACT), press).status_code == 409
    move_case(case=case, deed="confirm", words="现场有散煤", by=room.clerk, now=NOW)
    case.refresh_from_db()
    assert case.get_state_display() in client.get(page).content.decode()
    other = client_of(people.user("office", OTHER_TOWN))
    assert other.post(reverse(ACT), press).status_code == 404


def test_a_fault_becomes_a_ticket_of_the_firm_that_answers_for_the_heater(room: Room) -> None:
    heater = heater_of(room)
    case = alerts.open_from_alert(alert=alert_of(heater, "fault"), kind="repair", by=room.office, now=NOW)
    assert (case.supplier and case.supplier.name, case.heater, case.category) == (FIRM, heater, "fault")
    assert list(Case.objects.visible_to(room.firm)) == [case]
    with pytest.raises(PermissionDenied):
        alerts.open_from_alert(alert=alert_of(heater, "room_cold"), kind="repair", by=room.other_clerk, now=NOW)
    assert code_of(
        alerts.open_from_alert, alert=alert_of(heater, "quality"), kind="repair", by=room.office, now=NOW
    ) == "ALERT_NO_CASE"  # fmt: skip


def test_open_alerts_of_a_place_are_listed_as_relapse_once_and_visited_until_settled(room: Room) -> None:
    homes = [people.dwelling(VILLAGE) for _n in range(3)]
    for home, kind in zip(homes, ("coal_return", "welfare", "fault"), strict=True):
        alert_of(heater_of(room, home), kind)
    client = client_of(room.office)
    assert client.post(reverse(ACT), {"deed": "relapses"}).status_code == 302
    found = {case.dwelling_id: case.kind for case in Case.objects.all()}
    assert found == {homes[0].pk: "relapse", homes[1].pk: "non_use"}
    client.post(reverse(ACT), {"deed": "relapses"})
    assert Case.objects.count() == 2
    case = Case.objects.get(kind="relapse")
    for deed, words in (("confirm", "有炉灰"), ("visit", "已劝导"), ("visit", "炉具已收走"), ("close", "恢复使用")):
        case = move_case(case=case, deed=deed, words=words, by=room.clerk)
    assert [step.deed for step in case.steps.all()] == ["open", "confirm", "visit", "visit", "close"]


# --- Orders drafted from a report ---------------------------------------------------------------------------------

REST = dict.fromkeys(
    ("enrolled", "confirmed", "contracted", "installed", "excluded", "paid", "self_paid", "counted_only"), 0
)
PLACES = [
    REST | {"code": code, "name": name, "planned": planned, "accepted": accepted}
    for code, name, planned, accepted in (
        (TOWN, "甲镇", 100, 90), (OTHER_TOWN, "乙镇", 100, 40), ("370999003", "丙镇", None, 0),
    )
]  # fmt: skip


def report_of(room: Room) -> PeriodicReport:
    figures = {
        "places": PLACES, "whole": REST | {"planned": 200, "accepted": 130},
        "done": {"installed": 0, "accepted": 0, "failed": 0, "payments": 0, "paid_fen": 0}, "money": [],
        "behind": ["乙镇"],
    }  # fmt: skip
    return PeriodicReport.objects.create(
        programme=room.programme, area_id=COUNTY, rhythm="week", begins_on="2021-11-29", ends_on="2021-12-05",
        due_on="2021-12-06", reporter=room.office, figures=figures, filled_at=NOW,
    )  # fmt: skip


@pytest.mark.clause(
    "T-70", "对推进不力…重点督办并督促限期整改", serves="supervision.services.orders:draft_orders",
    page="reports:periodic-detail", model="supervision.Case",
)  # fmt: skip
def test_who_lags_in_a_report_gets_a_drafted_order_that_is_worded_and_then_sent(room: Room) -> None:
    report, office = report_of(room), client_of(room.office)
    page, press = reverse("reports:periodic-detail", args=[report.pk]), {"deed": "orders"}
    assert 'value="orders"' in office.get(page).content.decode()
    assert client_of(room.clerk).post(page, press).status_code in (403, 404)
    assert office.post(page, press).status_code == 302
    order = Case.objects.get()
    assert (order.area_id, order.state, order.kind, order.responsible) == (OTHER_TOWN, "draft", "order", "乙镇")
    for figure in ("40", "100", "40.0%", "65.0%"):
        assert figure in order.words
    office.post(page, press)
    assert Case.objects.count() == 1
    town = client_of(room.other_clerk)
    detail, act = (reverse(f"supervision:case-{one}", args=[order.pk]) for one in ("detail", "act"))
    assert town.get(detail).status_code == 404  # a draft is nobody's business
    assert office.get(detail).status_code == 200
    edit = {
        "deed": "edit",
        "title": "进度滞后督办",
        "words": "请于期限内赶上",
        "responsible": "乙镇政府",
        "version": "1",
    }
    assert town.post(act, edit).status_code == 404
    assert office.post(act, edit | {"words": ""}).status_code == 422
    assert office.post(act, edit).status_code == 302
    assert office.post(act, edit).status_code == 409  # somebody went on with it
    assert office.post(act, {"deed": "send", "version": "2"}).status_code == 302
    order.refresh_from_db()
    assert (order.state, order.title, order.words) == ("open", "进度滞后督办", "请于期限内赶上")
    assert town.get(detail).status_code == 200
    assert office.post(act, edit | {"version": "3"}).status_code == 409


def test_the_clock_of_an_order_begins_when_it_is_sent(room: Room) -> None:
    (lag,) = laggards_of(PLACES)
    made = draft_orders(programme=room.programme, laggards=[lag], source="周报", by=room.office, now=NOW).made[0]
    assert made.waits_until is None
    assert not late(Case.objects.all(), NOW + 90 * DAY).exists()
    assert escalate_overdue(now=NOW + 90 * DAY) == 0
    sent = move_case(case=made, deed="send", by=room.office, now=NOW + 30 * DAY)
    assert (sent.opened_at, sent.due_at) == (NOW + 30 * DAY, NOW + 45 * DAY)
    sent.state, typed = "draft", datetime(2022, 3, 1, tzinfo=UTC)
    sent.save()
    kept = edit_draft(case=sent, title="t", words="w", due_at=typed, version=sent.version, by=room.office)
    assert move_case(case=kept, deed="send", by=room.office, now=NOW + 40 * DAY).due_at == typed
    stranger: dict[str, Any] = {"programme": room.programme, "laggards": [lag], "source": "x", "now": NOW}
    with pytest.raises(PermissionDenied):
        draft_orders(**stranger, by=room.clerk)
    assert code_of(draft_orders, **(stranger | {"laggards": []}), by=room.office) == "NOBODY_LAGS"


# --- The heat supply document: illegal use, short supply, evaluation, plans, publicity ------------------------------


@pytest.mark.clause(
    "B-29", "违规用热：改建室内系统、私接、增加面积、恶意放水", serves="supervision.services.cases:open_case",
    page="supervision:hazard-list", model="supervision.Case",
)  # fmt: skip
def test_four_ways_of_illegal_use_are_registered_put_right_and_re_checked(room: Room) -> None:
    assert len(CATEGORIES["illegal_use"]) == 4
    cases = [room.case("illegal_use", category) for category in CATEGORIES["illegal_use"]]
    listed = client_of(room.office).get(reverse("supervision:hazard-list"), {"kind": "illegal_use"})
    assert {row.item for row in listed.context["table"].rows} == set(cases)
    assert code_of(room.case, kind="illegal_use", category="co") == "CASE_FAULTY"
    assert code_of(move_case, case=cases[0], deed="fix", words="已拆除", by=room.clerk, now=NOW) == "PHOTO_MISSING"


@pytest.mark.clause(
    "B-28", "打击主观恶意减供抵供", serves="supervision.services.cases:store_case",
    page="supervision:public-ask", model="supervision.Case",
)  # fmt: skip
@pytest.mark.clause(
    "B-38", "畅通投诉举报渠道，主动回应", serves="supervision.services.cases:store_case",
    page="supervision:complaint-list", model="supervision.Case",
)  # fmt: skip
def test_wilful_short_supply_is_a_complaint_answered_within_days_and_followed_by_an_order(room: Room) -> None:
    from tests.supervision.test_complaints import ask

    made = ask(room, category="short_supply", words="供热公司压低温度").context["case"]
    case = Case.objects.get(number=made.number)
    assert (case.due_at - case.opened_at, case.respond_by - case.opened_at) == (2 * DAY, 4 * HOUR)  # type: ignore[operator]
    now = case.opened_at
    move_case(case=case, deed="take", by=room.clerk, now=now + HOUR)
    answered = move_case(case=case, deed="reply", words="已责令恢复", by=room.clerk, now=now + 2 * HOUR)
    assert (answered.reply, answered.responded_at) == ("已责令恢复", now + HOUR)
    assert case.number in client_of(room.clerk).get(reverse("supervision:complaint-list")).content.decode()


@pytest.mark.clause(
    "B-27", "及时处置用户报修", serves="supervision.services.cases:move_case",
    page="supervision:service-board", model="supervision.Case",
)  # fmt: skip
def test_repairs_say_when_they_came_were_taken_up_and_ended_and_whether_in_time(room: Room) -> None:
    quick, slow = (room.case("repair", "no_heat", source="phone", supplier=room.supplier) for _n in range(2))
    for case, hours in ((quick, 3), (slow, 60)):
        for deed, words in (("take", ""), ("fix", "已修"), ("close", "")):
            case = move_case(case=case, deed=deed, words=words, by=room.clerk if deed != "close" else room.office,
                             now=NOW + hours * HOUR)  # fmt: skip
    (line,) = client_of(room.office).get(reverse("supervision:service-board")).context["times"]
    assert (line["n"], line["done"], line["in_time"], line["end_h"]) == (2, 2, 1, 31.5)


@pytest.mark.clause(
    "B-36", "市级…对工作落实情况进行评估检查", serves="supervision.services.cases:open_case",
    page="supervision:measure-list", model="supervision.Case",
)  # fmt: skip
@pytest.mark.clause(
    "B-37", "各县区制定工作方案和工作落实计划", serves="supervision.services.cases:open_case",
    page="supervision:measure-list", model="supervision.Case",
)  # fmt: skip
@pytest.mark.parametrize(("kind", "category"), [("evaluation", "implementation"), ("work_plan", "plan")])
def test_an_evaluation_visit_and_a_work_plan_are_asked_for_answered_and_accepted(
    room: Room, kind: str, category: str
) -> None:
    new = reverse("supervision:case-new", args=["measures"])
    form = {"kind": kind, "category": category, "source": "office", "area": TOWN, "title": "年度", "words": "清单",
            "due_on": "2021-12-20"}  # fmt: skip
    assert client_of(room.office).post(new, form).status_code == 302
    case = Case.objects.get()
    listed = client_of(room.clerk).get(reverse("supervision:measure-list"), {"kind": kind})
    assert [row.item for row in listed.context["table"].rows] == [case]
    assert code_of(move_case, case=case, deed="answer", words="", by=room.clerk, now=NOW) == "WORDS_MISSING"
    case = move_case(case=case, deed="answer", words="方案已印发", by=room.clerk, now=NOW)
    assert (case.state, case.reply) == ("answered", "方案已印发")
    assert move_case(case=case, deed="close", by=room.office, now=NOW).state == "closed"


@pytest.mark.clause(
    "B-39", "加大供热知识宣传", serves="supervision.services.safety:record_event",
    page="supervision:safety-year", model="supervision.SafetyEvent",
)  # fmt: skip
@pytest.mark.clause(
    "L-80", "加强宣传…典型经验", serves="supervision.services.safety:record_event",
    page="supervision:safety-year", model="supervision.SafetyEvent",
)  # fmt: skip
@pytest.mark.clause(
    "D-50", "电视、报纸、网络宣传", serves="supervision.services.safety:record_event",
    page="supervision:safety-year", model="supervision.SafetyEvent",
)  # fmt: skip
def test_publicity_is_logged_with_day_topic_and_through_whom(room: Room) -> None:
    form = {"deed": "event", "area": TOWN, "kind": "publicity", "on": "2021-11-02", "topic": "供热知识进社区",
            "partners": "供热公司"}  # fmt: skip
    client = client_of(room.clerk)
    assert client.post(reverse(ACT), form | {"on": "2099-01-01"}).status_code == 422
    assert client.post(reverse(ACT), form | {"partners": ""}).status_code == 422
    assert client.post(reverse(ACT), form).status_code == 302
    media = {"topic": "清洁取暖典型经验", "partners": "县电视台、日报、政府网站"}
    assert client.post(reverse(ACT), form | media).status_code == 302
    assert set(SafetyEvent.objects.values_list("kind", flat=True)) == {"publicity"}
    html = client.get(reverse("supervision:safety-year"), {"year": "2021"}).content.decode()
    assert all(words in html for words in ("供热知识进社区", "清洁取暖典型经验", "县电视台、日报、政府网站"))


@pytest.mark.clause(
    "B-42", "网上恶意编造、发布虚假信息", serves="supervision.services.cases:open_case",
    page="supervision:measure-list", model="supervision.Case",
)  # fmt: skip
def test_false_news_on_the_net_is_a_kind_of_public_opinion_that_somebody_settles(room: Room) -> None:
    case = room.case("opinion", "false_news", source="office")
    assert (case.due_at, case.is_late(NOW + 2 * DAY)) == (NOW + 3 * DAY, True)  # nobody took it up within a day
    assert Area.objects.filter(pk=case.area_id).exists()
    assert move_case(case=case, deed="close", words="已澄清并移交", by=room.office, now=NOW).state == "closed"
