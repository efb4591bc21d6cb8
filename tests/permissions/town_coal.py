"""What clean coal keeps of a town: supply points, each with a tested batch and sales that stand and do not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from core import clock
from heatsupply.models import CoalBatch, CoalPoint, CoalSale, CoalTest

if TYPE_CHECKING:
    from tests.permissions.town import Town

DAY = dt.date(2021, 12, 8)


def build(town: Town) -> None:
    """`size` points; as many batches, tests and sales at the first."""
    for n in range(town.size):
        point = CoalPoint.objects.create(
            programme=town.county, area=town.village, name=f"{town.word}煤点{n}", address=f"{town.word}路",
            phone="0538-6000301", keeper=f"{town.word}人", opened_on=DAY, has_sign=True,
            longitude=Decimal("117.1") + n, latitude=Decimal("36.2"),
        )  # fmt: skip
        town.keep("coal_point", point)
        _batch(town, town.objects["coal_point"], n)


def _batch(town: Town, point: CoalPoint, n: int) -> None:
    batch = CoalBatch.objects.create(
        point=point, area=town.village, batch_no=f"{town.code}-{n}", maker=f"{town.word}厂", received_on=DAY,
        received_kg=9_000, state="passed",
    )  # fmt: skip
    CoalTest.objects.create(
        batch=batch, area=town.village, sampled_on=DAY, laboratory=f"{town.word}检测", report_no=f"R{n}",
        sulphur_percent=Decimal("0.3"), ash_percent=Decimal(12), most_sulphur=Decimal("0.5"), most_ash=Decimal(16),
        recorded_by=town.clerk, recorded_at=clock.now(),
    )  # fmt: skip
    CoalSale.objects.create(
        batch=batch, area=town.village, household=town.homes["accepted"][n].household, season=2021, sold_on=DAY, kg=50,
        amount_fen=town.fen, receipt_no=f"{town.code}{n}", recorded_by=town.clerk, recorded_at=clock.now(),
        cancelled_at=clock.now() if n else None,
    )  # fmt: skip
