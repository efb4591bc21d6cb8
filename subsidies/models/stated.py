"""Facts that no register of the portal holds, stated by a person with the paper that proves them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Area, User
from accounts.records import ScopedModel
from households.models import Dwelling
from programmes.models import Programme
from subsidies import guards


class StatedFact(ScopedModel):
    """One fact of the rules about one dwelling; the newest row of name and season counts.

    A row without a value ends the fact. `value`: text for numbers (exact) and codes, true or false for flags, integer
    fen for money. `season_year` where the fact is of one heating season (fuel, days without heat), else NULL.
    """

    view_right = "entitlements.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="stated_facts")
    area = models.ForeignKey(Area, models.PROTECT)
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="stated_facts")
    name = models.CharField(max_length=30)
    season_year = models.PositiveSmallIntegerField(null=True, blank=True)
    value = models.JSONField(null=True, blank=True)
    document_no = models.CharField(max_length=80)
    words = models.CharField(max_length=300, blank=True)
    stated_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    stated_person_no = models.CharField(max_length=40)
    stated_at = models.DateTimeField()
    data_labels: ClassVar = {
        "name": "L0", "value": "L1", "document_no": "L1", "words": "L2", "stated_person_no": "L2",
    }  # fmt: skip

    class Meta(ScopedModel.Meta):
        constraints = [
            models.CheckConstraint(condition=~Q(document_no=""), name="stated_fact_proven"),
        ]
        indexes = [models.Index(fields=["dwelling", "name", "-id"], name="stated_fact_newest")]
        triggers = [*ScopedModel.Meta.triggers, *guards.LEDGER]

    def __str__(self) -> str:
        return f"{self.dwelling_id} {self.name}"
