"""To-dos of money on its way: each is told to the person who can end it, with what is really open, until it is done."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from core.blind_index import blind_index
from reports.links import address
from reports.queries import waiting
from reports.queries.scope import Scope
from reports.queries.todos import Todo, todos_for
from subsidies.models import PayoutBatch
from subsidies.services import bank, batches
from tests import people
from tests.people import synthetic_card
from tests.subsidies.conftest import OTHER_TOWN, Money
from tests.subsidies.test_bank import answer, read

pytestmark = pytest.mark.django_db
MAKE, FETCH, ANSWER = "Payment file to make", "Payment file to fetch", "Bank return to enter"
CORRECT, AGAIN = "Account refused by the bank, to be corrected", "Sent back by the bank, to be paid again"
IN_NO_BATCH = "May be paid, in no batch yet"


@pytest.fixture(autouse=True)
def english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def waits(money: Money, user: User, area: str = "370999") -> dict[str, Todo]:
    user = User.objects.get(pk=user.pk)
    return {todo.title: todo for todo in todos_for(Scope(user, money.programme, area))}


def in_menu(money: Money, user: User, name: str) -> int:
    user = User.objects.get(pk=user.pk)
    return waiting.numbers_for(Scope(user, money.programme, "370999"), [name])[name]


def page_of(batch: PayoutBatch) -> str:
    return address("subsidies:batch-detail", batch.number)


def correct(money: Money, batch: PayoutBatch, line_no: int) -> None:
    household = batch.lines.get(line_no=line_no).entitlement.household
    card = synthetic_card(990_000 + line_no)
    household.bank_card, household.bank_card_index = card, blind_index(card, "bank_card")
    household.save()


def test_the_file_is_made_and_fetched_before_anybody_waits_for_the_bank(money: Money) -> None:
    batch = money.released(3)
    assert waits(money, money.releaser)[MAKE].url == page_of(batch)
    assert ANSWER not in waits(money, money.maker)
    made = bank.make_bank_file(batch=batch, by=money.releaser)
    assert MAKE not in waits(money, money.releaser)
    assert waits(money, money.releaser)[FETCH].url == page_of(batch)
    assert ANSWER not in waits(money, money.maker)
    counts = [("subsidies:batch-list", money.releaser), ("subsidies:return-list", money.maker)]
    assert [in_menu(money, user, name) for name, user in counts] == [1, 0]
    bank.hand_out_bank_file(bank_file=made, by=money.releaser)
    assert not {MAKE, FETCH} & set(waits(money, money.releaser))
    assert "3 payments · CNY 18,000" in waits(money, money.maker)[ANSWER].detail
    assert [in_menu(money, user, name) for name, user in counts] == [0, 1]


def test_after_a_partial_answer_only_the_rest_is_waited_for(money: Money) -> None:
    batch = money.sent(3)
    bank.reconcile(bank_return=read(money, batch, answer(batch)[:2]), by=money.maker)
    assert "1 payment · CNY 6,000" in waits(money, money.maker)[ANSWER].detail
    assert FETCH not in waits(money, money.releaser)


def test_a_refused_account_waits_for_the_register_and_a_corrected_one_for_the_maker(money: Money) -> None:
    batch = money.sent(3)
    bank.reconcile(bank_return=read(money, batch, answer(batch, failed=[1, 2])), by=money.maker)
    town = people.user("town_staff", "370999001")
    found = waits(money, town, "370999001")[CORRECT]
    assert (found.count, found.url) == (2, address("reports:household-list", returned="yes"))
    assert not {AGAIN, CORRECT, IN_NO_BATCH} & set(waits(money, money.maker))
    assert CORRECT not in waits(money, people.user("town_staff", OTHER_TOWN[:9]), OTHER_TOWN[:9])
    correct(money, batch, 1)
    assert waits(money, town, "370999001")[CORRECT].count == 1
    again = waits(money, money.maker)[AGAIN]
    assert (again.count, again.url) == (1, page_of(batch))
    correct(money, batch, 2)
    assert CORRECT not in waits(money, town, "370999001")
    money.draft()
    assert AGAIN not in waits(money, money.maker)


def test_what_may_be_paid_is_what_a_new_batch_takes_in(money: Money) -> None:
    first = money.payable(3)[0]
    assert first.household_id
    found = waits(money, money.maker)[IN_NO_BATCH]
    assert (found.count, found.detail, found.url) == (3, "3 amounts", address("subsidies:batch-new"))
    first.household.bank_card, first.household.bank_card_index = "", ""
    first.household.save()
    assert waits(money, money.maker)[IN_NO_BATCH].count == 2
    assert IN_NO_BATCH not in waits(money, money.maker, OTHER_TOWN)
    assert batches.payable(money.programme).count() == money.draft().line_count == 2
    assert IN_NO_BATCH not in waits(money, money.maker)
