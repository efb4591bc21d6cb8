"""Refunds by day through the services (E-B01 … E-B08), suspensions and their basic fee (E-B09), lines never changed."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction

from heatsupply.models import FeeAccount, FeeLine
from heatsupply.services import faults, ledger, suspensions
from heatsupply.services.suspensions import Application
from tests.heatsupply.fee_room import BEFORE, DAY, NOW, SEASON, TOWN, FeeRoom, code_of, fees, local, person_of, row

__all__ = ["fees"]
LEAP = "2023-2024"
EXAMPLES = [
    ("E-B01", 2 * 24, "late", "company", True, SEASON, "OK_REFUND", 3046),
    ("E-B02", 3 * 24, "stopped", "company", True, SEASON, "OK_REFUND", 4570),
    ("E-B03", 3 * 24, "stopped", "company", True, LEAP, "OK_REFUND", 4539),
    ("E-B04", 5 * 24, "insufficient", "company", True, SEASON, "OK_REFUND", 3808),
    ("E-B05", 151 * 24, "stopped", "company", True, SEASON, "OK_REFUND", 230_000),
    ("E-B06", 8.5 * 24, "late", "company", True, SEASON, "OK_REFUND", 12_185),
    ("E-B07", 3 * 24, "stopped", "user", True, SEASON, "CAUSE_NOT_COMPANY", 0),
    ("E-B08", 3 * 24, "stopped", "company", False, SEASON, "DEDUCT_FROM_RECEIVABLE", 4570),
]


@pytest.mark.clause(
    "B-32", "因供热企业原因迟供、少供…按规定退还或折减相应日期热费", serves="heatsupply.services.faults:settle_fault",
    page="heat:account-detail", model="heatsupply.FeeLine",
)  # fmt: skip
@pytest.mark.parametrize(("number", "hours", "fault", "cause", "paid", "season", "reason", "fen"), EXAMPLES)
def test_a_worked_example_through_the_services(
    fees: FeeRoom, number: str, hours: float, fault: str, cause: str, paid: bool, season: str, reason: str, fen: int
) -> None:
    later = local("2024-03-01 00:00") if season == LEAP else NOW
    account = fees.account(paid=paid, season=season, now=later)
    begun = local("2023-11-01 00:00" if season == LEAP else "2022-11-01 00:00")
    happened = faults.Happened(fault, begun, begun + DAY * hours / 24, "换热站停运", account)
    made = faults.record_fault(programme=fees.programme, company=fees.company, season=season, happened=happened,
                               by=fees.firm, now=local("2024-06-01 00:00"))  # fmt: skip
    faults.attribute_cause(fault=made, cause=cause, words="现场核查", by=fees.office, now=NOW)
    done = faults.settle_fault(fault=made, by=fees.firm, now=NOW)
    account.refresh_from_db()
    assert done.result == {reason: [1, fen]}, number
    assert account.receivable_fen == 230_000 - fen
    lines = list(account.lines.filter(fault=made).values_list("reason", "fen", "clause"))
    assert lines == ([(reason, fen, "B-32")] if fen else [])


def test_the_steps_of_a_refund_stay_with_its_line(fees: FeeRoom) -> None:
    account = fees.account()
    fees.fault(account, 8.5 * 24, "late", begin="2022-11-01 00:00")
    line = account.lines.get(kind="refund")
    assert line.steps == [["fee", 230_000], ["season_days", 151], ["hours", "204"], ["counting", "full_days"],
                          ["days", "8"], ["share", "1"], ["amount", 12_185]]  # fmt: skip


def test_only_hours_within_the_season_count(fees: FeeRoom) -> None:
    account = fees.account()
    fees.fault(account, 3 * 24, begin="2022-10-30 00:00")  # two days before the first of November
    assert account.lines.get(kind="refund").fen == 1523
    early = faults.Happened("stopped", local("2022-10-01 00:00"), local("2022-10-20 00:00"), "检修", account)
    values = {"programme": fees.programme, "company": fees.company, "season": SEASON, "by": fees.firm, "now": NOW}
    assert code_of(faults.record_fault, happened=early, **values) == "OUT_OF_SEASON"


def test_the_same_days_are_never_refunded_twice_and_never_more_than_the_fee(fees: FeeRoom) -> None:
    account = fees.account()
    fees.fault(account, 72)
    again = fees.fault(account, 48, "insufficient", begin="2022-11-11 00:00")
    assert again.result == {"DAYS_ALREADY_COUNTED": [1, 0]}
    whole = fees.fault(account, 140 * 24, begin="2022-11-13 00:00")
    account.refresh_from_db()
    assert whole.result["OK_REFUND"][1] == round(230_000 * 139 / 151)  # 139 days are left of the season
    assert account.receivable_fen >= 0


@pytest.mark.parametrize(
    ("begin", "hours", "counting", "days"),
    [
        ("2022-11-12 00:00", 10 * 24, "full_days", 9),  # the first of its days was refunded
        ("2022-11-08 00:00", 10 * 24, "full_days", 7),  # three days in its middle were
        ("2022-11-12 12:00", 59, "full_days", 1),  # the 13th; of the 14th 23 hours
        ("2022-11-12 12:00", 37, "begun_days", 2),  # the 13th, and the 14th is begun
    ],
)
def test_days_beside_those_of_another_fault_are_refunded(
    fees: FeeRoom, begin: str, hours: int, counting: str, days: int
) -> None:
    fees.programme.settings["heat_fees"]["counting"] = counting
    fees.programme.save()
    account = fees.account()
    fees.fault(account, 72)  # 10 to 12 November
    second = fees.fault(account, hours, begin=begin)
    line = account.lines.get(fault=second)
    assert (line.fen, dict(line.steps)["days"]) == (round(230_000 * days / 151), str(days))
    assert dict(line.steps)["settled_before"] == ("72" if begin < "2022-11-10" else "24" if "00:00" in begin else "12")


def test_a_begun_day_is_counted_with_one_of_two_faults(fees: FeeRoom) -> None:
    fees.programme.settings["heat_fees"]["counting"] = "begun_days"
    fees.programme.save()
    account = fees.account()
    fees.fault(account, 58)
    assert fees.fault(account, 24, begin="2022-11-12 00:00").result == {"OK_REFUND": [1, 0]}, "the third day is paid"
    assert sum(line.fen for line in account.lines.filter(kind="refund")) == round(230_000 * 3 / 151)


def test_a_compound_is_settled_at_once_and_others_are_left_alone(fees: FeeRoom) -> None:

    fees.take([row("A1", received="2300", channel="微信"), row("A2"), row("A3", 小区="另苑")])
    done = fees.fault(None, 72, compound_name="和苑")
    assert done.result == {"OK_REFUND": [1, 4570], "DEDUCT_FROM_RECEIVABLE": [1, 4570]}
    assert [one.reduced_fen for one in FeeAccount.objects.order_by("pk")] == [4570, 4570, 0]


def test_no_money_moves_before_the_county_has_named_the_cause_and_never_twice(fees: FeeRoom) -> None:
    account = fees.account()
    happened = faults.Happened("stopped", local("2022-12-01 00:00"), local("2022-12-03 00:00"), "爆管", account)
    values = {"programme": fees.programme, "company": fees.company, "season": SEASON, "happened": happened, "now": NOW}
    made = faults.record_fault(by=fees.firm, **values)
    assert code_of(faults.settle_fault, fault=made, by=fees.firm, now=NOW) == "CAUSE_OPEN"
    with pytest.raises(PermissionDenied):  # a company is no judge of its own faults
        faults.attribute_cause(fault=made, cause="user", words="x", by=fees.firm, now=NOW)
    with pytest.raises(PermissionDenied):
        faults.record_fault(by=person_of(fees.other), **values)
    faults.attribute_cause(fault=made, cause="company", words="核查", by=fees.office, now=NOW)
    faults.settle_fault(fault=made, by=fees.office, now=NOW)
    assert code_of(faults.settle_fault, fault=made, by=fees.office, now=NOW) == "FAULT_SETTLED"
    again = {"fault": made, "cause": "user", "words": "改判", "by": fees.office, "now": NOW}
    assert code_of(faults.attribute_cause, **again) == "FAULT_SETTLED"


def test_without_a_share_nothing_is_computed(fees: FeeRoom) -> None:
    fees.programme.settings = {"heat_fees": {"shares": {"late": 1}}}
    fees.programme.save()
    account = fees.account()
    with pytest.raises(Exception, match="SHARE_UNDECIDED"):
        fees.fault(account, 72, "insufficient")
    assert not account.lines.exclude(kind__in=["charge", "receipt"]).exists()
    fees.programme.settings = {"heat_fees": {"shares": {"late": "3/2"}}}
    fees.programme.save()
    with pytest.raises(Exception, match="TERMS_FAULTY"):
        fees.fault(account, 72, "late", begin="2022-12-10 00:00")


def test_lines_of_the_first_hours_of_a_year_are_of_that_year(fees: FeeRoom) -> None:
    account = fees.account()
    one_in_the_morning = local("2023-01-01 01:00").astimezone(UTC)
    happened = faults.Happened("stopped", local("2022-12-01 00:00"), local("2022-12-03 00:00"), "爆管", account)
    made = faults.record_fault(programme=fees.programme, company=fees.company, season=SEASON, happened=happened,
                               by=fees.firm, now=one_in_the_morning)  # fmt: skip
    faults.attribute_cause(fault=made, cause="company", words="核查", by=fees.office, now=one_in_the_morning)
    faults.settle_fault(fault=made, by=fees.firm, now=one_in_the_morning)
    line = account.lines.get(fault=made)
    back = ledger.counter_line(line=line, words="误录", by=fees.office, now=one_in_the_morning)
    assert {line.on, back.on} == {date(2023, 1, 1)}


def test_a_line_is_taken_back_by_a_counter_line_and_itself_never_changed(fees: FeeRoom) -> None:
    account = fees.account()
    fees.fault(account, 72)
    line = account.lines.get(kind="refund")
    for deed in (lambda: FeeLine.objects.filter(pk=line.pk).update(fen=1), line.delete):
        with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
            deed()
    with pytest.raises(PermissionDenied):
        ledger.counter_line(line=line, words="误录", by=fees.firm, now=NOW)
    assert code_of(ledger.counter_line, line=line, words=" ", by=fees.office, now=NOW) == "WORDS_MISSING"
    back = ledger.counter_line(line=line, words="误录", by=fees.office, now=NOW)
    account.refresh_from_db()
    assert (back.fen, back.counters, account.reduced_fen) == (-4570, line, 0)
    assert code_of(ledger.counter_line, line=line, words="x", by=fees.office, now=NOW) == "LINE_COUNTERED"
    assert code_of(ledger.counter_line, line=back, words="x", by=fees.office, now=NOW) == "LINE_COUNTERED"


def test_the_overpaid_part_is_paid_back_and_not_a_fen_more(fees: FeeRoom) -> None:
    account = fees.account()
    fees.fault(account, 72)
    pay = {"account": account, "seen_fen": 4570, "on": date(2023, 2, 1), "channel": "wechat", "by": fees.firm,
           "now": NOW}  # fmt: skip
    assert code_of(ledger.pay_back, yuan="45.71", **pay) == "PAYBACK_TOO_MUCH"
    ledger.pay_back(yuan="45.70", **pay)
    account.refresh_from_db()
    assert (account.owing_fen, account.received_fen) == (0, 230_000 - 4570)
    assert ledger.sums_of(account.lines.values_list("kind", "fen")) == {
        "charged_fen": 230_000, "reduced_fen": 4570, "received_fen": 225_430,
    }  # fmt: skip


@pytest.mark.parametrize(("stated", "after"), [("2300", 225_430), ("2254.30", 225_430), ("2310", 226_430)])
def test_a_file_may_state_what_was_received_before_or_after_the_payback(fees: FeeRoom, stated: str, after: int) -> None:
    account = fees.account()
    fees.fault(account, 72)
    ledger.pay_back(
        account=account, seen_fen=4570, yuan="45.70", on=date(2023, 2, 1), channel="wechat", by=fees.firm, now=NOW
    )
    fees.take([row("A1", received=stated, channel="微信")])
    account.refresh_from_db()
    assert account.received_fen == after


def test_a_payback_pressed_twice_is_written_down_once(fees: FeeRoom) -> None:
    account = fees.account()
    fees.fault(account, 72)
    pay = {"account": account, "yuan": "20", "on": date(2023, 2, 1), "channel": "wechat", "by": fees.firm, "now": NOW}
    ledger.pay_back(seen_fen=4570, **pay)
    assert code_of(ledger.pay_back, seen_fen=4570, **pay) == "BALANCE_CHANGED"
    ledger.pay_back(seen_fen=2570, **pay)
    assert [line.fen for line in account.lines.filter(kind="payback")] == [2000, 2000]


def apply(fees: FeeRoom, number: str = "A1", **more: Any) -> Any:
    values = {"programme": fees.programme, "area": fees.area(TOWN), "season": SEASON, "source": "public", "now": NOW,
              "application": Application(number, "张示例", "19900001234")}  # fmt: skip
    return suspensions.apply_suspension(**(values | more))[0]


@pytest.mark.clause(
    "B-31", "推行停暖申请线上办理", serves="heatsupply.services.suspensions:decide_suspension",
    page="heat:public-suspend", model="heatsupply.Suspension",
)  # fmt: skip
def test_a_suspended_user_pays_the_basic_fee_until_it_is_revoked(fees: FeeRoom) -> None:
    """E-B09: 2,300.00 at a share of 0.3 leaves 690.00 to pay."""
    account, made = fees.account(paid=False), apply(fees)
    assert (made.account, made.company, made.after_start) == (account, fees.company, True)
    done = suspensions.decide_suspension(suspension=made, approve=True, words="", by=fees.firm, now=NOW)
    account.refresh_from_db()
    line = account.lines.get(kind="suspension")
    assert (done.state, account.receivable_fen, line.fen) == ("approved", 69_000, 161_000)
    assert (line.reason, line.clause, line.steps[2]) == ("SUSPENSION_BASIC_FEE", "B-31", ["basic_fee", 69_000])
    again = {"suspension": made, "approve": True, "words": "", "by": fees.office, "now": NOW}
    assert code_of(suspensions.decide_suspension, **again) == "SUSPENSION_STATE"
    assert fees.fault(None, 72).result == {}  # who is not to be heated misses nothing
    suspensions.revoke_suspension(suspension=made, words="恢复用热", by=fees.office, now=NOW)
    account.refresh_from_db()
    assert (account.receivable_fen, account.lines.filter(reason="COUNTER").count()) == (230_000, 1)


def test_who_may_decide_and_what_stands_against_it(fees: FeeRoom) -> None:
    fees.account(paid=False)
    made, unknown = apply(fees), apply(fees, application=Application("没有此号", "李样本"))
    decide = {"approve": True, "words": "", "now": NOW}
    with pytest.raises(PermissionDenied):
        suspensions.decide_suspension(suspension=made, by=person_of(fees.other), **decide)
    with pytest.raises(PermissionDenied):  # matched to no account it is the county's
        suspensions.decide_suspension(suspension=unknown, by=fees.firm, **decide)
    assert code_of(suspensions.decide_suspension, suspension=unknown, by=fees.office, **decide) == "ACCOUNT_UNKNOWN"
    refuse = {"suspension": unknown, "approve": False, "by": fees.office, "now": NOW}
    assert code_of(suspensions.decide_suspension, words="", **refuse) == "WORDS_MISSING"
    assert suspensions.decide_suspension(words="查无此户", **refuse).state == "refused"
    twice = apply(fees)
    suspensions.decide_suspension(suspension=made, by=fees.office, **decide)
    assert code_of(suspensions.decide_suspension, suspension=twice, by=fees.office, **decide) == "ALREADY_SUSPENDED"


def test_without_a_stated_basic_fee_a_suspension_waits(fees: FeeRoom) -> None:
    fees.programme.settings = {}
    fees.programme.save()
    fees.account(paid=False)
    decide = {"suspension": apply(fees), "approve": True, "words": "", "by": fees.office, "now": NOW}
    assert code_of(suspensions.decide_suspension, **decide) == "SHARE_UNDECIDED"
    assert code_of(apply, fees=fees, season="2022") == "SEASON_UNKNOWN"
    assert code_of(apply, fees=fees, season=BEFORE) == "SEASON_OVER"
