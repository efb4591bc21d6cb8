"""An energy company: villages it serves, its word on capacity and works, readings of its own customers' meters."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Area, AuditEntry, User
from core import clock
from households.models import Dwelling, MeterReading
from subsidies.models import ReadingImport
from subsidies.services import reading_imports as imports
from subsidies.services.readings import record_readings
from supervision.models import EnergyCompany, ServedPlace
from supervision.services import served
from supervision.services.served import Said
from tests import people
from tests.subsidies.test_reading_imports import sheet
from tests.subsidies.test_readings import entry
from tests.supervision.conftest import COUNTY, NOW, OTHER_TOWN, TOWN, VILLAGE, Room, client_of, code_of, of

NEXT = "370999001002"
PAPER = "供电函〔2021〕3 号"


def power(name: str = "示例供电（虚构）", carrier: str = "electricity") -> EnergyCompany:
    return EnergyCompany.objects.create(area=people.area(COUNTY), carrier=carrier, name=name)


def serves(company: EnergyCompany, *villages: str) -> EnergyCompany:
    for code in villages:
        ServedPlace.objects.create(area=people.area(code), company=company, carrier=company.carrier)
    return company


@pytest.mark.clause(
    "L-70", "城投公司、国网、两家燃气公司", serves="supervision.services.served:confirm",
    page="supervision:network-board", model="supervision.ServedPlace",
)  # fmt: skip
@pytest.mark.clause(
    "D-37", "国网大同：外网改造", serves="supervision.services.served:confirm",
    page="supervision:network-board", model="supervision.ServedPlace",
)  # fmt: skip
def test_a_company_confirms_capacity_and_works_of_the_villages_it_serves_alone(room: Room) -> None:
    """Office says who serves what; the company's word becomes what is known of the village, and nobody else's."""
    for code in (VILLAGE, NEXT, "370999002001"):
        people.area(code)
    mine, rival = power(), power("另一供电（虚构）")
    office, act = client_of(room.office), reverse("supervision:register-act")
    serve = {"deed": "serve", "company": rival.pk, "area": NEXT, "serves": "yes"}
    assert office.post(act, serve).status_code == 302
    told = office.post(act, serve | {"company": mine.pk, "area": TOWN}, follow=True).content.decode()
    assert "另一家" in told
    assert dict(ServedPlace.objects.values_list("area_id", "company_id")) == {NEXT: rival.pk, VILLAGE: mine.pk}
    person = of(mine, "energy_company")
    client, board = client_of(person), reverse("supervision:network-board")
    assert [row.area_id for row in client.get(board).context["served"]] == [VILLAGE]
    said = {"deed": "capacity", "company": mine.pk, "area": VILLAGE, "has_capacity": "no", "works": "planned",
            "works_on": "2022-06-30", "words": PAPER}  # fmt: skip
    assert client.post(act, said | {"works_on": ""}).status_code == 422
    assert client.post(act, said | {"area": NEXT}).status_code == 422, "served by another"
    assert client.post(act, said | {"company": rival.pk}).status_code == 422
    assert client.post(act, serve).status_code == 403, "who serves what is the office's"
    assert client.post(act, said | {"area": TOWN}).status_code == 302, "all it serves of the town"
    row = ServedPlace.objects.get(area=VILLAGE)
    assert (row.has_capacity, row.works, row.words, row.said_by) == (False, "planned", PAPER, person)
    known = dict(Area.objects.values_list("code", "grid_capacity_ok"))
    assert (known[VILLAGE], known[NEXT], known[TOWN]) == (False, None, None)
    entry = AuditEntry.objects.filter(table="accounts_area", row_pk=VILLAGE).latest("pk")
    assert (entry.actor_id, PAPER in entry.reason) == (person.pk, True)
    page = office.get(board).content.decode()
    assert PAPER in page
    done = Said(True, PAPER, "done", NOW.date() + timedelta(days=2))
    area = Area.objects.get(pk=VILLAGE)
    assert code_of(served.confirm, company=mine, area=area, said=done, by=person, now=NOW) == "WORKS_FAULTY"
    assert code_of(served.confirm, company=mine, area=area, said=Said(True, " "), by=person, now=NOW) == "WORDS_MISSING"
    with pytest.raises(PermissionDenied):
        served.confirm(company=mine, area=area, said=Said(True, PAPER), by=of(rival, "energy_company"), now=NOW)
    assert code_of(served.leave, company=mine, area=Area.objects.get(pk=OTHER_TOWN), by=room.office) == "NOT_SERVED"
    assert office.post(act, serve | {"company": mine.pk, "area": VILLAGE, "serves": "no"}).status_code == 302
    assert not client.get(board).context["served"]


def customer(room: Room, meter: str, village: str = VILLAGE) -> Dwelling:
    home = people.dwelling(village)
    Dwelling.objects.filter(pk=home.pk).update(meter_no=meter, meter_is_individual=True)
    return Dwelling.objects.get(pk=home.pk)


def test_a_company_imports_and_enters_readings_of_its_own_customers_alone(room: Room, tmp_path: Path) -> None:
    mine, gas = serves(power(), VILLAGE), serves(power("示例燃气（虚构）", "gas"), VILLAGE, NEXT)
    rival = serves(power("另一供电（虚构）"), NEXT)
    home, other = customer(room, "0001"), customer(room, "0002", NEXT)
    person = of(mine, "energy_company")
    client, files = client_of(person), reverse("subsidies:reading-import-list")
    rows = [(n, "", meter, "", "2021-11-01", "2021-11-30", 10, 110, 100) for n, meter in ((1, "0001"), (2, "0002"))]
    content = sheet(*rows, path=tmp_path)
    sent: dict[str, Any] = {"area": COUNTY, "carrier": "electricity"}

    def upload(by: Any, **more: Any) -> Any:
        return by.post(files, sent | more | {"file": SimpleUploadedFile("抄表.xlsx", content)})

    assert upload(client, carrier="gas").status_code == 422
    assert upload(client).status_code == 302
    made = imports.check_import(ReadingImport.objects.get().pk)
    assert [problem["code"] for problem in made.problems] == ["UNKNOWN_HOME"], "another's customer is nobody here"
    assert made.counts["lines"] == 1
    detail = reverse("subsidies:reading-import-detail", args=[made.pk])
    foreign = client_of(of(rival, "energy_company"))
    assert (client.get(detail).status_code, foreign.get(detail).status_code) == (200, 404)
    assert foreign.post(reverse("subsidies:reading-import-apply", args=[made.pk])).status_code == 404
    assert "已" in upload(foreign).content.decode(), "the same file again tells nothing of the other's"
    apply = reverse("subsidies:reading-import-apply", args=[made.pk])
    assert client.post(apply, {"digest": made.plan_digest}).status_code == 302
    imports.apply_import(made.pk, digest=made.plan_digest, by=person)
    line = MeterReading.objects.get()
    assert (line.dwelling, line.source, line.quantity, line.entered_by) == (home, "power_company", 100, person)
    listed = reverse("subsidies:reading-list")
    shown = client.get(listed).content.decode()
    assert (home.dwelling_no in shown, home.household.head_name in shown) == (True, False)
    assert home.dwelling_no not in foreign.get(listed).content.decode()
    typed = {"dwelling_no": home.dwelling_no, "carrier": "electricity", "first": "2021-12-01", "last": "2021-12-31",
             "start": "110", "end": "150"}  # fmt: skip
    new = reverse("subsidies:reading-new")
    assert client.post(new, typed | {"dwelling_no": other.dwelling_no}).status_code == 422
    assert client.post(new, typed | {"carrier": "gas"}).status_code == 422
    assert client.post(new, typed).status_code == 302
    assert set(MeterReading.objects.values_list("source", flat=True)) == {"power_company"}
    for whose, by in ((other, person), (home, of(gas, "energy_company"))):
        stated = [entry(whose, "2022-01-01", "2022-01-31", quantity=5)]
        with pytest.raises(PermissionDenied):
            record_readings(programme=room.programme, entries=stated, by=by)
    assert client.post(reverse("subsidies:reading-take"), {"year": "2021"}).status_code == 404
    User.objects.get(pk=person.pk).memberships.update(expires_on=clock.today() - timedelta(days=1))
    assert client.get(detail).status_code == 404, "who left sees nothing of it"
