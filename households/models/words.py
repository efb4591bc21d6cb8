"""What a town calls its columns: headings that staff confirmed once and the importer knows from then on."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from accounts.models import Area, User
from accounts.records import ScopedModel


class ColumnWord(ScopedModel):
    """A heading and the field it means in rosters of one town; an empty field says: known, and not needed."""

    view_right = "rosters.import"

    area = models.ForeignKey(Area, models.PROTECT)
    heading = models.CharField(max_length=120)
    heading_key = models.CharField(max_length=120)
    field = models.CharField(max_length=30, blank=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(auto_now=True)
    data_labels: ClassVar = {"heading": "L1", "heading_key": "L1", "field": "L0"}

    class Meta(ScopedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["area", "heading_key"], name="column_word_once")]

    def __str__(self) -> str:
        return f"{self.heading} = {self.field}"
