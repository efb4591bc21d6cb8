"""Accounts of organisations: the own row is seen and changed, another's is not there, in lists, files and API."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from accounts import rights, services
from accounts.models import AuditEntry, Membership, SavedView, User
from accounts.owning import is_declared
from accounts.queries import saved_views_of
from accounts.records import ScopedModel
from accounts.rights import ROLES
from devices.models import Heater, ModelSample, Supplier
from heatsupply.models import HeatingCompany
from households.models import Household
from programmes.departments import keep_department
from reports.queries.scope import Scope
from reports.queries.todos import todos_for
from retrofits.models import Agency, AgencyMember, Contract, PhotoBatch, Task, VisitOrder
from supervision.carrying import carry, carry_departments
from supervision.models import Case, DutyTerm, EnergyCompany, NetworkAlarm, NetworkPoint, ServiceOutlet
from supervision.queries import open_duties_of
from supervision.services import network
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
    of,
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
    nobody = people.user("supplier", COUNTY)
    assert not Task.objects.visible_to(nobody).exists()
    assert not Heater.objects.visible_to(nobody).exists()


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


def gas(name: str = "示例燃气公司（虚构）", at: str = COUNTY) -> EnergyCompany:
    return EnergyCompany.objects.create(area_id=at, carrier="gas", name=name)


def point(room: Room, code: str, company: Any = None) -> NetworkPoint:
    return network.register_point(area=room.area(), code=code, name=code, kind="pressure", unit="MPa",
                                  low=Decimal("0.2"), high=Decimal("0.6"), company=company, by=room.office)  # fmt: skip


def api_of(user: User) -> APIClient:
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
    return api


def send(api: APIClient, code: str) -> Any:
    said = {"values": [{"point": code, "at": NOW.isoformat(), "value": "0.7"}]}
    return api.post("/api/network-values/", said, format="json")


def test_a_company_reads_and_reports_its_own_points_on_the_page_and_over_the_api(room: Room) -> None:
    """Its twin in the next county bears the same name; a heating company may even bear the same number."""
    mine, twin = gas(), gas(at="370998") if people.area("370998") else gas()
    heating = HeatingCompany.objects.create(pk=mine.pk, area_id=COUNTY, name=mine.name, kind="boiler")
    for code, company in (("P-01", mine), ("P-02", twin), ("P-03", heating), ("P-04", None)):
        point(room, code, company)
    for company, role, code in ((mine, "energy_company", "P-01"), (heating, "heating_company", "P-03")):
        board = client_of(of(company, role)).get(reverse("supervision:network-board"))
        assert [one.code for one in board.context["points"]] == [code]
    heating = HeatingCompany.objects.create(pk=twin.pk, area_id=COUNTY, name="同号热力", kind="boiler")
    person = people.bind(of(mine, "energy_company"), heating)  # without a role of that kind: gives nothing
    api = api_of(person)
    assert [(one["code"], one["operator"]) for one in api.get("/api/network-values/").json()] == [("P-01", mine.name)]
    assert send(api, "P-01").json() == {"points": 1, "alarms": ["P-01"]}
    for code in ("P-02", "P-03", "P-04"):
        refused = send(api, code)
        assert (refused.status_code, refused.json()["code"]) == (422, "VALUES_FAULTY")
    alarm = NetworkAlarm.objects.get()
    act = reverse("supervision:register-act")
    client = client_of(person)
    assert client.post(act, {"deed": "alarm", "alarm": alarm.pk, "words": "已派人"}).status_code == 302
    for words in ("已换压力表", "已换压力表"):  # the second note stands beside the first; pressed twice it is one
        client.post(act, {"deed": "alarm", "alarm": alarm.pk, "words": words})
    alarm.refresh_from_db()
    assert [note[1:] for note in alarm.notes] == [[person.person_name, "已派人"], [person.person_name, "已换压力表"]]
    shown = client.get(reverse("supervision:network-board")).content.decode()
    assert "已派人" in shown and "已换压力表" in shown
    stranger = client_of(of(twin, "energy_company"))
    assert stranger.post(act, {"deed": "alarm", "alarm": alarm.pk, "words": "x"}).status_code == 404
    assert stranger.post(act, {"deed": "point", "code": "P-9"}).status_code == 403
    assert stranger.post(act, {"deed": "company", "name": "x"}).status_code == 403


def test_a_company_answers_for_the_cases_bound_to_it_whatever_their_words_say(room: Room) -> None:
    mine, other = gas(), gas("另一公司")
    company = of(mine, "energy_company")
    own = room.case("hazard", "gas_leak", company=mine)
    others = [room.case("hazard", "gas_leak", company=other, responsible=mine.name),
              room.case("hazard", "gas_leak", responsible=mine.name)]  # fmt: skip
    assert own.responsible == mine.name
    assert set(Case.objects.visible_to(company)) == {own}
    client = client_of(company)
    listed = client.get(reverse("supervision:hazard-list"))
    assert len(listed.context["table"].rows) == 1
    assert [client.get(reverse("supervision:case-detail", args=[one.pk])).status_code for one in others] == [404, 404]
    for code, of_whom in (("P-1", mine), ("P-2", other)):
        NetworkAlarm.objects.create(point=point(room, code, of_whom), area_id=VILLAGE, opened_at=NOW, value=1, worst=1)
    waits = {todo.url.partition("?")[0]: todo.count for todo in todos_for(Scope(company, room.programme, COUNTY))}
    assert waits == {reverse("supervision:hazard-list"): 1, reverse("supervision:network-board"): 1}
    moves = client.get(reverse("supervision:case-detail", args=[own.pk])).context["moves"]
    assert [move.deed for move in moves] == ["fix"]
    api = api_of(company)
    assert [row["number"] for row in api.get("/api/cases/").json()["results"]] == [own.number]
    assert api.get(f"/api/cases/{others[0].number}/").status_code == 404


def test_an_organisation_writes_down_cases_of_its_own_only(room: Room, rival: Supplier) -> None:
    """The picker offers the own firm, a foreign one is refused wherever it comes from; a company's case is bound."""
    form = client_of(room.firm).get(reverse("supervision:case-new", args=["tickets"])).context["form"]
    assert list(form.fields["supplier"].queryset) == [room.supplier]
    with pytest.raises(PermissionDenied):
        room.case("repair", "no_heat", by=room.firm, supplier=rival, source="phone")
    mine, other = gas(), gas("另一公司")
    person = of(mine, "energy_company")
    with pytest.raises(PermissionDenied):
        room.case("hazard", "gas_leak", by=person, company=other)
    assert room.case("hazard", "gas_leak", by=person).company.energy_company == mine
    shown = client_of(person).get(reverse("supervision:case-new", args=["hazards"])).context["form"]
    assert [key for key, _words in shown.fields["company"].widget.choices] == ["", f"energy:{mine.pk}"]


