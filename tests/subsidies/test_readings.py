"""Readings in the house: counted, held, decided, split; from them to amounts by the real engine, by seasons."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from accounts.models import User
from core.refusals import Refused
from core.seasons import Season, Span
from households.models import Dwelling, MeterReading, MeterSupply
from households.services.meters import connect_meter
from programmes.models import Checklist
from retrofits.models import Acceptance
from subsidies.models import Entitlement
from subsidies.services import clawbacks, seasons
from subsidies.services.entitlements import reassess_entitlement, recompute, void_entitlement
from subsidies.services.operation import CARRIERS
from subsidies.services.reading_decisions import ASIDE, COUNT, decide_reading, split_meter
from subsidies.services.readings import Entry, Recorded, record_readings
from tests import people
from tests.subsidies.conftest import OTHER_TOWN, POLICY, Money, release

pytestmark = pytest.mark.django_db
SEASON = Season(dt.date(2021, 11, 1), dt.date(2022, 3, 31))
SPRING = dt.datetime(2022, 4, 12, 1, 0, tzinfo=dt.UTC)
TODAY = SPRING.date()


def entry(home: Dwelling, first: str, last: str, **more: Any) -> Entry:
    span = Span(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    figures = {name: Decimal(str(value)) for name, value in more.items() if type(value) in (int, float)}
    return Entry(home, **({"carrier": "electricity", "span": span, "source": "power_company"} | more | figures))


def record(money: Money, *entries: Entry, by: User | None = None) -> Recorded:
    return record_readings(programme=money.programme, entries=entries, by=by or money.clerk, today=TODAY, now=SPRING)


def home_of(money: Money, **more: Any) -> Dwelling:
    return money.accepted(**more).dwelling


def amounts(home: Dwelling) -> list[tuple[str, str, int | None]]:
    rows = Entitlement.objects.filter(dwelling=home, benefit_kind="RUNNING").exclude(state="void").order_by("pk")
    return [(one.period, one.outcome, one.amount_fen) for one in rows]


def test_a_line_sent_twice_is_stored_once(money: Money) -> None:
    home = home_of(money)
    assert record(money, entry(home, "2021-11-01", "2021-11-30", start=10, end=310)).count("counted") == 1
    again = record(money, entry(home, "2021-11-01", "2021-11-30", start=10, end=310))
    assert (again.rows, again.known) == ([], 1)
    row = MeterReading.objects.get()
    assert (row.quantity, row.state, row.entered_by) == (300, "counted", money.clerk)


def test_nobody_reads_the_future_or_beyond_their_place(money: Money) -> None:
    home = home_of(money)
    with pytest.raises(Refused, match="FUTURE"):
        record(money, entry(home, "2022-04-01", "2022-04-13", quantity=3))
    assert record(money, entry(home, "2022-04-01", "2022-04-12", quantity=3)).rows
    stranger = people.user("town_staff", OTHER_TOWN[:9])
    with pytest.raises(PermissionDenied):
        record(money, entry(home, "2021-11-01", "2021-11-30", quantity=3), by=stranger)
    with pytest.raises(PermissionDenied):
        record(money, entry(home, "2021-11-01", "2021-11-30", quantity=3), by=money.maker)


def test_the_database_lets_no_day_count_twice(money: Money) -> None:
    home = home_of(money)
    money.reading(home, "10", "2021-11-01", "2021-11-30")
    with pytest.raises(IntegrityError), transaction.atomic():
        money.reading(home, "10", "2021-11-30", "2021-12-31")
    money.reading(home, "10", "2021-12-01", "2021-12-31")
    with pytest.raises(IntegrityError), transaction.atomic():
        MeterReading.objects.update(quantity=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        MeterReading.objects.update(quantity=-1)


def test_a_held_line_leaves_the_amount_open_until_a_person_decides(money: Money) -> None:
    home = home_of(money)
    held = record(
        money,
        entry(home, "2021-11-01", "2021-12-31", start=1000, end=900),
        entry(home, "2022-01-01", "2022-03-31", start=900, end=1900),
    ).rows[0]
    assert (held.state, held.quantity, [one["code"] for one in held.findings]) == ("held", None, ["BACKWARDS"])
    money.assess(on=TODAY, now=SPRING)
    assert amounts(home) == [("2021-2022", "undefined", None)]
    with pytest.raises(Refused, match="REASON_NEEDED"):
        decide(money, held, COUNT, 500, reason=" ")
    with pytest.raises(Refused, match="QUANTITY_NEEDED"):
        decide(money, held, COUNT, None)
    with pytest.raises(Refused, match="QUANTITY_NEEDED"):
        decide(money, held, COUNT, -1)
    decide(money, held, COUNT, 500)
    assert amounts(home) == [("2021-2022", "due", 30_000)]
    assert MeterReading.objects.get(pk=held.pk).decision_reason == "现场核实"


def decide(
    money: Money, row: MeterReading, decision: str, quantity: Any = None, *, reason: str = "现场核实", by: Any = None
) -> MeterReading:
    said = None if quantity is None else Decimal(str(quantity))
    return decide_reading(
        reading=row, decision=decision, reason=reason, by=by or money.office, quantity=said, now=SPRING
    )


def test_who_entered_a_line_does_not_decide_it(money: Money) -> None:
    home = home_of(money)
    held = record(money, entry(home, "2021-11-01", "2021-11-30", start=9, end=3), by=money.office).rows[0]
    with pytest.raises(Refused, match="SAME_PERSON"):
        decide(money, held, ASIDE)
    with pytest.raises(PermissionDenied):
        decide(money, held, ASIDE, by=money.clerk)


def test_counting_the_second_of_two_sources_sets_the_first_aside(money: Money) -> None:
    home = home_of(money)
    first = record(money, entry(home, "2021-11-01", "2022-03-31", quantity=1000)).rows[0]
    second = record(money, entry(home, "2021-11-01", "2022-03-31", quantity=1200, source="clerk")).rows[0]
    assert (second.state, second.findings[0]["code"]) == ("held", "SOURCES")
    decide(money, second, COUNT, 1200)
    assert dict(MeterReading.objects.values_list("pk", "state")) == {first.pk: "aside", second.pk: "counted"}
    money.assess(on=TODAY, now=SPRING)
    assert amounts(home) == [("2021-2022", "due", 24_000)]


def test_missing_days_inside_the_season_are_asked_not_guessed(money: Money) -> None:
    home = home_of(money)
    record(
        money,
        entry(home, "2021-11-01", "2021-11-30", quantity=100),
        entry(home, "2022-01-01", "2022-03-31", quantity=900),
    )
    money.assess(on=TODAY, now=SPRING)
    assert amounts(home) == [("2021-2022", "undefined", None)]
    assert settle(money, TODAY).reopened == []
    record(money, entry(home, "2021-12-01", "2021-12-31", quantity=0))
    one = Entitlement.objects.get(dwelling=home, outcome="undefined")
    assert settle(money, TODAY).reopened[0].amount_fen == 20_000
    assert amounts(home) == [("2021-2022", "due", 20_000)]
    assert Entitlement.objects.get(pk=one.pk).state == "void"


@pytest.mark.parametrize(
    ("first", "last", "fen", "estimated"),
    [
        ("2021-11-01", "2022-03-31", 30_400, False),
        ("2021-10-31", "2022-03-31", 30_200, True),
        ("2021-11-01", "2022-04-01", 30_200, True),
    ],
)
def test_a_line_over_the_seasons_edge_is_divided_by_days_and_flagged(
    money: Money, first: str, last: str, fen: int, estimated: bool
) -> None:
    home = home_of(money)
    record(money, entry(home, first, last, quantity=1520))
    money.assess(on=TODAY, now=SPRING)
    one = Entitlement.objects.get(dwelling=home, benefit_kind="RUNNING")
    assert (one.amount_fen, "ESTIMATED" in one.warnings) == (fen, estimated)
    assert recompute(one).amount_fen == fen  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kwh", "outcome", "fen"),
    [
        ("0", "not_due", 0), ("0.024", "not_due", 0), ("0.03", "due", 1), ("2999.95", "due", 59_999),
        ("3000", "due", 60_000), ("3000.05", "due", 60_000), ("18000", "due", 60_000),
    ],
)  # fmt: skip
def test_caps_and_nothing_used(money: Money, kwh: str, outcome: str, fen: int) -> None:
    home = home_of(money)
    record(money, entry(home, "2021-11-01", "2022-03-31", quantity=float(kwh)))
    money.assess(on=TODAY, now=SPRING)
    assert amounts(home) == [("2021-2022", outcome, fen)]


@pytest.mark.parametrize(
    ("lines", "fen"),
    [
        ([("2021-11-01", "2022-03-31", "PEAK", 300), ("2021-11-01", "2022-03-31", "OFF_PEAK", 700)], 20_000),
        ([("2021-11-01", "2022-03-31", "", 1000), ("2021-11-01", "2021-11-30", "OFF_PEAK", 200),
          ("2021-12-01", "2022-03-31", "OFF_PEAK", 500)], 20_000),
        ([("2021-11-01", "2021-11-30", "", 400), ("2021-12-01", "2022-03-31", "PEAK", 200),
          ("2021-12-01", "2022-03-31", "OFF_PEAK", 400)], 20_000),
    ],
)  # fmt: skip
def test_a_total_and_its_tariffs_count_once(money: Money, lines: list[tuple[str, str, str, int]], fen: int) -> None:
    home = home_of(money)
    record(money, *(entry(home, first, last, tariff=tariff, quantity=kwh) for first, last, tariff, kwh in lines))
    money.assess(on=TODAY, now=SPRING)
    assert amounts(home) == [("2021-2022", "due", fen)]


def test_the_third_season_is_paid_the_fourth_is_not(money: Money) -> None:
    home = home_of(money)
    Acceptance.objects.filter(task__dwelling=home).update(accepted_on=dt.date(2020, 11, 5))
    for year in range(2020, 2024):
        money.reading(home, "1000", f"{year}-11-01", f"{year + 1}-03-31")
        money.assess(on=dt.date(year + 1, 4, 10), now=dt.datetime(year + 1, 4, 10, tzinfo=dt.UTC))
    assert amounts(home) == [
        ("2020-2021", "due", 20_000), ("2021-2022", "due", 20_000), ("2022-2023", "due", 20_000),
        ("2023-2024", "not_due", 0),
    ]  # fmt: skip
    assert Entitlement.objects.get(period="2023-2024").reason == "YEARS_EXHAUSTED"


def shared_home(money: Money, count: int = 3) -> list[Dwelling]:
    homes = [home_of(money, meter_is_individual=None) for _n in range(count)]
    for home in homes:
        connect_meter(
            dwelling=home, carrier="electricity", number="共M1", is_shared=True, reason="合表", by=money.clerk
        )
    return homes


def test_a_shared_meter_is_split_by_decision_only(money: Money) -> None:
    homes = shared_home(money)
    done = record(money, entry(homes[0], "2021-11-01", "2022-03-31", start=0, end=1000, meter="共M1"))
    assert [row.dwelling_id for row in done.rows] == sorted(home.pk for home in homes)
    assert {row.state for row in done.rows} == {"held"}
    assert {row.quantity for row in done.rows} == {None}
    meter = MeterSupply.objects.first().meter  # type: ignore[union-attr]
    parts = dict(zip(sorted(home.pk for home in homes), (1, 1, 1), strict=True))
    with pytest.raises(Refused, match="PARTS"):
        split_meter(meter=meter, parts={homes[0].pk: 1}, reason="协议", by=money.office)
    with pytest.raises(PermissionDenied):
        split_meter(meter=meter, parts=parts, reason="协议", by=money.clerk)
    assert split_meter(meter=meter, parts=parts, reason="三户协议", by=money.office, now=SPRING) == 3
    rows = MeterReading.objects.order_by("dwelling_id")
    assert [row.quantity for row in rows] == [Decimal("333.333"), Decimal("333.333"), Decimal("333.334")]
    assert {row.state for row in rows} == {"counted"}
    later = record(money, entry(homes[1], "2022-04-01", "2022-04-10", start=1000, end=1003, meter="共M1"))
    assert [row.quantity for row in later.rows] == [1, 1, 1]


def test_individual_by_word_only_and_nobody_else_known_is_held(money: Money) -> None:
    home = home_of(money, meter_is_individual=False)
    row = record(money, entry(home, "2021-11-01", "2022-03-31", quantity=1000)).rows[0]
    assert (row.state, row.findings[0]["code"]) == ("held", "SHARED")


def settle(money: Money, on: dt.date) -> seasons.Settled:
    now = dt.datetime(on.year, on.month, on.day, 1, tzinfo=dt.UTC)
    return seasons.settle_season(programme=money.programme, season=SEASON, by=money.maker, on=on, now=now)


def test_running_total_less_what_is_due_already(money: Money) -> None:
    home = home_of(money)
    months = [("2021-11-01", "2021-11-30"), ("2021-12-01", "2021-12-31"), ("2022-01-01", "2022-03-31")]
    for (first, last), kwh in zip(months, (333.33, 333.33, 333.34), strict=True):
        record(money, entry(home, first, last, quantity=kwh))
        day = dt.date.fromisoformat(last) + dt.timedelta(days=2)
        settle(money, day)
        assert settle(money, day).made == []
    assert amounts(home) == [
        ("2021-2022", "due", 6_667), ("2021-2022/2", "due", 6_666), ("2021-2022/3", "due", 6_667),
    ]  # fmt: skip
    money.assess(on=TODAY, now=SPRING)
    assert sum(fen or 0 for _period, _outcome, fen in amounts(home)) == 20_000
    assert all(
        recompute(one).payable_fen == one.amount_fen for one in Entitlement.objects.filter(period__startswith="2021")
    )  # type: ignore[union-attr]


def test_a_struck_season_stays_struck_until_it_is_computed_again(money: Money) -> None:
    home = home_of(money)
    record(money, entry(home, "2021-11-01", "2022-03-31", quantity=1000))
    money.assess(on=TODAY, now=SPRING)
    one = Entitlement.objects.get(period__startswith="2021")
    void_entitlement(entitlement=one, reason="冬季不住人", by=money.maker)
    done = settle(money, TODAY)
    assert (done.made, done.same, done.open) == ([], 1, 0)
    reassess_entitlement(entitlement=one, reason="复核后恢复", by=money.maker, on=TODAY, now=SPRING)
    assert amounts(home)[-1] == ("2021-2022", "due", 20_000)


def test_the_cap_is_reached_in_instalments_and_not_passed(money: Money) -> None:
    home = home_of(money)
    record(money, entry(home, "2021-11-01", "2021-12-31", quantity=2900))
    settle(money, dt.date(2022, 1, 2))
    record(money, entry(home, "2022-01-01", "2022-01-31", quantity=101))
    settle(money, dt.date(2022, 2, 2))
    record(money, entry(home, "2022-02-01", "2022-03-31", quantity=900))
    assert settle(money, dt.date(2022, 4, 2)).same == 1
    assert [fen for _p, _o, fen in amounts(home)] == [58_000, 2_000]


def test_a_corrected_reading_makes_a_difference_line_or_is_listed_as_overpaid(money: Money) -> None:
    home = home_of(money)
    row = record(money, entry(home, "2021-11-01", "2022-03-31", quantity=1000)).rows[0]
    money.assess(on=TODAY, now=SPRING)
    decide(money, row, ASIDE)
    more = record(money, entry(home, "2021-11-01", "2022-03-31", quantity=1500)).rows[0]
    assert [one.amount_fen for one in settle(money, TODAY).made] == [10_000]
    Entitlement.objects.filter(dwelling=home, benefit_kind="RUNNING").update(state="noticed")
    Entitlement.objects.filter(dwelling=home, benefit_kind="RUNNING").update(state="payable")
    Entitlement.objects.filter(dwelling=home, benefit_kind="RUNNING").update(state="batched")
    Entitlement.objects.filter(dwelling=home, benefit_kind="RUNNING").update(state="paid")
    decide(money, more, ASIDE)
    record(money, entry(home, "2021-11-01", "2022-03-31", quantity=1400))
    found = settle(money, TODAY)
    assert found.made == []
    over = found.overpaid[0]
    assert (over.due_fen, over.paid_fen, over.shares) == (28_000, 30_000, {"DISTRICT": 2_000})
    assert [fen for _p, _o, fen in amounts(home)] == [20_000, 10_000], "what stands is not changed"


def all_paid(home: Dwelling) -> None:
    for state in ("noticed", "payable", "batched", "paid"):
        Entitlement.objects.filter(dwelling=home, benefit_kind="RUNNING").update(state=state)


def test_what_was_overpaid_in_several_instalments_is_claimed_from_all_of_them(money: Money) -> None:
    home, rows = home_of(money), []
    for first, last in (("2021-11-01", "2021-12-31"), ("2022-01-01", "2022-03-31")):
        rows += record(money, entry(home, first, last, quantity=1000)).rows
        settle(money, dt.date.fromisoformat(last) + dt.timedelta(days=2))
    all_paid(home)
    for row in rows:
        decide(money, row, ASIDE)
    record(money, entry(home, "2021-11-01", "2022-03-31", quantity=500))
    found = settle(money, TODAY)
    assert [(one.entitlement.period, one.shares) for one in found.overpaid] == [
        ("2021-2022/2", {"DISTRICT": 20_000}), ("2021-2022", {"DISTRICT": 10_000}),
    ]  # fmt: skip
    cases = seasons.propose_overpaid(found=found, by=money.maker, now=SPRING)
    assert sum(case.amount_fen for case in cases) == 30_000, "paid 400.00, due 100.00"
    assert (settle(money, TODAY).overpaid, settle(money, TODAY).made) == ([], [])


def test_a_season_paid_whose_readings_are_all_gone_is_an_open_question(money: Money) -> None:
    home = home_of(money)
    row = record(money, entry(home, "2021-11-01", "2022-03-31", quantity=1000)).rows[0]
    money.assess(on=TODAY, now=SPRING)
    all_paid(home)
    assert (settle(money, TODAY).same, settle(money, TODAY).open) == (1, 0)
    decide(money, row, ASIDE)
    found = settle(money, TODAY)
    assert (found.open, found.same, found.overpaid, found.made) == (1, 0, [], []), "nothing read is no 0"


def test_a_season_paid_by_a_rule_that_asks_for_no_reading_is_no_question(money: Money) -> None:
    per_unit = "per_unit: {quantity: electricity_kwh, rate: 0.20}"
    assert per_unit in POLICY
    flat = POLICY.replace(per_unit, "per_unit: {quantity: heated_area_m2, rate: 2}")
    release(money.programme, flat.replace("valid_from: 2021-01-01", "valid_from: 2021-02-01"))
    home = home_of(money)
    money.assess(on=TODAY, now=SPRING)
    assert amounts(home) == [("2021-2022", "due", 17_600)]
    assert settle(money, TODAY).open == 0


@pytest.mark.parametrize(("reason", "again"), [("never_ran", []), ("not_entitled", []), ("reading", [5_000])])
def test_only_what_a_reading_took_back_a_reading_brings_again(money: Money, reason: str, again: list[int]) -> None:
    home = home_of(money)
    row = record(money, entry(home, "2021-11-01", "2022-03-31", quantity=1000)).rows[0]
    money.assess(on=TODAY, now=SPRING)
    all_paid(home)
    paid = Entitlement.objects.get(dwelling=home, benefit_kind="RUNNING")
    case = clawbacks.propose_clawback(entitlement=paid, amount_fen=5_000, reason=reason, words="核查", by=money.maker)
    clawbacks.decide_clawback(clawback=case, decision="confirm", reason="核实", by=money.reviewer)
    found = settle(money, TODAY)
    assert ([one.amount_fen for one in found.made], found.overpaid) == (again, [])
    if reason != "reading":
        decide(money, row, ASIDE)
        record(money, entry(home, "2021-11-01", "2022-03-31", quantity=600))
        assert [one.shares for one in settle(money, TODAY).overpaid] == [{"DISTRICT": 3_000}], "of 80.00 50.00 are back"


OTHER_CITY = """
policy: jincheng_like
title: 示例市“煤改气”运行补贴办法
place: "370999"
document_number: 示例〔2021〕2号
valid_from: 2021-01-01
valid_to: 2024-12-31
season: {from: "11-15", to: "03-15"}
sources: [MUNICIPAL, DISTRICT]
benefits:
  - id: J-G
    kind: RUNNING
    title: 气代煤运行补贴
    clause: 五
    covers: [{fact: technology, in: [GAS]}]
    runs: {seasons: 3, counted_from: 2021}
    amount: {cap: {of: {per_unit: {quantity: gas_m3, rate: 1}}, at: {fixed: 1200}, per: season}}
    split: {ratio: [{source: MUNICIPAL, part: 1}, {source: DISTRICT, part: 1}]}
  - id: D-E
    kind: RUNNING
    title: 电代煤运行补贴
    clause: 六
    covers: [{fact: technology, in: [ELECTRIC]}]
    runs: {seasons: 3, counted_from: acceptance}
    amount:
      cap:
        of: {per_unit: {quantity: electricity_kwh, rate: 0.10, base: 84, base_per: month}}
        at: {fixed: 1000}
        per: season
    split: {whole: DISTRICT}
