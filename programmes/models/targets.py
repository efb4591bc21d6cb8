"""What a document asks for: its parts, its printed numbers, and the rows that break them down to places."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from accounts.records import TrackedModel
from programmes.models.programme import Programme, Technology


class Measure(models.TextChoices):
    """What is counted. Numbers of two measures are never added, nor are two units of one measure."""

    CONVERSION = "CONVERSION", _("clean heating conversion")
    EFFICIENCY = "EFFICIENCY", _("building efficiency")
    ULTRA_LOW = "ULTRA_LOW", _("ultra-low emission")
    NETWORK = "NETWORK", _("heat network")


class Unit(models.TextChoices):
    HOUSEHOLD = "household", _("households")
    M2 = "m2", _("m²")
    WAN_M2 = "wan_m2", _("10,000 m²")
    KM = "km", _("km")
    BOILER = "boiler", _("boilers")
    VENUE = "venue", _("venues")


class SubProgramme(TrackedModel):
    """A part of a programme with its own lead, years, places and money (子项目), e.g. Litong's waste heat."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="parts")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=120)
    year_from = models.PositiveSmallIntegerField(null=True, blank=True)
    year_to = models.PositiveSmallIntegerField(null=True, blank=True)
    lead_unit = models.CharField(max_length=80, blank=True)
    responsible_units = models.JSONField(default=list, blank=True)
    cooperating_units = models.JSONField(default=list, blank=True)
    places = models.JSONField(default=list, blank=True, help_text="Codes of the places it works in")
    has_own_plan = models.BooleanField(default=False, help_text="The document leaves the details to a plan of its own")
    total_fen = models.BigIntegerField(null=True, blank=True, help_text="Planned money, empty where none is stated")
    note = models.CharField(max_length=200, blank=True)
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {
        "code": "L0", "name": "L0", "lead_unit": "L0", "responsible_units": "L0", "cooperating_units": "L0",
        "places": "L0", "note": "L0", "clause": "L0",
    }  # fmt: skip

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="part_once"),
            models.CheckConstraint(condition=Q(total_fen__isnull=True) | Q(total_fen__gte=0), name="part_money"),
        ]

    def __str__(self) -> str:
        return self.name


class PlannedFunds(TrackedModel):
    """Money the document plans for a part from one source; what it does not name has no row."""

    class Source(models.TextChoices):
        CENTRAL = "CENTRAL", _("central budget")
        DISTRICT = "DISTRICT", _("district budget")
        HOUSEHOLD = "HOUSEHOLD", _("households' own money")
        ENTERPRISE = "ENTERPRISE", _("enterprises and others")

    part = models.ForeignKey(SubProgramme, models.CASCADE, related_name="funds")
    source = models.CharField(max_length=20, choices=Source.choices)
    amount_fen = models.BigIntegerField()
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {"clause": "L0"}

    class Meta(TrackedModel.Meta):
        verbose_name_plural = "planned funds"
        constraints = [
            models.UniqueConstraint(fields=["part", "source"], name="planned_funds_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="planned_funds_not_negative"),
        ]


class Target(TrackedModel):
    """One row of the breakdown: what is asked of a place, in its own unit; units are never added to each other.

    `year` is empty where the document names only the programme's years together.
    """

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="targets")
    area = models.ForeignKey(Area, models.PROTECT)
    technology = models.ForeignKey(Technology, models.PROTECT, null=True, blank=True)
    part = models.ForeignKey(SubProgramme, models.PROTECT, null=True, blank=True, related_name="targets")
    measure = models.CharField(max_length=12, choices=Measure.choices, default=Measure.CONVERSION)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    quantity = models.DecimalField(max_digits=14, decimal_places=2)
    unit = models.CharField(max_length=12, choices=Unit.choices, default=Unit.HOUSEHOLD)
    row_no = models.PositiveSmallIntegerField(null=True, blank=True)
    clause = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {"clause": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["programme", "row_no", "area_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "area", "technology", "part", "measure", "year", "unit"],
                name="target_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="target_not_negative"),
        ]


class StatedSum(TrackedModel):
    """A number the document prints: a subtotal (小计), a total, or a target whose breakdown is left to a later list.

    Empty `technology`: all; empty `year`: all years together; empty `part`: rows that belong to no part.
    `is_open`: the breakdown is not in the text, so the rows may stay below it. `compositions`: lists of codes of
    other stated sums that add up to this one, each list on its own (28,500 by years, and again by parts).
    """

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="stated_sums")
    code = models.CharField(max_length=80)
    name = models.CharField(max_length=120, blank=True)
    area = models.ForeignKey(Area, models.PROTECT)
    technology = models.ForeignKey(Technology, models.PROTECT, null=True, blank=True)
    part = models.ForeignKey(SubProgramme, models.PROTECT, null=True, blank=True, related_name="stated_sums")
    measure = models.CharField(max_length=12, choices=Measure.choices, default=Measure.CONVERSION)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    quantity = models.DecimalField(max_digits=14, decimal_places=2)
    unit = models.CharField(max_length=12, choices=Unit.choices, default=Unit.HOUSEHOLD)
    is_open = models.BooleanField(default=False)
    compositions = models.JSONField(default=list, blank=True)
    written = models.CharField(max_length=80, blank=True, help_text="As the document prints it, e.g. 2*12.29Km")
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {
        "code": "L0", "name": "L0", "compositions": "L0", "written": "L0", "clause": "L0",
    }  # fmt: skip

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="stated_sum_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="stated_sum_not_negative"),
        ]