def test_a_twin_or_a_new_name_shows_nobody_anothers_rows(room: Room) -> None:
    """Two firms of one name, one of them renamed to the other's, a firm that takes a left name: the key decides."""
    twin = Supplier.objects.create(code="twin", name=FIRM)
    mine, theirs = heater_of(room), heater_of(room, firm=twin)
    person = of(twin)
    User.objects.filter(pk=person.pk).update(unit=FIRM)
    assert list(Heater.objects.visible_to(room.firm)) == [mine]
    assert list(Heater.objects.visible_to(person)) == [theirs]
    Supplier.objects.filter(pk=room.supplier.pk).update(name="改名后的热泵（虚构）")
    assert list(Heater.objects.visible_to(User.objects.get(pk=room.firm.pk))) == [mine]
    assert list(Heater.objects.visible_to(User.objects.get(pk=person.pk))) == [theirs]
    SavedView.objects.create(owner=person, page="telemetry:heater-list", name="孪生", shared="unit")
    assert not saved_views_of(User.objects.get(pk=room.firm.pk), "telemetry:heater-list").exists()
    colleague = of(twin)
    assert saved_views_of(colleague, "telemetry:heater-list").count() == 1


def test_two_memberships_one_of_which_is_over_or_not_begun(room: Room, rival: Supplier) -> None:
    """What somebody uploaded for the last firm is not shown to the next one's people, nor to the person."""
    heaters = {firm.pk: heater_of(room, firm=firm if firm == rival else None) for firm in (room.supplier, rival)}
    today, day = timezone.localdate(), timedelta(days=1)
    both = people.bind(of(room.supplier), rival)
    assert set(Heater.objects.visible_to(both)) == set(heaters.values())
    for ended in ({"expires_on": today - day}, {"expires_on": None, "starts_on": today + day}):
        Membership.objects.filter(user=both, organisation_id=rival.pk).update(**ended)
        assert list(Heater.objects.visible_to(User.objects.get(pk=both.pk))) == [heaters[room.supplier.pk]]
    batch = PhotoBatch.objects.create(programme=room.programme, area_id=VILLAGE, stage="after", uploaded_by=both)
    Membership.objects.filter(user=both).update(starts_on=today - 9 * day)
    Membership.objects.filter(user=both, organisation_id=rival.pk).update(expires_on=today - day)
    assert list(PhotoBatch.objects.visible_to(of(room.supplier))) == [batch]
    PhotoBatch.objects.update(uploaded_at=NOW.replace(year=today.year, month=today.month, day=today.day) - 5 * day)
    for reader in (of(room.supplier), of(rival)):
        assert not PhotoBatch.objects.visible_to(reader).exists(), "on that day the person worked for both"


