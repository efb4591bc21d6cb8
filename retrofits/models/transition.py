"""Dwellings that heat by other means until their supply is there (D-13, D-16)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from households.models import Dwelling
from programmes.models import Programme


class TransitionalHome(ScopedModel):
    """Why a dwelling waits and what it burns meanwhile; the row ends when the supply is on."""

    view_right = "tasks.view"

    class Reason(models.TextChoices):
        NO_GAS = "no_gas", _("converted, gas not on yet")
        NO_GRID = "no_grid", _("no grid capacity")
        NO_NETWORK = "no_network", _("not reached by any network")
        LATER = "later", _("planned for a later year")

    class Fuel(models.TextChoices):
        CLEAN_COAL = "clean_coal", _("clean coal and improved stove")
        BIOMASS = "biomass", _("biomass pellets and dedicated stove")
        ELECTRIC = "electric", _("electric heater")
        NONE = "none", _("none yet")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="transitional_homes")
    area = models.ForeignKey(Area, models.PROTECT)
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="transitions")
    reason = models.CharField(_("why it waits"), max_length=12, choices=Reason.choices)
    fuel = models.CharField(_("heats meanwhile with"), max_length=12, choices=Fuel.choices)
    since = models.DateField(_("since"))
    network_km = models.DecimalField(
        _("distance to the network, km"), max_digits=6, decimal_places=2, null=True, blank=True
    )
    ended_on = models.DateField(null=True, blank=True)
    end_note = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {"end_note": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["area_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "dwelling"], name="transitional_once_open", condition=Q(ended_on__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("since")), name="transitional_days_in_order"
            ),
        ]
