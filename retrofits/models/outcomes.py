"""What the works brought: tests of demonstration sites, and what heating takes of a household's income."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from programmes.models import Programme
from retrofits.models.enterprises import Admission


class PilotTest(ScopedModel):
    """Data measured at a firm's demonstration site over some days, and what follows from them (L-36)."""

    view_right = "tasks.view"

    admission = models.ForeignKey(Admission, models.PROTECT, related_name="pilot_tests")
    area = models.ForeignKey(Area, models.PROTECT)
    tested_from = models.DateField(_("tested from"))
    tested_until = models.DateField(_("tested until"))
    homes = models.PositiveIntegerField(_("homes tested"))
    room_temp_c = models.DecimalField(_("mean room temperature, ℃"), max_digits=4, decimal_places=1)
    outdoor_temp_c = models.DecimalField(_("mean outdoor temperature, ℃"), max_digits=4, decimal_places=1)
    energy_kwh = models.DecimalField(_("energy used, kWh"), max_digits=12, decimal_places=2)
    heated_m2 = models.DecimalField(_("heated area"), max_digits=10, decimal_places=2)
    summary = models.CharField(_("summary"), max_length=1000)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"summary": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["tested_from", "id"]
        constraints = [
            models.UniqueConstraint(fields=["admission", "tested_from"], name="pilot_test_once"),
            models.CheckConstraint(
                condition=Q(tested_until__gte=F("tested_from"), homes__gt=0, heated_m2__gt=0, energy_kwh__gte=0),
                name="pilot_test_values",
            ),
        ]


class HeatingBurden(ScopedModel):
    """What heating takes of the disposable income of a place's homes in one season, before and after (D-18)."""

    view_right = "programmes.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="burdens")
    area = models.ForeignKey(Area, models.PROTECT)
    season = models.PositiveSmallIntegerField(_("year in which the season began"))
    homes = models.PositiveIntegerField(_("homes asked"))
    income_before_fen = models.BigIntegerField(_("income of a home before"))
    spend_before_fen = models.BigIntegerField(_("spent on heating before"))
    income_after_fen = models.BigIntegerField(_("income of a home after"))
    spend_after_fen = models.BigIntegerField(_("spent on heating after"))
    source = models.CharField(_("source"), max_length=200)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    data_labels: ClassVar = {"source": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["area_id", "season"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "area", "season"], name="heating_burden_once"),
            models.CheckConstraint(
                condition=Q(homes__gt=0, income_before_fen__gt=0, income_after_fen__gt=0, spend_before_fen__gte=0,
                            spend_after_fen__gte=0),
                name="heating_burden_values",
            ),
        ]  # fmt: skip
