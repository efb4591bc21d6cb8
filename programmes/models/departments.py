"""Departments and other bodies documents give duties and seats to; accounts are bound to their keys."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from accounts.records import ScopedModel


class Department(ScopedModel):
    """A department of a place. Its name may change: people stand for it by `accounts.Membership`, papers find it by its
    name or by what they call it otherwise."""

    view_right = "programmes.view"

    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    name = models.CharField(_("department"), max_length=80)
    called = models.JSONField(default=list, blank=True, help_text="Other names it has in documents, earlier ones too")
    data_labels: ClassVar = {"name": "L0", "called": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["area_id", "name"]
        constraints = [models.UniqueConstraint(fields=["area", "name"], name="department_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def names(self) -> list[str]:
        return [self.name, *self.called]
