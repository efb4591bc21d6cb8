"""What is kept of one home beside its works: its electricity price, its user's fees, its photovoltaics."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from households.models import Dwelling
from programmes.models import Programme
from retrofits.models.tasks import Task


class TariffChoice(ScopedModel):
    """The electricity price a household heats at, by season: first tier, peak and valley by its own choice, or what was
    traded on the market, with where that price comes from (J-79).

    T-34 and T-35: a price of the power company and never money the portal pays.
    """

    view_right = "tasks.view"

    class Tariff(models.TextChoices):
        FIRST_TIER = "first_tier", _("first tier of the residential price")
        TIME_OF_USE = "time_of_use", _("peak and valley price")
        MARKET = "market_price", _("price traded on the market")

    task = models.ForeignKey(Task, models.PROTECT, related_name="tariffs")
    area = models.ForeignKey(Area, models.PROTECT)
    season = models.PositiveSmallIntegerField(_("year in which the season began"))
    tariff = models.CharField(_("electricity price"), max_length=12, choices=Tariff.choices)
    effective_on = models.DateField(_("in force from"))
    price_source = models.CharField(_("where the price comes from"), max_length=120, blank=True)
    signer_name = models.CharField(_("signed by"), max_length=40)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"price_source": "L0", "signer_name": "L2"}

    class Meta(ScopedModel.Meta):
        ordering = ["season", "effective_on", "id"]
        constraints = [models.UniqueConstraint(fields=["task", "effective_on"], name="tariff_choice_once")]


class UserFee(ScopedModel):
    """What the user of central heating in town pays by the general rules (T-27): never a cost of the works, so no
    subsidy can touch it."""

    view_right = "tasks.view"

    class Kind(models.TextChoices):
        CONNECTION = "connection", _("connection fee")
        HEATING = "heating", _("heating fee")

    task = models.ForeignKey(Task, models.PROTECT, related_name="user_fees")
    area = models.ForeignKey(Area, models.PROTECT)
    kind = models.CharField(_("fee"), max_length=12, choices=Kind.choices)
    season = models.PositiveSmallIntegerField(_("year in which the season began"), null=True, blank=True)
    amount_fen = models.BigIntegerField(_("amount"))
    due_on = models.DateField(_("to be paid by"))
    paid_on = models.DateField(_("paid on"), null=True, blank=True)
    receipt_no = models.CharField(_("receipt"), max_length=40, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"receipt_no": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "kind", "season"], name="user_fee_once", nulls_distinct=False),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="user_fee_positive"),
        ]


class PvPlant(ScopedModel):
    """Photovoltaics on the roof of a home that heats clean (T-14, L-54)."""

    view_right = "tasks.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="pv_plants")
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="pv_plants")
    area = models.ForeignKey(Area, models.PROTECT)
    capacity_kw = models.DecimalField(_("installed capacity, kW"), max_digits=7, decimal_places=2)
    connected_on = models.DateField(_("connected to the grid on"))
    grid_no = models.CharField(_("grid account"), max_length=40)
    operator = models.CharField(_("operated by"), max_length=120, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"grid_no": "L2", "operator": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "dwelling"], name="pv_plant_once"),
            models.UniqueConstraint(fields=["grid_no"], name="pv_grid_account_once"),
            models.CheckConstraint(condition=Q(capacity_kw__gt=0), name="pv_capacity_positive"),
        ]
