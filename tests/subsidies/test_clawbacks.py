"""Overpaid: proposed by one, decided by another, kept back from the next payment or returned; never negative."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Grant, User
from core.refusals import Refused
from subsidies import net
from subsidies.invariants import broken
from subsidies.models import Clawback, ClawbackEntry, Entitlement, Fund, PayoutLine
from subsidies.services import bank, batches, clawbacks, notices, seasons
from tests.subsidies.conftest import VILLAGE, Money
from tests.subsidies.test_bank import answer, read
from tests.subsidies.test_readings import ASIDE, SEASON, SPRING, TODAY, decide, entry, home_of, record

pytestmark = pytest.mark.django_db


def pay(money: Money, now: dt.datetime) -> None:
    """Everything that is due at VILLAGE: notice, batch, signatures, bank."""
    notice = money.publish(VILLAGE, now=now)
    notices.close_notices(now=notice.ends_at)
    batch = batches.lock_for_signing(batch=money.draft(), by=money.maker)
    for person in (money.office, money.reviewer, money.releaser):
        money.sign(batch, person)
    batch.refresh_from_db()
    bank.make_bank_file(batch=batch, by=money.releaser)
    bank.reconcile(bank_return=read(money, batch, answer(batch)), by=money.maker)


def paid_season(money: Money, kwh: float = 1000) -> Entitlement:
    """A dwelling whose running subsidy of 2021-2022 was paid: 200.00 from the district for 1,000 kWh."""
    home = home_of(money, costs=())
    record(money, entry(home, "2021-11-01", "2022-03-31", quantity=kwh))
    money.fund()
    for year in (2022, 2023):
        money.receipt("DISTRICT", 10_000_000, budget_year=year)
    money.assess(on=TODAY, now=SPRING)
    pay(money, SPRING)
    return Entitlement.objects.get(dwelling=home, benefit_kind="RUNNING")


def overpaid(money: Money) -> seasons.Settled:
    """The paid season's reading turns out to be 400 kWh too high."""
    paid = paid_season(money)
    row = paid.dwelling.meter_readings.get()
    decide(money, row, ASIDE)
    record(money, entry(paid.dwelling, "2021-11-01", "2022-03-31", quantity=600))
    found = seasons.settle_season(programme=money.programme, season=SEASON, by=money.maker, on=TODAY, now=SPRING)
    seasons.propose_overpaid(found=found, by=money.maker, now=SPRING)
    return found


def propose(money: Money, paid: Entitlement, fen: int, **more: Any) -> Clawback:
    values: dict[str, Any] = {"reason": "never_ran", "words": "设备未运行", "by": money.maker}
    return clawbacks.propose_clawback(entitlement=paid, amount_fen=fen, **(values | more))


def confirm(money: Money, case: Clawback) -> Clawback:
    return clawbacks.decide_clawback(clawback=case, decision="confirm", reason="核实", by=money.reviewer, now=SPRING)


def test_a_corrected_reading_opens_one_case_with_its_figures(money: Money) -> None:
    found = overpaid(money)
    case = Clawback.objects.get()
    assert (case.amount_fen, case.shares, case.state) == (8_000, {"DISTRICT": 8_000}, "proposed")
    assert (case.evidence["due_fen"], case.evidence["paid_fen"]) == (12_000, 20_000)
    assert found.overpaid[0].entitlement.amount_fen == 20_000, "what was paid stays written"
    again = seasons.settle_season(programme=money.programme, season=SEASON, by=money.maker, on=TODAY, now=SPRING)
    assert (again.overpaid, again.made) == ([], [])


