"""What money reads of a household: whose account it is, and which class it belonged to on the day that counts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from core.workbooks.read import read_workbook
from households.models import ClassPeriod, Dwelling, Household
from households.services import households
from subsidies.fact_coding import decode_facts, encode_facts
from subsidies.facts import facts_for, with_related
from subsidies.models import Entitlement
from subsidies.reviews import Review
from subsidies.services import bank, batches, entitlements
from tests import people
from tests.subsidies.conftest import ACCEPTED, POLICY, VILLAGE, Money, release

pytestmark = pytest.mark.django_db
FAVOURED = POLICY.replace("policy: sample_2021", "policy: favoured_2021").replace(
    "          flat: {fixed: 6000}",
    "          flat: {fixed: 6000}\n"
    "    requires: [{when: [{fact: classes, in: [SUBSISTENCE, DESTITUTE]}], otherwise: CONDITION_NOT_MET}]",
)


def holder(home: Dwelling, name: str = "李样本") -> Household:
    Household.objects.filter(pk=home.household_id).update(account_holder=name, holder_relation="spouse")
    return Household.objects.get(pk=home.household_id)


def test_the_bank_file_names_the_holder_of_the_account(money: Money, tmp_path: Path) -> None:
    money.payable(2)
    money.fund()
    first = Entitlement.objects.order_by("dwelling__dwelling_no").first()
    assert first is not None
    family = holder(first.dwelling)
    batch = batches.lock_for_signing(batch=money.draft(), by=money.maker)
    for person in (money.office, money.reviewer, money.releaser):
        money.sign(batch, person)
    made = bank.make_bank_file(batch=batch, by=money.releaser)
    path = tmp_path / "f.xlsx"
    path.write_bytes(bank.hand_out_bank_file(bank_file=made, by=money.releaser))
    rows = read_workbook(path).sheets[0].rows
    assert rows[2].texts[1:3] == ("李样本", family.bank_card)
    assert rows[3].texts[1] == batch.lines.get(line_no=2).entitlement.household.head_name


def test_a_holder_named_after_the_draft_is_on_the_locked_line(money: Money) -> None:
    money.payable(1)
    money.fund()
    batch = money.draft()
    holder(Entitlement.objects.get().dwelling)
    batches.lock_for_signing(batch=batch, by=money.maker)
    assert batch.lines.get().payee_name == "李样本"


def test_a_holder_changed_after_locking_is_shown_to_the_reviewer(money: Money) -> None:
    batch = money.locked(2)
    assert Review(batch, money.reviewer).changed_payees == []
    family = holder(Entitlement.objects.order_by("id")[0].dwelling)
    assert Review(batch, money.reviewer).changed_payees == [family.household_no]


def facts_of(money: Money, home: Dwelling) -> Any:
    from retrofits.models import Acceptance

    rows = list(with_related(Acceptance.objects.filter(task__dwelling=home)))
    return facts_for(rows, on=dt.date(2022, 6, 1))[0][1]


def classed(home: Dwelling, *codes: str, since: dt.date) -> Dwelling:
    fresh = Dwelling.objects.select_related("household").get(pk=home.pk)
    return households.edit_household(
        dwelling=fresh, version=households.version_of(fresh), changes={"beneficiary_classes": list(codes)},
        reason="民政名册", by=people.user("town_staff", VILLAGE), classes_since=since,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("since", "held"),
    [(ACCEPTED, {"DESTITUTE"}), (ACCEPTED + dt.timedelta(days=1), set()), (dt.date(2020, 1, 1), {"DESTITUTE"})],
)
def test_a_class_counts_from_its_first_day(money: Money, since: dt.date, held: set[str]) -> None:
    home = money.accepted().dwelling
    classed(home, "DESTITUTE", since=since)
    assert facts_of(money, home).classes == held


def test_a_class_that_ended_counts_until_its_last_day(money: Money) -> None:
    home = money.accepted().dwelling
    classed(home, "DESTITUTE", since=dt.date(2020, 1, 1))
    classed(home, since=ACCEPTED + dt.timedelta(days=1))
    assert facts_of(money, home).classes == {"DESTITUTE"}
    period = ClassPeriod.objects.get()
    assert period.ends_on == ACCEPTED
    ClassPeriod.objects.update(ends_on=ACCEPTED - dt.timedelta(days=1))
    assert facts_of(money, home).classes == set()


def test_a_class_of_an_old_register_has_no_dates_and_counts(money: Money) -> None:
    home = money.accepted().dwelling
    Household.objects.filter(pk=home.household_id).update(beneficiary_classes=["DISABLED"])
    facts = facts_of(money, home)
    assert facts.classes == {"DISABLED"}
    assert decode_facts(encode_facts(facts)) == facts


def test_a_class_ends_no_earlier_than_it_began(money: Money) -> None:
    home = money.accepted().dwelling
    classed(home, "DESTITUTE", since=ACCEPTED)
    with pytest.raises(households.Refused, match="BEFORE_IT_BEGAN"):
        classed(home, since=ACCEPTED - dt.timedelta(days=9))
    classed(home, since=ACCEPTED)
    assert not ClassPeriod.objects.exists()


def test_a_rule_for_classes_reads_the_household(money: Money) -> None:
    """The policy's condition on `classes` decides; stored facts give the same answer again."""
    release(money.programme, FAVOURED)
    poor, other = money.accepted().dwelling, money.accepted().dwelling
    classed(poor, "SUBSISTENCE", since=dt.date(2021, 1, 1))
    money.assess()
    due = Entitlement.objects.get(dwelling=poor, benefit_kind="CONVERSION")
    refused = Entitlement.objects.get(dwelling=other, benefit_kind="CONVERSION")
    assert (due.outcome, due.amount_fen) == ("due", 600_000)
    assert (refused.outcome, refused.reason) == ("not_due", "CONDITION_NOT_MET")
    assert entitlements.recompute(due).code == due.reason
