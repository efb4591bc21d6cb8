"""Buildings that projects are about, what boilers were measured to emit, what new-energy projects give heating."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel


class Building(ScopedModel):
    """A building of several homes or a public one: the subject of insulation or of a heat source of its own (T-03,
    L-12, J-18)."""

    view_right = "programmes.view"

    class Kind(models.TextChoices):
        RESIDENTIAL = "residential", _("residential building")
        COMPOUND = "compound", _("residential compound")
        PUBLIC = "public", _("public building")
        PLANT = "plant", _("boiler house or heat station")

    area = models.ForeignKey(Area, models.PROTECT)
    number = models.CharField(_("building number"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind of building"), max_length=12, choices=Kind.choices)
    floor_area_m2 = models.DecimalField(_("floor area"), max_digits=12, decimal_places=2, null=True, blank=True)
    homes = models.PositiveIntegerField(_("homes"), null=True, blank=True)
    built_year = models.PositiveSmallIntegerField(_("built in"), null=True, blank=True)
    owner_unit = models.CharField(_("owner"), max_length=120, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"number": "L0", "name": "L0", "owner_unit": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["area_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["area", "number"], name="building_once"),
            models.CheckConstraint(
                condition=Q(floor_area_m2__isnull=True) | Q(floor_area_m2__gt=0), name="building_area_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EmissionTest(TrackedModel):
    """One pollutant measured at a boiler of a project beside the limit of the standard in force (D-23)."""

    class Pollutant(models.TextChoices):
        PARTICLES = "particles", _("particles")
        SO2 = "so2", _("SO₂")
        NOX = "nox", _("NOx")

    project = models.ForeignKey("retrofits.Project", models.CASCADE, related_name="emission_tests")
    pollutant = models.CharField(_("pollutant"), max_length=10, choices=Pollutant.choices)
    value = models.DecimalField(_("measured, mg/m³"), max_digits=8, decimal_places=2)
    limit = models.DecimalField(_("limit of the standard, mg/m³"), max_digits=8, decimal_places=2)
    standard = models.CharField(_("standard"), max_length=60)
    tested_on = models.DateField(_("measured on"))
    tester = models.CharField(_("measured by"), max_length=120)
    report_no = models.CharField(_("number of the report"), max_length=60)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"standard": "L0", "tester": "L0", "report_no": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["-tested_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "pollutant", "report_no"], name="emission_test_once"),
            models.CheckConstraint(condition=Q(value__gte=0, limit__gt=0), name="emission_test_values"),
        ]

    @property
    def is_met(self) -> bool:
        """At most the limit."""
        return self.value <= self.limit


class ProjectSupport(TrackedModel):
    """What a new-energy project gives to a heating project: industry supports the farms (D-21)."""

    giver = models.ForeignKey("retrofits.Project", models.PROTECT, related_name="gives")
    receiver = models.ForeignKey("retrofits.Project", models.PROTECT, related_name="receives")
    amount_fen = models.BigIntegerField(_("support"))
    agreed_on = models.DateField(_("agreed on"))
    paper_no = models.CharField(_("number of the paper"), max_length=80)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"paper_no": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["agreed_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["giver", "receiver", "paper_no"], name="project_support_once"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="project_support_positive"),
            models.CheckConstraint(condition=~Q(giver=F("receiver")), name="project_support_of_another"),
        ]
