"""Energy companies, and which company a case or a point of a network belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from accounts.records import ScopedModel, TrackedModel
from heatsupply.models import HeatingCompany
from supervision.models.cases import Case
from supervision.models.network import NetworkPoint

if TYPE_CHECKING:
    from accounts.models import User


class EnergyCompany(ScopedModel):
    """A power or gas company of a place. Two may bear one name: the place and the energy tell them apart for people,
    the key for the portal."""

    view_right = "hazards.view"

    class Carrier(models.TextChoices):
        ELECTRICITY = "electricity", _("electricity")
        GAS = "gas", _("gas")

    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    carrier = models.CharField(_("energy"), max_length=11, choices=Carrier.choices)
    name = models.CharField(_("energy company"), max_length=80)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    data_labels: ClassVar = {"name": "L0", "phone": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["area_id", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["area", "carrier", "name"], name="energy_company_once")]

    def __str__(self) -> str:
        return self.name


class ServedPlace(ScopedModel):
    """A village an energy company serves, and what the company said of it: whether its network has the capacity for
    heating there (L-70, D-11), and how far its works on it are (D-37). One company a village and energy."""

    view_right = "hazards.view"

    class Works(models.TextChoices):
        NONE = "none", _("no works needed")
        PLANNED = "planned", _("works planned")
        RUNNING = "running", _("works under way")
        DONE = "done", _("works done")

    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("village"))
    company = models.ForeignKey(EnergyCompany, models.PROTECT, related_name="served")
    carrier = models.CharField(_("energy"), max_length=11, choices=EnergyCompany.Carrier.choices)
    has_capacity = models.BooleanField(_("capacity suffices"), null=True)
    works = models.CharField(_("works on the network"), max_length=7, choices=Works.choices, blank=True)
    works_on = models.DateField(_("works done by"), null=True, blank=True)
    words = models.CharField(_("by which paper"), max_length=300, blank=True)
    said_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    said_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {"words": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["area_id", "carrier"]
        constraints = [models.UniqueConstraint(fields=["area", "carrier"], name="served_place_once")]


class OfCompany(TrackedModel):
    """A row is a heating company's or an energy company's, by key."""

    heating_company = models.ForeignKey(HeatingCompany, models.PROTECT, null=True, related_name="+")
    energy_company = models.ForeignKey(EnergyCompany, models.PROTECT, null=True, related_name="+")
    data_labels: ClassVar = {}

    class Meta(TrackedModel.Meta):
        abstract = True

    @property
    def company(self) -> Any:
        return self.heating_company or self.energy_company

    def is_of(self, user: User) -> bool:
        """Whether the person works for that company."""
        heating, energy = user.works_for("heating"), user.works_for("energy")
        return self.heating_company_id in heating or self.energy_company_id in energy


def _one(name: str) -> models.CheckConstraint:
    condition = Q(heating_company=None, energy_company__isnull=False)
    return models.CheckConstraint(
        condition=condition | Q(heating_company__isnull=False, energy_company=None), name=name
    )


class CaseCompany(OfCompany):
    """The company that answers for a case and sees it."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="company")
    history_part_of: ClassVar = "case"

    class Meta(OfCompany.Meta):
        abstract = False
        constraints = [_one("case_company_is_one")]


class PointCompany(OfCompany):
    """The company that operates a point of a network: it reports its values and sees to its alarms."""

    point = models.OneToOneField(NetworkPoint, models.CASCADE, related_name="company")
    history_part_of: ClassVar = "point"

    class Meta(OfCompany.Meta):
        abstract = False
        constraints = [_one("point_company_is_one")]
