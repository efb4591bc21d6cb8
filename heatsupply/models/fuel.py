"""Coal and gas for the boilers: contracts, stock, and prices along the chain from fuel to heat."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from heatsupply.models.networks import HeatingCompany
from heatsupply.models.owned import OwnedModel


class Fuel(models.TextChoices):
    COAL = "coal", _("coal (t)")
    GAS = "gas", _("natural gas (m³)")


class FuelContract(OwnedModel):
    """A company's contract for coal (B-06, B-07) or gas (B-08), short or of middle and long term."""

    area_field = "company__area_id"

    class Term(models.TextChoices):
        SHORT = "short", _("single purchases")
        LONG = "long", _("middle and long term")

    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="fuel_contracts",
                                verbose_name=_("company"))  # fmt: skip
    fuel = models.CharField(_("fuel"), max_length=4, choices=Fuel.choices)
    term = models.CharField(_("term"), max_length=5, choices=Term.choices)
    supplier_name = models.CharField(_("bought from"), max_length=80)
    number = models.CharField(_("number"), max_length=60)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=1)
    signed_on = models.DateField(_("signed on"))
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"supplier_name": "L1", "number": "L1"}

    class Meta(OwnedModel.Meta):
        ordering = ["-valid_until", "id"]
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="fuel_contract_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="fuel_contract_quantity"),
            models.CheckConstraint(condition=Q(valid_until__gte=F("valid_from")), name="fuel_contract_days"),
        ]


class FuelStock(OwnedModel):
    """What lies in a company's yard on a day and what it burns in a day; the days it lasts follow (B-06)."""

    area_field = "company__area_id"

    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="stocks", verbose_name=_("company"))
    fuel = models.CharField(_("fuel"), max_length=4, choices=Fuel.choices, default=Fuel.COAL)
    on = models.DateField(_("day"))
    quantity = models.DecimalField(_("stock"), max_digits=12, decimal_places=1)
    used_per_day = models.DecimalField(_("used per day"), max_digits=10, decimal_places=1)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {}

    class Meta(OwnedModel.Meta):
        ordering = ["-on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["company", "fuel", "on"], name="fuel_stock_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0, used_per_day__gte=0), name="fuel_stock_not_negative"),
        ]


class PriceRecord(OwnedModel):
    """One price of the chain from a day on, with the paper it rests on (B-23). Without a company: of the place."""

    class Kind(models.TextChoices):
        COAL = "coal", _("coal, CNY/t")
        GAS = "gas", _("gas, CNY/m³")
        POWER = "power", _("electricity for heating, CNY/kWh")
        EX_WORKS = "ex_works", _("heat ex works, CNY/GJ")
        END = "end", _("heat at the home, CNY/m² and season")
        GOVERNMENT = "government", _("part of the rise the government bears, CNY/season")
        COMPANY = "company", _("part of the rise the company bears, CNY/season")

    company = models.ForeignKey(
        HeatingCompany, models.PROTECT, null=True, blank=True, related_name="prices", verbose_name=_("company")
    )
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    kind = models.CharField(_("price"), max_length=10, choices=Kind.choices)
    valid_from = models.DateField(_("from"))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=4)
    paper_no = models.CharField(_("number of the paper"), max_length=80)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"paper_no": "L0"}

    class Meta(OwnedModel.Meta):
        ordering = ["kind", "-valid_from", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "company", "kind", "valid_from"], name="price_record_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_record_not_negative"),
        ]
