"""Killed at the n-th statement, for every n: nothing half done, and the same call again brings it to its end once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from subsidies.invariants import broken
from subsidies.models import Fund, PayoutBatch
from subsidies.services import bank, batches, signatures
from tests.subsidies.conftest import Money, make_money
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
