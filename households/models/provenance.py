"""Where a value comes from when it isn't a roster's row: what people typed, and where a roster says otherwise.

A value that came with a roster is told by `ImportRow`: one row per dwelling and import, with its sheet, its row, the
addresses of its cells and the names of the fields it wrote.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from core.fields import EncryptedTextField
from households.models.imports import ImportRow, RosterImport
from households.models.registers import Dwelling, Household


class HandEdit(ScopedModel):
    """Fields a person typed into the register. `dwelling` is empty where they belong to the family, not the house."""

    view_right = "households.view"

    household = models.ForeignKey(Household, models.CASCADE, related_name="hand_edits")
    dwelling = models.ForeignKey(Dwelling, models.CASCADE, null=True, blank=True, related_name="hand_edits")
    area = models.ForeignKey(Area, models.PROTECT)
    fields = ArrayField(models.CharField(max_length=30))
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"fields": "L0"}

    class Meta(ScopedModel.Meta):
        indexes = [models.Index(fields=["household", "at"], name="hand_edit_household")]


class ValueConflict(ScopedModel):
    """A roster's row says something else than a person typed. The typed value stays until somebody decides."""

    view_right = "rosters.import"

    class Decision(models.TextChoices):
        MINE = "mine", _("typed value kept")
        FILE = "file", _("value of the file taken")

    roster_import = models.ForeignKey(RosterImport, models.PROTECT, related_name="conflicts")
    row = models.ForeignKey(ImportRow, models.CASCADE, related_name="conflicts")
    dwelling = models.ForeignKey(Dwelling, models.CASCADE, related_name="value_conflicts")
    area = models.ForeignKey(Area, models.PROTECT)
    field = models.CharField(max_length=30)
    given = EncryptedTextField(_("value of the file"))
    decision = models.CharField(max_length=4, choices=Decision.choices, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {"field": "L0", "given": "L4"}

    class Meta(ScopedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["row", "field"], name="conflict_once")]
        indexes = [models.Index(fields=["area", "decision"], name="conflict_open")]
