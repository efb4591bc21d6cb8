"""The pages of readings, cross-check and clawbacks: entering, deciding, files, filters in the address, flat queries."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from households.models import Dwelling, MeterReading, MeterSupply
from jobs.models import Job
from jobs.running import run_job
from subsidies.models import Clawback, ClawbackEntry, Entitlement, ReadingImport
from subsidies.services import operation, reading_imports
from tests.subsidies.conftest import VILLAGE, Money
from tests.subsidies.test_clawbacks import overpaid, paid_season
from tests.subsidies.test_pages import Sign, enter
from tests.subsidies.test_reading_imports import season_row, sheet
from tests.subsidies.test_readings import SEASON, SPRING, entry, home_of, record, shared_home

pytestmark = pytest.mark.django_db
__all__ = ["enter"]


@pytest.fixture
def clerk(money: Money, enter: Sign) -> Client:
    return enter(money.clerk)


@pytest.fixture
def office(money: Money, enter: Sign) -> Client:
    return enter(money.office)


def test_a_clerk_types_one_household_and_lands_on_what_is_held(money: Money, clerk: Client) -> None:
    home = home_of(money)
    page = reverse("subsidies:reading-new")
    given = {"dwelling_no": home.dwelling_no, "carrier": "electricity", "first": "2021-11-01", "last": "2021-11-30"}
    assert clerk.get(page, given).context["form"].initial["dwelling_no"] == home.dwelling_no
    assert clerk.post(page, given).status_code == 422
    assert clerk.post(page, given | {"start": "10", "end": "-1"}).status_code == 422
    assert clerk.post(page, given | {"quantity": "9", "last": "2021-10-30"}).status_code == 422
    assert clerk.post(page, given | {"quantity": "9", "dwelling_no": "X"}).status_code == 422
    done = clerk.post(page, given | {"start": "10", "end": "9"})
    row = MeterReading.objects.get()
    assert done["Location"] == reverse("subsidies:reading-detail", args=[row.pk])
    shown = clerk.get(done["Location"]).content.decode()
    assert "10" in shown
    assert 'action="' + reverse("subsidies:reading-decide", args=[row.pk]) not in shown


def test_the_office_decides_and_the_page_says_who_and_why(money: Money, office: Client) -> None:
    home = home_of(money)
    row = record(money, entry(home, "2021-11-01", "2021-11-30", start=9_990, end=20)).rows[0]
    page = reverse("subsidies:reading-detail", args=[row.pk])
    assert office.get(page).context["form"].initial["quantity"] == "30"
    decide = reverse("subsidies:reading-decide", args=[row.pk])
    assert office.post(decide, {"decision": "count", "reason": "四位表，翻转"}).status_code == 422
    assert office.post(decide, {"decision": "count", "quantity": "30", "reason": "四位表，翻转"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.quantity, row.decided_by) == ("counted", 30, money.office)
    assert "四位表，翻转" in office.get(page).content.decode()


def test_a_village_is_read_in_one_grid(money: Money, clerk: Client) -> None:
    homes = [home_of(money) for _n in range(3)]
    record(money, entry(homes[0], "2021-10-31", "2021-10-31", start=100, end=100, source="clerk"))
    page = f"{reverse('subsidies:reading-grid')}?village={VILLAGE}"
    assert "100" in clerk.get(page).content.decode()
    cells = {f"end_{homes[0].pk}": "150.5", f"end_{homes[1].pk}": "7", f"end_{homes[2].pk}": ""}
    form = {"carrier": "electricity", "day": "2021-11-30"}
    assert clerk.post(page, form).status_code == 422
    assert clerk.post(page, form | cells | {"day": "2021-10-31"}).status_code == 422
    assert clerk.post(page, form | cells).status_code == 302
    rows = MeterReading.objects.filter(ends_on="2021-11-30").order_by("dwelling_id")
    assert [(row.starts_on.isoformat(), row.quantity) for row in rows] == [
        ("2021-11-01", Decimal("50.5")), ("2021-11-30", Decimal(0)),
    ]  # fmt: skip
    assert clerk.get(reverse("subsidies:reading-grid")).status_code == 200
    assert clerk.get(f"{reverse('subsidies:reading-grid')}?village=110101001001").status_code == 404


def test_a_file_goes_from_upload_to_taken_back(money: Money, clerk: Client, tmp_path: Any) -> None:
    homes = [home_of(money, meter_no=f"M{n}") for n in range(2)]
    content = sheet(season_row(1, homes[0]), season_row(2, homes[1], start="坏"), path=tmp_path)
    page = reverse("subsidies:reading-import-list")
    upload = {"area": VILLAGE, "carrier": "electricity", "file": SimpleUploadedFile("抄表.xlsx", content)}
    sent = clerk.post(page, upload)
    made = ReadingImport.objects.get()
    detail = reverse("subsidies:reading-import-detail", args=[made.pk])
    assert sent["Location"] == detail
    reading_imports.check_import(made.pk)
    shown = clerk.get(detail).content.decode()
    assert "抄表!G5" in shown
    apply = reverse("subsidies:reading-import-apply", args=[made.pk])
    made.refresh_from_db()
    assert clerk.post(apply, {"digest": "old"}).status_code == 409
    assert clerk.post(apply, {"digest": made.plan_digest}).status_code == 302
    assert Job.objects.filter(kind=reading_imports.APPLY).count() == 1
    reading_imports.apply_import(made.pk, digest=made.plan_digest, by=money.clerk)
    upload["file"] = SimpleUploadedFile("again.xlsx", content)
    assert clerk.post(page, upload)["Location"] == detail
    undo = reverse("subsidies:reading-import-undo", args=[made.pk])
    assert clerk.post(undo, {"reason": ""}).status_code == 422
    assert clerk.post(undo, {"reason": "错"}).status_code == 302
    assert run_job(Job.objects.get(kind=reading_imports.UNDO).pk) == "done"
    assert clerk.post(undo, {"reason": "错"}).status_code == 409
    assert MeterReading.objects.get().state == "withdrawn"
    assert clerk.post(page, {"area": VILLAGE, "carrier": "electricity"}).status_code == 422


def test_the_split_of_a_shared_meter_on_its_page(money: Money, office: Client) -> None:
    homes = shared_home(money, 2)
    row = record(money, entry(homes[0], "2021-11-01", "2022-03-31", start=0, end=900, meter="共M1")).rows[0]
    meter = MeterSupply.objects.first().meter  # type: ignore[union-attr]
    page = reverse("subsidies:meter-split", args=[meter.pk])
    assert page in office.get(reverse("subsidies:reading-detail", args=[row.pk])).content.decode()
    parts = {f"parts_{homes[0].pk}": "1", f"parts_{homes[1].pk}": "2"}
    assert office.post(page, parts).status_code == 422
    assert office.post(page, parts | {"reason": "两户协议"}).status_code == 302
    assert sorted(MeterReading.objects.values_list("quantity", flat=True)) == [300, 600]


def checked(money: Money, count: int) -> list[Dwelling]:
    """Dwellings compared: the first claims without a heater that says anything."""
    homes = [home_of(money) for _n in range(count)]
    record(money, *(entry(home, "2021-11-01", "2022-03-31", quantity=900) for home in homes))
    operation.check_operation(programme=money.programme, season=SEASON, now=SPRING)
    return homes


def queries(client: Client, page: str) -> int:
    client.get(page)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(page).status_code == 200
    return len(seen)


def test_lists_answer_the_address_and_stay_flat(money: Money, office: Client) -> None:
    homes = checked(money, 2)
    lists = {name: reverse(f"subsidies:{name}") for name in ("operation-list", "reading-list")}
    few = {name: queries(office, page) for name, page in lists.items()}
    checked(money, 8)
    many = {name: queries(office, page) for name, page in lists.items()}
    assert many == few
    assert max(many.values()) <= 12, many
    found = office.get(lists["operation-list"], {"verdict": "no_data", "search": homes[0].dwelling_no}).context["table"]
    assert found.count == 1
    assert office.get(lists["operation-list"], {"verdict": "never_ran"}).context["table"].count == 0
    assert office.get(lists["reading-list"], {"state": "held"}).context["table"].count == 0


def test_a_case_from_proposal_to_money_back(money: Money, enter: Sign) -> None:
    paid = paid_season(money)
    maker, reviewer = enter(money.maker), enter(money.reviewer)
    new = reverse("subsidies:clawback-new", args=[paid.pk])
    begun = maker.get(new).context["form"]
    assert (begun.initial["amount"], begun.initial["way"], begun["reason"].value()) == ("200.00", "offset", None)
    said = {"amount": "200.01", "way": "return", "reason": "never_ran", "words": "设备未运行"}
    assert maker.post(new, said).status_code == 422
    assert maker.post(new, said | {"amount": "50", "reason": ""}).status_code == 422
    assert maker.post(new, said | {"amount": "50"}).status_code == 302
    case = Clawback.objects.get()
    decide = reverse("subsidies:clawback-decide", args=[case.pk])
    assert maker.post(decide, {"decision": "confirm", "reason": "同意"}).status_code == 403
    assert reviewer.post(decide, {"decision": "confirm"}).status_code == 422
    assert reviewer.post(decide, {"decision": "confirm", "reason": "同意"}).status_code == 302
    back = reverse("subsidies:clawback-return", args=[case.pk])
    form = {"request_id": str(uuid4()), "amount": "30", "document_no": "收据1", "on": dt.date(2022, 5, 1).isoformat()}
    assert maker.post(back, form | {"amount": "51"}).status_code == 422
    assert maker.post(back, form).status_code == 302
    assert maker.post(back, form).status_code == 302
    assert ClawbackEntry.objects.get().amount_fen == 3_000
    shown = maker.get(reverse("subsidies:clawback-detail", args=[case.pk])).content.decode()
    assert "收据1" in shown
    assert maker.get(reverse("subsidies:clawback-list"), {"state": "confirmed"}).context["table"].count == 1


def test_settling_and_comparing_are_asked_for_by_button(money: Money, enter: Sign) -> None:
    maker = enter(money.maker)
    for name in ("operation-check", "season-settle"):
        assert maker.post(reverse(f"subsidies:{name}"), {"year": "2021"}).status_code == 302
        assert maker.post(reverse(f"subsidies:{name}"), {"year": "x"}).status_code == 422
    assert Job.objects.count() == 2
    overpaid(money)
    assert Entitlement.objects.filter(period="2021-2022").exists()
