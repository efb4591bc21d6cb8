"""Ledger totals are the database's, whatever was paid, kept back or came back: random batches, sources and towns."""

from __future__ import annotations

import copy
import random
import uuid
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from core import clock
from reports.ledgers.registry import LEDGERS
from reports.models import LedgerExport
from reports.queries.scope import Scope
from reports.queries.trace import Path as TracePath
from reports.queries.trace import trace_of
from reports.queries.trace_check import differences
from reports.services import exports
from reports.services.summaries import refresh_summaries
from subsidies import queries
from subsidies.models import Clawback, ClawbackEntry, Entitlement, EntitlementLine, PayoutBatch, PayoutLine
from tests.plugins.proofs import Proof, Size
from tests.reports.world import A1, A2, B1, World, forced

pytestmark = pytest.mark.django_db
SEED, AT_ONCE, WORKBOOKS = 20211208, 100, 5
SOURCES = ["CENTRAL", "DISTRICT", "MUNICIPAL"]


@dataclass
class Made:
    """Random batches, and what they add up to, counted while they were made."""

    county: World
    chance: random.Random
    homes: list[Entitlement]
    paid: int = 0
    back: int = 0
    lines: int = 0
    by_source: Counter[str] = field(default_factory=Counter)

    def batches(self, first: int, last: int) -> None:
        made = [self._batch(number) for number in range(first, last)]
        PayoutBatch.objects.bulk_create(made)
        plans = [self._plan(batch, no) for batch in made for no in range(1, self.chance.randint(1, 4) + 1)]
        Entitlement.objects.bulk_create(due for due, *_rest in plans)
        EntitlementLine.objects.bulk_create(
            EntitlementLine(entitlement=due, source=source, budget_year=2021, amount_fen=fen)
            for due, parts, *_rest in plans for source, fen in parts.items()
        )  # fmt: skip
        PayoutLine.objects.bulk_create(line for _due, _parts, line in plans)
        for due, parts, line in plans:
            if line.state == "paid":
                self._count(due, parts, line)

    def _batch(self, number: int) -> PayoutBatch:
        return PayoutBatch(
            programme=self.county.programme, area_id="370999", number=f"RB-{number:05d}", request_id=uuid.uuid4(),
            state="settled", created_by=self.county.staff["finance"], created_person_no="F1", content_hash="d" * 64,
        )  # fmt: skip

    def _plan(self, batch: PayoutBatch, line_no: int) -> tuple[Entitlement, dict[str, int], PayoutLine]:
        """An odd amount from one to three sources; a quarter refused by the bank, a quarter keeps something back."""
        chance = self.chance
        parts = {source: chance.randint(1, 400_001) for source in chance.sample(SOURCES, chance.randint(1, 3))}
        due = copy.copy(chance.choice(self.homes))
        due._state = copy.copy(due._state)
        due.pk, due.period, due.state = None, f"{batch.number}-{line_no}", "paid"
        due.amount_fen = sum(parts.values())
        kept = self._some_of(parts, due.amount_fen - 1) if chance.random() < 0.25 else {}
        line = PayoutLine(
            batch=batch, area_id=due.area_id, entitlement=due, line_no=line_no, payee_name="张示例",
            bank_card="6230990", amount_fen=due.amount_fen - sum(kept.values()), offset_fen=sum(kept.values()),
            offsets=[["ZH-00001", source, fen] for source, fen in kept.items()],
            state=chance.choice(["paid", "paid", "paid", "failed"]),
        )  # fmt: skip
        return due, parts, line

    def _some_of(self, parts: dict[str, int], most: int) -> dict[str, int]:
        source = self.chance.choice(list(parts))
        fen = min(self.chance.choice([1, parts[source], self.chance.randint(1, parts[source])]), most)
        return {source: fen} if fen else {}

    def _count(self, due: Entitlement, parts: dict[str, int], line: PayoutLine) -> None:
        self.lines, self.paid = self.lines + 1, self.paid + line.amount_fen
        left = Counter(parts)
        left.subtract({source: fen for _reference, source, fen in line.offsets})
        if self.chance.random() < 0.2:
            came_back = self._some_of({source: fen for source, fen in left.items() if fen}, line.amount_fen)
            left.subtract(came_back)
            self.back += self._given_back(due, came_back)
        self.by_source.update(left)

    def _given_back(self, due: Entitlement, parts: dict[str, int]) -> int:
        staff, at = self.county.staff, clock.now()
        case = Clawback.objects.create(
            programme=self.county.programme, area_id=due.area_id, dwelling_id=due.dwelling_id, entitlement=due,
            benefit_kind=due.benefit_kind, period=due.period, amount_fen=sum(parts.values()), shares=parts,
            reason="other", words="误付", state="confirmed", proposed_by=staff["finance"], proposed_person_no="F1",
            proposed_at=at, decided_by=staff["finance_review"], decided_person_no="F2", decided_at=at,
        )  # fmt: skip
        for source, fen in parts.items():
            ClawbackEntry.objects.create(
                clawback=case, source=source, amount_fen=fen, document_no="缴款书", request_id=uuid.uuid4(),
                on=at.date(), recorded_by=staff["finance"], recorded_at=at,
            )  # fmt: skip
        return sum(parts.values())

    def check_sums(self) -> None:
        """The database's sums, the ledger's and the columns of the trace, down a random path."""
        refresh_summaries()
        assert differences() == []
        auditor, programme = self.county.staff["auditor"], self.county.programme
        assert queries.ledger_totals(programme, auditor) == dict(self.by_source)
        extent = exports.extent_for(LEDGERS["payout"], programme, "370999", "", None)
        assert LEDGERS["payout"].total_fen(extent) == self.paid
        home = self.chance.choice(self.homes)
        path = TracePath(self.chance.choice(SOURCES), home.area_id[:9], home.area_id, home.dwelling.dwelling_no)
        trace = trace_of(Scope(auditor, programme, "370999"), path)
        assert trace.adds_up
        assert (trace.paid_fen, trace.back_fen, trace.total_fen) == (self.paid, self.back, self.by_source.total())
        assert {item.key: item.fen for item in trace.columns[0].items} == dict(self.by_source)

    def check_workbook(self, folder: Path) -> None:
        """Cells, formulas' stored values, the export's own total and the rows of `payout_ledger`."""
        wish, path = exports.Wish("payout", self.county.programme, "370999"), folder / "payout.xlsx"
        export: LedgerExport = exports.export_now(wish=wish, by=self.county.staff["office"], target=path)
        keys = [column.key for column in LEDGERS["payout"].columns(exports.extent_of(export))]
        book = openpyxl.load_workbook(path, data_only=True, read_only=True)
        rows = list(book.worksheets[0].iter_rows(min_row=3, values_only=True))
        data, last = [row for row in rows if isinstance(row[0], int)], rows[-1]
        wanted = {"amount": self.paid, "given_back": self.back}
        wanted |= {f"source_{source}": fen for source, fen in self.by_source.items()}
        assert len(data) == export.row_count == self.lines
        for key, fen in wanted.items():
            assert fen_of(data, keys.index(key)) == fen == fen_of([last], keys.index(key)), key
        ledger = queries.payout_ledger(self.county.programme, self.county.staff["auditor"])
        assert (export.total_fen, ledger.by_source) == (self.paid, dict(self.by_source))


