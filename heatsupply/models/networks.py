"""Heating companies and what they run: sources, networks, pipes, stations, compounds, and checks of them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import TrackedModel
from heatsupply.models.owned import OwnedModel, words


class HeatingCompany(OwnedModel):
    """A company that sells heat. Accounts whose unit bears its name see and keep only what is its own."""

    company_path = ""

    class Kind(models.TextChoices):
        PLANT = "plant", _("heat and power plant")
        BOILER = "boiler", _("boiler company")
        RESALE = "resale", _("buys heat and passes it on")

    class Risk(models.TextChoices):
        STABLE = "stable", _("stable")
        STRAINED = "strained", _("strained")
        MAY_STOP = "may_stop", _("may stop supply")
        MAY_ABANDON = "may_abandon", _("may abandon supply")

    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    name = models.CharField(_("company"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.BOILER)
    service_phone = words(_("service phone"), 30)
    risk = models.CharField(_("risk"), max_length=12, choices=Risk.choices, default=Risk.STABLE)
    risk_words = words(_("why"), 300)
    risk_on = models.DateField(_("rated on"), null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    status_looks: ClassVar = {"stable": "done", "strained": "warn", "may_stop": "bad", "may_abandon": "bad"}
    data_labels: ClassVar = {"name": "L0", "service_phone": "L0", "risk_words": "L1"}

    class Meta(OwnedModel.Meta):
        verbose_name_plural = "heating companies"
        ordering = ["area_id", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_at_risk(self) -> bool:
        """May stop or abandon supply (弃供、停供): such a company needs a contingency plan (B-24)."""
        return self.risk in (self.Risk.MAY_STOP, self.Risk.MAY_ABANDON)


class HeatSource(OwnedModel):
    """A plant or boiler house. `contracted_mw` is what a CHP plant has promised to deliver first (以热定电, B-09)."""

    class Kind(models.TextChoices):
        CHP = "chp", _("combined heat and power (CHP)")
        COAL = "coal", _("coal boilers")
        GAS = "gas", _("gas boilers")
        WASTE = "waste", _("industrial waste heat")
        PUMP = "pump", _("heat pumps, electricity")
        OTHER = "other", _("other")

    class State(models.TextChoices):
        PLANNED = "planned", _("not built yet")
        RUNNING = "running", _("in operation")
        RETIRED = "retired", _("retired")

    class Retrofit(models.TextChoices):
        FLEXIBLE = "flexible", _("flexibility")
        SAVING = "saving", _("energy saving")
        HEATING = "heating", _("heat supply")

    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="sources", verbose_name=_("company"))
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    name = models.CharField(_("heat source"), max_length=80)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PLANNED)
    capacity_mw = models.DecimalField(_("capacity, MW"), max_digits=9, decimal_places=2)
    contracted_mw = models.DecimalField(_("contracted heat, MW"), max_digits=9, decimal_places=2, null=True, blank=True)
    contract_no = words(_("heat contract"), 60)
    contract_until = models.DateField(_("contract until"), null=True, blank=True)
    retrofits = ArrayField(
        models.CharField(max_length=8, choices=Retrofit.choices), verbose_name=_("three retrofits done"), default=list,
        blank=True,
    )  # fmt: skip
    gas_need_m3 = models.BigIntegerField(_("gas needed in a season, m³"), null=True, blank=True)
    lng = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    lat = models.DecimalField(_("latitude"), max_digits=8, decimal_places=6, null=True, blank=True)
    status_looks: ClassVar = {"planned": "", "running": "done", "retired": "void"}
    data_labels: ClassVar = {"name": "L0", "contract_no": "L1", "retrofits": "L0"}

    class Meta(OwnedModel.Meta):
        ordering = ["company_id", "name"]
        constraints = [
            models.UniqueConstraint(fields=["company", "name"], name="heat_source_once"),
            models.CheckConstraint(condition=Q(capacity_mw__gt=0), name="heat_source_capacity"),
            models.CheckConstraint(
                condition=Q(contracted_mw__isnull=True) | Q(contracted_mw__lte=F("capacity_mw")),
                name="heat_source_contract_in_capacity",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class HeatNetwork(OwnedModel):
    """A network with its peak load; sources feed it as main or as backup."""

    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="networks", verbose_name=_("company"))
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    name = models.CharField(_("network"), max_length=80)
    heated_area_m2 = models.BigIntegerField(_("heated area"))
    peak_mw = models.DecimalField(_("peak load, MW"), max_digits=9, decimal_places=2, null=True, blank=True)
    data_labels: ClassVar = {"name": "L0"}

    class Meta(OwnedModel.Meta):
        ordering = ["company_id", "name"]
        constraints = [
            models.UniqueConstraint(fields=["company", "name"], name="heat_network_once"),
            models.CheckConstraint(condition=Q(heated_area_m2__gt=0), name="heat_network_area"),
        ]

    def __str__(self) -> str:
        return self.name


class NetworkSource(TrackedModel):
    """A source feeds a network, always or when the main one fails (B-12); also a neighbour's over a connection."""

    class Role(models.TextChoices):
        MAIN = "main", _("main")
        BACKUP = "backup", _("backup")

    network = models.ForeignKey(HeatNetwork, models.CASCADE, related_name="feeds")
    source = models.ForeignKey(HeatSource, models.PROTECT, related_name="feeds")
    role = models.CharField(_("role"), max_length=6, choices=Role.choices)
    data_labels: ClassVar = {}

    class Meta(TrackedModel.Meta):
        ordering = ["-role", "id"]
        constraints = [models.UniqueConstraint(fields=["network", "source"], name="network_source_once")]


