"""Clean coal (洁净煤) as the last resort: supply points, what was delivered, tested and sold (J-46 … J-50, J-61)."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from households.models import Household
from programmes.models import Programme

_KG = [MinValueValidator(1)]
_PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class CoalPoint(ScopedModel):
    """Where clean coal is sold (J-47, J-48): name, address and phone are public, who keeps it is not."""

    view_right = "coal.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="coal_points")
    area = models.ForeignKey(Area, models.PROTECT)
    name = models.CharField(_("name"), max_length=80)
    address = models.CharField(_("address"), max_length=120)
    phone = models.CharField(_("phone"), max_length=30)
    keeper = models.CharField(_("responsible person"), max_length=40, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=6, null=True, blank=True)
    has_sign = models.BooleanField(_("sign is up"), default=False)
    has_rules = models.BooleanField(_("rules are up"), default=False)
    checked_on = models.DateField(_("looked at on"), null=True, blank=True)
    opened_on = models.DateField(_("open since"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {"name": "L0", "address": "L0", "phone": "L0", "keeper": "L2"}

    class Meta(ScopedModel.Meta):
        ordering = ["area_id", "name"]
        constraints = [models.UniqueConstraint(fields=["programme", "area", "name"], name="coal_point_once")]

    def __str__(self) -> str:
        return self.name


class CoalBatch(ScopedModel):
    """A delivery to a point. Only a batch whose newest test passed may be sold."""

    view_right = "coal.view"

    class State(models.TextChoices):
        UNTESTED = "untested", _("not tested")
        PASSED = "passed", _("may be sold")
        FAILED = "failed", _("blocked")

    point = models.ForeignKey(CoalPoint, models.PROTECT, related_name="batches")
    area = models.ForeignKey(Area, models.PROTECT)
    batch_no = models.CharField(_("batch"), max_length=40)
    maker = models.CharField(_("maker"), max_length=80)
    received_on = models.DateField(_("received on"))
    received_kg = models.PositiveIntegerField(_("received/kg"), validators=_KG)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.UNTESTED)
    status_looks: ClassVar = {"untested": "warn", "passed": "ok", "failed": "bad"}
    data_labels: ClassVar = {"batch_no": "L0", "maker": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["-received_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["point", "batch_no"], name="coal_batch_once"),
            models.CheckConstraint(condition=Q(received_kg__gt=0), name="coal_batch_some"),
        ]

    def __str__(self) -> str:
        return self.batch_no


class CoalTest(ScopedModel):
    """One test of a batch (J-46, J-49, J-61) with the limits that held: the limits themselves pass."""

    view_right = "coal.view"

    batch = models.ForeignKey(CoalBatch, models.PROTECT, related_name="tests")
    area = models.ForeignKey(Area, models.PROTECT)
    sampled_on = models.DateField(_("sampled on"))
    laboratory = models.CharField(_("laboratory"), max_length=80)
    report_no = models.CharField(_("number of the report"), max_length=60)
    sulphur_percent = models.DecimalField(_("sulphur/%"), max_digits=6, decimal_places=3, validators=_PERCENT)
    ash_percent = models.DecimalField(_("ash/%"), max_digits=6, decimal_places=3, validators=_PERCENT)
    most_sulphur = models.DecimalField(max_digits=6, decimal_places=3)
    most_ash = models.DecimalField(max_digits=6, decimal_places=3)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    data_labels: ClassVar = {"laboratory": "L0", "report_no": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["-sampled_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["batch", "report_no"], name="coal_test_once")]

    @property
    def sulphur_fails(self) -> bool:
        return self.sulphur_percent > self.most_sulphur

    @property
    def ash_fails(self) -> bool:
        return self.ash_percent > self.most_ash


class CoalSale(ScopedModel):
    """One line of the ledger of sales: which household got how much of which batch. `season` is its first year."""

    view_right = "coal.view"

    batch = models.ForeignKey(CoalBatch, models.PROTECT, related_name="sales")
    area = models.ForeignKey(Area, models.PROTECT)
    household = models.ForeignKey(Household, models.PROTECT, related_name="coal_sales")
    season = models.PositiveSmallIntegerField()
    sold_on = models.DateField(_("sold on"))
    kg = models.PositiveIntegerField(_("kilograms"), validators=_KG)
    amount_fen = models.BigIntegerField(_("paid/CNY"))
    receipt_no = models.CharField(_("receipt"), max_length=40)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    data_labels: ClassVar = {"receipt_no": "L1", "cancel_reason": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["-sold_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kg__gt=0, amount_fen__gte=0), name="coal_sale_some"),
            models.UniqueConstraint(
                fields=["batch", "receipt_no"], name="coal_receipt_once", condition=Q(cancelled_at=None)
            ),
        ]
        indexes = [models.Index(fields=["household", "season"], name="coal_sale_household")]
