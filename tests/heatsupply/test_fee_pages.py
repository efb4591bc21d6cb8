"""Files, rates, arrears, applications and samples through the pages; a company sees and changes only its own."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from fractions import Fraction
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from devices.models import Heater
from heatsupply.models import FeeAccount, FeeLine, RoomSample, SupplyFault, Survey, SurveyAnswer, Suspension
from heatsupply.queries.fees import both_rates, companies_of, fees_by_company
from heatsupply.services import room_samples, surveys
from programmes.models import Indicator
from telemetry.models import LatestReading
from tests import people
from tests.heatsupply.fee_room import (
    BEFORE,
    COUNTY,
    NOW,
    SEASON,
    FeeRoom,
    client_of,
    code_of,
    fees,
    person_of,
    row,
)
from tests.telemetry.said import bare_heater

__all__ = ["fees"]
LIST, ACT = "heat:fee-list", "heat:fee-act"


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_fee_below_its_deductions_is_a_faulty_row(fees: FeeRoom) -> None:
    account = fees.account(paid=False)
    fees.fault(account, 72)
    taken = fees.take([row("A1", fee="45.69")])
    assert [one.code for one in taken.problems] == ["FEE_BELOW_REDUCTIONS"]
    assert fees.take([row("A1", fee="45.70")]).is_stored
    account.refresh_from_db()
    assert account.receivable_fen == 0


def test_the_form_of_a_payback_sent_twice_pays_back_once(fees: FeeRoom) -> None:
    account = fees.account()
    fees.fault(account, 72)
    client = client_of(fees.firm)
    page = text_of(client.get(reverse("heat:account-detail", args=[account.pk])))
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen and seen[1] == "4570"
    sent = {"deed": "payback", "account": account.pk, "seen": seen[1], "yuan": "20", "on": "2023-02-01",
            "channel": "wechat"}  # fmt: skip
    assert [client.post(reverse(ACT), sent).status_code for _press in range(2)] == [302, 409]
    assert account.lines.filter(kind="payback").count() == 1


def two_companies(fees: FeeRoom) -> None:
    """90 % of a small company's and 70 % of a large one's: 72 % of all money, 80 % on average."""
    fees.take([row("A1", fee="100", received="90", channel="微信")])
    body = row("B1", fee="900", received="630", channel="现金", 用户类别="机关事业单位", 户名="示例县虚构局")
    fees.take([body], company=fees.other)


@pytest.mark.clause(
    "B-30", "优化热费缴纳流程…微信、支付宝", serves="heatsupply.queries.fees:channels_of",
    page="heat:fee-list", model="heatsupply.FeeLine",
)  # fmt: skip
def test_the_rate_is_shown_pooled_and_as_a_mean_with_channels_beside(fees: FeeRoom) -> None:
    two_companies(fees)
    Indicator.objects.create(
        programme=fees.programme, code="collection-rate", name="热费收缴率", value=80, soft_word="左右"
    )
    both = both_rates(companies_of(fees_by_company(FeeAccount.objects.all())))
    assert (both.pooled, both.mean, both.counted) == (Fraction(72, 100), Fraction(80, 100), 2)
    page = client_of(fees.office).get(reverse(LIST), {"season": SEASON})
    said = text_of(page)
    assert all(words in said for words in ("72.0%", "80.0%", "90.0%", "70.0%", "80 % 左右"))
    assert ">= 80" not in said, "about 80 is no limit"
    assert {name: (n, fen) for name, n, fen in page.context["channels"]} == {"微信": (1, 9_000), "营业厅": (1, 63_000)}
    assert (page.context["online"], page.context["received"]) == (9_000, 72_000)


@pytest.mark.clause(
    "B-33", "机关事业单位供热欠费清缴", serves="heatsupply.queries.fees:arrears_of",
    page="heat:fee-list", model="heatsupply.FeeAccount",
)  # fmt: skip
@pytest.mark.clause(
    "B-34", "长期拖欠热费的用户要分类施策", serves="heatsupply.services.arrears:class_arrears",
    page="heat:account-detail", model="heatsupply.FeeAccount",
)  # fmt: skip
def test_arrears_stand_by_class_with_their_measure_and_public_bodies_by_name(fees: FeeRoom) -> None:
    two_companies(fees)
    client, body = client_of(fees.office), FeeAccount.objects.get(kind="public_body")
    listed = client.get(reverse(LIST), {"season": SEASON, "kind": "public_body", "stands": "owing"})
    assert "示例县虚构局" in text_of(listed)  # a public body's name is no secret
    assert listed.context["table"].count == 1
    assert "张示例A1" not in text_of(client.get(reverse(LIST), {"season": SEASON}))
    form = {"deed": "arrears", "account": body.pk, "arrears": "budget", "measure": "clear", "words": "年底前结清"}
    for came_from, back in (("http://testserver/heat/fees/1/", None), ("https://example.org/", reverse("home"))):
        refused = client.post(reverse(ACT), form | {"measure": ""}, headers={"referer": came_from})
        assert refused.status_code == 422 and f'class="btn" href="{back or came_from}"' in refused.content.decode()
    assert client.post(reverse(ACT), form).status_code == 302
    line = next(one for one in client.get(reverse(LIST), {"season": SEASON}).context["arrears"] if one["measure"])
    assert (line["n"], line["fen"]) == (1, 27_000)
    narrowed = client.get(reverse(LIST), {"season": SEASON, "arrears": "none"}).context["table"]
    assert [one.item.company for one in narrowed.rows] == [fees.company]
    assert "年底前结清" in text_of(client.get(reverse("heat:account-detail", args=[body.pk])))


def test_a_company_sees_and_changes_only_its_own(fees: FeeRoom) -> None:
    two_companies(fees)
    mine, theirs = (FeeAccount.objects.get(company=one) for one in (fees.company, fees.other))
    client = client_of(fees.firm)
    assert client.get(reverse(LIST), {"season": SEASON}).context["table"].count == 1
    assert client.get(reverse("heat:account-detail", args=[mine.pk])).status_code == 200
    assert client.get(reverse("heat:account-detail", args=[theirs.pk])).status_code == 404
    form = {"deed": "arrears", "account": theirs.pk, "arrears": "other", "measure": "remind"}
    assert client.post(reverse(ACT), form).status_code == 404
    upload = {"deed": "import", "company": fees.other.pk, "season": SEASON, "file": SimpleUploadedFile("x.csv", b"x")}
    assert client.post(reverse(ACT), upload).status_code == 422
    line = FeeLine.objects.filter(account=mine).first()
    assert line
    assert client.post(reverse(ACT), {"deed": "counter", "line": line.pk, "words": "x"}).status_code == 403


def test_names_phones_and_account_numbers_are_ciphertext(fees: FeeRoom) -> None:
    account = fees.account("ZH20220001")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_no, payer_name, account_index FROM heatsupply_feeaccount WHERE id = %s", [account.pk]
        )
        stored = " ".join(cursor.fetchone())
    assert "ZH20220001" not in stored
    assert "张示例" not in stored
    client = client_of(fees.office)
    page = client.get(reverse(LIST), {"season": SEASON, "q": "zh20220001"})
    assert page.context["table"].count == 1
    assert "ZH20220001" not in text_of(page).replace('value="zh20220001"', "")


def test_a_fault_goes_from_the_record_to_the_line_through_the_account_page(fees: FeeRoom) -> None:
    account = fees.account(paid=False)
    firm, office, act = client_of(fees.firm), client_of(fees.office), reverse(ACT)
    form = {"deed": "fault", "account": account.pk, "fault": "stopped", "starts_at": "2022-11-10T00:00",
            "ends_at": "2022-11-13T00:00", "words": "一次网爆管"}  # fmt: skip
    assert firm.post(act, form).status_code == 302
    fault = SupplyFault.objects.get()
    cause = {"deed": "cause", "fault": fault.pk, "cause": "company", "words": "现场核查"}
    assert firm.post(act, cause).status_code == 403
    assert firm.post(act, {"deed": "settle", "fault": fault.pk}).status_code == 422
    assert office.post(act, cause).status_code == 302
    assert firm.post(act, {"deed": "settle", "fault": fault.pk}).status_code == 302
    assert firm.post(act, {"deed": "settle", "fault": fault.pk}).status_code == 409
    page = text_of(firm.get(reverse("heat:account-detail", args=[account.pk])))
    assert all(words in page for words in ("2,254.30", "45.70", "B-32", "一次网爆管"))


def address() -> str:
    """An address nobody else counts under: the counter outlives a test."""
    return f"2001:db8::{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}"


def apply(number: str, **more: str) -> Any:
    form = {"area": COUNTY, "account_no": number, "applicant_name": "张示例", "phone": "", "address": "", "words": ""}
    return Client(REMOTE_ADDR=address()).post(reverse("heat:public-suspend"), form | more)


@pytest.fixture
def in_season(settings: Any) -> None:
    settings.PORTAL_TODAY = "2022-10-20"


@pytest.mark.usefixtures("in_season")
def test_the_public_page_says_the_same_whether_the_account_exists_or_not(fees: FeeRoom) -> None:
    fees.account(paid=False)
    known, unknown = apply("A1"), apply("没有此号")
    assert [one.status_code for one in (known, unknown)] == [200, 200]
    plain = [
        re.sub(f"{one.context['made'].number}|{one.context['code']}|FToken[^,>]+", "", text_of(one))
        for one in (known, unknown)
    ]
    assert plain[0] == plain[1]
    assert [one.account is None for one in Suspension.objects.order_by("pk")] == [False, True]
    assert apply("A1", website="http://example.invalid").status_code == 422
    stranger = Client(REMOTE_ADDR=address())
    look = {"number": known.context["made"].number, "code": unknown.context["code"]}
    assert stranger.post(reverse("heat:public-suspend"), look).status_code == 422


@pytest.mark.usefixtures("in_season")
def test_an_application_is_decided_on_the_account_page_and_the_user_reads_it(fees: FeeRoom) -> None:
    account = fees.account(paid=False)
    made = apply("A1")
    suspension, code, firm = made.context["made"], made.context["code"], client_of(fees.firm)
    assert suspension.number in text_of(firm.get(reverse(LIST), {"season": SEASON}))
    decide = {"deed": "decide", "suspension": suspension.pk, "approve": "yes", "words": ""}
    assert client_of(person_of(fees.other)).post(reverse(ACT), decide).status_code == 404
    assert firm.post(reverse(ACT), decide).status_code == 302
    assert "690.00" in text_of(firm.get(reverse("heat:account-detail", args=[account.pk])))
    stranger = Client(REMOTE_ADDR=address())
    told = stranger.post(reverse("heat:public-suspend"), {"number": suspension.number, "code": code})
    assert told.context["pays"] == 69_000
    counter = {"deed": "apply", "account": account.pk, "applicant_name": "张示例"}
    assert firm.post(reverse(ACT), counter).status_code == 302
    assert Suspension.objects.filter(source="counter", account=account).count() == 1


def test_an_address_applies_ten_times_an_hour(fees: FeeRoom, in_season: None) -> None:
    here = Client(REMOTE_ADDR=address())
    form = {"area": COUNTY, "account_no": "A1", "applicant_name": "张示例"}
    answers = [here.post(reverse("heat:public-suspend"), form).status_code for _n in range(11)]
    assert answers == [200] * 10 + [429]


@pytest.mark.clause(
    "B-02", "居民供热室温普遍达到18℃以上", serves="heatsupply.services.room_samples:record_room_sample",
    page="heat:indicator-board", model="heatsupply.RoomSample",
)  # fmt: skip
def test_rooms_of_eighteen_degrees_comply_and_a_tenth_less_does_not(fees: FeeRoom) -> None:
    account, client, act = fees.account(), client_of(fees.office), reverse("heat:indicator-act")
    form = {"deed": "sample", "company": fees.company.pk, "source": "visit", "measured_at": "2022-12-08T10:00"}
    for room in ("18.0", "17.9"):
        assert client.post(act, form | {"room_c": room}).status_code == 302
    assert client.post(act, form | {"room_c": "18.05"}).status_code == 422
    assert client.post(act, form | {"room_c": "20", "measured_at": "2022-07-08T10:00"}).status_code == 422
    own = {
        "deed": "sample",
        "account": account.pk,
        "source": "complaint",
        "measured_at": "2022-12-09T10:00",
        "room_c": "16",
    }
    assert client.post(reverse(ACT), own).status_code == 302
    assert client.post(reverse(ACT), own).status_code == 409
    page = client.get(reverse("heat:indicator-board"), {"season": SEASON})
    assert page.context["rows"][0]["cells"][1][:2] == (1, 3)
    assert [one[1:] for one in page.context["sources"]] == [(0, 1), (1, 2)]
    fees.programme.room_temp_min_c = 16
    fees.programme.save()
    lower = client.get(reverse("heat:indicator-board"), {"season": SEASON})
    assert lower.context["rows"][0]["cells"][1][:2] == (3, 3)


@pytest.mark.clause(
    "B-03", "供热满意度达到85%以上", serves="heatsupply.services.surveys:draw_survey",
    page="heat:indicator-board", model="heatsupply.Survey",
)  # fmt: skip
def test_users_are_drawn_by_a_kept_seed_asked_and_counted(fees: FeeRoom) -> None:
    fees.take([row(f"A{n}") for n in range(9)] + [row("G1", 用户类别="学校")])
    client, act = client_of(fees.office), reverse("heat:indicator-act")
    form = {
        "deed": "survey",
        "company": fees.company.pk,
        "season": SEASON,
        "name": "满意度调查",
        "size": "4",
        "seed": "s7",
    }
    assert client.post(act, form | {"size": "10"}).status_code == 422
    assert client_of(fees.firm).post(act, form).status_code == 403
    assert client.post(act, form).status_code == 302
    survey = Survey.objects.get()
    keys = surveys.population(fees.programme, fees.company, SEASON)
    assert (survey.population, survey.digest) == (9, surveys.digest(keys))
    assert list(survey.answers.values_list("account_id", flat=True)) == surveys.draw(keys, 4, "s7")
    for answer, score in zip(survey.answers.all(), ("5", "4", "3", ""), strict=True):
        said = {
            "deed": "answer",
            "answer": answer.pk,
            "reached": "answered" if score else "not_reached",
            "score": score,
        }
        assert client.post(act, said).status_code == 302
    first = SurveyAnswer.objects.first()
    assert first
    assert (
        client.post(act, {"deed": "answer", "answer": first.pk, "reached": "answered", "score": ""}).status_code == 422
    )
    page = client.get(reverse("heat:indicator-board"), {"season": SEASON})
    assert page.context["rows"][0]["cells"][2][:2] == (2, 3)  # who was not reached counts in no rate
    assert "66.7%" in text_of(page)


def test_indicators_stand_per_company_and_county_with_the_change_since_the_season_before(fees: FeeRoom) -> None:
    two_companies(fees)
    fees.take([row("A1", fee="100", received="80", channel="微信")], season=BEFORE)
    rows = client_of(fees.office).get(reverse("heat:indicator-board"), {"season": SEASON}).context["rows"]
    assert [one["cells"][0] for one in rows] == [
        (63_000, 90_000, ""), (9_000, 10_000, "+10.0"), (72_000, 100_000, "-8.0"), (72_000, 100_000, "-8.0"),
    ]  # fmt: skip
    firm = client_of(fees.firm).get(reverse("heat:indicator-board"), {"season": SEASON}).context["rows"]
    assert [one["cells"][0][:2] for one in firm] == [(9_000, 10_000)] * 3


def test_the_command_takes_a_file_in_the_name_of_an_account(fees: FeeRoom) -> None:
    said = {"company": fees.company.name, "season": SEASON, "programme": fees.programme.code, "by": fees.firm.username}
    good, bad = fees.file([row("A1"), row("A2")]), fees.file([row("")], "bad.csv")
    call_command("import_fees", good, dry_run=True, stdout=StringIO(), **said)
    assert not FeeAccount.objects.exists()
    out = StringIO()
    call_command("import_fees", good, stdout=out, **said)
    assert (FeeAccount.objects.count(), "new 2" in out.getvalue()) == (2, True)
    with pytest.raises(CommandError, match="Nothing is stored"):
        call_command("import_fees", bad, stdout=StringIO(), stderr=StringIO(), **said)
    with pytest.raises(CommandError, match="may not keep"):
        call_command("import_fees", good, **said | {"company": fees.other.name})


def test_a_sensors_newest_value_counts_once_and_an_old_one_never(fees: FeeRoom) -> None:
    home, idle = people.dwelling(), people.dwelling()
    fees.take([row("A1"), row("A2")])
    for account, dwelling in zip(FeeAccount.objects.order_by("pk"), (home, idle), strict=True):
        FeeAccount.objects.filter(pk=account.pk).update(dwelling=dwelling)
    fresh, old = (bare_heater(line=line) for line in ("serial:F1", "serial:F2"))
    for heater, dwelling, age in ((fresh, home, 1), (old, idle, 25)):
        Heater.objects.filter(pk=heater.pk).update(dwelling=dwelling)
        LatestReading.objects.create(heater=heater, at=NOW - timedelta(hours=age), room_dc=183)
    take = {"programme": fees.programme, "company": fees.company, "season": SEASON, "by": fees.firm, "now": NOW}
    assert room_samples.take_sensor_samples(**take) == 1
    assert room_samples.take_sensor_samples(**take) == 0
    sample = RoomSample.objects.get()
    assert (sample.room_dc, sample.source, sample.account and sample.account.dwelling) == (183, "sensor", home)
    assert code_of(room_samples.take_sensor_samples, **take | {"season": BEFORE}) == "OUT_OF_SEASON"
    with pytest.raises(PermissionDenied):
        room_samples.take_sensor_samples(**take | {"by": person_of(fees.other)})


def test_taking_the_sensors_values_says_how_many_there_were(fees: FeeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.clock.now", lambda: NOW)
    home, client = people.dwelling(), client_of(fees.firm)
    fees.take([row("A1")])
    FeeAccount.objects.update(dwelling=home)
    heater = bare_heater(line="serial:F1")
    Heater.objects.filter(pk=heater.pk).update(dwelling=home)
    LatestReading.objects.create(heater=heater, at=NOW - timedelta(hours=1), room_dc=183)
    sent = {"deed": "sensors", "company": fees.company.pk}
    for said in ("已采集 1 条传感器室温", "最近一天没有新的传感器室温"):
        page = client.post(reverse("heat:indicator-act"), sent, follow=True).content.decode()
        assert said in page