def test_names_become_keys_only_where_exactly_one_register_row_bears_them(room: Room) -> None:
    clear, twins = people.user("supplier", COUNTY), people.user("supplier", COUNTY)
    User.objects.filter(pk=clear.pk).update(unit=f" {FIRM} ")
    User.objects.filter(pk=twins.pk).update(unit="同名热泵")
    for code in ("a", "b"):
        Supplier.objects.create(code=code, name="同名热泵")
    heating = HeatingCompany.objects.create(area_id=COUNTY, name="示例热力（虚构）", kind="boiler")
    NetworkPoint.objects.create(area_id=VILLAGE, code="P-1", name="x", kind="flow", unit="t/h", operator=heating.name)
    case, other = room.case(responsible=heating.name), room.case(responsible="甲一村")
    assert carry(apps) == {"accounts": 1, "points": 1, "cases": 1}
    assert carry(apps) == {"accounts": 0, "points": 0, "cases": 0}
    assert Membership.objects.get(user=clear).organisation_id == room.supplier.pk
    assert not Membership.objects.filter(user=twins).exists()
    assert set(Case.objects.visible_to(of(heating, "heating_company"))) == {case}
    assert not hasattr(Case.objects.get(pk=other.pk), "company")
    term = {"programme": room.programme, "area_id": COUNTY, "code": "T-87-01", "words": "指导", "clause": "T-87"}
    DutyTerm.objects.create(**term, unit="区应急管理局")
    signer, inspector = people.user("panel_member", COUNTY), people.user("inspector", COUNTY)
    User.objects.filter(pk__in=[signer.pk, inspector.pk]).update(unit="区应急管理局")
    assert carry_departments(apps) == {"duties": 1, "accounts": 1}
    assert carry_departments(apps) == {"duties": 0, "accounts": 0}
    assert open_duties_of(User.objects.get(pk=signer.pk), room.programme, COUNTY).get().clause == "T-87"


def test_the_security_administrator_binds_an_account_from_a_list_and_ends_it_in_history(room: Room) -> None:
    far = gas("远处燃气", at=people.area("370998").code)
    near, bureau = gas(), keep_department(area=COUNTY, name="示例应急局")
    admin, person = people.user("security_admin", COUNTY), people.user("supplier", COUNTY)
    client, page = client_of(admin), reverse("accounts:user-detail", args=[person.pk])
    offered = [key for _label, rows in client.get(page).context["grant_form"].fields["organisation"].choices[1:]
               for key, _words in rows]  # fmt: skip
    assert (f"firm:{room.supplier.pk}" in offered, f"energy:{near.pk}" in offered) == (True, True)
    assert f"energy:{far.pk}" not in offered
    give, form = reverse("accounts:grant-create", args=[person.pk]), {"area": COUNTY, "reason": "函 12 号"}
    for role, chosen in (("supplier", ""), ("supplier", f"energy:{near.pk}"), ("office", f"firm:{room.supplier.pk}"),
                         ("energy_company", f"energy:{far.pk}"), ("supplier", "firm:x"),
                         ("supplier", f"bureau:{bureau.pk}")):  # fmt: skip
        assert client.post(give, form | {"role": role, "organisation": chosen}).status_code == 422
    assert not Membership.objects.filter(user=person).exists()
    answer = client.post(give, form | {"role": "supplier", "organisation": f"firm:{room.supplier.pk}"})
    assert answer.status_code == 302
    bond = Membership.objects.get(user=person)
    entry = AuditEntry.objects.get(table="accounts_membership", row_pk=str(bond.pk))
    assert (entry.actor_id, entry.reason, bond.granted_by) == (admin.pk, "函 12 号", admin)
    assert room.supplier.code in client.get(page).content.decode()
    heater = heater_of(room)
    assert list(Heater.objects.visible_to(User.objects.get(pk=person.pk))) == [heater]
    end = reverse("accounts:grant-end", args=[person.grants.get().pk])
    assert client.post(end, {"bond": bond.pk + 1, "reason": "离职"}).status_code == 404
    assert client.post(end, {"bond": bond.pk, "reason": "离职"}).status_code == 302
    signer = people.user("panel_member", COUNTY)
    give = reverse("accounts:grant-create", args=[signer.pk])
    asked = {"role": "panel_member", "organisation": f"bureau:{bureau.pk}"}
    assert client.post(give, form | asked).status_code == 302
    assert User.objects.get(pk=signer.pk).departments == {bureau.pk}
    assert not Heater.objects.visible_to(User.objects.get(pk=person.pk)).exists()
    services.bind_organisation(user=person, organisation=("firm", room.supplier.pk), by=admin)
    services.revoke_grant(grant=person.grants.get(), by=admin)
    assert not Membership.objects.active().filter(user=person).exists(), "the last role takes the bond with it"


def test_somebody_with_a_whole_role_beside_sees_the_whole(
    room: Room, rival: Supplier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The narrower role takes nothing from the wider one; and without `own_only` the firm's account would see all."""
    heaters = {heater_of(room), heater_of(room, firm=rival)}
    both = of(room.supplier)
    people.Grant.objects.create(user=both, role="ops", area=people.area(COUNTY))
    assert set(Heater.objects.visible_to(both)) == heaters
    open_role = replace(ROLES["supplier"], own_only="")
    monkeypatch.setitem(rights.ROLES, "supplier", open_role)
    assert set(Heater.objects.visible_to(of(room.supplier))) == heaters
