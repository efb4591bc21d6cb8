"""Fuel contracts, stock and prices (B-06 … B-08, B-23)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core.refusals import Refused
from heatsupply.models import Fuel, FuelContract, FuelStock, HeatingCompany, PriceRecord
from heatsupply.services.permits import demand_keeper, demand_manager

LONG_DAYS = 365
"""A contract of middle and long term covers a year or more; the documents name no number (docs/heatsupply.md)."""


@transaction.atomic
def sign_contract(
    *, company: HeatingCompany, fuel: str, supplier_name: str, number: str, quantity: Decimal, signed_on: date,
    valid_from: date, valid_until: date, by: User,
) -> FuelContract:  # fmt: skip
    """Coal or gas for the company; its term follows from its days. Raises `Refused` CONTRACT_FAULTY, CONTRACT_KNOWN."""
    demand_keeper(by, company)
    if fuel not in Fuel.values or not (supplier_name.strip() and number.strip()) or quantity <= 0:
        raise Refused("CONTRACT_FAULTY", _("A contract needs fuel, seller, number and a quantity above zero."))
    if valid_until < valid_from:
        raise Refused("CONTRACT_FAULTY", _("The contract ends before it begins."))
    if company.fuel_contracts.filter(number=number.strip()).exists():
        raise Refused("CONTRACT_KNOWN", _("“%(name)s” is registered already."), conflict=True, name=number.strip())
    days = (valid_until - valid_from).days + 1
    term = FuelContract.Term.LONG if days >= LONG_DAYS else FuelContract.Term.SHORT
    return FuelContract.objects.create(
        company=company, fuel=fuel, term=term, supplier_name=supplier_name.strip()[:80], number=number.strip()[:60],
        quantity=quantity, signed_on=signed_on, valid_from=valid_from, valid_until=valid_until, recorded_by=by,
    )  # fmt: skip


@transaction.atomic
def report_stock(
    *, company: HeatingCompany, fuel: str, on: date, quantity: Decimal, used_per_day: Decimal, by: User, today: date
) -> FuelStock:
    """Stock of a day; reported again it replaces the figure of that day. Raises `Refused` STOCK_FAULTY."""
    demand_keeper(by, company)
    if fuel not in Fuel.values or quantity < 0 or used_per_day < 0 or on > today:
        said = _("Stock and use are not negative, and the day does not lie in the future.")
        raise Refused("STOCK_FAULTY", said)
    made, _new = FuelStock.objects.update_or_create(
        company=company, fuel=fuel, on=on,
        defaults={"quantity": quantity, "used_per_day": used_per_day, "recorded_by": by},
    )  # fmt: skip
    return made


@transaction.atomic
def record_price(
    *, area: Area, company: HeatingCompany | None, kind: str, valid_from: date, amount: Decimal, paper_no: str, by: User
) -> PriceRecord:
    """A price of the chain, or who bears how much of a rise. Raises `Refused` PRICE_FAULTY, PRICE_KNOWN."""
    demand_manager(by, company.area_id if company else area.code)
    if kind not in PriceRecord.Kind.values or amount < 0 or not paper_no.strip():
        raise Refused("PRICE_FAULTY", _("A price needs its kind, an amount and the number of the paper it rests on."))
    place = company.area_id if company else area.code
    if PriceRecord.objects.filter(area_id=place, company=company, kind=kind, valid_from=valid_from).exists():
        raise Refused("PRICE_KNOWN", _("There is a price from that day already."), conflict=True)
    return PriceRecord.objects.create(
        area_id=place, company=company, kind=kind, valid_from=valid_from, amount=amount,
        paper_no=paper_no.strip()[:80], recorded_by=by,
    )  # fmt: skip
