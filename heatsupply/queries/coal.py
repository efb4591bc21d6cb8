"""Reads about clean coal: what lies at a point, how many days it lasts, whose test is due; the public list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import DateField, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from heatsupply.models import CoalBatch, CoalPoint, CoalSale, CoalTest
from heatsupply.rules import fuel
from heatsupply.terms.coal import USE_DAYS, days_between_tests

PASSED, FAILED, UNTESTED = CoalBatch.State.PASSED, CoalBatch.State.FAILED, CoalBatch.State.UNTESTED
TONNE = Decimal(1000)
PUBLIC_MOST = 500


def with_stock(points: QuerySet[CoalPoint], today: dt.date) -> QuerySet[Any]:
    """Beside each point: kilograms that may be sold, wait for a test or are blocked, late sales, the last test."""
    recent = Q(sold_on__gt=today - dt.timedelta(days=USE_DAYS), sold_on__lte=today)
    return points.annotate(
        stock_kg=_received(PASSED) - _sold(Q(batch__state=PASSED)),
        waiting_kg=_received(UNTESTED) - _sold(Q(batch__state=UNTESTED)),
        blocked_kg=_received(FAILED) - _sold(Q(batch__state=FAILED)),
        recent_kg=_sold(recent),
        tested_on=Subquery(
            CoalTest.objects.filter(batch__point=OuterRef("pk")).order_by().values("batch__point")
            .annotate(last=Max("sampled_on")).values("last"), output_field=DateField(),
        ),
    )  # fmt: skip


def _received(state: str) -> Any:
    rows = CoalBatch.objects.filter(point=OuterRef("pk"), state=state).order_by().values("point")
    return _sum(rows.annotate(sum=Sum("received_kg")))


def _sold(condition: Q) -> Any:
    rows = CoalSale.objects.filter(condition, batch__point=OuterRef("pk"), cancelled_at=None).order_by()
    return _sum(rows.values("batch__point").annotate(sum=Sum("kg")))


def _sum(rows: Any) -> Any:
    return Coalesce(Subquery(rows.values("sum"), output_field=IntegerField()), Value(0))


def stock_days(point: Any) -> int | None:
    """Full days the stock lasts at the pace of the last fortnight; None where nothing was sold."""
    return fuel.days_left(*_pace(point))


def _pace(point: Any) -> tuple[Decimal, Decimal]:
    """Stock and use in tonnes, both times the days counted: dividing the use by fourteen would not come out even."""
    return point.stock_kg * USE_DAYS / TONNE, point.recent_kg / TONNE


def is_low(point: Any) -> bool:
    """An open point with nothing left to sell, or with less than a week's."""
    if point.closed_on:
        return False
    return point.stock_kg <= 0 or fuel.is_low(*_pace(point))


def open_points(user: User, area_code: str, right: str, today: dt.date) -> QuerySet[Any]:
    """Points that sell, in the places where the person holds `right`, with their stock."""
    points = CoalPoint.objects.visible_to(user, right).within(area_code).filter(closed_on=None)
    return with_stock(points.select_related("programme"), today)[:PUBLIC_MOST]


def is_test_due(point: Any, today: dt.date) -> bool:
    """J-61: an open point none of whose coal was sampled within the programme's days."""
    if point.closed_on:
        return False
    return point.tested_on is None or (today - point.tested_on).days > days_between_tests(point.programme)


def batches_of(point: CoalPoint) -> QuerySet[Any]:
    """The point's batches, newest first, with what is sold of each and its tests."""
    sold = CoalSale.objects.filter(batch=OuterRef("pk"), cancelled_at=None).order_by().values("batch")
    rows = point.batches.annotate(sold_kg=_sum(sold.annotate(sum=Sum("kg"))))
    return rows.prefetch_related("tests")


def sales_of(point: CoalPoint) -> QuerySet[CoalSale]:
    """Newest first, the crossed-out lines with them."""
    return CoalSale.objects.filter(batch__point=point).select_related("household", "batch")


@dataclass(frozen=True)
class Shop:
    """One point as everybody may see it (J-48): no keeper, no numbers of sales."""

    number: int
    point: CoalPoint
    test: CoalTest | None

    @property
    def stands(self) -> str:
        """some, little or none: how much there is, in a word."""
        if self.point.stock_kg <= 0:  # type: ignore[attr-defined]
            return "none"
        return "little" if is_low(self.point) else "some"


def public_points(today: dt.date) -> list[Shop]:
    """Open points by place, numbered; with each the newest test of a batch that may be sold."""
    rows = CoalPoint.objects.filter(closed_on=None).select_related("area__parent__parent", "programme")
    rows = rows.order_by("area_id", "name")
    points = list(with_stock(rows, today)[:PUBLIC_MOST])
    tests = CoalTest.objects.filter(batch__point__in=points, batch__state=PASSED).select_related("batch")
    newest: dict[int, CoalTest] = {}
    for test in tests.order_by("sampled_on", "id"):
        newest[test.batch.point_id] = test
    return [Shop(number, point, newest.get(point.pk)) for number, point in enumerate(points, 1)]
