"""Meters of electricity and gas, each for one dwelling or shared by several (一户一表, T-21)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from accounts.records import ScopedModel, TrackedModel
from households.models.registers import Dwelling


class Meter(ScopedModel):
    """One meter of one energy company. An individual one serves exactly one dwelling, a shared one several."""

    view_right = "households.view"

    class Carrier(models.TextChoices):
        ELECTRICITY = "electricity", _("electricity")
        GAS = "gas", _("gas")

    number = models.CharField(_("meter number"), max_length=30)
    carrier = models.CharField(_("energy"), max_length=12, choices=Carrier.choices)
    is_shared = models.BooleanField(_("shared by several dwellings"), default=False)
    area = models.ForeignKey(Area, models.PROTECT)
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {"number": "L2", "remark": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["carrier", "number"], name="meter_once")]
        indexes = [models.Index(fields=["area", "number"], name="meter_area_no")]

    def __str__(self) -> str:
        return self.number


class MeterSupply(TrackedModel):
    """Which dwelling hangs on which meter; a dwelling has one meter per energy."""

    meter = models.ForeignKey(Meter, models.CASCADE, related_name="supplies")
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="meter_supplies")
    carrier = models.CharField(max_length=12, choices=Meter.Carrier.choices)
    parts = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Its parts of a shared meter by decision; NULL: undecided"
    )

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["dwelling", "carrier"], name="dwelling_one_meter_per_carrier")]
