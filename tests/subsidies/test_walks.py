"""Random walks through the payout chain: several people, double presses, returns, restarts; the invariants always hold.

The steps and the invariants stand in `tests.subsidies.walk`; what makes the walks cheap in `tests.subsidies.walking`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    run_state_machine_as_test,
)

from subsidies.models import (
    Clawback,
    ClawbackEntry,
    PayoutBatch,
    PayoutLine,
)
from subsidies.services import batches, clawbacks
from tests import people
from tests.plugins.proofs import LARGE, Proof, Size
from tests.subsidies.conftest import Money
from tests.subsidies.walk import Walk
from tests.subsidies.walking import Watch, read_here

pytestmark = pytest.mark.django_db
#: Few walks seldom come from the draft to the bank's answer: of the small size a third begins after that, with the
#: second line refused, and a third among the signatures. Many walks come there, but not to the season after a claim.
BEGINNINGS: tuple[dict[str, Any], ...] = ({}, {"claimed": True}) if LARGE else ({}, {"begun": 4}, {"begun": 9})

CHAINS: tuple[dict[str, Any], ...] = (
    {},
    {
        "payout_chain": [
            {"step": "department", "kind": "review"},
            {"step": "finance", "kind": "approve", "signatures": [{"above_yuan": 6_000, "count": 2}]},
            {"step": "release"},
        ],
        "reserve_per_home": {"*": {"CENTRAL": 3_000, "DISTRICT": 3_000}},
    },
)


@pytest.fixture(autouse=True)
def _no_process_for_every_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.workbooks.read._child_events", read_here)


def walk_through(chain: dict[str, Any], money: Money) -> type[Walk]:
    """Walks of that chain, which all begin with one payable home and the money of three years."""
    money.programme.settings = chain
    money.programme.save()
    money.payable(1)
    money.fund(50_000)
    for year in (2022, 2023):
        money.receipt("DISTRICT", 1_000_000, budget_year=year)
    staff = {
        "second_reviewer": people.user("finance_review", "370999"),
        "second_office": people.user("office", "370999"),
        "makers_twin": people.user("office", "370999", person_no=money.maker.person_no),
    }
    return type("PayoutWalk", (Walk,), {"money": money, "seen": Counter[str](), "staff": staff, "watch": Watch()})


@pytest.mark.parametrize("chain", CHAINS, ids=["usual", "long chain and holds"])
def test_what_is_kept_back_follows_its_payment_through_return_refusal_and_follow_up(
    chain: dict[str, Any], money: Money
) -> None:
    """The same steps in one order: a claim is kept back from the next season's payment, however often that is sent back
    or refused by the bank, and what a household gave back meanwhile is not kept back as well."""
    steps = walk_through(chain, money)()
    try:
        _walk_with_a_claim(steps)
    finally:
        steps.teardown()


def _walk_with_a_claim(steps: Walk) -> None:
    steps.a_village_is_ready(1)
    steps.a_season_is_read_and_computed(0, 2021, "3100")
    steps.a_notice_ends(1)
    steps.the_work_goes_on(9, [])
    assert PayoutLine.objects.filter(state="paid").count() == 2
    steps.a_payment_is_claimed_back(1, 12_000, "offset", "confirm", "reviewer")
    steps.a_household_gives_back(0, 500, twice=True)
    steps.a_season_is_read_and_computed(0, 2022, "900")
    steps.a_notice_ends(2)
    steps.a_batch_is_drawn_up(twice=True)
    batch = PayoutBatch.objects.latest("pk")
    kept = [["ZH-" + f"{Clawback.objects.get().pk:05d}", "DISTRICT", 11_500]]
    assert (batch.lines.get().amount_fen, batch.lines.get().offsets) == (18_000 - 11_500, kept)
    steps.a_household_gives_back(0, 500, twice=False)
    assert ClawbackEntry.objects.count() == 1, "what a draft keeps back is not given back as well"
    batches.lock_for_signing(batch=batch, by=steps.money.maker)
    steps.every_yuan_is_where_it_should_be()
    steps.anybody_returns_it(1, "office")
    steps.the_work_goes_on(7, [1])
    assert [line.state for line in batch.lines.all()] == ["failed"]
    steps.every_yuan_is_where_it_should_be()
    steps.a_household_gives_back(0, 500, twice=False)
    assert ClawbackEntry.objects.count() == 2, "a refused payment keeps nothing back"
    steps.what_failed_is_followed_up(1, unchanged=True, twice=True)
    follow_up = PayoutBatch.objects.latest("pk")
    assert follow_up.lines.get().offset_fen == 11_000
    steps.the_work_goes_on(8, [])
    steps.every_yuan_is_where_it_should_be()
    assert clawbacks.outstanding(Clawback.objects.all()) == {Clawback.objects.get().pk: {}}
    assert follow_up.lines.get().state == "paid"
    steps.a_payment_comes_back(2, twice=True)
    steps.every_yuan_is_where_it_should_be()
    assert [line.state for line in follow_up.lines.all()] == ["failed"]
    assert list(clawbacks.outstanding(Clawback.objects.all()).values()) == [{"DISTRICT": 11_000}]


@pytest.mark.slow
@pytest.mark.proof("payout-walks")
def test_no_order_of_presses_pays_wrongly(money: Money, size: Size, proof: Proof) -> None:
    wanted, seen = size(small=9, large=2_500), Counter[str]()
    for chain in CHAINS:
        with transaction.atomic():
            walked = walks_of(chain, money, wanted)
            transaction.set_rollback(True)
        assert walked["walks"] >= wanted and walked["paid"] and walked["failed"], "walks that never pay prove nothing"
        seen += walked
    assert not LARGE or (seen["given back"] and seen["kept back"]), "walks without claims prove nothing about them"
    words = "{walks} walks through two chains, {paid} lines paid, {failed} refused by the bank"
    words += ", {kept back} kept something back, {given back} entries given back, {looks} steps looked at"
    proof(f"{words}, nothing broken".format_map(seen))


def walks_of(chain: dict[str, Any], money: Money, wanted: int) -> Counter[str]:
    walk = walk_through(chain, money)
    for beginning in BEGINNINGS:
        walk.begun, walk.claimed = beginning.get("begun", 0), beginning.get("claimed", False)
        run_state_machine_as_test(
            walk,
            settings=settings(
                max_examples=wanted // len(BEGINNINGS),
                stateful_step_count=30 if LARGE else 12,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                derandomize=not LARGE,
            ),
        )
    return walk.seen
