"""What is due: once, explained, computed again to the same fen; undefined is never zero."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from core.refusals import Refused
from retrofits.models import JointAcceptance, JointHome, PanelSeat, Task
from subsidies.models import Entitlement, EntitlementLine
from subsidies.rules.outcomes import Due, Undefined
from subsidies.services import entitlements, policies
from tests import people
from tests.subsidies.conftest import ASSESSED, POLICY, VILLAGE, Money, make_money, release
from tests.subsidies.test_pages import Sign, enter

__all__ = ["enter"]

pytestmark = pytest.mark.django_db


def test_an_accepted_dwelling_gets_its_amount_with_lines_and_steps(money: Money) -> None:
    money.accepted(costs=[("DEVICE", 800_000), ("INSTALLATION", 90_000), ("SOFA", 5_000)])
    assert money.assess().due == 1
    one = Entitlement.objects.get()
    assert (one.amount_fen, one.reason, one.benefit, one.period) == (600_000, "OK_CAPPED", "S-1", "once")
    assert list(one.lines.order_by("id").values_list("source", "budget_year", "amount_fen")) == [
        ("CENTRAL", 2021, 300_000), ("DISTRICT", 2021, 300_000),
    ]  # fmt: skip
    assert one.household_share_fen == 295_000
    assert "CAPPED" in [step["code"] for step in one.steps]


def test_running_it_again_changes_nothing(money: Money) -> None:
    money.accepted()
    assert (money.assess().total, money.assess().total) == (1, 0)


def test_not_due_and_undefined_are_kept_apart_and_never_move(money: Money) -> None:
    money.accepted(is_second_home=True)
    unclear = money.accepted(costs=[])
    found = money.assess()
    assert (found.due, found.not_due, found.undefined) == (0, 1, 1)
    undefined = Entitlement.objects.get(task=unclear)
    assert (undefined.outcome, undefined.amount_fen, undefined.reason) == ("undefined", None, "FACT_MISSING")
    assert Entitlement.objects.get(outcome="not_due").reason == "SECOND_HOME"
    with pytest.raises(IntegrityError), transaction.atomic():
        Entitlement.objects.filter(pk=undefined.pk).update(state="payable")


def test_without_a_released_policy_in_force_nothing_is_made_up(money: Money) -> None:
    money.accepted()
    assert money.assess(on=dt.date(2025, 6, 1)).policy is None
    assert not Entitlement.objects.exists()


@pytest.mark.clause(
    "T-33",
    "采暖季（11月至次年3月）",
    serves="subsidies.services.entitlements:assess_pending",
    page="subsidies:entitlement-detail",
    model="subsidies.Entitlement",
)
def test_a_closed_season_is_assessed_from_its_readings(money: Money) -> None:
    task = money.accepted()
    money.reading(task.dwelling, "1234.56")
    money.assess(on=dt.date(2022, 3, 31))
    assert not Entitlement.objects.filter(benefit_kind="RUNNING").exists(), "the season is still running"
    money.assess(on=dt.date(2022, 4, 10))
    running = Entitlement.objects.get(benefit_kind="RUNNING")
    assert (running.period, running.amount_fen, running.benefit) == ("2021-2022", 24_691, "S-2")
    assert list(running.lines.values_list("source", "amount_fen")) == [("DISTRICT", 24_691)]


def test_a_season_without_its_last_reading_waits(money: Money) -> None:
    task = money.accepted()
    money.reading(task.dwelling, "500", last="2022-02-28")
    money.assess(on=dt.date(2022, 4, 10))
    assert not Entitlement.objects.filter(benefit_kind="RUNNING").exists()


def test_every_stored_amount_is_what_the_engine_says_about_the_stored_facts(money: Money) -> None:
    for fen in (1, 299_999, 300_000, 300_001, 599_999, 600_000, 600_001, 980_050):
        money.accepted(costs=[("DEVICE", fen)])
    for kwh in ("0.05", "2999.99", "3000", "3000.05"):
        money.reading(money.accepted().dwelling, kwh)
    money.assess(on=dt.date(2022, 4, 10))
    for one in Entitlement.objects.all():
        outcome = entitlements.recompute(one)
        assert isinstance(outcome, Due)
        assert outcome.payable_fen == one.amount_fen
        assert [(line.source, line.amount_fen) for line in outcome.payable_lines if line.amount_fen] == list(
            one.lines.order_by("id").values_list("source", "amount_fen")
        )


def test_a_wrong_cost_is_computed_again_with_a_reason_and_the_old_one_stays_as_void(money: Money) -> None:
    task = money.accepted(costs=[])
    money.assess()
    old = Entitlement.objects.get()
    task.installation.costs.create(kind="DEVICE", amount_fen=450_000)
    assert money.assess().total == 0, "an open question is not answered behind anybody's back"
    new = entitlements.reassess_entitlement(entitlement=old, reason="发票补录", by=money.maker, on=ASSESSED)
    assert new.amount_fen == 450_000
    assert Entitlement.objects.get(pk=old.pk).state == "void"
    assert isinstance(entitlements.recompute(old), Undefined)


def test_a_struck_one_is_not_made_anew_by_itself(money: Money) -> None:
    money.accepted()
    money.assess()
    entitlements.void_entitlement(entitlement=Entitlement.objects.get(), reason="销户", by=money.maker)
    assert money.assess().total == 0


def test_a_struck_one_comes_back_by_computing_it_again_and_only_once(money: Money) -> None:
    (one,) = money.payable(1)
    for _twice in range(2):  # pressed twice: the second press says what it is by now
        with contextlib.suppress(Refused):
            entitlements.void_entitlement(entitlement=one, reason="不符合条件", by=money.maker)
    assert entitlements.is_struck(Entitlement.objects.get())
    new = entitlements.reassess_entitlement(entitlement=one, reason="复核后恢复", by=money.maker, on=ASSESSED)
    assert (new.state, new.amount_fen) == ("assessed", one.amount_fen)  # with a notice of its own
    with pytest.raises(Refused, match="ENTITLEMENT_STATE"):
        entitlements.reassess_entitlement(entitlement=one, reason="x", by=money.maker, on=ASSESSED)


def test_what_a_batch_has_taken_is_not_struck(money: Money) -> None:
    (one,) = money.payable(1)
    money.fund()
    money.draft()
    with pytest.raises(Refused, match="ENTITLEMENT_STATE"):
        entitlements.void_entitlement(entitlement=one, reason="x", by=money.maker)


def test_what_is_payable_can_no_longer_be_computed_again(money: Money) -> None:
    (one,) = money.payable(1)
    with pytest.raises(Refused, match="ENTITLEMENT_STATE"):
        entitlements.reassess_entitlement(entitlement=one, reason="x", by=money.maker, on=ASSESSED)


def test_amounts_and_lines_are_fixed_even_for_direct_sql(money: Money) -> None:
    (one,) = money.payable(1)
    for change in ("amount_fen = 1", "facts = '{}'"):
        with pytest.raises(Exception, match="fixed"), transaction.atomic():
            _sql(f"UPDATE subsidies_entitlement SET {change} WHERE id = {one.pk}")
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        EntitlementLine.objects.filter(entitlement=one).update(amount_fen=1)


def test_a_programme_without_public_notice_pays_at_once(db: None) -> None:
    money = make_money(notice_required=False)
    money.accepted()
    money.assess()
    assert Entitlement.objects.get().state == "payable"


def test_a_later_version_never_changes_what_was_computed(money: Money) -> None:
    money.accepted()
    money.assess()
    one = Entitlement.objects.get()
    release(money.programme, POLICY.replace("valid_from: 2021-01-01", "valid_from: 2021-12-01").replace("6000", "5000"))
    money.accepted()
    money.assess()
    assert sorted(Entitlement.objects.values_list("amount_fen", flat=True)) == [500_000, 600_000]
    assert entitlements.recompute(Entitlement.objects.get(pk=one.pk)).amount_fen == 600_000
    assert policies.policy_in_force(money.programme, dt.date(2021, 11, 30)) == one.policy


def test_600_dwellings_take_a_handful_of_queries(money: Money, django_assert_max_num_queries) -> None:
    for _home in range(40):
        money.accepted()
    with django_assert_max_num_queries(30):
        assert money.assess().due == 40


PANEL = POLICY.replace("  acceptance: {clause: 五}", "  acceptance: {clause: 七, panel: [HOUSING, AUDIT]}")


def test_every_department_of_the_panel_has_to_sign_before_anything_is_due(money: Money) -> None:
    release(money.programme, PANEL)
    alone, both = money.accepted(), money.accepted()
    for task, names in ((alone, ["市住建局"]), (both, ["市住建局", "审计局"])):
        _signed(money, task, names)
    money.assess()
    reasons = dict(Entitlement.objects.values_list("task_id", "reason"))
    assert reasons == {alone.pk: "JOINT_ACCEPTANCE_INCOMPLETE", both.pk: "OK_CAPPED"}
    assert Entitlement.objects.get(task=alone).reason_params == {"missing": "AUDIT"}
    assert all(entitlements.recompute(one).code == one.reason for one in Entitlement.objects.all())


def _signed(money: Money, task: Task, names: list[str]) -> None:
    sheet = JointAcceptance.objects.create(
        programme=money.programme, area_id=VILLAGE, year=2021, departments=["市住建局", "审计局"], seat_count=2,
        opened_by=money.office,
    )  # fmt: skip
    JointHome.objects.create(joint=sheet, task=task)
    for name in names:
        signer = people.user("panel_member", "370999")
        PanelSeat.objects.create(joint=sheet, department=name, signer=signer, person_no=signer.person_no)


def test_people_without_the_right_do_not_assess(money: Money) -> None:
    with pytest.raises(Exception, match=r"entitlements\.assess"):
        entitlements.assess_pending(programme=money.programme, on=ASSESSED, by=people.user("town_staff", VILLAGE))


def _sql(text: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(text)


def test_an_amount_is_struck_and_brought_back_on_its_page(money: Money, enter: Sign) -> None:
    (one,) = money.payable(1)
    page = reverse("subsidies:entitlement-detail", args=[one.pk])
    strike, again = (reverse(f"subsidies:entitlement-{deed}", args=[one.pk]) for deed in ("strike", "again"))
    client = enter(money.maker)
    shown = client.get(page).content.decode()
    assert strike in shown and again not in shown
    assert client.post(strike, {"reason": ""}).status_code == 422
    shown = client.post(strike, {"reason": "不符合条件"}, follow=True).content.decode()
    assert "已撤销，不予支付" in shown and again in shown and strike not in shown
    assert client.post(strike, {"reason": "不符合条件"}).status_code == 409