"""


@pytest.mark.parametrize(
    ("family", "days", "quantity", "fen", "shares"),
    [
        ("GAS", ("2021-11-15", "2022-03-15"), 900.01, 90_001, {"MUNICIPAL": 45_001, "DISTRICT": 45_000}),
        ("GAS", ("2021-11-15", "2022-03-15"), 1200, 120_000, {"MUNICIPAL": 60_000, "DISTRICT": 60_000}),
        ("GAS", ("2021-11-15", "2022-03-15"), 1200.01, 120_000, {"MUNICIPAL": 60_000, "DISTRICT": 60_000}),
        ("ELECTRIC", ("2021-11-15", "2022-03-15"), 2420, 20_000, {"DISTRICT": 20_000}),
    ],
)
def test_rules_like_those_of_other_cities_are_fed_by_the_same_readings(
    money: Money, family: str, days: tuple[str, str], quantity: float, fen: int, shares: dict[str, int]
) -> None:
    other = other_city(money, family)
    home = home_of(other)
    carrier = CARRIERS[family]
    source = {"gas": "gas_company", "electricity": "power_company"}[carrier]
    record(other, entry(home, *days, carrier=carrier, source=source, quantity=quantity))
    other.assess(on=TODAY, now=SPRING)
    one = Entitlement.objects.get(dwelling=home, benefit_kind="RUNNING")
    assert (one.amount_fen, {line.source: line.amount_fen for line in one.lines.all()}) == (fen, shares)


def other_city(money: Money, family: str) -> Money:
    programme = people.programme(notice_days=1)
    people.technology(programme, family)
    Checklist.objects.create(programme=programme, kind="acceptance", items=[])
    release(programme, OTHER_CITY)
    return replace(money, programme=programme)
