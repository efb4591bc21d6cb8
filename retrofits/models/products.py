"""What may be installed: the papers and figures of a device model, and solutions made of several devices."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.records import TrackedModel
from devices.models import DeviceModel
from programmes.models import Technology


class Product(TrackedModel):
    """What annex 2 and the clauses ask of a model; an empty field means "not shown", never "fine"."""

    class Paper(models.TextChoices):
        PARAMETERS = "parameters", _("technical parameters")
        PERFORMANCE = "performance", _("performance data")
        MANUAL = "manual", _("manual")
        FACTORY = "factory", _("factory certificate")

    class Use(models.TextChoices):
        DWELLING = "dwelling", _("rural dwellings")
        PUBLIC = "public", _("rural public facilities")

    class Interface(models.TextChoices):
        RS485 = "rs485", _("RS-485")
        RS232 = "rs232", _("RS-232")
        OTHER = "other", _("another")

    class Protocol(models.TextChoices):
        MODBUS_RTU = "modbus_rtu", _("Modbus RTU")
        MODBUS_TCP = "modbus_tcp", _("Modbus TCP")
        OTHER = "other", _("another")

    device_model = models.OneToOneField(DeviceModel, models.PROTECT, related_name="product")
    thermal_power_kw = models.DecimalField(
        _("thermal power, kW"), max_digits=7, decimal_places=2, null=True, blank=True
    )
    efficiency_grade = models.PositiveSmallIntegerField(_("efficiency grade"), null=True, blank=True)
    voltage_v = models.PositiveSmallIntegerField(_("voltage, V"), null=True, blank=True)
    frequency_hz = models.PositiveSmallIntegerField(_("frequency, Hz"), null=True, blank=True)
    certificate_no = models.CharField(_("compulsory certificate"), max_length=60, blank=True)
    certificate_until = models.DateField(_("certificate valid until"), null=True, blank=True)
    insurance_no = models.CharField(_("insurance policy"), max_length=60, blank=True)
    insurance_from = models.DateField(_("insured from"), null=True, blank=True)
    insurance_until = models.DateField(_("insured until"), null=True, blank=True)
    papers = ArrayField(
        models.CharField(max_length=12, choices=Paper.choices), default=list, blank=True, verbose_name=_("papers")
    )
    uses = ArrayField(
        models.CharField(max_length=12, choices=Use.choices), default=list, blank=True, verbose_name=_("fit for")
    )
    docking_no = models.CharField(_("docking confirmation"), max_length=60, blank=True)
    docking_issuer = models.CharField(_("confirmed by"), max_length=120, blank=True)
    material = models.CharField(_("material of main pipe and exchanger"), max_length=80, blank=True)
    is_direct = models.BooleanField(_("direct electric heating"), null=True, blank=True)
    uses_off_peak = models.BooleanField(_("uses off-peak power"), null=True, blank=True)
    is_low_power = models.BooleanField(_("efficient at low power"), null=True, blank=True)
    interface = models.CharField(_("interface"), max_length=8, choices=Interface.choices, blank=True)
    protocol = models.CharField(_("protocol"), max_length=12, choices=Protocol.choices, blank=True)
    has_wireless = models.BooleanField(_("comes with a wireless unit"), null=True, blank=True)
    is_remote = models.BooleanField(_("can be watched from afar"), null=True, blank=True)
    sample_on = models.DateField(_("sample of board and wireless unit received on"), null=True, blank=True)
    protocol_paper = models.CharField(_("document of the protocol"), max_length=80, blank=True)
    meets = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, verbose_name=_("local requirements it meets")
    )
    entered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {
        "certificate_no": "L0", "insurance_no": "L0", "papers": "L0", "uses": "L0", "docking_no": "L0",
        "docking_issuer": "L0", "material": "L0", "protocol_paper": "L0", "meets": "L0",
    }  # fmt: skip

    def __str__(self) -> str:
        return str(self.device_model)


class Bundle(TrackedModel):
    """A solution of several devices that belong together, e.g. one hot-air unit, one heater, one kang (L-46)."""

    technology = models.ForeignKey(Technology, models.CASCADE, related_name="bundles")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=120)
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {"code": "L0", "name": "L0", "clause": "L0"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["technology", "code"], name="bundle_once")]

    def __str__(self) -> str:
        return self.name


class BundlePart(TrackedModel):
    bundle = models.ForeignKey(Bundle, models.CASCADE, related_name="parts")
    kind = models.SlugField(max_length=30)
    name = models.CharField(max_length=80)
    quantity = models.PositiveSmallIntegerField(default=1)
    data_labels: ClassVar = {"kind": "L0", "name": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "kind"], name="bundle_part_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="bundle_part_positive"),
        ]
