"""Works measured while they can still be seen: insulation before and after plaster (L-56 … L-61)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from programmes.models import Checklist
from retrofits.models.tasks import Task


class WorksCheck(ScopedModel):
    """One measuring of a home's works. `result` follows from the values; nobody chooses it. The latest one counts."""

    view_right = "tasks.view"

    class Result(models.TextChoices):
        PASSED = "passed", _("passed")
        FAILED = "failed", _("not passed")

    task = models.ForeignKey(Task, models.PROTECT, related_name="works_checks")
    area = models.ForeignKey(Area, models.PROTECT)
    request_id = models.UUIDField(unique=True)
    checklist = models.ForeignKey(Checklist, models.PROTECT)
    answers = models.JSONField()
    faults = models.JSONField(default=list, blank=True, help_text="Codes of the items out of tolerance")
    result = models.CharField(max_length=8, choices=Result.choices)
    checked_on = models.DateField()
    checked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    status_looks: ClassVar = {"passed": "done", "failed": "bad"}
    data_labels: ClassVar = {"answers": "L1", "faults": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["-id"]
