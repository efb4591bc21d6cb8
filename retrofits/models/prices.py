"""One price for all: what a model costs in a programme, by which standard, with which service contract (T-09)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from devices.models import DeviceModel
from programmes.models import Programme


class UnifiedPrice(ScopedModel):
    """A model's price in a programme, device and installation together, the same for every home."""

    view_right = "tasks.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="prices")
    area = models.ForeignKey(Area, models.PROTECT)
    device_model = models.ForeignKey(DeviceModel, models.PROTECT, related_name="prices")
    price_fen = models.BigIntegerField(_("unified price"))
    standard = models.CharField(_("standard of the works"), max_length=120)
    service_contract = models.CharField(_("contract of service and maintenance"), max_length=60)
    service_unit = models.CharField(_("who serves and maintains"), max_length=120)
    decided_on = models.DateField(_("decided on"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {"standard": "L0", "service_contract": "L0", "service_unit": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["device_model__model_no"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "device_model"], name="unified_price_once"),
            models.CheckConstraint(condition=Q(price_fen__gt=0), name="unified_price_positive"),
        ]
