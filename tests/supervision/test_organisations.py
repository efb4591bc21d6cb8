"""Accounts of organisations: the own row is seen and changed, another's is not there, in lists, files and API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from accounts import rights
from accounts.owning import is_declared
from accounts.records import ScopedModel
from accounts.rights import ROLES
from devices.models import Heater, ModelSample, Supplier
from households.models import Household
from retrofits.models import Agency, AgencyMember, Contract, Task, VisitOrder
from supervision.models import Case, NetworkAlarm, NetworkPoint, ServiceOutlet
from telemetry.models import Alert
from tests import people
from tests.supervision.conftest import (
    COUNTY,
    FIRM,
    NOW,
    VILLAGE,
    Room,
    alert_of,
    client_of,
    heater_of,
    of_unit,
    task_of,
)

#: Tables that an organisation's role may read and that nobody gave to an organisation: closed, on purpose.
CLOSED = {
    "households.ChangeRequest", "households.DuplicatePair", "households.HandEdit", "households.PublicVenue",
    "households.Roster", "households.RosterScan", "households.VenueEnrolment", "reports.BulkRun",
    "reports.SummaryTotal", "supervision.PublicityMark",
}  # fmt: skip


@pytest.fixture
def rival(room: Room) -> Supplier:
    return Supplier.objects.create(code="rival", name="另一热泵（虚构）")


def test_every_table_an_organisation_may_read_says_whose_its_rows_are() -> None:
    """A new table is closed to organisations until somebody decides; here it is seen that nobody has."""
    held = set().union(*(role.rights for role in ROLES.values() if role.own_only)) - {"heatsupply.view"}
    models = [model for model in apps.get_models() if issubclass(model, ScopedModel) and model.view_right in held]
    silent = {model._meta.label for model in models if not is_declared(model)} - {"supervision.Case"}
    assert silent <= CLOSED
    assert {role for role, held in ROLES.items() if held.own_only} == {
        "supplier", "inspector", "heating_company", "energy_company",
    }  # fmt: skip


def test_a_firm_sees_its_heaters_alerts_samples_and_outlets_and_not_the_rivals(room: Room, rival: Supplier) -> None:
    mine, other = heater_of(room), heater_of(room, firm=rival)
    alerts = [alert_of(mine, "fault"), alert_of(other, "fault")]
    outlets = [
        ServiceOutlet.objects.create(supplier=firm, area_id=COUNTY, name="站", address="路", phone="1", team_size=2)
        for firm in (room.supplier, rival)
    ]
    for row in (mine, other):
        ModelSample.objects.create(
            programme=room.programme, area_id=COUNTY, device_model=row.device_model, batch_no="1",
            report_no=f"JC-{row.pk}", laboratory="示例", sampled_on=NOW.date(), result="passed",
            recorded_by=room.office,
        )  # fmt: skip
    for model, rows in ((Heater, [mine, other]), (Alert, alerts)):
        assert list(model.objects.visible_to(room.firm)) == rows[:1]
        assert set(model.objects.visible_to(room.office)) == set(rows)
    assert list(ServiceOutlet.objects.visible_to(room.firm, "cases.own")) == outlets[:1]
    client = client_of(room.firm)
    detail = "telemetry:heater-detail"
    assert client.get(reverse(detail, args=[mine.platform_no])).status_code == 200
    assert client.get(reverse(detail, args=[other.platform_no])).status_code == 404
    assert client.get(reverse("telemetry:alert-detail", args=[alerts[1].pk])).status_code == 404
    listed = client.get(reverse("telemetry:heater-list"))
    assert len(listed.context["table"].rows) == 1
    assert other.platform_no not in listed.content.decode()
    samples = client.get(reverse("supervision:sample-list")).content.decode()
    assert (f"JC-{mine.pk}" in samples, f"JC-{other.pk}" in samples) == (True, False)
    visit = {"deed": "visit", "visited_on": "2021-12-08", "result": "fine"}
    act = reverse("supervision:service-act")
    assert client.post(act, visit | {"platform_no": mine.platform_no}).status_code == 302
    assert client.post(act, visit | {"platform_no": other.platform_no}).status_code == 422


def test_a_home_is_open_to_every_firm_until_one_has_its_contract(room: Room, rival: Supplier) -> None:
    free, taken, lost = (task_of(room, state="listed") for _n in range(3))
    for task, firm in ((taken, room.supplier), (lost, rival)):
        Contract.objects.create(task=task, area_id=VILLAGE, number=f"HT{task.pk}", supplier=firm, signed_on=NOW.date(),
                                recorded_by=room.office)  # fmt: skip
    assert set(Task.objects.visible_to(room.firm)) == {free, taken}
    client = client_of(room.firm)
    answers = [client.get(reverse("retrofits:task-detail", args=[task.pk])).status_code for task in (taken, lost)]
    assert answers == [200, 404]
    assert len(client.get(reverse("retrofits:task-list")).context["table"].rows) == 2
    nameless = of_unit("supplier", "")
    assert set(Task.objects.visible_to(nameless)) == {free}
    assert not Heater.objects.visible_to(nameless).exists()


def test_an_inspector_sees_homes_given_to_the_agency_and_those_given_to_nobody(room: Room) -> None:
    tasks = [task_of(room, state="installed") for _n in range(3)]
    free, mine, other = tasks
    people_of: list[Any] = []
    for number, task in enumerate((mine, other)):
        agency = Agency.objects.create(programme=room.programme, area_id=COUNTY, name=f"机构{number}",
                                       contract_no=str(number), begins_on=NOW.date(), ends_on=NOW.date())  # fmt: skip
        inspector = people.user("inspector", COUNTY)
        AgencyMember.objects.create(agency=agency, user=inspector)
        VisitOrder.objects.create(task=task, area_id=VILLAGE, agency=agency, inspector=inspector, due_on=NOW.date(),
                                  given_by=room.office)  # fmt: skip
        people_of.append(inspector)
    assert set(Task.objects.visible_to(people_of[0])) == {free, mine}
    homes = {task.dwelling.household for task in (free, mine)}
    bystander = people.household(VILLAGE)
    assert set(Household.objects.visible_to(people_of[0])) == homes
    assert bystander in Household.objects.visible_to(room.office)
    visits = client_of(people_of[0]).get(reverse("retrofits:visit-list")).content.decode()
    assert other.dwelling.dwelling_no not in visits


def test_a_company_reads_and_reports_its_own_points_on_the_page_and_over_the_api(room: Room) -> None:
    unit = "示例供热公司（虚构）"
    for code, operator in (("P-01", unit), ("P-02", "另一公司"), ("P-03", "")):
        NetworkPoint.objects.create(area_id=VILLAGE, code=code, name=code, kind="pressure", unit="MPa", low="0.2",
                                    high="0.6", operator=operator)  # fmt: skip
    company = of_unit("heating_company", unit)
    board = client_of(company).get(reverse("supervision:network-board"))
    assert [one.code for one in board.context["points"]] == ["P-01"]
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=company).key}")
    assert [one["code"] for one in api.get("/api/network-values/").json()] == ["P-01"]

    def send(code: str) -> Any:
        said = {"values": [{"point": code, "at": NOW.isoformat(), "value": "0.7"}]}
        return api.post("/api/network-values/", said, format="json")

    assert send("P-01").json() == {"points": 1, "alarms": ["P-01"]}
    refused = send("P-02")
    assert (refused.status_code, refused.json()["code"]) == (422, "VALUES_FAULTY")
    alarm = NetworkAlarm.objects.get()
    act = reverse("supervision:register-act")
    assert client_of(company).post(act, {"deed": "alarm", "alarm": alarm.pk, "words": "已派人"}).status_code == 302
    stranger = of_unit("energy_company", "另一公司")
    assert client_of(stranger).post(act, {"deed": "alarm", "alarm": alarm.pk, "words": "x"}).status_code == 404
    assert client_of(stranger).post(act, {"deed": "point", "code": "P-9"}).status_code == 403


def test_a_company_answers_for_the_cases_that_name_it(room: Room) -> None:
    unit = "示例燃气公司（虚构）"
    company = of_unit("energy_company", unit)
    mine = room.case("hazard", "gas_leak", responsible=unit)
    other = room.case("hazard", "gas_leak", responsible="另一公司")
    assert set(Case.objects.visible_to(company)) == {mine}
    client = client_of(company)
    listed = client.get(reverse("supervision:hazard-list"))
    assert len(listed.context["table"].rows) == 1
    assert client.get(reverse("supervision:case-detail", args=[other.pk])).status_code == 404
    moves = client.get(reverse("supervision:case-detail", args=[mine.pk])).context["moves"]
    assert [move.deed for move in moves] == ["fix"]
    body = client.get("/api/cases/").json()
    assert [row["number"] for row in body["results"]] == [mine.number]
    assert client.get(f"/api/cases/{other.number}/").status_code == 404


def test_somebody_with_a_whole_role_beside_sees_the_whole(
    room: Room, rival: Supplier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The narrower role takes nothing from the wider one; and without `own_only` the firm's account would see all."""
    heaters = {heater_of(room), heater_of(room, firm=rival)}
    both = of_unit("supplier", FIRM)
    people.Grant.objects.create(user=both, role="ops", area=people.area(COUNTY))
    assert set(Heater.objects.visible_to(both)) == heaters
    open_role = replace(ROLES["supplier"], own_only="")
    monkeypatch.setitem(rights.ROLES, "supplier", open_role)
    assert set(Heater.objects.visible_to(of_unit("supplier", FIRM))) == heaters
