"""Tender lots: held by several departments, judged by more than price, awarded to the best bid or with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from devices.models import DeviceModel, Supplier
from devices.services.certificates import standing_of
from programmes.models import Programme, Technology
from retrofits.models import Bid, Criterion, Project, TenderLot
from retrofits.services.enterprises import ENTER, may
from retrofits.shares import score, weight_problems

PROBLEMS = {
    "WEIGHTS_NOT_100": _("The weights of the criteria must add up to 100."),
    "PRICE_ONLY": _("Price alone must not decide (J-52): add other criteria."),
}


@dataclass(frozen=True)
class Weighed:
    """One criterion: its name, its weight in percent, whether it is the price."""

    name: str
    weight: int
    is_price: bool = False


@transaction.atomic
def open_lot(
    *,
    programme: Programme,
    number: str,
    title: str,
    departments: Sequence[str],
    criteria: Sequence[Weighed],
    opened_on: date,
    technology: Technology | None = None,
    project: Project | None = None,
    ceiling_fen: int | None = None,
    refers_to_data_access: bool = False,
    by: User,
) -> TenderLot:
    """A lot with what it is judged by. Raises `Refused` LOT_FAULTY, WEIGHTS_NOT_100, PRICE_ONLY, NOT_JOINT (D-39:
    the departments hold it together), LOT_KNOWN."""
    area = project.area_id if project else programme.area_id
    may(by, ENTER, area)
    if not number.strip() or not title.strip():
        raise Refused("LOT_FAULTY", _("A lot needs a number and a subject."))
    names = [name.strip() for name in departments if name.strip()]
    if len(set(names)) < 2:
        raise Refused("NOT_JOINT", _("At least two departments hold a tender together."))
    weights = {one.name: one.weight for one in criteria}
    for code in weight_problems(weights, frozenset(one.name for one in criteria if one.is_price)):
        raise Refused(code, PROBLEMS[code])
    if programme.lots.filter(number=number.strip()).exists():
        raise Refused("LOT_KNOWN", _("There is a lot %(number)s already."), conflict=True, number=number)
    lot = TenderLot.objects.create(
        programme=programme, project=project, area_id=area, number=number.strip(), title=title.strip(),
        technology=technology, departments=names, refers_to_data_access=refers_to_data_access,
        ceiling_fen=ceiling_fen, opened_on=opened_on, recorded_by=by,
    )  # fmt: skip
    Criterion.objects.bulk_create(
        Criterion(lot=lot, name=one.name, weight=one.weight, is_price=one.is_price) for one in criteria
    )
    return lot


def enter_bid(
    *,
    lot: TenderLot,
    supplier: Supplier,
    price_fen: int,
    points: Mapping[str, Decimal | int],
    device_model: DeviceModel | None = None,
    by: User,
) -> Bid:
    """A firm's bid with its points per criterion (0 to 100). Raises `Refused` LOT_STATE, BID_FAULTY, OVER_CEILING,
    NOT_DOCKED (J-29, J-45: a lot that refers to annex 2 takes only models with a docking confirmation), BID_KNOWN."""
    try:
        with transaction.atomic():
            kept = _open(lot, by)
            names = set(kept.criteria.values_list("name", flat=True))
            if set(points) != names or any(not 0 <= Decimal(value) <= 100 for value in points.values()):
                raise Refused("BID_FAULTY", _("Points from 0 to 100 are expected for every criterion."))
            if price_fen <= 0:
                raise Refused("BID_FAULTY", _("The price must be more than zero."))
            if kept.ceiling_fen is not None and price_fen > kept.ceiling_fen:
                raise Refused("OVER_CEILING", _("The price lies above the highest price of the lot."))
            is_docked = device_model is not None and standing_of(device_model, clock.today()).holds
            if kept.refers_to_data_access and not is_docked:
                words = _(
                    "The lot asks for the data access of annex 2: the bid needs a model with docking confirmation."
                )
                raise Refused("NOT_DOCKED", words)
            return Bid.objects.create(
                lot=kept, supplier=supplier, device_model=device_model, price_fen=price_fen,
                points={name: str(value) for name, value in points.items()},
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused("BID_KNOWN", _("%(firm)s has bid already."), conflict=True, firm=supplier.name) from error


@transaction.atomic
def award_lot(*, lot: TenderLot, bid: Bid, reason: str = "", on: date | None = None, by: User) -> TenderLot:
    """Give the lot to a bid. Another than the best needs a reason. Raises `Refused` LOT_STATE, OTHER_LOT,
    NOT_THE_BEST."""
    kept = _open(lot, by)
    ranked = ranking(kept)
    if bid.pk not in {one.pk for one, _score in ranked}:
        raise Refused("OTHER_LOT", _("The bid is not one of this lot."))
    if ranked[0][0].pk != bid.pk and not reason.strip():
        words = _("%(firm)s has more points; another choice needs a reason.")
        raise Refused("NOT_THE_BEST", words, firm=ranked[0][0].supplier.name)
    Bid.objects.filter(pk=bid.pk).update(is_winner=True)
    kept.state, kept.awarded_on = TenderLot.State.AWARDED, on or clock.today()
    kept.award_reason, kept.version = reason.strip()[:300], kept.version + 1
    kept.save(update_fields=["state", "awarded_on", "award_reason", "version"])
    return kept


@transaction.atomic
def fail_lot(*, lot: TenderLot, reason: str, by: User) -> TenderLot:
    """The tender came to nothing. Raises `Refused` LOT_STATE, REASON_MISSING."""
    kept = _open(lot, by)
    if not reason.strip():
        raise Refused("REASON_MISSING", _("Say why: the reason is kept in the history."))
    kept.state, kept.award_reason, kept.version = TenderLot.State.FAILED, reason.strip()[:300], kept.version + 1
    kept.save(update_fields=["state", "award_reason", "version"])
    return kept


def ranking(lot: TenderLot) -> list[tuple[Bid, Decimal]]:
    """Bids with their weighted points, best first; equal points: the lower price."""
    return ranked(lot.bids.select_related("supplier", "device_model"), lot.criteria.all())


def ranked(bids: Iterable[Bid], criteria: Iterable[Criterion]) -> list[tuple[Bid, Decimal]]:
    """The same of bids and criteria that were read already."""
    weights = {one.name: one.weight for one in criteria}
    scored = [(bid, score({name: Decimal(value) for name, value in bid.points.items()}, weights)) for bid in bids]
    return sorted(scored, key=lambda one: (-one[1], one[0].price_fen))


def _open(lot: TenderLot, by: User) -> TenderLot:
    kept: TenderLot = TenderLot.objects.select_for_update().get(pk=lot.pk)
    may(by, ENTER, kept.area_id)
    if kept.state != TenderLot.State.OPEN:
        words = _("The lot is “%(state)s” by now; load the page again.")
        raise Refused("LOT_STATE", words, conflict=True, state=kept.get_state_display())
    return kept
