"""A county in which every ledger and every list of what stands out has at least one row."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from core import clock
from core.blind_index import blind_index
from heatsupply.models import CoalBatch, CoalPoint, CoalSale
from households.models import DuplicatePair, Dwelling, MeterReading
from reports.services.summaries import refresh_summaries
from retrofits.models import Admission, CostItem
from subsidies.models import Entitlement, EntitlementLine, Notice, PayoutLine
from tests import flushing
from tests.reports.conftest import county, sign_in, world
from tests.reports.world import A1, A2, World, forced, moment

__all__ = ["county", "sign_in", "world"]
flushing.install()
DAY = dt.date(2021, 11, 1)


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


def all_kinds(county: World) -> World:
    """The county with one thing of each kind that stands out, and rows for the ledgers that were empty."""
    leave_out(county)
    Admission.objects.create(
        programme=county.programme, area_id="370999", supplier=county.supplier, applied_on=DAY, admitted_on=DAY,
        entered_by=county.staff["office"],
    )  # fmt: skip
    with forced():
        spoil_payments(county)
        season(county)
    sell_coal(county)
    lines = list(PayoutLine.objects.filter(state="paid").order_by("id"))
    first, second = sorted([lines[0].entitlement.dwelling_id, lines[1].entitlement.dwelling_id])
    DuplicatePair.objects.create(
        first_id=first, second_id=second, area_id=A1, other_area_id=A2, reasons=["SAME_CARD"], weight=3,
        found_at=clock.now(),
    )  # fmt: skip
    CostItem.objects.filter(installation__task__dwelling_id=first).update(amount_fen=900_000)
    refresh_summaries(now=clock.now())
    return county


def sell_coal(made: World) -> None:
    """Two sales that stand and one taken back."""
    point = CoalPoint.objects.create(
        programme=made.programme, area_id=A1, name="示例煤点", address="=村口", phone="19900000301", opened_on=DAY
    )
    batch = CoalBatch.objects.create(
        point=point,
        area_id=A1,
        batch_no="B-1",
        maker="示例煤厂（虚构）",
        received_on=DAY,
        received_kg=9_000,
        state="passed",
    )
    home = Dwelling.objects.filter(area_id=A1).order_by("id")[0].household
    for number, cancelled_at in enumerate((None, None, clock.now())):
        CoalSale.objects.create(
            batch=batch, area_id=A1, household=home, season=2021, sold_on=DAY, kg=150, amount_fen=12_345,
            receipt_no=f"R{number}", recorded_by=made.staff["office"], recorded_at=clock.now(),
            cancelled_at=cancelled_at,
        )  # fmt: skip


def leave_out(made: World) -> None:
    home = made.dwelling(A1, "registered")
    Dwelling.objects.filter(pk=home.pk).update(exclusion="LONG_VACANT", exclusion_note="=常年无人")


def spoil_payments(made: World) -> None:
    """Two households on one card, one payee who is nobody's head, one household paid again, one notice too late."""
    lines = list(PayoutLine.objects.filter(state="paid").order_by("id"))
    card = str(lines[0].bank_card)
    index = blind_index(card, "bank_card")
    PayoutLine.objects.filter(pk__in=[lines[0].pk, lines[1].pk]).update(bank_card=card, card_index=index)
    PayoutLine.objects.filter(pk=lines[2].pk).update(payee_name="王测试")
    again = made.dwelling(A2, "paid", household=lines[3].entitlement.household, amount_fen=100_001)
    Notice.objects.filter(entitlements__dwelling=again).update(ends_at=moment(dt.date(2021, 12, 24)))


def run(equipment: Entitlement) -> None:
    """A running subsidy, due, for the home of that entitlement."""
    due = Entitlement.objects.get(pk=equipment.pk)
    due.pk, due.benefit_kind, due.benefit, due.period, due.state = None, "RUNNING", "T-E", "2021-22", "payable"
    due.amount_fen, due.facts = 30_050, {"usage": [["electricity_kwh", "2021-11-01", "2022-03-31", "1502.5", "", ""]]}
    due.save()
    EntitlementLine.objects.create(entitlement=due, source="DISTRICT", budget_year=2021, amount_fen=30_050)


def season(made: World) -> None:
    """Running subsidies, due, of a home that was read and one that was not; and one meter that counted where nothing is
    due."""
    base, unread = Entitlement.objects.filter(state="paid").order_by("id")[:2]
    for due in (unread, base):
        run(due)
    bare = Dwelling.objects.filter(entitlements__isnull=True, area_id=A1).order_by("id").first()
    assert bare is not None
    MeterReading.objects.create(
        dwelling=bare, area_id=A1, carrier="electricity", starts_on=DAY, ends_on=dt.date(2022, 3, 31), quantity=812,
        source="power_company", state="counted",
    )  # fmt: skip
    MeterReading.objects.create(
        dwelling=base.dwelling, area_id=base.area_id, carrier="electricity", starts_on=DAY,
        ends_on=dt.date(2022, 3, 31), quantity=0, source="power_company", state="counted",
    )  # fmt: skip
