"""Clean coal: who may sell what to whom, which batches are blocked, how long the stock lasts, what everybody sees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import Area, User
from core import clock
from core.refusals import Refused
from core.together import read
from heatsupply.models import CoalBatch, CoalPoint, CoalSale
from heatsupply.queries import coal as queries
from heatsupply.rules.points_map import HEIGHT, WIDTH, sketch
from heatsupply.services import coal
from households.models import Household
from programmes.models import Programme, Threshold
from reports.queries import todo_heat
from reports.queries.scope import Scope
from retrofits.faults import Faulty
from tests import people
from tests.supervision.conftest import client_of

TOWN, VILLAGE, OTHER = "370999001", "370999001001", "370999002"
TODAY = date(2021, 12, 8)
NOW = datetime(2021, 12, 8, 2, 0, tzinfo=UTC)
LIST, ACT, PUBLIC = "heat:coal-list", "heat:coal-act", "heat:coal-public"


@dataclass(frozen=True)
class Yard:
    """A point with one batch that has passed."""

    programme: Programme
    point: CoalPoint
    batch: CoalBatch
    home: Household
    clerk: User
    market: User
    today: date = TODAY

    def sell(self, kg: int, **changes: Any) -> CoalSale:
        values = {
            "batch": self.batch, "household_no": self.home.household_no, "sold_on": self.today, "kg": kg,
            "amount_fen": kg * 110, "receipt_no": f"R{CoalSale.objects.count()}", "by": self.clerk, "now": NOW,
            "today": self.today,
        }  # fmt: skip
        return coal.sell(**(values | changes))

    def deliver(self, number: str = "B-2", kg: int = 4_000, day: date | None = None) -> CoalBatch:
        return coal.receive_batch(
            point=self.point, batch_no=number, maker="示例煤厂（虚构）", received_on=day or self.today, received_kg=kg,
            by=self.clerk, today=self.today,
        )  # fmt: skip

    def test(self, batch: CoalBatch, sulphur: str, ash: str, day: date | None = None, **changes: Any) -> CoalBatch:
        values = {
            "batch": batch, "sampled_on": day or self.today, "laboratory": "示例检测中心（虚构）",
            "report_no": f"MZ-{batch.tests.count()}", "sulphur_percent": Decimal(sulphur), "ash_percent": Decimal(ash),
            "by": self.market, "now": NOW, "today": self.today,
        }  # fmt: skip
        coal.record_test(**(values | changes))
        return CoalBatch.objects.get(pk=batch.pk)

    def stocked(self) -> Any:
        return queries.with_stock(CoalPoint.objects.select_related("programme"), self.today).get(pk=self.point.pk)


def opened(today: date) -> Yard:
    programme = people.programme(year_from=2020, year_to=2022)
    village, clerk, market = (
        people.area(VILLAGE),
        people.user("town_staff", TOWN),
        people.user("panel_member", "370999"),
    )
    begun = today - timedelta(days=40)
    point = coal.register_point(
        programme=programme, area=village, name="示例煤点", address="村口东", phone="0356-6000301", keeper="李样本",
        opened_on=begun, longitude=Decimal("112.85"), latitude=Decimal("35.49"), has_sign=True, has_rules=False,
        by=clerk,
    )  # fmt: skip
    yard = Yard(programme, point, CoalBatch(), people.household(VILLAGE), clerk, market, today)
    batch = yard.deliver("B-1", 6_000, begun)
    return replace(yard, batch=yard.test(batch, "0.5", "16", today))


@pytest.fixture
def yard(db: None) -> Yard:
    return opened(TODAY)


def codes_of(deed: Any, *args: Any, **values: Any) -> list[str]:
    """Codes of everything the refusal names."""
    with pytest.raises(Refused) as refusal:
        deed(*args, **values)
    found = refusal.value
    return [one.code for one in found.faults] if isinstance(found, Faulty) else [found.code]


@pytest.mark.clause(
    "J-46", "严禁销售、使用硫分大于0.5%、灰分大于16%的民用散煤", serves="heatsupply.services.coal:record_test",
    page="heat:coal-list", model="heatsupply.CoalTest",
)  # fmt: skip
@pytest.mark.parametrize(
    ("sulphur", "ash", "state"),
    [("0.5", "16", "passed"), ("0.5", "16.0", "passed"), ("0.501", "16", "failed"), ("0.5", "16.1", "failed"),
     ("0.6", "17", "failed"), ("0", "0", "passed")],
)  # fmt: skip
def test_the_limits_themselves_pass_and_a_failed_batch_is_blocked(
    yard: Yard, sulphur: str, ash: str, state: str
) -> None:
    batch = yard.deliver()
    assert codes_of(yard.sell, 50, batch=batch) == ["BATCH_UNTESTED"]
    judged = yard.test(batch, sulphur, ash)
    assert judged.state == state
    if state == "failed":
        assert codes_of(yard.sell, 50, batch=judged) == ["BATCH_BLOCKED"]
        assert yard.stocked().blocked_kg == 4_000
    else:
        assert yard.sell(50, batch=judged).kg == 50


def test_the_newest_sample_decides_and_a_programmes_own_limits_count(yard: Yard) -> None:
    batch = yard.deliver(day=TODAY - timedelta(days=9))
    failed = yard.test(batch, "0.9", "12", TODAY - timedelta(days=2))
    assert yard.test(failed, "0.3", "12", TODAY - timedelta(days=3)).state == "failed"  # an older sample
    assert yard.test(failed, "0.3", "12", TODAY).state == "passed"
    Threshold.objects.create(
        programme=yard.programme, code="COAL_ASH_PERCENT", name="灰分", operator="<=", value=Decimal(12)
    )
    assert yard.test(batch, "0.3", "12.1", TODAY).state == "failed"
    assert codes_of(yard.test, batch, "0.3", "11", report_no="MZ-0") == ["TEST_KNOWN"]
    assert codes_of(yard.test, batch, "0.3", "101") == ["TEST_FAULTY"]


def test_who_sells_does_not_test_and_another_town_does_neither(yard: Yard) -> None:
    stranger = people.user("town_staff", OTHER)
    for by in (yard.clerk, stranger):
        with pytest.raises(PermissionDenied):
            yard.test(yard.batch, "0.1", "1", by=by)
    for by in (yard.market, stranger):
        with pytest.raises(PermissionDenied):
            yard.sell(50, by=by)


@pytest.mark.clause(
    "J-47", "健全销售台账", serves="heatsupply.services.coal:sell", page="heat:coal-list", model="heatsupply.CoalSale"
)
def test_the_ledger_holds_each_household_to_its_limit_of_the_season(yard: Yard) -> None:
    yard.sell(600, sold_on=TODAY - timedelta(days=39))
    assert codes_of(yard.sell, 401) == ["LIMIT_PASSED"]
    last = yard.sell(400)
    assert coal.bought_kg(yard.home, 2021) == 1_000
    assert codes_of(yard.sell, 1) == ["LIMIT_PASSED"]
    coal.cancel_sale(sale=last, reason="记错户", by=yard.clerk, now=NOW)
    assert codes_of(coal.cancel_sale, sale=last, reason="再次", by=yard.clerk, now=NOW) == ["CANCELLED"]
    assert (coal.bought_kg(yard.home, 2021), coal.left_of(yard.batch)) == (600, 5_400)
    assert CoalSale.objects.count() == 2
    summer = date(2022, 7, 1)
    assert yard.sell(1_000, sold_on=summer, today=summer).season == 2022
    yard.programme.settings = {"coal": {"kg_per_season": 800}}
    yard.programme.save()
    assert yard.sell(200).kg == 200
    assert codes_of(yard.sell, 1) == ["LIMIT_PASSED"]


def test_everything_that_speaks_against_a_sale_is_said_at_once(yard: Yard) -> None:
    tomorrow = TODAY + timedelta(days=1)
    assert codes_of(yard.sell, 7_000, sold_on=tomorrow) == ["DAY_FAULTY", "STOCK_SHORT", "LIMIT_PASSED"]
    elsewhere = people.household("370999002001")
    assert codes_of(yard.sell, 10, household_no=elsewhere.household_no) == ["HOUSEHOLD_UNKNOWN"]
    assert codes_of(yard.sell, 0) == ["KG_FAULTY"]
    yard.sell(10, receipt_no="R-1")
    assert codes_of(yard.sell, 10, receipt_no="R-1") == ["RECEIPT_KNOWN"]
    coal.check_point(point=yard.point, has_sign=True, has_rules=True, on=TODAY, closes=True, by=yard.clerk, today=TODAY)
    assert codes_of(yard.sell, 10) == ["POINT_CLOSED"]
    yard.point.refresh_from_db()
    assert codes_of(yard.deliver, "B-9") == ["POINT_CLOSED"]


@pytest.mark.clause(
    "J-50", "偏远山区…“洁净煤+节能环保炉具”", serves="heatsupply.services.coal:sell", page="heat:coal-list",
    model="heatsupply.CoalSale",
)  # fmt: skip
def test_nothing_is_sold_in_the_no_coal_zone_and_nothing_into_it(yard: Yard) -> None:
    Area.objects.filter(code=TOWN).update(in_no_coal_zone=True)
    assert codes_of(yard.sell, 10) == ["NO_COAL_ZONE"]
    facts = {"name": "新点", "address": "村西", "phone": "0356-6000302", "opened_on": TODAY, "by": yard.clerk}
    point = {"programme": yard.programme, "area": yard.point.area, **facts}
    assert codes_of(coal.register_point, **point) == ["NO_COAL_ZONE"]
    Area.objects.filter(code=VILLAGE).update(in_no_coal_zone=False)  # the village itself is left out of it
    assert yard.sell(10).kg == 10
    assert codes_of(coal.register_point, **(point | {"name": "示例煤点"})) == ["POINT_KNOWN"]
    assert codes_of(coal.register_point, **(point | {"longitude": Decimal(112)})) == ["POINT_FAULTY"]


def test_the_stock_lasts_as_long_as_the_last_fortnight_says(yard: Yard) -> None:
    assert (queries.stock_days(yard.stocked()), queries.is_low(yard.stocked())) == (None, False)
    homes = [people.household(VILLAGE) for _n in range(4)]
    for home in homes[:2]:
        yard.sell(1_000, household_no=home.household_no, sold_on=TODAY - timedelta(days=13))
    assert queries.stock_days(yard.stocked()) == 28  # 4,000 kg at 2,000 kg a fortnight
    for home in homes[2:]:
        yard.sell(1_000, household_no=home.household_no)
    assert (queries.stock_days(yard.stocked()), queries.is_low(yard.stocked())) == (7, False)
    yard.sell(1)
    assert (queries.stock_days(yard.stocked()), queries.is_low(yard.stocked())) == (6, True)
    old = queries.with_stock(CoalPoint.objects.all(), TODAY + timedelta(days=1)).get()
    assert old.recent_kg == 2_001  # the sales of thirteen days ago no longer count
    yard.test(yard.batch, "0.9", "1", TODAY)
    blocked = yard.stocked()
    assert (blocked.stock_kg, blocked.blocked_kg, queries.is_low(blocked)) == (0, 1_999, True)


def test_little_coal_and_late_tests_wait_on_the_workbench_of_who_is_responsible(yard: Yard, settings: Any) -> None:
    settings.PORTAL_TODAY = TODAY.isoformat()

    def lines(by: User, right: str) -> list[str]:
        found = read(dict(todo_heat.SOURCES)[right](Scope(by, yard.programme, "370999")))
        return [f"{line['title']} {line['count']}" for line in found]

    assert (lines(yard.clerk, "coal.sell"), lines(yard.market, "samples.record")) == ([], [])
    yard.test(yard.batch, "0.9", "1", TODAY)
    assert lines(yard.clerk, "coal.sell") == ["洁净煤库存不足 1"]
    assert lines(people.user("town_staff", OTHER), "coal.sell") == []
    settings.PORTAL_TODAY = (TODAY + timedelta(days=30)).isoformat()
    assert lines(yard.market, "samples.record") == []
    settings.PORTAL_TODAY = (TODAY + timedelta(days=31)).isoformat()
    assert lines(yard.market, "samples.record") == ["洁净煤待检测 1"]


@pytest.mark.clause(
    "J-61", "对型煤产品质量进行定期检验", serves="heatsupply.services.coal:record_test", page="heat:coal-list",
    model="heatsupply.CoalTest",
)  # fmt: skip
@pytest.mark.clause(
    "J-49", "加大销售环节煤质检验力度", serves="heatsupply.services.coal:record_test", page="heat:coal-list",
    model="heatsupply.CoalTest",
)  # fmt: skip
@pytest.mark.django_db
def test_a_points_coal_is_due_for_a_test_again_after_thirty_days() -> None:
    yard = opened(clock.today())
    client, later = client_of(yard.market), clock.today() + timedelta(days=30)
    assert not queries.is_test_due(yard.stocked(), later)
    assert queries.is_test_due(yard.stocked(), later + timedelta(days=1))
    batch = yard.deliver()
    sent = {"deed": "test", "point": yard.point.pk, "batch": batch.pk, "sampled_on": clock.today().isoformat(),
            "laboratory": "示例检测中心（虚构）", "report_no": "MZ-7", "sulphur_percent": "0.7",
            "ash_percent": "16"}  # fmt: skip
    assert client.post(reverse(ACT), sent).status_code == 302
    page = client.get(f"{reverse(LIST)}?point={yard.point.pk}")
    assert [one.state for one in page.context["batches"]] == ["failed", "passed"]
    assert "0.7" in page.content.decode()
    assert not page.context["is_due"]


@pytest.mark.django_db
def test_a_sale_is_typed_on_the_page_and_refusals_name_every_reason() -> None:
    yard = opened(clock.today())
    client = client_of(yard.clerk)
    sent = {"deed": "sell", "point": yard.point.pk, "batch": yard.batch.pk, "household_no": yard.home.household_no,
            "sold_on": clock.today().isoformat(), "kg": "300", "amount_fen": "330.50",
            "receipt_no": "R-77"}  # fmt: skip
    assert client.post(reverse(ACT), sent).status_code == 302
    assert CoalSale.objects.get().amount_fen == 33_050
    refused = client.post(reverse(ACT), sent | {"kg": "8000", "receipt_no": "R-78"})
    assert (refused.status_code, refused.content.decode().count("<li>") >= 2) == (422, True)
    page = client.get(f"{reverse(LIST)}?point={yard.point.pk}")
    assert [one.kg for one in page.context["sales"]] == [300]
    assert (
        client.post(reverse(ACT), {"deed": "cancel", "sale": CoalSale.objects.get().pk, "reason": "误记"}).status_code
        == 302
    )
    report = page.context["report"]
    assert report.replace("&", "&amp;") in page.content.decode()
    assert 'value="coal_outlet" selected' in client.get(report).content.decode()
    assert client.get(f"{reverse(LIST)}?point=x").status_code == 404
    stranger = client_of(people.user("town_staff", OTHER))
    assert stranger.get(f"{reverse(LIST)}?point={yard.point.pk}").status_code == 404
    assert stranger.post(reverse(ACT), sent).status_code == 404


@pytest.mark.clause(
    "J-48", "供应点布局…及时在政府网站公示", serves="heatsupply.queries.coal:public_points", page="heat:coal-public",
    model="heatsupply.CoalPoint",
)  # fmt: skip
@pytest.mark.django_db
def test_everybody_sees_open_points_their_place_and_test_and_nobodys_name() -> None:
    yard = opened(clock.today())
    closed = CoalPoint.objects.create(
        programme=yard.programme, area=people.area("370999002001"), name="已关煤点", address="x", phone="1",
        opened_on=TODAY, closed_on=TODAY,
    )  # fmt: skip
    yard.sell(100)
    page = Client().get(reverse(PUBLIC))
    text = page.content.decode()
    for shown in (yard.point.name, yard.point.address, yard.point.phone, "甲镇", "16 %", "<circle"):
        assert shown in text
    for hidden in (yard.point.keeper, closed.name, yard.home.household_no, yard.home.head_name):
        assert hidden not in text
    assert "sessionid" not in page.cookies
    assert [name for _code, name in page.context["places"]] == ["示例县", "示例县 · 甲镇"]
    assert len(Client().get(reverse(PUBLIC), {"place": "370999001"}).context["shops"]) == 1
    assert page.context["map"] is not None


def test_the_map_keeps_north_up_and_everything_inside() -> None:
    drawn = sketch([(1, 112.0, 35.0), (2, 112.2, 35.0), (3, 112.1, 35.05)])
    assert drawn is not None
    first, second, third = drawn.dots
    assert first.x < third.x < second.x
    assert third.y < first.y == second.y
    assert all(0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in drawn.dots)
    across = (second.x - first.x) * drawn.bar_km / drawn.bar
    assert 17.5 < across < 19  # 0.2 degrees of longitude at 35° are 18.2 km
    assert sketch([]) is None
    alone = sketch([(1, 112.0, 35.0)])
    assert alone is not None
    assert (alone.dots[0].x, alone.dots[0].y) == (WIDTH // 2, HEIGHT // 2)
