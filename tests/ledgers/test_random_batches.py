"""Ledger totals are the database's, whatever was paid: random batches, sources and towns."""

from __future__ import annotations

import random
import uuid
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.db.models import Sum

from reports.ledgers.registry import LEDGERS
from reports.models import LedgerExport
from reports.services import exports
from subsidies.models import Entitlement, EntitlementLine, PayoutBatch, PayoutLine
from tests.plugins.proofs import Proof, Size
from tests.reports.world import A1, A2, B1, World, forced

pytestmark = pytest.mark.django_db
SEED, PER_FILE = 20211208, 100


def random_batch(made: World, chance: random.Random, number: int, homes: list[Entitlement]) -> None:
    """One settled batch of one to four payments; odd amounts, one to three sources, some lines returned by the bank."""
    batch = PayoutBatch.objects.create(
        programme=made.programme, area_id="370999", number=f"RB-{number:05d}", request_id=uuid.uuid4(), state="settled",
        created_by=made.staff["finance"], created_person_no="F1", content_hash="d" * 64,
    )  # fmt: skip
    for line_no in range(1, chance.randint(1, 4) + 1):
        base = chance.choice(homes)
        parts = {
            source: chance.randint(1, 400_001)
            for source in chance.sample(["CENTRAL", "DISTRICT", "MUNICIPAL"], chance.randint(1, 3))
        }
        due = Entitlement.objects.get(pk=base.pk)
        due.pk, due.period, due.amount_fen, due.state = None, f"r{number}-{line_no}", sum(parts.values()), "paid"
        due.save()
        EntitlementLine.objects.bulk_create(
            EntitlementLine(entitlement=due, source=source, budget_year=2021, amount_fen=fen)
            for source, fen in parts.items()
        )
        state = chance.choice(["paid", "paid", "paid", "failed"])
        PayoutLine.objects.create(
            batch=batch, area_id=due.area_id, entitlement=due, line_no=line_no, payee_name="张示例",
            bank_card="6230990", amount_fen=due.amount_fen, state=state,
        )  # fmt: skip


def check(made: World, folder: Path) -> int:
    """Cells, stored total, the ledger's total and the database agree to the fen, source by source."""
    path = folder / "payout.xlsx"
    wish = exports.Wish("payout", made.programme, "370999")
    export: LedgerExport = exports.export_now(wish=wish, by=made.staff["office"], target=path)
    paid = PayoutLine.objects.filter(state="paid", batch__programme=made.programme)
    truth = paid.aggregate(fen=Sum("amount_fen"))["fen"]
    keys = [column.key for column in LEDGERS["payout"].columns(exports.extent_of(export))]
    rows = list(openpyxl.load_workbook(path, data_only=True).worksheets[0].iter_rows(min_row=3, values_only=True))
    data, last = [row for row in rows if isinstance(row[0], int)], rows[-1]
    assert len(data) == export.row_count == paid.count()
    assert (
        export.total_fen
        == truth
        == fen_of(data, keys.index("amount"))
        == round(Decimal(str(last[keys.index("amount")])) * 100)
    )
    borne = EntitlementLine.objects.filter(entitlement__payout_lines__in=paid).values_list("source")
    for source, fen in borne.annotate(fen=Sum("amount_fen")).order_by():
        assert fen_of(data, keys.index(f"source_{source}")) == fen, source
    return int(truth)


def fen_of(rows: list[tuple[object, ...]], at: int) -> int:
    return round(sum((Decimal(str(row[at])) for row in rows if row[at] is not None), Decimal(0)) * 100)


@pytest.mark.proof("ledger-totals")
def test_totals_of_random_batches_are_the_databases(county: World, tmp_path: Path, size: Size, proof: Proof) -> None:
    chance, wanted, checked = random.Random(SEED), size(small=12, large=5_000), 0
    homes = list(Entitlement.objects.filter(area_id__in=[A1, A2, B1], state="paid"))
    with forced():
        for number in range(wanted):
            random_batch(county, chance, number, homes)
            if number % PER_FILE == PER_FILE - 1 or number == wanted - 1:
                last, checked = check(county, tmp_path), checked + 1
    proof(f"{wanted} random batches, {checked} workbooks agree to the fen, the last over {last} fen", seed=SEED)
