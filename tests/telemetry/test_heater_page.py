"""The page of one heater, and who may see it."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

import devices.tasks  # noqa: F401 - the handler of devices.send_command
from devices.models import Command
from retrofits.models import Product
from supervision.models import MaintenanceVisit, ServiceOutlet
from telemetry.models import LatestReading
from tests import people
from tests.telemetry.plant import Plant
from tests.telemetry.said import bare_heater
from tests.telemetry.visiting import OTHER_TOWN, PARTS, detail, say, sign_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def test_the_page_of_a_heater_shows_registers_line_and_address(plant: Plant, page: Client) -> None:
    heater = plant.heaters[0]
    text = words(page.get(detail(heater)))
    latest = LatestReading.objects.get(heater=heater)
    assert f"{latest.set_room_dc / 10:.1f} ℃" in text  # type: ignore[operator]
    assert heater.factory_no in text and heater.bus.line in text and str(heater.profile) in text
    assert "connected" in text and "Answer time" in text
    with CaptureQueriesContext(connection) as asked:
        page.get(detail(heater))
    assert len(asked) <= 17, [q["sql"][:90] for q in asked.captured_queries]


def test_a_register_is_only_shown_raw_when_it_was_just_read_which_ends_the_back_off(plant: Plant, page: Client) -> None:
    heater = plant.heaters[1]
    LatestReading.objects.filter(heater=heater).update(misses=40)
    assert not re.search(r'<td class="mono">[0-9A-F]{4}', page.get(detail(heater)).content.decode())
    read = page.post(detail(heater, "heater-read"), headers={"HX-Request": "true"}).content.decode()
    assert re.search(r'<td class="mono">[0-9A-F]{4}', read)
    assert "Read from the heater just now" in read
    assert LatestReading.objects.get(heater=heater).misses == 0


def test_a_hub_that_is_away_leaves_the_page_standing(plant: Plant, page: Client, settings: Any) -> None:
    settings.HUB_CONTROL = "127.0.0.1:1"
    response = page.get(detail(plant.heaters[0]))
    assert response.status_code == 200
    assert "The hub, which holds the lines, can&#x27;t be reached." in response.content.decode()
    assert "can&#x27;t be reached" in page.post(detail(plant.heaters[0], "heater-read")).content.decode()


def test_an_unplugged_heater_answers_read_now_with_the_reason(plant: Plant, page: Client) -> None:
    from tests.telemetry.test_polling import _until_silent

    plant.unplug(plant.heaters[0])
    _until_silent(plant)
    assert "does not answer" in words(page.post(detail(plant.heaters[0], "heater-read")))


def test_a_heater_that_was_never_read_has_a_page(page: Client) -> None:
    text = words(page.get(detail(bare_heater())))
    assert "never heard" in text and "power now" not in text


def test_the_page_leads_to_a_repair_ticket_and_a_workbook_and_names_insurance_and_service(page: Client) -> None:
    people.programme("370999", poll_period_s=30)
    heater, now = bare_heater(), timezone.now()
    model = heater.device_model
    Product.objects.create(device_model=model, insurance_no="BX-1", insurance_until=now.date() + dt.timedelta(days=90))
    for name, place in (("A county outlet", "370999"), ("Town outlet", "370999001")):
        fields = {"name": name, "address": "1", "phone": "199 0000 2200", "team_size": 2}
        ServiceOutlet.objects.create(supplier=model.supplier, area=people.area(place), **fields)
    MaintenanceVisit.objects.create(
        heater=heater, area_id=heater.area_id, supplier=model.supplier, visited_on="2020-11-02", result="fine",
        recorded_by=people.user("office", "370999"),
    )  # fmt: skip
    shown = page.get(detail(heater))
    assert "BX-1" in words(shown) and "until 20" in words(shown), "insured"
    assert "Town outlet 199 0000 2200 · last visit 2020-11-02" in words(shown), "the nearest one speaks"
    assert "Report a fault" not in words(shown), "an operator keeps no tickets"

    office = sign_in(people.user("office", "370999"))
    (link,) = re.findall(r'href="([^"]*/care/tickets/new/[^"]*)"', office.get(detail(heater)).content.decode())
    asked = office.get(html.unescape(link)).context["form"]
    filled = {name: str(asked[name].value()) for name in ("area", "supplier", "title")}
    title = f"{model} {heater.platform_no}"
    assert filled == {"area": heater.area_id, "supplier": str(model.supplier_id), "title": title}

    say(heater, now - dt.timedelta(minutes=9), room_dc=195, supply_dc=None, running=True, mode=1, flags=16)
    say(heater, now - dt.timedelta(minutes=8), room_dc=-4, running=False, energy_dkwh=12345, fault=1, flags=0)
    file = page.get(detail(heater, "heater-table"), {"period": "1h", "format": "xlsx"})
    assert file["Content-Disposition"].endswith('.xlsx"')
    cells = openpyxl.load_workbook(io.BytesIO(file.content)).worksheets[0].values
    rows = [[cell for cell in row if cell is not None] for row in cells][2:4]
    assert [row[1:] for row in rows] == [
        [19.5, "switched on", "heating", "read in part"], [-0.4, "switched off", "E01 high pressure", 1234.5]
    ]  # fmt: skip
    season = page.get(detail(heater, "heater-table"), {"period": "season", "format": "xlsx"})
    assert openpyxl.load_workbook(io.BytesIO(season.content)).worksheets[0].max_row > 2


@pytest.mark.parametrize("name", PARTS)
def test_a_heater_of_another_town_does_not_exist(name: str) -> None:
    heater = bare_heater()
    assert sign_in(people.user("ops", OTHER_TOWN)).get(detail(heater, name)).status_code == 404
    assert sign_in(people.user("finance", "370999")).get(detail(heater, name)).status_code == 403


def test_writing_needs_the_right_over_the_place() -> None:
    heater = bare_heater()
    looks, elsewhere = sign_in(people.user("town_staff", "370999001")), sign_in(people.user("ops", OTHER_TOWN))
    assert looks.post(detail(heater, "heater-command")).status_code == 403
    assert elsewhere.post(detail(heater, "heater-command")).status_code == 404
    assert elsewhere.post(detail(heater, "heater-read")).status_code == 404
    assert not Command.objects.exists()


def test_who_may_only_look_is_told_who_grants_the_right() -> None:
    client = sign_in(people.user("town_staff", "370999001"))
    text = client.get(detail(bare_heater())).content.decode()
    assert 'name="value"' not in text
    assert "security administrator" in text or "安全管理员" in text


def test_other_peoples_heaters_are_not_counted(plant: Plant) -> None:
    client = sign_in(people.user("ops", OTHER_TOWN))
    response = client.get(reverse("telemetry:heater-list"))
    assert plant.heaters[0].platform_no not in response.content.decode()
