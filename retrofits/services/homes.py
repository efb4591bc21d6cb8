"""What is kept of one home beside its works: its electricity price, its user's fees, its photovoltaics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from core.seasons import SeasonRule
from programmes.models import Principle, Programme
from retrofits.models import PvPlant, TariffChoice, Task, UserFee
from retrofits.services.enterprises import may
from retrofits.site_rules import Tariff, tariffs_of

RIGHT = "installations.record"
TOWN = ("built_up", "county_seat")
"""Kinds of places that are town; a place without its own kind is of its parent's."""


@transaction.atomic
def choose_tariff(
    *,
    task: Task,
    season: int,
    tariff: str,
    effective_on: date,
    signer_name: str,
    price_source: str = "",
    by: User,
) -> TariffChoice:
    """The household chooses its electricity price for a season (T-34, T-35, J-79).

    Raises `Refused` TARIFF_NOT_OFFERED, NOT_ELECTRIC, NOT_ONE_METER, OUTSIDE_SEASON, NOT_SIGNED, NO_PRICE_SOURCE,
    TARIFF_KNOWN.
    """
    may(by, RIGHT, task.area_id)
    offered = [one.code for one in tariffs_of(task.programme.settings)]
    if tariff not in offered:
        raise Refused("TARIFF_NOT_OFFERED", _("This programme offers no such electricity price."))
    refusal = no_tariff(task)
    if refusal:
        raise refusal
    if not signer_name.strip():
        raise Refused("NOT_SIGNED", _("The choice is the household's: say who signed it."))
    if tariff == TariffChoice.Tariff.MARKET and not price_source.strip():
        words = _("Say where the traded price comes from: the seller or wind farm and the number of the contract.")
        raise Refused("NO_PRICE_SOURCE", words)
    span = SeasonRule.parse(task.programme.season_start, task.programme.season_end).season(season)
    if not span.first_day <= effective_on <= span.last_day:
        words = _("%(day)s lies outside the season %(season)s.")
        raise Refused("OUTSIDE_SEASON", words, day=effective_on, season=span.label)
    if TariffChoice.objects.filter(task=task, effective_on=effective_on).exists():
        raise Refused("TARIFF_KNOWN", _("A choice from %(day)s on is recorded already."), conflict=True,
                      day=effective_on)  # fmt: skip
    return TariffChoice.objects.create(
        task=task, area_id=task.area_id, season=season, tariff=tariff, effective_on=effective_on,
        price_source=price_source.strip()[:120], signer_name=signer_name.strip()[:40], recorded_by=by,
    )  # fmt: skip


def no_tariff(task: Task) -> Refused | None:
    """Only a home that heats with electricity behind a meter of its own has this price (T-21, T-34)."""
    if task.technology.family != "ELECTRIC":
        return Refused("NOT_ELECTRIC", _("This home does not heat with electricity."))
    if not task.dwelling.meter_is_individual:
        return Refused("NOT_ONE_METER", _("The price is for one household behind one meter; that is not recorded."))
    return None


def tariff_on(task: Task, chosen: Iterable[TariffChoice], day: date) -> Tariff | None:
    """The price in force on a day: the latest choice of its season, otherwise the programme's first for everybody.

    None out of season, and where the home has none. A choice ends with its season.
    """
    offered = {one.code: one for one in tariffs_of(task.programme.settings)}
    season = SeasonRule.parse(task.programme.season_start, task.programme.season_end).season_of(day)
    if not offered or season is None or no_tariff(task):
        return None
    mine = [one for one in chosen if one.season == season.year and one.effective_on <= day]
    last = max(mine, key=lambda one: one.effective_on, default=None)
    return offered.get(last.tariff) if last else next((one for one in offered.values() if not one.by_choice), None)


@transaction.atomic
def record_fee(*, task: Task, fee: Mapping[str, Any], by: User) -> UserFee:
    """A fee the user of central heating in town owes (T-27); `fee`: kind, amount_fen, due_on, season, paid_on,
    receipt_no. A fee recorded before and not paid yet is replaced.

    Raises `Refused` NOT_URBAN_CENTRAL, FEE_FAULTY, FEE_PAID (409).
    """
    may(by, RIGHT, task.area_id)
    if not owes_fees(task):
        words = _("Connection and heating fees are those of users of central heating in town.")
        raise Refused("NOT_URBAN_CENTRAL", words)
    kind, season, paid_on = fee["kind"], fee.get("season"), fee.get("paid_on")
    if kind not in UserFee.Kind.values or fee["amount_fen"] <= 0 or (kind == UserFee.Kind.HEATING) != bool(season):
        words = _("A fee needs its kind and an amount of more than zero; the heating fee also its season.")
        raise Refused("FEE_FAULTY", words)
    if paid_on and paid_on > clock.today():
        raise Refused("FEE_FAULTY", _("It can't have been paid in the future (%(day)s)."), day=paid_on)
    values = {
        "area_id": task.area_id, "amount_fen": fee["amount_fen"], "due_on": fee["due_on"], "paid_on": paid_on,
        "receipt_no": (fee.get("receipt_no") or "").strip()[:40], "recorded_by": by,
    }  # fmt: skip
    known = UserFee.objects.select_for_update().filter(task=task, kind=kind, season=season).first()
    if known and known.paid_on:
        raise Refused("FEE_PAID", _("This fee was paid on %(day)s already."), conflict=True, day=known.paid_on)
    made: UserFee = UserFee.objects.update_or_create(task=task, kind=kind, season=season, defaults=values)[0]
    return made


def owes_fees(task: Task) -> bool:
    """Whether the home is heated by the network in a place that is town (T-20, T-27)."""
    above = task.area.parent
    kind = task.area.area_class or (above.area_class if above else "")
    return task.technology.family == "CENTRAL" and kind in TOWN


def combines_pv(programme: Programme) -> bool:
    """Whether the document speaks of photovoltaics together with heating (T-14, L-54)."""
    return programme.principles.filter(code=Principle.Code.PV_PILOT).exists()


def record_pv(
    *, task: Task, capacity_kw: Decimal, connected_on: date, grid_no: str, operator: str = "", by: User
) -> PvPlant:
    """Photovoltaics on the roof of a home of the programme. Raises `Refused` NO_PV_HERE, PV_FAULTY, PV_KNOWN (409)."""
    may(by, RIGHT, task.area_id)
    if not combines_pv(task.programme):
        raise Refused("NO_PV_HERE", _("The programme's document does not combine heating with photovoltaics."))
    if capacity_kw <= 0 or not grid_no.strip() or connected_on > clock.today():
        words = _("Photovoltaics need a capacity above zero, a grid account and a day of connection not in the future.")
        raise Refused("PV_FAULTY", words)
    try:
        with transaction.atomic():
            return PvPlant.objects.create(
                programme=task.programme, dwelling=task.dwelling, area_id=task.area_id, capacity_kw=capacity_kw,
                connected_on=connected_on, grid_no=grid_no.strip()[:40], operator=operator.strip()[:120],
                recorded_by=by,
            )  # fmt: skip
    except IntegrityError as error:
        words = _("The home has photovoltaics recorded already, or the grid account is another home's.")
        raise Refused("PV_KNOWN", words, conflict=True) from error
