"""What sources state of a dwelling's use of electricity or gas, and whether it counts."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from households.models.documents import Document
from households.models.registers import Dwelling


class Days(Func):
    """Days from the first to the last, both included."""

    function = "DATERANGE"
    output_field = DateRangeField()


class MeterReading(ScopedModel):
    """Use between two days, both included: kWh or m³. Lines that count never share a day.

    `quantity` is NULL while it is not known; a held line counts only after a person has said what is so.
    """

    view_right = "entitlements.view"

    class Carrier(models.TextChoices):
        ELECTRICITY = "electricity", _("electricity, kWh")
        GAS = "gas", _("gas, m³")

    class Source(models.TextChoices):
        POWER_COMPANY = "power_company", _("power company")
        GAS_COMPANY = "gas_company", _("gas company")
        CLERK = "clerk", _("read by staff")
        TELEMETRY = "telemetry", _("counter of the heater")

    class Tariff(models.TextChoices):
        PEAK = "PEAK", _("peak")
        FLAT = "FLAT", _("flat")
        OFF_PEAK = "OFF_PEAK", _("off-peak")

    class State(models.TextChoices):
        COUNTED = "counted", _("counts")
        CONFIRMS = "confirms", _("agrees with a line that counts")
        HELD = "held", _("held for a person")
        ASIDE = "aside", _("set aside")
        WITHDRAWN = "withdrawn", _("taken back")

    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="meter_readings")
    area = models.ForeignKey(Area, models.PROTECT)
    carrier = models.CharField(max_length=12, choices=Carrier.choices)
    meter_no = models.CharField(_("meter number"), max_length=30, blank=True, default="")
    tariff = models.CharField(max_length=10, choices=Tariff.choices, blank=True, default="")
    starts_on = models.DateField()
    ends_on = models.DateField()
    start_reading = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    end_reading = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    factor = models.DecimalField(max_digits=8, decimal_places=3, default=1)
    quantity = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    source = models.CharField(max_length=20, choices=Source.choices, default=Source.POWER_COMPANY)
    state = models.CharField(max_length=10, choices=State.choices, default=State.COUNTED)
    findings = models.JSONField(default=list, blank=True, help_text="[{code, …}] why a person must look")
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="meter_readings")
    cell = models.CharField(max_length=60, blank=True, default="")
    entered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    entered_person_no = models.CharField(max_length=40, blank=True, default="")
    entered_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=300, blank=True, default="")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {
        "meter_no": "L2",
        "source": "L0",
        "findings": "L1",
        "cell": "L1",
        "entered_person_no": "L2",
        "decision_reason": "L1",
    }
    status_looks: ClassVar = {"counted": "ok", "held": "warn", "confirms": "note", "aside": "void", "withdrawn": "void"}

    class Meta(ScopedModel.Meta):
        constraints = [
            ExclusionConstraint(
                name="meter_reading_apart",
                index_type="GIST",
                expressions=[
                    (F("dwelling"), RangeOperators.EQUAL),
                    (F("carrier"), RangeOperators.EQUAL),
                    (F("tariff"), RangeOperators.EQUAL),
                    (Days("starts_on", "ends_on", Value("[]")), RangeOperators.OVERLAPS),
                ],
                condition=Q(state="counted"),
            ),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="meter_reading_not_negative"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="meter_reading_days_in_order"),
            models.CheckConstraint(
                condition=~Q(state="counted") | Q(quantity__isnull=False), name="meter_reading_counts_what_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["dwelling", "carrier", "starts_on"], name="meter_reading_dwelling"),
            models.Index(fields=["area", "state"], name="meter_reading_area_state"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.starts_on}…{self.ends_on}"
