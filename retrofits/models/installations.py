"""What was put in where, by whom and for how much; one by one or from a workbook."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from core.fields import EncryptedJSONField, EncryptedTextField
from devices.models import DeviceModel, Heater, Supplier
from households.models import Document
from jobs.models import Job
from programmes.models import Programme
from retrofits.costs import COST_KINDS
from retrofits.models.products import Bundle
from retrofits.models.tasks import Task


class Installation(ScopedModel):
    """The installation record with exactly the twelve items of 附件2-5 (J-30), and what it cost."""

    view_right = "tasks.view"

    task = models.OneToOneField(Task, models.PROTECT, related_name="installation")
    area = models.ForeignKey(Area, models.PROTECT)
    town_name = models.CharField(_("town"), max_length=60)
    village_name = models.CharField(_("village"), max_length=60)
    door_no = EncryptedTextField(_("door number"))
    occupant_name = models.CharField(_("occupant"), max_length=40)
    occupant_phone = EncryptedTextField(_("occupant's phone"))
    heated_area_m2 = models.DecimalField(_("heated area"), max_digits=8, decimal_places=2)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6)
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=6)
    manufacturer = models.CharField(_("manufacturer"), max_length=120)
    device_name = models.CharField(_("device"), max_length=80)
    model_no = models.CharField(_("model"), max_length=60)
    factory_address_code = models.CharField(_("factory address code"), max_length=60)
    wireless_address_code = models.CharField(_("wireless unit address code"), max_length=60)

    supplier = models.ForeignKey(Supplier, models.PROTECT)
    device_model = models.ForeignKey(DeviceModel, models.PROTECT, null=True, blank=True)
    heater = models.OneToOneField(Heater, models.PROTECT, null=True, blank=True, related_name="installation")
    bundle = models.ForeignKey(Bundle, models.PROTECT, null=True, blank=True)
    installed_on = models.DateField()
    recorded_by = models.ForeignKey(User, models.PROTECT)
    recorded_at = models.DateTimeField(auto_now_add=True)

    data_labels: ClassVar = {
        "town_name": "L0",
        "village_name": "L0",
        "door_no": "L3",
        "occupant_name": "L2",
        "occupant_phone": "L3",
        "manufacturer": "L0",
        "device_name": "L0",
        "model_no": "L0",
        "factory_address_code": "L1",
        "wireless_address_code": "L1",
    }

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["factory_address_code"],
                name="installation_factory_code_once",
                condition=~Q(factory_address_code=""),
            ),
            models.CheckConstraint(
                condition=Q(longitude__gte=73, longitude__lte=136, latitude__gte=3, latitude__lte=54),
                name="installation_in_china",
            ),
        ]


class CostItem(TrackedModel):
    """What a part of the works cost; `kind` is matched against the cost scope of a benefit."""

    installation = models.ForeignKey(Installation, models.CASCADE, related_name="costs")
    kind = models.CharField(max_length=30)
    amount_fen = models.BigIntegerField()
    invoice_no = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {"kind": "L0", "invoice_no": "L1"}

    @property
    def kind_label(self) -> str:
        """The kind in words; a kind of a later policy is shown as its code."""
        return str(COST_KINDS.get(self.kind, self.kind))

    class Meta(TrackedModel.Meta):
        constraints = [models.CheckConstraint(condition=Q(amount_fen__gte=0), name="cost_not_negative")]


class InstallationImport(ScopedModel):
    """One workbook of installation records: recorded as a whole, or kept with every fault and its cell."""

    view_right = "installations.record"

    class State(models.TextChoices):
        READING = "reading", _("being read")
        FAULTY = "faulty", _("has faults, nothing recorded")
        RECORDED = "recorded", _("recorded")
        COMPARED = "compared", _("compared, nothing recorded")

    programme = models.ForeignKey(Programme, models.PROTECT)
    area = models.ForeignKey(Area, models.PROTECT)
    file = models.ForeignKey(Document, models.PROTECT)
    is_ledger = models.BooleanField(
        default=False, help_text="An enterprise's own ledger: compared with what is recorded here, never stored (L-78)"
    )
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    faults = EncryptedJSONField(default=dict)
    recorded_count = models.PositiveIntegerField(default=0)
    uploaded_by = models.ForeignKey(User, models.PROTECT)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    status_looks: ClassVar = {"reading": "busy", "faulty": "bad", "recorded": "done", "compared": "warn"}
    data_labels: ClassVar = {"faults": "L3"}

    class Meta(ScopedModel.Meta):
        ordering = ["-id"]
