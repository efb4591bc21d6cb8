"""Hazards from a patrol's photo to the re-check, safety of the year, after-sales service, organisations' own cases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core import clock
from retrofits.models import Admission
from supervision.models import Case, MaintenanceVisit, PublicityMark, SafetyEvent, SafetyPost, ServiceOutlet
from supervision.queries import expiring_warranties, safety_year, service_times
from supervision.services import safety, service
from supervision.services.cases import escalate_overdue, move_case
from supervision.services.checks import follow_up
from supervision.warranty import add_months
from telemetry.models import LatestReading
from tests import people
from tests.supervision.conftest import (
    COUNTY,
    DAY,
    FIRM,
    HOUR,
    NOW,
    TOWN,
    VILLAGE,
    Room,
    alert_of,
    client_of,
    code_of,
    heater_of,
    photo,
)

ON = date(2021, 12, 8)


def upload(shade: int) -> SimpleUploadedFile:
    return SimpleUploadedFile("p.jpg", photo(shade), content_type="image/jpeg")


@pytest.mark.clause(
    "T-63", "查出问题及时整改到位", serves="supervision.services.cases:move_case",
    page="supervision:case-detail", model="supervision.Case",
)  # fmt: skip
def test_a_hazard_goes_from_the_patrols_photo_to_the_re_check_by_somebody_else(room: Room) -> None:
    officer, clerk, office = (client_of(user) for user in (room.officer, room.clerk, room.office))
    form = {"kind": "hazard", "category": "gas_leak", "source": "patrol", "area": VILLAGE, "title": "管接头漏气",
            "words": "厨房有异味", "responsible": "示例燃气", "photo": upload(1)}  # fmt: skip
    made = officer.post(reverse("supervision:case-new", args=["hazards"]), form)
    case = Case.objects.get()
    assert made.url == (detail := reverse("supervision:case-detail", args=[case.pk]))
    first = case.steps.get()
    picture = reverse("supervision:case-photo", args=[case.pk, first.pk])
    assert b"".join(officer.get(picture).streaming_content)[:2] == b"\xff\xd8"  # type: ignore[arg-type]
    assert client_of(room.other_clerk).get(picture).status_code == 404
    act = reverse("supervision:case-act", args=[case.pk])
    assert clerk.post(act, {"deed": "fix", "words": "已更换"}).status_code == 422  # no photo
    assert clerk.post(act, {"deed": "fix", "words": "已更换", "photo": upload(2)}).status_code == 302
    own = clerk.post(act, {"deed": "close"})
    assert (own.status_code, own.context["refusal"].code) == (422, "OWN_WORK")
    assert office.post(act, {"deed": "reopen", "words": "仍有气泡"}).status_code == 302
    assert clerk.post(act, {"deed": "fix", "words": "换管", "photo": upload(3)}).status_code == 302
    assert office.post(act, {"deed": "close"}).status_code == 302
    case.refresh_from_db()
    assert (case.state, [step.deed for step in case.steps.all()]) == (
        "closed", ["open", "fix", "reopen", "fix", "close"])  # fmt: skip
    assert "已更换" in office.get(detail).content.decode()


@pytest.mark.clause(
    "T-68", "严防一氧化碳中毒、燃气泄漏等事故", serves="supervision.services.cases:store_case",
    page="supervision:hazard-list", model="supervision.Case",
)  # fmt: skip
@pytest.mark.parametrize("category", ["co", "gas_leak", "electrical"])
def test_what_kills_has_a_day_and_then_goes_up_once(room: Room, category: str) -> None:
    case = room.case(category=category)
    assert case.due_at == NOW + DAY
    assert room.case(category="site").due_at == NOW + 7 * DAY
    assert escalate_overdue(now=NOW + DAY) == 0
    assert escalate_overdue(now=NOW + DAY + HOUR) == 1
    assert escalate_overdue(now=NOW + DAY + 2 * HOUR) == 0
    case.refresh_from_db()
    assert (case.escalated_at, case.state) == (NOW + DAY + HOUR, "open")
    assert code_of(room.case, category="coal_burnt") == "CASE_FAULTY"


@pytest.mark.clause(
    "T-66", "安全监管不力…采取通报、约谈", serves="supervision.services.checks:follow_up",
    page="supervision:case-act", model="supervision.Case",
)  # fmt: skip
def test_weak_supervision_is_followed_by_an_interview_that_names_its_hazard(room: Room) -> None:
    hazard = room.case(responsible="甲镇")
    act = reverse("supervision:case-act", args=[hazard.pk])
    form = {"deed": "follow", "kind": "interview", "title": "约谈甲镇", "words": "隐患久拖不改", "due_on": "2021-12-20"}
    assert client_of(room.clerk).post(act, form).status_code == 403
    assert client_of(room.office).post(act, form).status_code == 302
    made = hazard.follow_ups.get()
    assert (made.kind, made.category, made.responsible, made.title) == ("interview", "weak_safety", "甲镇", "约谈甲镇")
    follow: dict[str, Any] = {"case": hazard, "title": "x", "words": "y", "due_at": None, "by": room.office, "now": NOW}
    assert code_of(follow_up, kind="complaint", **follow) == "CASE_FAULTY"


@pytest.mark.clause(
    "T-60", "成立专门机构，明确专人负责", serves="supervision.services.safety:appoint",
    page="supervision:safety-year", model="supervision.SafetyPost",
)  # fmt: skip
@pytest.mark.clause(
    "T-61", "督导村（居）安全员", serves="supervision.services.safety:appoint",
    page="supervision:safety-year", model="supervision.SafetyPost",
)  # fmt: skip
def test_towns_have_a_body_and_villages_an_officer_and_one_at_a_time(room: Room) -> None:
    values = {"person_name": "王测试", "since": ON, "by": room.clerk}
    assert code_of(safety.appoint, area=room.area(TOWN), kind="officer", **values) == "POST_FAULTY"
    assert code_of(safety.appoint, area=room.area(), kind="body", body_name="安办", **values) == "POST_FAULTY"
    assert code_of(safety.appoint, area=room.area(TOWN), kind="body", **values) == "POST_FAULTY"
    safety.appoint(area=room.area(TOWN), kind="body", body_name="甲镇安全办", **values)
    first = safety.appoint(area=room.area(), kind="officer", **values)
    second = safety.appoint(area=room.area(), kind="officer", **(values | {"person_name": "李样本"}))
    first.refresh_from_db()
    assert (first.until, second.until) == (ON, None)
    town = next(one for one in safety_year(room.office, COUNTY, 2021) if one.area.code == TOWN)
    assert (town.body and town.body.body_name, town.officers, town.villages) == ("甲镇安全办", 1, 2)
    assert town.lacking == ["OFFICERS", "TRAINING", "EXPERT", "DRILL", "PLAN"]


@pytest.mark.clause(
    "T-62", "每年聘请专家，组织开展专家查隐患活动", serves="supervision.services.safety:record_event",
    page="supervision:safety-year", model="supervision.SafetyEvent",
)  # fmt: skip
@pytest.mark.clause(
    "T-64", "每年定期组织开展村（居）安全员培训", serves="supervision.services.safety:record_event",
    page="supervision:safety-year", model="supervision.SafetyAttendance",
)  # fmt: skip
@pytest.mark.clause(
    "T-65", "与消防部门建立联勤联动机制，制定应急预案，开展应急救援演练",
    serves="supervision.services.safety:record_event", page="supervision:safety-year", model="supervision.SafetyEvent",
)  # fmt: skip
@pytest.mark.clause(
    "J-55", "制定天然气管道、电网等事故抢修预案", serves="supervision.services.safety:record_event",
    page="supervision:safety-year", model="supervision.SafetyEvent",
)  # fmt: skip
def test_a_year_says_what_it_has_none_of_and_how_many_were_trained(room: Room) -> None:
    for code in (VILLAGE, "370999001002"):
        safety.appoint(area=room.area(code), kind="officer", person_name="王测试", since=ON, by=room.clerk)
    client, act = client_of(room.clerk), reverse("supervision:register-act")

    def record(**changes: str) -> int:
        form = {"deed": "event", "area": TOWN, "kind": "training", "on": "2021-11-02", "topic": "一氧化碳防范"}
        return int(client.post(act, form | changes).status_code)

    assert record(everybody="on") == 302
    assert record(kind="expert") == 422  # without experts
    assert record(kind="expert", partners="示例专家组") == 422  # without what they found
    assert record(kind="expert", partners="示例专家组", findings="0") == 302
    assert record(kind="drill", partners="区消防、燃气公司") == 302
    assert record(kind="plan") == 422  # without version
    assert record(kind="plan", version="2021-1") == 302
    assert record(kind="training", on="2099-01-01") == 422
    shown = client.get(reverse("supervision:safety-year"), {"year": "2021"}).context["towns"]
    ((town, lacking),) = shown
    assert (town.trained, town.officers, lacking) == (2, 2, ["无安全机构"])
    ((town, lacking),) = client.get(reverse("supervision:safety-year"), {"year": "2022"}).context["towns"]
    assert (town.trained, len(lacking)) == (0, 5)


def test_officers_of_another_town_cannot_have_attended(room: Room) -> None:
    far = SafetyPost.objects.create(area=room.area("370999002001"), kind="officer", person_name="远", since=ON)
    values = {"area": room.area(TOWN), "kind": "training", "on": ON, "topic": "x", "by": room.clerk, "today": ON}
    assert code_of(safety.record_event, attended=[far], **values) == "EVENT_FAULTY"
    assert not SafetyEvent.objects.exists()


@pytest.mark.clause(
    "T-67", "逐户发放宣传材料", serves="supervision.services.safety:mark_publicity",
    page="supervision:safety-year", model="supervision.PublicityMark",
)  # fmt: skip
@pytest.mark.clause(
    "J-57", "加大安全使用宣传力度", serves="supervision.services.safety:mark_publicity",
    page="supervision:safety-year", model="supervision.PublicityMark",
)  # fmt: skip
def test_papers_are_marked_household_by_household_once(room: Room) -> None:
    homes = [people.household(VILLAGE) for _n in range(3)]
    people.household("370999001002")
    values = {"material": "安全取暖明白纸", "on": ON, "by": room.clerk, "today": ON}
    assert safety.mark_publicity(area=room.area(), **values) == 3
    homes.append(people.household(VILLAGE))
    assert safety.mark_publicity(area=room.area(), **values) == 1
    assert set(PublicityMark.objects.values_list("household", flat=True)) == {home.pk for home in homes}
    assert code_of(safety.mark_publicity, area=room.area(TOWN), **values) == "EVENT_FAULTY"


# --- After-sales service ------------------------------------------------------------------------------------------


@pytest.mark.clause(
    "T-49", "设立售后服务网点", serves="supervision.services.service:open_outlet",
    page="supervision:service-board", model="supervision.ServiceOutlet",
)  # fmt: skip
@pytest.mark.clause(
    "J-56", "完善专业的售后服务队伍", serves="supervision.services.service:open_outlet",
    page="supervision:service-board", model="supervision.ServiceOutlet",
)  # fmt: skip
@pytest.mark.clause(
    "J-54", "售后服务有保障、本地有生产和销售", serves="supervision.services.service:keep_site",
    page="supervision:service-board", model="supervision.LocalSite",
)  # fmt: skip
def test_outlets_have_address_phone_and_people_and_repair_times_are_counted_per_outlet(room: Room) -> None:
    form = {"deed": "outlet", "supplier": room.supplier.pk, "area": TOWN, "name": "甲镇服务站", "address": "示例路",
            "phone": "0538-0000000", "team_size": "4"}  # fmt: skip
    client, act = client_of(room.office), reverse("supervision:service-act")
    assert client.post(act, form | {"team_size": "0"}).status_code == 422
    assert client.post(act, form).status_code == 302
    assert client.post(act, form).status_code == 409
    outlet = ServiceOutlet.objects.get()
    first = room.case("repair", "no_heat", supplier=room.supplier, outlet=outlet, source="phone")
    room.case("repair", "fault", supplier=room.supplier, outlet=outlet, source="phone")
    assert (first.respond_by, first.due_at) == (NOW + 4 * HOUR, NOW + 2 * DAY)
    steps = (("take", "", room.firm, 2), ("fix", "换主板", room.firm, 10), ("close", "", room.office, 12))
    for deed, words, by, hours in steps:
        move_case(case=first, deed=deed, words=words, by=by, now=NOW + hours * HOUR)
    (line,) = service_times(Case.objects.all())
    assert (line["n"], line["open"], line["answer_h"], line["end_h"], line["in_time"]) == (2, 1, 2.0, 12.0, 1)
    admitted = {"area_id": COUNTY, "applied_on": ON, "state": "admitted", "entered_by": room.office}
    Admission.objects.create(programme=room.programme, supplier=room.supplier, **admitted)
    board = client.get(reverse("supervision:service-board"))
    assert "甲镇服务站" in board.content.decode()
    (firm,) = board.context["firms"]
    assert (firm.name, firm.products, firm.ready, firm.branches, firm.people) == (FIRM, 1, 0, 1, 4)
    assert (firm.makes, firm.sells) == (False, False)
    site = {
        "deed": "site",
        "supplier": room.supplier.pk,
        "area": COUNTY,
        "address": "工业园 1 号",
        "seen_on": "2021-12-01",
    }
    assert client.post(act, site).status_code == 422, "neither made nor sold"
    assert client.post(act, site | {"sells": "on"}).status_code == 302
    assert client_of(room.firm).post(act, site | {"makes": "on"}).status_code == 403, "nobody certifies himself"
    for more, known in (
        ({"makes": "on"}, (True, False)),
        ({}, (False, False)),
        ({"makes": "on", "sells": "on"}, (True, True)),
    ):
        assert client.post(act, site | more).status_code == 302
        (firm,) = client.get(reverse("supervision:service-board")).context["firms"]
        assert (firm.makes, firm.sells) == known
    assert not client_of(room.firm).get(reverse("supervision:service-board")).context["firms"]


def test_an_organisation_sees_and_moves_its_own_and_nothing_else(room: Room) -> None:
    mine = room.case("repair", "no_heat", supplier=room.supplier, source="phone")
    other = room.case("repair", "no_heat", source="phone")
    assert set(Case.objects.visible_to(room.firm)) == {mine}
    client = client_of(room.firm)
    listed = client.get(reverse("supervision:ticket-list")).content.decode()
    assert mine.number in listed
    assert other.number not in listed
    act = "supervision:case-act"
    assert client.post(reverse(act, args=[mine.pk]), {"deed": "take"}).status_code == 302
    assert client.post(reverse(act, args=[other.pk]), {"deed": "take"}).status_code == 404
    assert client.get(reverse("supervision:complaint-list")).status_code == 403
    move_case(case=mine, deed="fix", words="换主板", by=room.firm, now=NOW)
    with pytest.raises(PermissionDenied):
        move_case(case=mine, deed="close", by=room.firm, now=NOW)
    stranger = people.user("supplier", COUNTY)
    assert not Case.objects.visible_to(stranger).exists()


def test_an_inspector_reports_a_hazard_and_follows_it(room: Room) -> None:
    inspector = people.user("inspector", COUNTY)
    room.case()
    found = room.case(by=inspector, source="expert")
    assert set(Case.objects.visible_to(inspector)) == {found}
    with pytest.raises(PermissionDenied):
        room.case("complaint", "quality", by=inspector, source="phone")


@pytest.mark.clause(
    "T-95", "做好设备的后期安全维护运行保障", serves="supervision.services.service:record_visit",
    page="supervision:service-board", model="supervision.MaintenanceVisit",
)  # fmt: skip
@pytest.mark.clause(
    "L-76", "跟踪监测已投项目的设备运行效果安全状态", serves="supervision.services.service:record_visit",
    page="supervision:service-board", model="supervision.MaintenanceVisit",
)  # fmt: skip
def test_a_firm_records_its_visits_to_its_own_heaters(room: Room) -> None:
    from devices.models import Bus, Heater, RegisterProfile

    profile = RegisterProfile.objects.create(name="p", version=1, document="", sha256="0" * 64)
    bus = Bus.objects.create(line="tcp:127.0.0.1:1", area=room.area())
    heater = Heater.objects.create(
        platform_no="H00000000001", area=room.area(), device_model=room.model, profile=profile, factory_no="F1",
        bus=bus, unit=1, installed_on=ON,
    )  # fmt: skip
    client, act = client_of(room.firm), reverse("supervision:service-act")
    form = {"deed": "visit", "platform_no": heater.platform_no, "visited_on": "2021-12-08", "result": "faulty",
            "is_safe": "false", "words": ""}  # fmt: skip
    assert client.post(act, form).status_code == 422  # faulty without words
    assert client.post(act, form | {"words": "水压低"}).status_code == 302
    assert client.post(act, form | {"words": "水压低"}).status_code == 409
    made = MaintenanceVisit.objects.get()
    assert (made.supplier.name, made.is_safe, made.result) == (FIRM, False, "faulty")
    assert client.post(act, form | {"platform_no": "X"}).status_code == 422
    stranger = people.user("supplier", COUNTY)
    with pytest.raises(PermissionDenied):
        service.record_visit(heater=heater, visited_on=ON, result="fine", by=stranger, today=ON)


@pytest.mark.clause(
    "T-48", "各街道镇…入场服务保障和协调工作，并监督运行", serves="supervision.services.arrivals:record_arrival",
    page="supervision:service-board", model="supervision.DeviceArrival",
)  # fmt: skip
def test_a_town_receives_heaters_and_watches_how_many_are_in_and_run(room: Room) -> None:
    """Recorded by the town for its own places; beside it stands what is installed, answers, heats and cries."""
    client, act = client_of(room.clerk), reverse("supervision:service-act")
    form = {"deed": "arrival", "area": VILLAGE, "device_model": room.model.pk, "arrived_on": "2021-12-07",
            "quantity": "12", "received_by": "王测试", "words": "少一台室外机"}  # fmt: skip
    for wrong in ({"quantity": "0"}, {"arrived_on": "2999-01-01"}, {"words": ""}, {"received_by": ""}):
        assert client.post(act, form | wrong).status_code == 422
    assert client_of(room.other_clerk).post(act, form).status_code == 422
    assert client_of(room.firm).post(act, form).status_code == 403
    assert client.post(act, form).status_code == 302
    assert client.post(act, form).status_code == 409
    assert client.post(act, form | {"area": TOWN, "is_whole": "on", "quantity": "3", "words": ""}).status_code == 302
    heaters = [heater_of(room) for _n in range(3)]
    for heater, age, running in zip(heaters, (1, 1, 60), (True, False, True), strict=True):
        LatestReading.objects.create(heater=heater, at=clock.now() - timedelta(minutes=age), running=running)
    alert_of(heaters[2], "unit_silent")
    page = reverse("supervision:service-board")
    shown = client.get(page, {"area": TOWN}).context
    found = [
        (one.area.pk, one.arrived, one.heaters, one.answering, one.heating, one.alerts) for one in shown["standings"]
    ]
    assert found == [(TOWN, 3, 0, 0, 0, 0), (VILLAGE, 12, 3, 2, 1, 1)]
    whole = client_of(room.office).get(page).context["standings"]
    assert [(one.area.pk, one.arrived, one.heating) for one in whole] == [(TOWN, 15, 1)]
    assert client_of(room.other_clerk).get(page).context["standings"] == []
    seen = client_of(room.firm).get(page).context
    assert (len(seen["arrivals"]), seen["standings"]) == (2, []), "the maker sees what of it came in"


@pytest.mark.parametrize(
    ("day", "months", "end"),
    [(date(2021, 1, 31), 1, date(2021, 2, 28)), (date(2021, 12, 8), 36, date(2024, 12, 8)),
     (date(2020, 2, 29), 12, date(2021, 2, 28)), (date(2021, 11, 30), 2, date(2022, 1, 30))],
)  # fmt: skip
def test_months_are_added_to_the_same_day_or_the_months_last(day: date, months: int, end: date) -> None:
    assert add_months(day, months) == end


def test_no_contract_no_warranty_line(room: Room) -> None:
    assert expiring_warranties(room.programme, COUNTY, ON) == []
