"""Versions of a policy: drafted, released by somebody else, frozen. All amounts are integer fen."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from programmes.models import Programme
from subsidies import guards


class DateSpan(Func):
    """Days from a policy's first to its last, both included; an open end is open."""

    function = "DATERANGE"
    output_field = DateRangeField()


class Policy(ScopedModel):
    """One version of a policy document. Once released it is frozen; later versions never change a paid line."""

    view_right = "policies.view"

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        RELEASED = "released", _("released")
        RETIRED = "retired", _("replaced")
        DISCARDED = "discarded", _("discarded")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="policies")
    area = models.ForeignKey(Area, models.PROTECT)
    code = models.SlugField(max_length=40)
    version_no = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200, blank=True)
    document_number = models.CharField(max_length=80, blank=True)
    document = models.TextField()
    options = models.JSONField(default=dict, blank=True)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    drafted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    drafted_person_no = models.CharField(max_length=40, blank=True)
    drafted_at = models.DateTimeField(auto_now_add=True)
    released_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    released_person_no = models.CharField(max_length=40, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {
        "code": "L0",
        "title": "L0",
        "document_number": "L0",
        "document": "L0",
        "options": "L0",
        "sha256": "L0",
        "drafted_person_no": "L2",
        "released_person_no": "L2",
    }

    class Meta(ScopedModel.Meta):
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(fields=["programme", "code", "version_no"], name="policy_version_once"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "discarded"])
                | (
                    ~Q(released_person_no="") & ~Q(drafted_person_no="") & ~Q(released_person_no=F("drafted_person_no"))
                ),
                name="policy_four_eyes",
            ),
            ExclusionConstraint(
                name="policy_ranges_apart",
                index_type="GIST",
                expressions=[
                    (F("programme"), RangeOperators.EQUAL),
                    (F("code"), RangeOperators.EQUAL),
                    (DateSpan("valid_from", "valid_to", Value("[]")), RangeOperators.OVERLAPS),
                ],
                condition=Q(state="released"),
            ),
        ]
        triggers = [*ScopedModel.Meta.triggers, *guards.POLICY]

    status_looks: ClassVar = {"released": "ok", "retired": "void", "discarded": "void"}

    def __str__(self) -> str:
        return f"{self.title or self.code} · {self.version_no}"
