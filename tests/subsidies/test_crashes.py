"""Killed at the n-th statement, for every n: nothing half done, and the same call again brings it to its end once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from households.models import Roster
from subsidies.invariants import broken
from subsidies.models import Entitlement, Fund, FundHold, LineRemark, PayoutBatch
from subsidies.services import bank, batches, holds, signatures
from tests.subsidies.conftest import MORNING, Money, make_money
from tests.subsidies.test_bank import answer, read

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(Exception):
    """The process ended here."""


@contextmanager
def dying_at(statement: int) -> Iterator[list[int]]:
    """Raise at the n-th statement sent to the database; the list counts them."""
    seen = [0]

    def count(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        seen[0] += 1
        if seen[0] == statement:
            raise Killed(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield seen


def survive_every_crash(deed: Callable[[], Any]) -> int:
    """Die at statement 1, 2, 3 …, look at the books after each, until it runs through. Returns how many points died."""
    for statement in range(1, 200):
        try:
            with dying_at(statement):
                deed()
            return statement - 1
        except Killed:
            assert broken() == {}, f"after statement {statement}"
    raise AssertionError("never ran through")


@pytest.fixture
def money(transactional_db: None) -> Money:
    return make_money()


def test_locking(money: Money) -> None:
    money.payable(3)
    money.fund()
    batch = money.draft()
    points = survive_every_crash(lambda: batches.lock_for_signing(batch=batch, by=money.maker))
    assert points >= 8
    assert set(Fund.objects.values_list("reserved_fen", flat=True)) == {900_000}
    assert broken() == {}


def test_signing(money: Money) -> None:
    batch, key = money.locked(2), UUID(int=1)
    sign = lambda: signatures.sign_batch(  # noqa: E731
        batch=batch, shown_hash=batch.content_hash, request_id=key, by=money.office
    )
    assert survive_every_crash(sign) >= 5
    assert sign().step == "review", "an answer lost on the way: the retry finds the signature"
    assert (batch.signatures.count(), broken()) == (1, {})


def test_sending(money: Money) -> None:
    batch = money.released(2)
    assert survive_every_crash(lambda: bank.make_bank_file(batch=batch, by=money.releaser)) >= 5
    assert (batch.lines.filter(state="sent").count(), broken()) == (2, {})


def test_reconciling(money: Money) -> None:
    batch = money.sent(3)
    found = read(money, batch, answer(batch, failed=[3]))
    assert survive_every_crash(lambda: bank.reconcile(bank_return=found, by=money.maker)) >= 10
    assert PayoutBatch.objects.get(pk=batch.pk).state == "settled"
    assert set(Fund.objects.values_list("paid_fen", "reserved_fen")) == {(600_000, 0)}
    assert broken() == {}


def test_assessing(money: Money) -> None:
    for _home in range(3):
        money.accepted()
    assert survive_every_crash(money.assess) >= 5
    assert Entitlement.objects.count() == 3
    money.assess()
    assert (Entitlement.objects.count(), broken()) == (3, {})


def short_of_money(money: Money) -> None:
    """Two sealed homes, and money for one."""
    money.payable(2)
    Roster.objects.update(approved_at=MORNING)
    money.programme.settings = {"reserve_per_home": {"*": {"CENTRAL": 3000, "DISTRICT": 3000}}}
    money.programme.save()
    money.fund(3_000)


def test_holding_money(money: Money) -> None:
    short_of_money(money)
    hold = lambda: holds.reserve_pending(programme=money.programme, by=money.maker)  # noqa: E731
    assert survive_every_crash(hold) >= 8
    assert sorted(FundHold.objects.values_list("state", flat=True)) == ["held", "short"]
    assert set(Fund.objects.values_list("held_fen", flat=True)) == {300_000}


def test_locking_what_is_held(money: Money) -> None:
    short_of_money(money)
    holds.reserve_pending(programme=money.programme, by=money.maker)
    batch = money.draft()
    assert survive_every_crash(lambda: batches.lock_for_signing(batch=batch, by=money.maker)) >= 12
    assert set(Fund.objects.values_list("held_fen", "reserved_fen")) == {(0, 300_000)}


def test_sending_back_what_was_held(money: Money) -> None:
    short_of_money(money)
    holds.reserve_pending(programme=money.programme, by=money.maker)
    batch = batches.lock_for_signing(batch=money.draft(), by=money.maker)
    back = lambda: signatures.return_batch(  # noqa: E731
        batch=batch, shown_hash=batch.content_hash, request_id=UUID(int=2), by=money.office, reason="再核",
        lines={batch.lines.get().pk: "销户"},
    )  # fmt: skip
    assert survive_every_crash(back) >= 10
    assert set(Fund.objects.values_list("held_fen", "reserved_fen")) == {(300_000, 0)}
    assert (LineRemark.objects.count(), broken()) == (1, {})


def test_handing_out(money: Money) -> None:
    batch = money.sent(1)
    hand_out = lambda: bank.hand_out_bank_file(  # noqa: E731
        bank_file=batch.bank_file, by=money.releaser, password="正确的马 电池 订书钉 长"
    )
    assert survive_every_crash(hand_out) >= 2
    assert batch.bank_file.issues.count() == 1


def test_reading_an_answer(money: Money) -> None:
    batch = money.sent(2)
    rows = answer(batch, failed=[1])
    assert survive_every_crash(lambda: read(money, batch, rows)) >= 5
    assert batch.bank_returns.count() == 1


def test_a_part_and_its_rest(money: Money) -> None:
    batch = money.sent(1)
    for change in ({"at1_2": "2000.00"}, {"at1_2": "4000.00", "at1_5": "R2"}):
        found = read(money, batch, answer(batch, **change))
        assert survive_every_crash(lambda found=found: bank.reconcile(bank_return=found, by=money.maker)) >= 5  # type: ignore[misc]
    assert set(Fund.objects.values_list("paid_fen", "reserved_fen")) == {(300_000, 0)}
    assert PayoutBatch.objects.get().state == "settled"


def test_following_up(money: Money) -> None:
    batch = money.sent(2)
    bank.reconcile(bank_return=read(money, batch, answer(batch, failed=[1])), by=money.maker)
    follow = lambda: batches.follow_up_batch(  # noqa: E731
        batch=batch, request_id=UUID(int=3), by=money.maker, unchanged_too=True
    )
    assert survive_every_crash(follow) >= 6
    assert follow().lines.count() == 1 and batch.followed_by.count() == 1
