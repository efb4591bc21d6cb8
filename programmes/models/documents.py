"""Where the numbers come from, and the questions asked at the door."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.records import TrackedModel
from accounts.rights import ROLE_CHOICES
from programmes.models.programme import Programme
from programmes.papers import Paper


class PolicyDocument(TrackedModel):
    programme = models.ForeignKey(Programme, models.CASCADE, related_name="documents")
    number = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    issuer = models.CharField(max_length=120, blank=True)
    printed_on = models.DateField(null=True, blank=True)
    data_labels: ClassVar = {"number": "L0", "title": "L0", "issuer": "L0"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["programme", "number"], name="policy_document_once")]


class Clause(TrackedModel):
    document = models.ForeignKey(PolicyDocument, models.CASCADE, related_name="clauses")
    ref = models.CharField(max_length=40)
    quotation = models.TextField()
    data_labels: ClassVar = {"ref": "L0", "quotation": "L0"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["document", "ref"], name="clause_once")]


class Checklist(TrackedModel):
    """Versioned questions.

    `items` = [{code, text, kind: yes_no|number|photo|telemetry|signature, required, min, max, clause}]; a number may
    name its unit, its tool (how it is measured) and `exclusive` (min or max itself does not count as within).
    """

    class Kind(models.TextChoices):
        ACCEPTANCE = "acceptance", _("acceptance at the door")
        INSULATION = "insulation", _("insulation works")

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="checklists")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    version = models.PositiveSmallIntegerField(default=1)
    items = models.JSONField()
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {"items": "L0", "clause": "L0"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["programme", "kind", "version"], name="checklist_once")]


class RequiredPaper(TrackedModel):
    """One item that the programme asks to be in every household's file, and the role that owes it."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="required_papers")
    paper = models.CharField(max_length=12, choices=Paper.choices)
    owed_by = models.CharField(max_length=20, choices=ROLE_CHOICES)
    heater_only = models.BooleanField(default=False, help_text="Asked only where a heater belongs to the dwelling")
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {"paper": "L0", "owed_by": "L0", "clause": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["programme", "paper"], name="required_paper_once")]
