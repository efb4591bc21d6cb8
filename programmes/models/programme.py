"""A programme is place × years; everything that differs between programmes is a row here."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from accounts.records import ScopedModel, TrackedModel


class Programme(ScopedModel):
    """E.g. Jincheng urban district 2020. Soft words of the document live in `settings`, cited by clause."""

    view_right = "programmes.view"
    history_name: ClassVar = "name"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    area = models.ForeignKey(Area, models.PROTECT)
    year_from = models.PositiveSmallIntegerField()
    year_to = models.PositiveSmallIntegerField()
    lead_unit = models.CharField(_("lead department"), max_length=80, blank=True)
    season_start = models.CharField(max_length=5, default="11-01", help_text="MM-DD")
    season_end = models.CharField(max_length=5, default="03-31", help_text="MM-DD")
    room_temp_min_c = models.DecimalField(max_digits=4, decimal_places=1, default=18)
    venue_m2_per_household = models.PositiveSmallIntegerField(default=120)
    notice_required = models.BooleanField(default=True)
    notice_days = models.PositiveSmallIntegerField(default=7)
    poll_period_s = models.PositiveIntegerField(default=300)
    settings = models.JSONField(default=dict, blank=True)
    is_demonstration = models.BooleanField(default=False)

    data_labels: ClassVar = {
        "code": "L0",
        "name": "L0",
        "lead_unit": "L0",
        "season_start": "L0",
        "season_end": "L0",
        "settings": "L0",
    }

    class Meta(ScopedModel.Meta):
        ordering = ["-year_from", "code"]
        constraints = [
            models.CheckConstraint(condition=Q(year_to__gte=F("year_from")), name="programme_years_in_order")
        ]

    def __str__(self) -> str:
        return self.name


class Phase(TrackedModel):
    programme = models.ForeignKey(Programme, models.CASCADE, related_name="phases")
    code = models.SlugField(max_length=30)
    name = models.CharField(max_length=60)
    starts_on = models.DateField()
    ends_on = models.DateField()
    clause = models.CharField(max_length=40, blank=True)
    parent_code = models.SlugField(max_length=30, blank=True, help_text="The phase this step is part of")
    goal_year = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Its end is that year's target")
    written = models.CharField(max_length=80, blank=True, help_text="The dates as the document prints them")
    data_labels: ClassVar = {"code": "L0", "name": "L0", "clause": "L0", "parent_code": "L0", "written": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["starts_on", "ends_on"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="phase_once"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="phase_ends_after_start"),
        ]

    def is_running(self, on: date) -> bool:
        return self.starts_on <= on <= self.ends_on


class Technology(TrackedModel):
    """A heating route a programme allows. `family` decides colour, devices and rules."""

    class Family(models.TextChoices):
        CENTRAL = "CENTRAL", _("central heating")
        ELECTRIC = "ELECTRIC", _("coal-to-electricity")
        GAS = "GAS", _("coal-to-gas")
        WASTE_HEAT = "WASTE_HEAT", _("industrial waste heat")
        SOLAR = "SOLAR", _("solar heating")
        BIOMASS = "BIOMASS", _("biomass")
        CLEAN_COAL = "CLEAN_COAL", _("clean coal and improved stove")

    class Use(models.TextChoices):
        REGULAR = "regular", _("regular")
        TRANSITIONAL = "transitional", _("until it can be converted")
        FALLBACK = "fallback", _("last resort")

    class Attribute(models.TextChoices):
        NETWORK = "network", _("from a heat network")
        OFF_PEAK = "off_peak", _("uses off-peak electricity")
        NON_DIRECT = "non_direct", _("not direct electric heating")
        WITH_PV = "with_pv", _("may be combined with photovoltaics")
        EMISSIONS_SENT = "emissions_sent", _("sends its emissions")
        NO_COAL = "no_coal", _("coal cannot be burnt in it")
        LOW_POWER = "low_power", _("efficient and low in power where the grid is short")
        POINT_SUPPLY = "point_supply", _("by pipeline, LNG or CNG at the place")

    history_name: ClassVar = "name"

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="technologies")
    code = models.CharField(max_length=30)
    family = models.CharField(max_length=20, choices=Family.choices)
    name = models.CharField(max_length=60)
    has_heater = models.BooleanField(default=False, help_text="A heater with telemetry belongs to each dwelling")
    use = models.CharField(max_length=12, choices=Use.choices, default=Use.REGULAR)
    rank = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 goes first where the document says so")
    preferred = models.CharField(max_length=120, blank=True, help_text="The kind the document wants first")
    attributes = models.JSONField(default=list, blank=True, help_text="Codes of `Attribute`")
    components = models.JSONField(default=list, blank=True, help_text="Parts the document names, in its words")
    synonyms = models.JSONField(default=list, blank=True)
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {
        "code": "L0", "name": "L0", "synonyms": "L0", "preferred": "L0", "attributes": "L0", "components": "L0",
        "clause": "L0",
    }  # fmt: skip

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="technology_once")]

    @property
    def attribute_names(self) -> list[str]:
        return [str(self.Attribute(code).label) for code in self.attributes if code in self.Attribute.values]

    @property
    def route(self) -> str:
        """Name of the route's colour in the interface."""
        colours = {"CENTRAL": "grid", "ELECTRIC": "elec", "GAS": "gas", "WASTE_HEAT": "waste", "SOLAR": "solar"}
        return colours.get(self.family, "bio")

    def __str__(self) -> str:
        return self.name
