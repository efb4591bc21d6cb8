"""One truth of money that was kept back or came back: ledger, trace, funds and batches agree to the fen."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Sum

from core.together import read
from reports.ledgers.registry import LEDGERS
from reports.queries.proof import broken_chains, line_of, proof_of
from reports.queries.scope import Scope
from reports.queries.trace import Path, trace_of
from reports.queries.trace_check import differences
from reports.services.exports import extent_for
from reports.services.summaries import refresh_summaries
from subsidies import net, queries
from subsidies.models import Clawback, Entitlement, Fund, PayoutBatch, PayoutLine
from subsidies.services import clawbacks
from tests import people
from tests.subsidies.conftest import VILLAGE, Money
from tests.subsidies.test_clawbacks import pay

pytestmark = pytest.mark.django_db
FIRST, SECOND = dt.datetime(2022, 4, 5, 4, tzinfo=dt.UTC), dt.datetime(2023, 4, 5, 4, tzinfo=dt.UTC)
KEPT, BACK_OF_SEASON, BACK_OF_WORKS = 11_501, 499, 60_001


def claimed(money: Money, due: Entitlement, fen: int, way: str) -> Clawback:
    case = clawbacks.propose_clawback(
        entitlement=due, amount_fen=fen, reason="other", words="误付", way=way, by=money.maker
    )
    return clawbacks.decide_clawback(clawback=case, decision="confirm", reason="核实", by=money.reviewer)


def came_back(money: Money, case: Clawback, fen: int, key: int) -> None:
    clawbacks.record_return(
        clawback=case, amount_fen=fen, document_no="示例缴款书1号", request_id=UUID(int=key), by=money.maker
    )


def settled(money: Money) -> None:
    """Two homes paid for their works, one for two seasons. Of the works' money a part came back; the second season's
    payment kept back what had not come back of the first."""
    home, _other = (money.accepted().dwelling for _n in range(2))
    money.fund()
    for year in (2022, 2023):
        money.receipt("DISTRICT", 10_000_000, budget_year=year)
    money.reading(home, "3100")
    money.assess(on=FIRST.date(), now=FIRST)
    pay(money, FIRST)
    works, season = (Entitlement.objects.get(dwelling=home, benefit_kind=kind) for kind in ("CONVERSION", "RUNNING"))
    came_back(money, claimed(money, works, 100_001, "return"), BACK_OF_WORKS, 1)
    came_back(money, claimed(money, season, KEPT + BACK_OF_SEASON, "offset"), BACK_OF_SEASON, 2)
    money.reading(home, "900", "2022-11-01", "2023-03-31")
    money.assess(on=SECOND.date(), now=SECOND)
    pay(money, SECOND)


def test_ledger_workbook_trace_funds_and_batches_agree_where_money_was_kept_back_and_came_back(money: Money) -> None:
    settled(money)
    funds_and_batches_agree(money)
    workbook_adds_up(money)
    trace_says_what_the_ledger_says(money)
    no_chain_is_called_broken(money)


def paid_lines() -> Any:
    return PayoutLine.objects.filter(state="paid")


def funds_and_batches_agree(settled: Money) -> None:
    auditor = people.user("auditor", "370999")
    ledger, totals = (
        queries.payout_ledger(settled.programme, auditor),
        queries.ledger_totals(settled.programme, auditor),
    )
    paid = sum(PayoutBatch.objects.values_list("total_fen", flat=True))
    assert paid == 2 * 600_000 + 60_000 + 18_000 - KEPT
    assert ledger.by_source == totals == net.by_source(paid_lines())
    assert ledger.total_fen == paid - BACK_OF_WORKS - BACK_OF_SEASON
    spent = dict(Fund.objects.values_list("source").annotate(fen=Sum("paid_fen") - Sum("clawed_fen")))
    assert {source: fen for source, fen in spent.items() if fen} == totals
    assert [row.came_back_fen for row in ledger.rows if row.came_back_fen] == [BACK_OF_WORKS, BACK_OF_SEASON]


def workbook_adds_up(settled: Money) -> None:
    """Its sources to what was paid less what came back."""
    ledger = LEDGERS["payout"]
    extent = extent_for(ledger, settled.programme, "370999", "", None)
    keys = [column.key for column in ledger.columns(extent)]
    assert keys[keys.index("amount") + 1 :][:3] == ["given_back", "source_CENTRAL", "source_DISTRICT"]
    rows = list(ledger.lines(extent))
    for row in rows:
        assert row["source_DISTRICT"] + row.get("source_CENTRAL", 0) == row["amount"] - (row["given_back"] or 0)
    sums = {key: sum(row.get(key) or 0 for row in rows) for key in keys if key.startswith("source_")}
    assert sums == {f"source_{source}": fen for source, fen in net.by_source(paid_lines()).items()}
    assert sum(row["given_back"] or 0 for row in rows) == BACK_OF_WORKS + BACK_OF_SEASON
    assert sum(row["amount"] for row in rows) == ledger.total_fen(extent)


def trace_says_what_the_ledger_says(settled: Money) -> None:
    refresh_summaries()
    assert differences() == []
    scope = Scope(people.user("auditor", "370999"), settled.programme, "370999")
    line = paid_lines().get(offset_fen=KEPT)
    path = Path("DISTRICT", VILLAGE[:9], VILLAGE, line.entitlement.dwelling.dwelling_no)
    trace, totals = trace_of(scope, path), net.by_source(paid_lines())
    assert trace.adds_up
    assert [column.total_fen for column in trace.columns] == [sum(totals.values()), *[totals["DISTRICT"]] * 3]
    assert {item.key: item.fen for item in trace.columns[0].items} == totals
    assert (trace.paid_fen, trace.back_fen) == (sum(b.total_fen for b in PayoutBatch.objects.all()), 60_500)
    chosen = trace.columns[-1].chosen
    assert chosen is not None
    mine = [row for row in queries.payout_ledger(settled.programme, scope.user).rows
            if row.line.entitlement.dwelling_id == line.entitlement.dwelling_id]  # fmt: skip
    assert chosen.fen == sum(row.shares["DISTRICT"] for row in mine)


def no_chain_is_called_broken(settled: Money) -> None:
    """What is due is what was paid and what was kept back; what came back later changes nothing of how it was paid."""
    scope = Scope(people.user("auditor", "370999"), settled.programme, "370999")
    line = paid_lines().get(offset_fen=KEPT)
    refresh_summaries()
    told = {(one.line.pk, one.why): one.why for one in read(broken_chains(scope))}
    assert not any("来源" in why for why in told.values()), told
    found = line_of(scope, line.entitlement.dwelling.dwelling_no, str(line.pk))
    assert found is not None
    proof = proof_of(found)
    assert sum(fen for _name, fen in proof.sources) == line.amount_fen == 18_000 - KEPT
    assert [check.holds for check in proof.checks[:2]] == [True, True]