def test_two_people_and_a_reason(money: Money) -> None:
    case = propose(money, paid_season(money), 5_000)
    with pytest.raises(PermissionDenied):
        clawbacks.decide_clawback(clawback=case, decision="confirm", reason="x", by=money.maker)
    Grant.objects.create(user=money.maker, role="finance_review", area_id="370999")
    both = User.objects.get(pk=money.maker.pk)
    with pytest.raises(Refused, match="SAME_PERSON"):
        clawbacks.decide_clawback(clawback=case, decision="confirm", reason="x", by=both)
    with pytest.raises(Refused, match="REASON_NEEDED"):
        clawbacks.decide_clawback(clawback=case, decision="confirm", reason=" ", by=money.reviewer)
    twin = type(money.reviewer).objects.get(pk=money.reviewer.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Clawback.objects.filter(pk=case.pk).update(
            state="confirmed", decided_person_no=case.proposed_person_no, decided_by=twin
        )
    assert confirm(money, case).state == "confirmed"
    assert confirm(money, case).state == "confirmed"
    with pytest.raises(Refused, match="CLAWBACK_STATE"):
        clawbacks.decide_clawback(clawback=case, decision="drop", reason="x", by=money.reviewer)
    with pytest.raises(DatabaseError), transaction.atomic():
        Clawback.objects.filter(pk=case.pk).update(amount_fen=1)


@pytest.mark.parametrize(("fen", "fits"), [(0, False), (1, True), (20_000, True), (20_001, False)])
def test_between_one_fen_and_what_was_paid(money: Money, fen: int, fits: bool) -> None:
    paid = paid_season(money)
    if fits:
        assert propose(money, paid, fen).amount_fen == fen
        return
    with pytest.raises(Refused, match="AMOUNT"):
        propose(money, paid, fen)


def test_only_what_is_paid_and_never_more_than_once(money: Money) -> None:
    paid = paid_season(money)
    first = propose(money, paid, 15_000)
    with pytest.raises(Refused, match="CLAWBACK_OPEN"):
        propose(money, paid, 5_000)
    confirm(money, first)
    with pytest.raises(Refused, match="AMOUNT"):
        propose(money, paid, 5_001)
    assert propose(money, paid, 5_000).amount_fen == 5_000
    unpaid = home_of(money)
    money.assess(on=TODAY, now=SPRING)
    with pytest.raises(Refused, match="NOT_PAID"):
        propose(money, Entitlement.objects.get(dwelling=unpaid, benefit_kind="CONVERSION"), 1)


def next_season(money: Money, paid: Entitlement, kwh: float, year: int = 2022) -> PayoutLine | None:
    """The dwelling's following season, assessed, on notice and locked in a batch."""
    day = dt.datetime(year + 1, 4, 12, 1, tzinfo=dt.UTC)
    money.reading(paid.dwelling, str(kwh), f"{year}-11-01", f"{year + 1}-03-31")
    money.assess(on=day.date(), now=day)
    notice = money.publish(VILLAGE, now=day)
    notices.close_notices(now=notice.ends_at)
    batch = batches.lock_for_signing(batch=money.draft(), by=money.maker)
    return batch.lines.filter(entitlement__dwelling=paid.dwelling_id).exclude(state="dropped").first()


def test_the_next_season_keeps_it_back_and_says_so(money: Money) -> None:
    paid = paid_season(money)
    case = confirm(money, propose(money, paid, 8_000))
    line = next_season(money, paid, 1500)
    assert line is not None
    assert (line.entitlement.amount_fen, line.amount_fen, line.offset_fen) == (30_000, 22_000, 8_000)
    assert line.offsets == [[str(case), "DISTRICT", 8_000]]
    assert clawbacks.outstanding([case]) == {case.pk: {}}
    assert broken() == {}


def test_what_the_next_payment_can_not_bear_is_carried_on(money: Money) -> None:
    paid = paid_season(money)
    case = confirm(money, propose(money, paid, 20_000))
    line = next_season(money, paid, 500)
    assert line is not None
    assert (line.amount_fen, line.offset_fen) == (1, 9_999), "a payment of nothing is no payment"
    assert clawbacks.outstanding([case]) == {case.pk: {"DISTRICT": 10_001}}
    with pytest.raises(Refused, match="AMOUNT"):
        give_back(money, case, 10_002)
    assert give_back(money, case, 10_001)[0].amount_fen == 10_001
    assert clawbacks.outstanding([case]) == {case.pk: {}}


def give_back(money: Money, case: Clawback, fen: int, key: int = 1) -> list[ClawbackEntry]:
    return clawbacks.record_return(
        clawback=case, amount_fen=fen, document_no="收据", request_id=UUID(int=key), by=money.maker, now=SPRING
    )


def test_money_back_is_booked_once_into_the_fund_it_came_from(money: Money) -> None:
    paid = paid_season(money)
    case = propose(money, paid, 5_000, way="return")
    with pytest.raises(Refused, match="CLAWBACK_STATE"):
        give_back(money, case, 100)
    confirm(money, case)
    before = Fund.objects.get(source="DISTRICT", budget_year=2021).free_fen
    give_back(money, case, 2_000)
    give_back(money, case, 2_000)
    give_back(money, case, 3_000, key=2)
    assert Fund.objects.get(source="DISTRICT", budget_year=2021).free_fen == before + 5_000
    with pytest.raises(Refused, match="AMOUNT"):
        give_back(money, case, 1, key=3)
    assert next_season(money, paid, 1000).offset_fen == 0  # type: ignore[union-attr]
    assert broken() == {}


def test_money_back_in_the_first_hours_of_a_year_is_of_that_year(money: Money) -> None:
    case = confirm(money, propose(money, paid_season(money), 5_000, way="return"))
    one_in_the_morning = dt.datetime(2022, 12, 31, 17, tzinfo=dt.UTC)
    [entry_] = clawbacks.record_return(
        clawback=case, amount_fen=1, document_no="收据", request_id=UUID(int=9), by=money.maker, now=one_in_the_morning
    )
    assert entry_.on == dt.date(2023, 1, 1)


def test_two_cases_about_one_payment_give_no_source_more_than_it_paid(money: Money) -> None:
    money.payable(1)
    money.fund()
    batch = batches.lock_for_signing(batch=money.draft(), by=money.maker)
    for person in (money.office, money.reviewer, money.releaser):
        money.sign(batch, person)
    bank.make_bank_file(batch=batch, by=money.releaser)
    bank.reconcile(bank_return=read(money, batch, answer(batch)), by=money.maker)
    paid = Entitlement.objects.get()
    for key, fen in enumerate((1, 599_999), 1):
        give_back(money, confirm(money, propose(money, paid, fen, way="return")), fen, key=key)
    assert set(Fund.objects.values_list("paid_fen", "clawed_fen")) == {(300_000, 300_000)}
    assert net.by_source(batch.lines.all()) == {"CENTRAL": 0, "DISTRICT": 0}
    assert broken() == {}


@given(st.dictionaries(st.sampled_from(["A", "B", "C"]), st.integers(0, 9_000), min_size=1), st.data())
def test_a_case_asks_no_source_for_more_than_is_left_of_it(left: dict[str, int], data: st.DataObject) -> None:
    if not sum(left.values()):
        return
    fen = data.draw(st.integers(1, sum(left.values())))
    shares = clawbacks._proportions(left, fen)
    assert sum(shares.values()) == fen
    assert all(0 <= shares[source] <= left[source] for source in left)


def test_the_database_gives_no_more_than_the_case_asks(money: Money) -> None:
    case = confirm(money, propose(money, paid_season(money), 5_000))
    row = {"clawback": case, "document_no": "x", "on": TODAY, "recorded_by": money.maker, "recorded_at": SPRING}
    with pytest.raises(DatabaseError), transaction.atomic():
        ClawbackEntry.objects.create(source="DISTRICT", amount_fen=5_001, request_id=UUID(int=1), **row)
    with pytest.raises(DatabaseError), transaction.atomic():
        ClawbackEntry.objects.create(source="CENTRAL", amount_fen=1, request_id=UUID(int=1), **row)
    ClawbackEntry.objects.create(source="DISTRICT", amount_fen=5_000, request_id=UUID(int=1), **row)


@pytest.mark.parametrize("number", [12, 99_999, 123_456])
def test_what_was_kept_back_is_not_returned_as_well_whatever_the_number_of_the_case(money: Money, number: int) -> None:
    paid = paid_season(money)
    Clawback.objects.filter(pk=propose(money, paid, 8_000).pk).update(id=number)
    case = confirm(money, Clawback.objects.get(pk=number))
    assert next_season(money, paid, 1500).offsets == [[f"ZH-{number:05}", "DISTRICT", 8_000]]  # type: ignore[union-attr]
    row = {"clawback": case, "document_no": "x", "on": TODAY, "recorded_by": money.maker, "recorded_at": SPRING}
    with pytest.raises(DatabaseError, match="gives no 1 fen"), transaction.atomic():
        ClawbackEntry.objects.create(source="DISTRICT", amount_fen=1, request_id=UUID(int=1), **row)


def test_a_dropped_case_leaves_everything_as_it_was(money: Money) -> None:
    paid = paid_season(money)
    case = propose(money, paid, 8_000)
    clawbacks.decide_clawback(clawback=case, decision="drop", reason="证据不足", by=money.reviewer)
    assert next_season(money, paid, 1000).offset_fen == 0  # type: ignore[union-attr]


@given(
    st.dictionaries(st.sampled_from(["A", "B", "C"]), st.integers(1, 9_000), min_size=1),
    st.dictionaries(st.sampled_from(["A", "B", "C"]), st.integers(0, 9_000), min_size=1),
)
def test_parts_never_pass_the_case_or_the_payment(owed: dict[str, int], share: dict[str, int]) -> None:
    case = Clawback(pk=7)
    left, rest = dict(owed), dict(share)
    parts = clawbacks._parts(case, left, rest)
    for _name, source, fen in parts:
        assert 0 < fen <= min(owed[source], share[source])
    assert min([*left.values(), *rest.values()]) >= 0
