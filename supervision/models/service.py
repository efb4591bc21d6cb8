"""After-sales service: the suppliers' outlets and their visits to heaters."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from devices.models import DeviceModel, Heater, Supplier
from programmes.models import Programme


class ServiceOutlet(ScopedModel):
    """Where a supplier's service people are (T-49, J-54, J-56): repair times are counted per outlet."""

    view_right = "tickets.view"

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="outlets", verbose_name=_("enterprise"))
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("place"))
    name = models.CharField(_("name"), max_length=80)
    address = models.CharField(_("address"), max_length=120)
    phone = models.CharField(_("service phone"), max_length=30)
    team_size = models.PositiveSmallIntegerField(_("service people"))
    closed_on = models.DateField(null=True, blank=True)
    data_labels: ClassVar = {"name": "L0", "address": "L0", "phone": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["supplier__name", "name"]
        constraints = [models.UniqueConstraint(fields=["supplier", "name"], name="service_outlet_once")]

    def __str__(self) -> str:
        return self.name


class LocalSite(ScopedModel):
    """Where a supplier makes or sells its heaters inside the programme's places (J-54: 本地有生产和销售)."""

    view_right = "tickets.view"

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="sites", verbose_name=_("enterprise"))
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    address = models.CharField(_("address"), max_length=120)
    makes = models.BooleanField(_("makes heaters here"), default=False)
    sells = models.BooleanField(_("sells heaters here"), default=False)
    seen_on = models.DateField(_("seen on"))
    closed_on = models.DateField(null=True, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"address": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["supplier__name", "address"]
        constraints = [
            models.UniqueConstraint(fields=["supplier", "address"], name="local_site_once"),
            models.CheckConstraint(condition=Q(makes=True) | Q(sells=True), name="local_site_makes_or_sells"),
        ]


class MaintenanceVisit(ScopedModel):
    """One visit of a supplier to a heater (T-95) with what was found of its running and safety (L-76)."""

    view_right = "devices.view"

    class Result(models.TextChoices):
        FINE = "fine", _("in order")
        REPAIRED = "repaired", _("put right on the spot")
        FAULTY = "faulty", _("not in order")
        ABSENT = "absent", _("nobody at home")

    heater = models.ForeignKey(Heater, models.PROTECT, related_name="maintenance", verbose_name=_("heater"))
    area = models.ForeignKey(Area, models.PROTECT)
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    visited_on = models.DateField(_("day"))
    result = models.CharField(_("result"), max_length=8, choices=Result.choices)
    is_safe = models.BooleanField(_("runs safely"), null=True)
    words = models.CharField(_("what was found"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    status_looks: ClassVar = {"fine": "done", "repaired": "done", "faulty": "bad", "absent": ""}
    data_labels: ClassVar = {"words": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["-visited_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["heater", "visited_on"], name="maintenance_once_a_day")]


class DeviceArrival(ScopedModel):
    """Heaters that came into a town or village, received by its people (T-48): how many, whole or not, what was
    arranged for their entry."""

    view_right = "tickets.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="arrivals")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    device_model = models.ForeignKey(DeviceModel, models.PROTECT, related_name="+", verbose_name=_("product"))
    arrived_on = models.DateField(_("arrived on"))
    quantity = models.PositiveIntegerField(_("number of heaters"))
    is_whole = models.BooleanField(_("complete and undamaged"))
    received_by = models.CharField(_("received by"), max_length=40)
    words = models.CharField(_("what was arranged"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"received_by": "L2", "words": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["-arrived_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "area", "device_model", "arrived_on"], name="arrival_once")
        ]
