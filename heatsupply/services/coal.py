"""Clean coal: points opened and looked at, batches received and tested, sales written down and taken back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Area, User
from core.areas import is_inside
from core.refusals import Refused
from heatsupply.models import CoalBatch, CoalPoint, CoalSale, CoalTest
from heatsupply.rules.fuel import coal_faults
from heatsupply.terms.coal import coal_limits, season_at, season_limit_kg
from households.models import Household
from programmes.models import Programme
from retrofits.faults import Fault, Faulty
from retrofits.services.transition import in_no_coal_zone

SELL, TEST = "coal.sell", "samples.record"
State = CoalBatch.State


def may(by: User, right: str, area_id: str) -> None:
    if not by.has_right(right, area_id):
        raise PermissionDenied(right)


def register_point(*, programme: Programme, area: Area, by: User, **facts: Any) -> CoalPoint:
    """A new supply point. Raises `Refused` PLACE_OUTSIDE, NO_COAL_ZONE, POINT_FAULTY, POINT_KNOWN (409)."""
    may(by, SELL, area.code)
    if not is_inside(area.code, programme.area_id):
        raise Refused("PLACE_OUTSIDE", gettext_lazy("%(place)s lies outside the programme."), place=area.name)
    if in_no_coal_zone(area.code):
        words = gettext_lazy("%(place)s lies in the no-coal zone: no coal is sold there.")
        raise Refused("NO_COAL_ZONE", words, place=area.name)
    if (facts.get("longitude") is None) != (facts.get("latitude") is None):
        raise Refused("POINT_FAULTY", gettext_lazy("Give longitude and latitude together, or neither."))
    try:
        with transaction.atomic():
            return CoalPoint.objects.create(programme=programme, area=area, **facts)
    except IntegrityError as error:
        said = gettext_lazy("“%(name)s” is registered in this place already.")
        raise Refused("POINT_KNOWN", said, conflict=True, name=facts.get("name", "")) from error


@transaction.atomic
def check_point(
    *, point: CoalPoint, has_sign: bool, has_rules: bool, on: date, closes: bool, by: User, today: date
) -> CoalPoint:
    """Somebody was there: sign, rules (J-47), whether it is closed from that day on. Raises `Refused` DAY_FAULTY."""
    kept: CoalPoint = CoalPoint.objects.select_for_update().get(pk=point.pk)
    may(by, SELL, kept.area_id)
    if not kept.opened_on <= on <= today:
        words = gettext_lazy("The day must lie between %(since)s and today.")
        raise Refused("DAY_FAULTY", words, since=kept.opened_on)
    kept.has_sign, kept.has_rules, kept.checked_on, kept.version = has_sign, has_rules, on, kept.version + 1
    kept.closed_on = on if closes else None
    kept.save(update_fields=["has_sign", "has_rules", "checked_on", "closed_on", "version"])
    return kept


def receive_batch(
    *, point: CoalPoint, batch_no: str, maker: str, received_on: date, received_kg: int, by: User, today: date
) -> CoalBatch:
    """A delivery, not to be sold before its test. Raises `Refused` BATCH_FAULTY, POINT_CLOSED, BATCH_KNOWN (409)."""
    may(by, SELL, point.area_id)
    if point.closed_on:
        raise Refused("POINT_CLOSED", gettext_lazy("The point is closed since %(day)s."), day=point.closed_on)
    if received_kg <= 0 or received_on > today:
        raise Refused("BATCH_FAULTY", gettext_lazy("Give a day that is not in the future and more than 0 kg."))
    try:
        with transaction.atomic():
            return CoalBatch.objects.create(
                point=point, area_id=point.area_id, batch_no=batch_no, maker=maker, received_on=received_on,
                received_kg=received_kg,
            )  # fmt: skip
    except IntegrityError as error:
        said = gettext_lazy("The point has a batch “%(number)s” already.")
        raise Refused("BATCH_KNOWN", said, conflict=True, number=batch_no) from error


@transaction.atomic
def record_test(
    *,
    batch: CoalBatch,
    sampled_on: date,
    laboratory: str,
    report_no: str,
    sulphur_percent: Decimal,
    ash_percent: Decimal,
    by: User,
    now: datetime,
    today: date,
) -> CoalTest:
    """What the laboratory found; the newest sample decides whether the batch may be sold (J-46, J-49).

    Raises `Refused` TEST_FAULTY, TEST_KNOWN (409).
    """
    kept = CoalBatch.objects.select_for_update(of=("self",)).select_related("point__programme").get(pk=batch.pk)
    may(by, TEST, kept.area_id)
    if sampled_on > today or not (0 <= sulphur_percent <= 100 and 0 <= ash_percent <= 100):
        raise Refused("TEST_FAULTY", gettext_lazy("Give a day that is not in the future and percents from 0 to 100."))
    most_sulphur, most_ash = coal_limits(kept.point.programme)
    try:
        with transaction.atomic():
            made = CoalTest.objects.create(
                batch=kept, area_id=kept.area_id, sampled_on=sampled_on, laboratory=laboratory, report_no=report_no,
                sulphur_percent=sulphur_percent, ash_percent=ash_percent, most_sulphur=most_sulphur,
                most_ash=most_ash, recorded_by=by, recorded_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        said = gettext_lazy("Report “%(number)s” of this batch is recorded already.")
        raise Refused("TEST_KNOWN", said, conflict=True, number=report_no) from error
    _judge(kept)
    return made


def _judge(batch: CoalBatch) -> None:
    newest = batch.tests.order_by("-sampled_on", "-id")[0]
    faults = coal_faults(
        newest.sulphur_percent, newest.ash_percent, most_sulphur=newest.most_sulphur, most_ash=newest.most_ash
    )
    batch.state = State.FAILED if faults else State.PASSED
    batch.save(update_fields=["state"])


@transaction.atomic
def sell(
    *,
    batch: CoalBatch,
    household_no: str,
    sold_on: date,
    kg: int,
    amount_fen: int,
    receipt_no: str,
    by: User,
    now: datetime,
    today: date,
) -> CoalSale:
    """One line of the ledger (J-47). The household's row is locked, so two points can't pass its limit together.

    Raises `Faulty` with all of POINT_CLOSED, BATCH_UNTESTED, BATCH_BLOCKED, DAY_FAULTY, KG_FAULTY, STOCK_SHORT,
    HOUSEHOLD_UNKNOWN, NO_COAL_ZONE, LIMIT_PASSED; `Refused` RECEIPT_KNOWN (409).
    """
    may(by, SELL, batch.area_id)
    home = _household(household_no, by)
    kept = CoalBatch.objects.select_for_update(of=("self",)).select_related("point__programme").get(pk=batch.pk)
    season = season_at(kept.point.programme, sold_on)
    faults = [*_batch_faults(kept, sold_on, kg, today), *_household_faults(home, kept.point.programme, season, kg)]
    if faults or home is None:
        raise Faulty("SALE_REFUSED", gettext_lazy("This may not be sold so."), faults)
    try:
        with transaction.atomic():
            return CoalSale.objects.create(
                batch=kept, area_id=kept.area_id, household=home, season=season, sold_on=sold_on, kg=kg,
                amount_fen=amount_fen, receipt_no=receipt_no, recorded_by=by, recorded_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        said = gettext_lazy("Receipt “%(number)s” of this batch stands in the ledger already.")
        raise Refused("RECEIPT_KNOWN", said, conflict=True, number=receipt_no) from error


def _household(number: str, by: User) -> Household | None:
    """The household the seller may see, locked; None for all others alike."""
    rows = Household.objects.visible_to(by).filter(household_no=number.strip().upper(), merged_into=None)
    return rows.select_for_update(of=("self",)).select_related("area").first()


def _batch_faults(batch: CoalBatch, sold_on: date, kg: int, today: date) -> list[Fault]:
    left = left_of(batch)
    closed = batch.point.closed_on
    found = [
        ("batch", "POINT_CLOSED", closed is not None and sold_on >= closed, _("The point is closed.")),
        ("batch", "BATCH_UNTESTED", batch.state == State.UNTESTED, _("The batch has not been tested yet.")),
        ("batch", "BATCH_BLOCKED", batch.state == State.FAILED, _("The batch failed its test and is blocked.")),
        ("sold_on", "DAY_FAULTY", not batch.received_on <= sold_on <= today,
         _("The day must lie between %(since)s and today.") % {"since": batch.received_on}),
        ("kg", "KG_FAULTY", kg <= 0, _("Give more than 0 kg.")),
        ("kg", "STOCK_SHORT", kg > left, _("Of this batch %(left)d kg are left.") % {"left": left}),
    ]  # fmt: skip
    return [Fault(field, code, words) for field, code, holds, words in found if holds]


def _household_faults(home: Household | None, programme: Programme, season: int, kg: int) -> list[Fault]:
    if home is None:
        return [Fault("household_no", "HOUSEHOLD_UNKNOWN", _("There is no such household in your area."))]
    faults = []
    if in_no_coal_zone(home.area_id):
        words = _("%(place)s lies in the no-coal zone: clean coal is no fallback there.") % {"place": home.area.name}
        faults.append(Fault("household_no", "NO_COAL_ZONE", words))
    bought, limit = bought_kg(home, season), season_limit_kg(programme)
    if bought + kg > limit:
        words = _("The household has bought %(bought)d kg of the season's %(limit)d kg.")
        faults.append(Fault("kg", "LIMIT_PASSED", words % {"bought": bought, "limit": limit}))
    return faults


def left_of(batch: CoalBatch) -> int:
    """Kilograms of the batch that are not sold."""
    sold = batch.sales.filter(cancelled_at=None).aggregate(kg=Sum("kg"))["kg"] or 0
    return batch.received_kg - int(sold)


def bought_kg(household: Household, season: int) -> int:
    """What the household has bought for the season at all points."""
    rows = CoalSale.objects.filter(household=household, season=season, cancelled_at=None)
    return int(rows.aggregate(kg=Sum("kg"))["kg"] or 0)


@transaction.atomic
def cancel_sale(*, sale: CoalSale, reason: str, by: User, now: datetime) -> CoalSale:
    """A line that was wrong: it stays in the ledger, crossed out. Raises `Refused` REASON_NEEDED, CANCELLED (409)."""
    kept: CoalSale = CoalSale.objects.select_for_update().get(pk=sale.pk)
    may(by, SELL, kept.area_id)
    if not reason.strip():
        raise Refused("REASON_NEEDED", gettext_lazy("Say why the line is taken back."))
    if kept.cancelled_at:
        raise Refused("CANCELLED", gettext_lazy("The line has been taken back already."), conflict=True)
    kept.cancelled_at, kept.cancel_reason = now, reason.strip()[:200]
    kept.save(update_fields=["cancelled_at", "cancel_reason"])
    return kept