def fen_of(rows: list[tuple[object, ...]], at: int) -> int:
    return round(sum((Decimal(str(row[at])) for row in rows if row[at] is not None), Decimal(0)) * 100)


@pytest.mark.proof("ledger-totals")
def test_totals_of_random_batches_are_the_databases(county: World, tmp_path: Path, size: Size, proof: Proof) -> None:
    wanted = size(small=16, large=5_000)
    homes = list(Entitlement.objects.filter(area_id__in=[A1, A2, B1], state="paid").select_related("dwelling"))
    made = Made(county, random.Random(SEED), homes)
    for line in PayoutLine.objects.filter(state="paid").prefetch_related("entitlement__lines"):
        made.lines, made.paid = made.lines + 1, made.paid + line.amount_fen
        made.by_source.update({part.source: part.amount_fen for part in line.entitlement.lines.all()})
    for first in range(0, wanted, AT_ONCE):
        with forced():
            made.batches(first, min(first + AT_ONCE, wanted))
        made.check_sums()
        if (first // AT_ONCE + 1) % max(1, wanted // AT_ONCE // WORKBOOKS) == 0:
            made.check_workbook(tmp_path)
    words = "{} random batches, {} payments: ledger, trace, workbook and database agree on {} fen paid, {} recovered"
    proof(words.format(wanted, made.lines, made.paid, made.back), seed=SEED)