class ExchangeStation(OwnedModel):
    """A heat-exchange station between primary and secondary network."""

    company_path = "network__company"

    network = models.ForeignKey(HeatNetwork, models.PROTECT, related_name="stations", verbose_name=_("network"))
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    code = models.CharField(_("number"), max_length=40)
    name = models.CharField(_("exchange station"), max_length=80)
    capacity_mw = models.DecimalField(_("capacity, MW"), max_digits=8, decimal_places=2)
    demand_mw = models.DecimalField(_("demand, MW"), max_digits=8, decimal_places=2, null=True, blank=True)
    lng = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    lat = models.DecimalField(_("latitude"), max_digits=8, decimal_places=6, null=True, blank=True)
    data_labels: ClassVar = {"code": "L0", "name": "L0"}

    class Meta(OwnedModel.Meta):
        ordering = ["network_id", "code"]
        constraints = [models.UniqueConstraint(fields=["network", "code"], name="exchange_station_once")]

    def __str__(self) -> str:
        return self.name


class Compound(OwnedModel):
    """A residential compound (小区): whose the shared pipes are, who maintains them, at whose cost (B-17, B-43).

    Heat facilities of a new compound are not used before somebody accepted them (B-18); the database refuses it too.
    """

    class Owner(models.TextChoices):
        RESIDENTS = "residents", _("owners of the homes")
        DEVELOPER = "developer", _("developer")
        UNIT = "unit", _("unit that built it")
        COMPANY = "company", _("heating company")

    class Keeper(models.TextChoices):
        UNKNOWN = "", _("not settled")
        COMPANY = "company", _("heating company")
        PROPERTY = "property", _("property management")
        UNIT = "unit", _("unit that built it")
        RESIDENTS = "residents", _("owners of the homes")

    class Cost(models.TextChoices):
        UNKNOWN = "", _("not settled")
        OPERATING = "operating", _("operating cost of the heating company")
        RESIDENTS = "residents", _("owners of the homes")
        UNIT = "unit", _("unit that built it")

    company = models.ForeignKey(
        HeatingCompany, models.PROTECT, null=True, blank=True, related_name="compounds", verbose_name=_("company")
    )
    station = models.ForeignKey(
        ExchangeStation, models.PROTECT, null=True, blank=True, related_name="compounds",
        verbose_name=_("exchange station"),
    )  # fmt: skip
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    name = models.CharField(_("compound"), max_length=80)
    homes = models.PositiveIntegerField(_("homes"))
    metered_homes = models.PositiveIntegerField(_("homes heated and metered one by one"), default=0)
    heated_area_m2 = models.BigIntegerField(_("heated area"))
    built_year = models.PositiveSmallIntegerField(_("built in"), null=True, blank=True)
    pipe_owner = models.CharField(
        _("owner of the shared pipes"), max_length=9, choices=Owner.choices, default=Owner.RESIDENTS
    )
    renewed_year = models.PositiveSmallIntegerField(_("shared pipes renewed in"), null=True, blank=True)
    handed_over_on = models.DateField(_("handed over on"), null=True, blank=True)
    handover_no = words(_("hand-over paper"), 60)
    keeper = models.CharField(_("maintained by"), max_length=9, choices=Keeper.choices, blank=True, default="")
    cost_owner = models.CharField(_("maintained at the cost of"), max_length=9, choices=Cost.choices, blank=True,
                                  default="")  # fmt: skip
    is_new = models.BooleanField(_("new compound"), default=False)
    accepted_on = models.DateField(_("facilities accepted on"), null=True, blank=True)
    accepted_by = words(_("accepted by"), 120)
    acceptance_no = words(_("acceptance report"), 60)
    in_use_since = models.DateField(_("in use since"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {"name": "L0", "handover_no": "L1", "accepted_by": "L1", "acceptance_no": "L1"}

    class Meta(OwnedModel.Meta):
        ordering = ["area_id", "name"]
        constraints = [
            models.UniqueConstraint(fields=["area", "name"], name="compound_once"),
            models.CheckConstraint(condition=Q(metered_homes__lte=F("homes")), name="compound_metered_in_homes"),
            models.CheckConstraint(
                condition=Q(is_new=False) | Q(in_use_since__isnull=True)
                | Q(accepted_on__isnull=False, in_use_since__gte=F("accepted_on")),
                name="compound_accepted_before_use",
            ),
            models.CheckConstraint(
                condition=Q(handed_over_on__isnull=True) | Q(company__isnull=False, keeper="company",
                                                             cost_owner="operating"),
                name="compound_kept_by_company_after_handover",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class PipeSegment(OwnedModel):
    """A piece of pipe. `conditions` are codes of `rules.pipes.CONDITIONS`; `line` is [[lng, lat], …] for the export."""

    company_path = "network__company"

    class Level(models.TextChoices):
        PRIMARY = "primary", _("primary network")
        SECONDARY = "secondary", _("secondary network")
        SHARED = "shared", _("shared pipes of a compound")

    network = models.ForeignKey(HeatNetwork, models.PROTECT, related_name="segments", verbose_name=_("network"))
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    compound = models.ForeignKey(
        Compound, models.PROTECT, null=True, blank=True, related_name="segments", verbose_name=_("compound")
    )
    code = models.CharField(_("segment"), max_length=40)
    level = models.CharField(_("level"), max_length=9, choices=Level.choices, default=Level.PRIMARY)
    length_m = models.DecimalField(_("length, m"), max_digits=10, decimal_places=1)
    diameter_mm = models.PositiveSmallIntegerField(_("diameter, mm"), null=True, blank=True)
    year_laid = models.PositiveSmallIntegerField(_("laid in"), null=True, blank=True)
    conditions = ArrayField(models.CharField(max_length=10), verbose_name=_("condition"), default=list, blank=True)
    line = models.JSONField(_("course"), default=list, blank=True)
    data_labels: ClassVar = {"code": "L0", "conditions": "L0", "line": "L1"}

    class Meta(OwnedModel.Meta):
        ordering = ["network_id", "code"]
        constraints = [
            models.UniqueConstraint(fields=["network", "code"], name="pipe_segment_once"),
            models.CheckConstraint(condition=Q(length_m__gt=0), name="pipe_segment_length"),
        ]
        indexes = [models.Index(fields=["area", "year_laid"], name="pipe_segment_age")]

    def __str__(self) -> str:
        return self.code


class NetworkCheck(OwnedModel):
    """An exchange station, or a network's secondary side, was looked at before a season (B-19)."""

    company_path = "network__company"
    area_field = "network__area_id"

    network = models.ForeignKey(HeatNetwork, models.PROTECT, related_name="checks", verbose_name=_("network"))
    station = models.ForeignKey(
        ExchangeStation, models.PROTECT, null=True, blank=True, related_name="checks",
        verbose_name=_("exchange station"), help_text="Empty: the secondary network",
    )  # fmt: skip
    season = models.PositiveSmallIntegerField(_("season that begins in"))
    checked_on = models.DateField(_("checked on"))
    meets_demand = models.BooleanField(_("meets the demand"))
    findings = words(_("what was found"), 300)
    due_on = models.DateField(_("to be put right by"), null=True, blank=True)
    done_on = models.DateField(_("put right on"), null=True, blank=True)
    done_words = words(_("what was done"), 300)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"findings": "L1", "done_words": "L1"}

    class Meta(OwnedModel.Meta):
        ordering = ["-checked_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["network", "station", "season"], name="network_check_once", nulls_distinct=False
            )
        ]


class EfficiencyWork(OwnedModel):
    """Works on a compound that save heat: homes heated and metered one by one, walls, doors and windows (B-22)."""

    company_path = "compound__company"
    area_field = "compound__area_id"

    class Kind(models.TextChoices):
        HOUSEHOLD = "household", _("conversion to heating household by household")
        WALLS = "walls", _("external wall insulation")
        OPENINGS = "openings", _("doors and windows of public parts")

    compound = models.ForeignKey(Compound, models.PROTECT, related_name="works", verbose_name=_("compound"))
    kind = models.CharField(_("kind of work"), max_length=9, choices=Kind.choices)
    year = models.PositiveSmallIntegerField(_("year"))
    homes = models.PositiveIntegerField(_("homes"))
    done_on = models.DateField(_("finished on"), null=True, blank=True)
    data_labels: ClassVar = {}

    class Meta(OwnedModel.Meta):
        ordering = ["-year", "id"]
        constraints = [models.UniqueConstraint(fields=["compound", "kind", "year"], name="efficiency_work_once")]
