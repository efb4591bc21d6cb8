"""Differences of later versions become money: a further payment or a claim back, by two people, no line changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from core.refusals import Refused
from subsidies.invariants import broken
from subsidies.models import Clawback, DifferenceSettlement, Entitlement, EntitlementDifference, PayoutLine
from subsidies.services import bank, clawbacks, differences, entitlements, seasons, settlements
from subsidies.services.seasons import season_of_year
from tests.subsidies.conftest import MORNING, POLICY, Money, release
from tests.subsidies.test_bank import answer, read
from tests.subsidies.test_clawbacks import paid_season, pay
from tests.subsidies.test_pages import Sign, enter
from tests.subsidies.test_readings import SPRING, TODAY

__all__ = ["enter"]
pytestmark = pytest.mark.django_db


def at_most(yuan: int, upper: int = 3000) -> str:
    """The policy with another cap, the centre paying `upper` first."""
    return POLICY.replace("at: {fixed: 6000}}}", f"at: {{fixed: {yuan}}}}}}}").replace(
        "up_to: {fixed: 3000}", f"up_to: {{fixed: {upper}}}"
    )


def paid(money: Money, homes: int = 1) -> list[Entitlement]:
    batch = money.sent(homes)
    bank.reconcile(bank_return=read(money, batch, answer(batch)), by=money.maker)
    return list(Entitlement.objects.order_by("pk"))


def later(money: Money, document: str) -> EntitlementDifference:
    """What a version released afterwards says about the one paid amount."""
    release(money.programme, document)
    differences.record_differences(programme=money.programme, by=money.maker)
    found = EntitlementDifference.objects.order_by("-pk").first()
    assert found is not None
    return found


def settle(money: Money, difference: EntitlementDifference) -> DifferenceSettlement:
    asked = settlements.propose_settlement(difference=difference, words="新版政策补差", by=money.maker, now=MORNING)
    return settlements.decide_settlement(
        settlement=asked, decision="confirm", reason="核对无误", by=money.reviewer, now=MORNING
    )


def test_more_is_paid_by_a_further_amount_through_notice_and_batch_and_the_paid_line_stays(money: Money) -> None:
    (one,) = paid(money)
    before = PayoutLine.objects.values().get()
    settle(money, later(money, at_most(6500, 3200)))
    further = Entitlement.objects.get(period="once/2")
    assert (further.amount_fen, further.state, further.benefit_kind) == (50_000, "assessed", "CONVERSION")
    assert sorted(further.lines.values_list("source", "budget_year", "amount_fen")) == [
        ("CENTRAL", 2021, 20_000), ("DISTRICT", 2021, 30_000)
    ]  # fmt: skip
    assert further.steps[-1]["params"] == {"stands_fen": 600_000, "amount_fen": 50_000}
    pay(money, MORNING + dt.timedelta(days=9))
    further.refresh_from_db()
    assert (further.state, PayoutLine.objects.count()) == ("paid", 2)
    assert PayoutLine.objects.values().get(pk=before["id"]) == before
    one.refresh_from_db()
    assert (one.amount_fen, broken()) == (600_000, {})
    assert differences.record_differences(programme=money.programme, by=money.maker) == 0
    assert money.assess().total == 0, "a further amount is not computed as one that is pending"


def test_less_is_claimed_back_by_a_case_of_both_people(money: Money) -> None:
    (one,) = paid(money)
    settle(money, later(money, at_most(5500)))
    case = Clawback.objects.get()
    assert (case.amount_fen, case.shares, case.state, case.reason) == (
        50_000, {"DISTRICT": 50_000}, "confirmed", "version"
    )  # fmt: skip
    assert (case.proposed_by, case.decided_by, case.entitlement) == (money.maker, money.reviewer, one)
    assert clawbacks.outstanding([case]) == {case.pk: {"DISTRICT": 50_000}}
    assert broken() == {}


def test_a_third_version_pays_only_what_the_second_left_open(money: Money) -> None:
    paid(money)
    settle(money, later(money, at_most(6500)))
    third = later(money, at_most(7000))
    assert third.difference_fen == 100_000
    settle(money, third)
    assert list(Entitlement.objects.order_by("pk").values_list("period", "amount_fen")) == [
        ("once", 600_000), ("once/2", 50_000), ("once/3", 50_000)
    ]  # fmt: skip
    back = later(money, at_most(6200))
    row = settle(money, back)
    assert (row.amount_fen, row.made, row.clawback.amount_fen) == (-80_000, None, 80_000)


def test_only_one_proposes_and_only_another_decides(money: Money) -> None:
    paid(money)
    difference = later(money, at_most(6500))
    asked = settlements.propose_settlement(difference=difference, words="补差", by=money.maker)
    with pytest.raises(Refused, match="SETTLEMENT_OPEN"):
        settlements.propose_settlement(difference=difference, words="补差", by=money.office)
    twin = money.reviewer
    twin.person_no = money.maker.person_no
    with pytest.raises(Refused, match="SAME_PERSON"):
        settlements.decide_settlement(settlement=asked, decision="confirm", reason="x", by=twin)
    with pytest.raises(IntegrityError, match="settlement_four_eyes"), transaction.atomic():
        DifferenceSettlement.objects.filter(pk=asked.pk).update(
            state="dropped", decided_person_no=asked.proposed_person_no
        )
    money.reviewer.refresh_from_db()
    done = settlements.decide_settlement(settlement=asked, decision="drop", reason="不补", by=money.reviewer)
    assert settlements.decide_settlement(settlement=asked, decision="drop", reason="", by=money.reviewer) == done
    assert not Entitlement.objects.filter(period="once/2").exists()
    assert settlements.propose_settlement(difference=difference, words="再议", by=money.maker).amount_fen == 50_000


@pytest.mark.parametrize("what", ["not paid", "claimed back", "outdated", "season"])
def test_what_can_not_be_settled_here_is_refused_by_name(money: Money, what: str) -> None:
    if what == "season":
        season_paid = paid_season(money)
        line = EntitlementDifference(entitlement=season_paid, area=season_paid.area, difference_fen=5, sources=[])
        refusal = settlements.why_not(line)
        assert refusal is not None and refusal.code == "SEASON_TOTAL"
        return
    if what == "not paid":
        money.payable(1)
        difference, code = later(money, at_most(6500)), "NOT_PAID"
    else:
        (one,) = paid(money)
        difference, code = later(money, at_most(6500)), "OUTDATED"
        if what == "outdated":
            later(money, at_most(7000))
        else:
            code = "CLAIMED_BACK"
            clawbacks.propose_clawback(entitlement=one, amount_fen=5, reason="other", words="误付", by=money.maker)
    with pytest.raises(Refused, match=code):
        settlements.propose_settlement(difference=difference, words="补差", by=money.maker)


@pytest.mark.parametrize(("rate", "made", "asked_back"), [("0.30", 10_000, 0), ("0.15", 0, 5_000)])
def test_a_season_is_evened_out_by_its_running_total_under_the_later_version(
    money: Money, rate: str, made: int, asked_back: int
) -> None:
    """The instalment goes through notice and batch; what is too much goes off the next season's, after two people."""
    paid_season(money)
    release(money.programme, POLICY.replace("rate: 0.20", f"rate: {rate}"))
    season = season_of_year(money.programme, 2021)
    done = seasons.settle_season(programme=money.programme, season=season, by=money.maker, on=TODAY, now=SPRING)
    assert [one.amount_fen for one in done.made] == ([made] if made else [])
    cases = seasons.propose_overpaid(found=done, by=money.maker, now=SPRING)
    assert [(case.amount_fen, case.state, case.way) for case in cases] == (
        [(asked_back, "proposed", "offset")] if asked_back else []
    )


