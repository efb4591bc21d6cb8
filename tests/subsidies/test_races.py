"""Eight at once: exactly one approval, no fund overdrawn, no amount twice. Real transactions in real threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from accounts.acting import acting
from core.refusals import Refused
from subsidies.invariants import broken
from subsidies.models import BatchSignature, Entitlement, Fund, PayoutBatch
from subsidies.services import bank, batches, entitlements, policies, signatures
from tests import people
from tests.subsidies.conftest import ASSESSED, POLICY, SECOND, VILLAGE, Money, make_money, make_ready
from tests.subsidies.test_bank import answer, read

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 8


@pytest.fixture
def money(transactional_db: None) -> Iterator[Money]:
    """Every race ends with all invariants holding."""
    yield make_money()
    assert broken() == {}


def at_once(work: Sequence[Callable[[], Any]]) -> Counter[str]:
    """Run all at the same moment, each on its own connection; counts "ok" and codes of refusals."""
    gate, outcomes = threading.Barrier(len(work)), []

    def one(deed: Callable[[], Any]) -> None:
        try:
            with acting("race"):
                gate.wait()
                deed()
            outcomes.append("ok")
        except Refused as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(deed,)) for deed in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(outcomes)


def test_of_eight_approvals_exactly_one_counts(money: Money) -> None:
    batch = money.locked(2)
    signers = [people.user("office", "370999") for _ in range(CLIENTS)]
    outcomes = at_once([_signing(batch, one) for one in signers])
    assert outcomes == {"ok": 1, "BATCH_STATE": CLIENTS - 1}
    assert BatchSignature.objects.count() == 1


def test_one_press_sent_eight_times_is_one_signature(money: Money) -> None:
    batch, key = money.locked(2), uuid4()
    outcomes = at_once([_signing(batch, money.office, key) for _ in range(CLIENTS)])
    assert outcomes == {"ok": CLIENTS}
    assert BatchSignature.objects.count() == 1


def test_approve_and_return_at_once_one_of_them_wins(money: Money) -> None:
    batch = money.locked(2)
    one, other = (people.user("office", "370999") for _ in range(2))
    back = {"batch": batch, "shown_hash": batch.content_hash, "reason": "再核", "step": "review"}
    outcomes = at_once([
        _signing(batch, one), lambda: signatures.return_batch(**back, request_id=uuid4(), by=other)
    ])  # fmt: skip
    assert outcomes == {"ok": 1, "BATCH_STATE": 1}


def test_eight_batches_for_a_fund_that_holds_three_lock_exactly_three(money: Money) -> None:
    homes = money.payable(CLIENTS)
    money.receipt("CENTRAL", 3 * 300_000), money.receipt("DISTRICT", 3 * 300_000)
    waiting = [one.pk for one in homes]
    drafts = []
    for pk in waiting:
        Entitlement.objects.filter(state="payable").exclude(pk=pk).update(state="batched")
        drafts.append(money.draft())
        Entitlement.objects.filter(state="batched", payout_lines__isnull=True).update(state="payable")
    outcomes = at_once([_locking(money, draft) for draft in drafts])
    assert outcomes == {"ok": 3, "FUNDS_SHORT": CLIENTS - 3}
    assert set(Fund.objects.values_list("reserved_fen", flat=True)) == {900_000}


def test_eight_runs_assess_each_dwelling_once(money: Money) -> None:
    for _home in range(6):
        money.accepted()
    run = lambda: entitlements.assess_pending(programme=money.programme, on=ASSESSED, by="race")  # noqa: E731
    assert at_once([run] * CLIENTS) == {"ok": CLIENTS}
    assert Entitlement.objects.count() == 6


def test_two_drafts_at_once_never_share_an_amount(money: Money) -> None:
    money.payable(4)
    outcomes = at_once([lambda: money.draft() for _ in range(4)])
    assert outcomes["ok"] >= 1 and set(outcomes) <= {"ok", "NOTHING_PAYABLE"}
    assert sum(batch.line_count for batch in PayoutBatch.objects.all()) == 4


def test_one_answer_booked_eight_times_is_booked_once(money: Money) -> None:
    batch = money.sent(3)
    found = read(money, batch, answer(batch, failed=[1]))
    outcomes = at_once([lambda: bank.reconcile(bank_return=found, by=money.maker)] * CLIENTS)
    assert outcomes == {"ok": CLIENTS}
    assert set(Fund.objects.values_list("paid_fen", "reserved_fen")) == {(600_000, 0)}


def test_of_two_releases_of_a_policy_one_counts(money: Money) -> None:
    later = POLICY.replace("valid_from: 2021-01-01", "valid_from: 2022-01-01")
    draft = policies.draft_policy(programme=money.programme, document=later, by=money.maker)
    releasers = [people.user("finance_review", "370999") for _ in range(4)]
    make_ready(draft, releasers[0])
    outcomes = at_once([_releasing(draft, one) for one in releasers])
    assert outcomes == {"ok": 1, "NOT_DRAFT": 3}


def test_batches_of_two_villages_lock_side_by_side(money: Money) -> None:
    money.payable(2), money.payable(2, area=SECOND)
    money.fund()
    outcomes = at_once([_locking(money, money.draft(place)) for place in (VILLAGE, SECOND)])
    assert outcomes == {"ok": 2}


def _signing(batch: PayoutBatch, by: Any, key: Any = None) -> Callable[[], Any]:
    return lambda: signatures.sign_batch(
        batch=batch, shown_hash=batch.content_hash, request_id=key or uuid4(), by=by, step="review"
    )


def _locking(money: Money, draft: PayoutBatch) -> Callable[[], Any]:
    return lambda: batches.lock_for_signing(batch=draft, by=money.maker)


def _releasing(draft: Any, by: Any) -> Callable[[], Any]:
    return lambda: policies.release_policy(policy=draft, sha256=draft.sha256, by=by)
