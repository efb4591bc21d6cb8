"""What the household signed: the supply contract before the works, and what it confirmed afterwards."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from devices.models import DeviceModel, Supplier
from households.models import Document
from retrofits.models.installations import Installation
from retrofits.models.tasks import Task


class Contract(ScopedModel):
    """The supply contract with the household's signed word that it accepts the product's data (J-40)."""

    view_right = "tasks.view"

    class Item(models.TextChoices):
        DUTIES = "duties", _("duties of both sides")
        HEATING_MODE = "heating_mode", _("way of heating")
        SERVICE_QUALITY = "service_quality", _("quality of service")
        ENTRY_EXIT = "entry_exit", _("how enterprises enter and leave")

    task = models.ForeignKey(Task, models.PROTECT, related_name="contracts")
    area = models.ForeignKey(Area, models.PROTECT)
    number = models.CharField(_("contract number"), max_length=60)
    supplier = models.ForeignKey(Supplier, models.PROTECT)
    device_model = models.ForeignKey(DeviceModel, models.PROTECT, null=True, blank=True)
    signed_on = models.DateField(_("signed on"))
    signer_name = models.CharField(_("signed by"), max_length=40)
    confirms_product = models.BooleanField(_("the household confirms the product's data"), default=False)
    warranty_months = models.PositiveSmallIntegerField(_("warranty, months"), null=True, blank=True)
    contents = ArrayField(
        models.CharField(max_length=20, choices=Item.choices), default=list, blank=True,
        verbose_name=_("what the contract names"),
    )  # fmt: skip
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_on = models.DateField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"number": "L1", "signer_name": "L2", "contents": "L0", "cancel_reason": "L1"}

    @property
    def content_words(self) -> list[str]:
        """What it names, in words."""
        return [str(self.Item(code).label) for code in self.contents]

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["task"], name="contract_once_alive", condition=Q(cancelled_on__isnull=True)
            ),
            models.UniqueConstraint(fields=["supplier", "number"], name="contract_number_once"),
        ]


class Confirmation(ScopedModel):
    """One thing that was done at the dwelling and confirmed: commissioning, training, gas on, a stable season …"""

    view_right = "tasks.view"

    class Kind(models.TextChoices):
        ROUTE_CHOSEN = "route_chosen", _("technology chosen by the household, signed")
        COMMISSIONED = "commissioned", _("commissioned on site, signed by the household")
        TRAINED = "trained", _("household trained in use and safety")
        GAS_ON = "gas_on", _("gas is on")
        STABLE_SEASON = "stable_season", _("one whole heating season of stable running")
        OLD_REMOVED = "old_removed", _("old heating removed")

    task = models.ForeignKey(Task, models.PROTECT, related_name="confirmations")
    area = models.ForeignKey(Area, models.PROTECT)
    kind = models.CharField(max_length=14, choices=Kind.choices)
    season = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Year in which the season began")
    done_on = models.DateField()
    signer_name = models.CharField(_("signed by"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"signer_name": "L2", "note": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["done_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "kind", "season"], name="confirmed_once", nulls_distinct=False)
        ]


class InstalledDevice(TrackedModel):
    """One device of a bundle at a dwelling; the record's own twelve items describe the main one."""

    installation = models.ForeignKey(Installation, models.CASCADE, related_name="devices")
    kind = models.SlugField(max_length=30)
    model_no = models.CharField(_("model"), max_length=60)
    factory_code = models.CharField(_("factory address code"), max_length=60)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"kind": "L0", "model_no": "L0", "factory_code": "L1"}

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["factory_code"], name="installed_device_once")]