def test_the_page_lists_proposes_and_decides(money: Money, enter: Sign) -> None:
    homes = paid(money, 2)
    later(money, at_most(6500))
    maker, reviewer = enter(money.maker), enter(money.reviewer)
    keys = list(EntitlementDifference.objects.values_list("pk", flat=True))
    page = maker.get("/pay/differences/").content.decode()
    assert "待补付或追缴" in page and all(f'value="{key}"' in page for key in keys)
    settle_url, decide_url = "/pay/differences/settle/", "/pay/differences/decide/"
    assert "请勾选" in maker.post(settle_url, {"reason": "补差"}, follow=True).content.decode()
    assert "已提出 2 项差额" in maker.post(settle_url, {"lines": keys, "reason": "补差"}, follow=True).content.decode()
    assert maker.post(decide_url, {"lines": keys, "reason": "x"}).status_code == 403
    asked = list(DifferenceSettlement.objects.values_list("pk", flat=True))
    form: dict[str, Any] = {"lines": asked[:1], "reason": "核对无误", "decision": "confirm"}
    answered = reviewer.post(decide_url, form, follow=True).content.decode()
    assert "已决定 1 项" in answered and "补付" in answered and homes[1].dwelling.dwelling_no in answered
    assert Entitlement.objects.filter(period="once/2").count() == 1
    further = Entitlement.objects.get(period="once/2")
    assert "补付差额 500.00 元" in reviewer.get(f"/pay/entitlements/{further.pk}/").content.decode()
    assert entitlements.recompute(further).code == further.reason
