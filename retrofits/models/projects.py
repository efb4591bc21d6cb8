"""Works that are not one dwelling: a building, a venue, a heat network, boilers, a village grid."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from households.models import Dwelling, PublicVenue
from programmes.models import PlannedFunds, Programme, SubProgramme, Technology
from retrofits.models.buildings import Building


class Project(ScopedModel):
    """One project with its units, years, papers, money and progress (T-03, L-10 … L-15, D-24, D-54, B-10)."""

    view_right = "programmes.view"

    class Subject(models.TextChoices):
        DWELLINGS = "dwellings", _("dwellings together")
        BUILDING = "building", _("building")
        VENUE = "venue", _("public venue")
        NETWORK = "network", _("heat network")
        BOILER = "boiler", _("boiler")
        GRID = "grid", _("village grid")
        NEW_ENERGY = "new_energy", _("new energy")

    class Works(models.TextChoices):
        NEW = "new", _("new construction")
        RENEWAL = "renewal", _("renewal")
        EFFICIENCY = "efficiency", _("building efficiency")
        ULTRA_LOW = "ultra_low", _("ultra-low emission")
        ELIMINATION = "elimination", _("elimination")

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        APPROVED = "approved", _("approved")
        BUILDING = "building", _("under construction")
        FINISHED = "finished", _("finished")
        ACCEPTED = "accepted", _("accepted")
        STOPPED = "stopped", _("stopped")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="projects")
    part = models.ForeignKey(SubProgramme, models.SET_NULL, null=True, blank=True, related_name="projects")
    area = models.ForeignKey(Area, models.PROTECT)
    code = models.SlugField(_("project number"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    subject = models.CharField(_("subject"), max_length=10, choices=Subject.choices)
    works = models.CharField(_("kind of work"), max_length=12, choices=Works.choices, default=Works.NEW)
    technology = models.ForeignKey(Technology, models.PROTECT, null=True, blank=True)
    venue = models.ForeignKey(PublicVenue, models.PROTECT, null=True, blank=True, related_name="projects")
    building = models.ForeignKey(Building, models.PROTECT, null=True, blank=True, related_name="projects")
    lead_unit = models.CharField(_("lead unit"), max_length=80, blank=True)
    responsible_units = models.JSONField(default=list, blank=True)
    cooperating_units = models.JSONField(default=list, blank=True)
    year_from = models.PositiveSmallIntegerField(_("first year"))
    year_to = models.PositiveSmallIntegerField(_("last year"))
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    stopped_from = models.CharField(max_length=10, blank=True, help_text="State to which a stopped project returns")
    total_fen = models.BigIntegerField(null=True, blank=True, help_text="Stated total; empty where none is stated")
    clause = models.CharField(_("clause"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    status_looks: ClassVar = {
        "planned": "", "approved": "busy", "building": "busy", "finished": "warn", "accepted": "done",
        "stopped": "void",
    }  # fmt: skip
    data_labels: ClassVar = {
        "code": "L0", "name": "L0", "lead_unit": "L0", "responsible_units": "L0", "cooperating_units": "L0",
        "stopped_from": "L0", "clause": "L0", "note": "L1",
    }  # fmt: skip

    class Meta(ScopedModel.Meta):
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="project_once"),
            models.CheckConstraint(condition=Q(year_to__gte=models.F("year_from")), name="project_years_in_order"),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectMeasure(TrackedModel):
    """What a project builds, in its own unit: km of network, m², boilers, t/h. Units are never added."""

    class Unit(models.TextChoices):
        KM = "km", _("km")
        M2 = "m2", _("m²")
        WAN_M2 = "wan_m2", _("10,000 m²")
        BOILER = "boiler", _("boilers")
        TON_H = "t_h", _("t/h")
        HOUSEHOLD = "household", _("households")
        STATION = "station", _("stations")
        KVA = "kva", _("kVA")
        MW = "mw", _("MW")

    project = models.ForeignKey(Project, models.CASCADE, related_name="measures")
    name = models.CharField(_("what is built"), max_length=80)
    unit = models.CharField(_("unit"), max_length=10, choices=Unit.choices)
    planned = models.DecimalField(_("planned quantity"), max_digits=14, decimal_places=2)
    is_within = models.BooleanField(default=False, help_text="A part of another measure (其中), not in addition to it")
    data_labels: ClassVar = {"name": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name", "unit"], name="project_measure_once"),
            models.CheckConstraint(condition=Q(planned__gt=0), name="project_measure_positive"),
        ]


class ProjectProgress(TrackedModel):
    """What was done altogether by a day, of one measure; never less than before without a reason."""

    measure = models.ForeignKey(ProjectMeasure, models.CASCADE, related_name="progress")
    on = models.DateField(_("day"))
    done = models.DecimalField(_("done altogether"), max_digits=14, decimal_places=2)
    note = models.CharField(_("note"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"note": "L1"}

    class Meta(TrackedModel.Meta):
        verbose_name_plural = "project progress"
        ordering = ["-on", "-id"]
        constraints = [models.UniqueConstraint(fields=["measure", "on"], name="project_progress_once")]


class ProjectPaper(TrackedModel):
    """A paper of a project: study, design, review, approval (L-26), works, supervision, completion (D-41)."""

    class Kind(models.TextChoices):
        FEASIBILITY = "feasibility", _("feasibility study")
        DESIGN = "design", _("preliminary design")
        REVIEW = "review", _("review by the office")
        APPROVAL = "approval", _("approval")
        CONSTRUCTION = "construction", _("contract of the construction")
        SUPERVISION = "supervision", _("record of the supervision of works")
        COMPLETION = "completion", _("completion report")
        ACCEPTANCE = "acceptance", _("acceptance report")

    project = models.ForeignKey(Project, models.CASCADE, related_name="papers")
    kind = models.CharField(_("paper"), max_length=12, choices=Kind.choices)
    number = models.CharField(_("number"), max_length=80)
    issuer = models.CharField(_("issuer"), max_length=120)
    dated_on = models.DateField(_("dated"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"number": "L0", "issuer": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["dated_on", "id"]
        constraints = [models.UniqueConstraint(fields=["project", "kind", "number"], name="project_paper_once")]


class ProjectFunds(TrackedModel):
    """Planned money of a project from one source, in fen (L-15)."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="funds")
    source = models.CharField(_("source"), max_length=20, choices=PlannedFunds.Source.choices)
    amount_fen = models.BigIntegerField(_("amount"))
    data_labels: ClassVar = {}

    class Meta(TrackedModel.Meta):
        verbose_name_plural = "project funds"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "source"], name="project_funds_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="project_funds_not_negative"),
        ]


class SharedCost(TrackedModel):
    """A cost of a project that its dwellings carry together, split by area, by head or evenly."""

    class By(models.TextChoices):
        AREA = "area", _("by heated area")
        HEAD = "head", _("by persons")
        EVEN = "even", _("evenly")

    project = models.ForeignKey(Project, models.CASCADE, related_name="shared_costs")
    name = models.CharField(_("cost"), max_length=80)
    amount_fen = models.BigIntegerField(_("amount"))
    split_by = models.CharField(_("split"), max_length=5, choices=By.choices)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"name": "L0"}

    class Meta(TrackedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="shared_cost_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="shared_cost_not_negative"),
        ]


class CostShare(ScopedModel):
    """What one dwelling carries of a shared cost; the shares of a cost add up to it."""

    view_right = "tasks.view"

    cost = models.ForeignKey(SharedCost, models.CASCADE, related_name="shares")
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="cost_shares")
    area = models.ForeignKey(Area, models.PROTECT)
    weight = models.DecimalField(max_digits=10, decimal_places=2)
    amount_fen = models.BigIntegerField()
    data_labels: ClassVar = {}

    class Meta(ScopedModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["cost", "dwelling"], name="cost_share_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="cost_share_not_negative"),
        ]
