"""What a document asks of a body (ROLE rows), with its day and whether it was done."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from programmes.models import Department, Programme


class DutyTerm(ScopedModel):
    """One duty of one body in one year. `roles` and `unit` say on whose page it stands."""

    view_right = "programmes.view"

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="duty_terms")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    code = models.SlugField(max_length=40)
    unit = models.CharField(_("unit"), max_length=80)
    roles = models.JSONField(default=list, blank=True)
    words = models.CharField(_("duty"), max_length=300)
    clause = models.CharField(_("clause"), max_length=40)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    page = models.CharField(max_length=60, blank=True, help_text="URL name of the page where it is done")
    done_on = models.DateField(null=True, blank=True)
    done_words = models.CharField(max_length=300, blank=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    data_labels: ClassVar = {
        "code": "L0", "unit": "L0", "roles": "L0", "words": "L0", "clause": "L0", "page": "L0", "done_words": "L1",
    }  # fmt: skip

    class Meta(ScopedModel.Meta):
        ordering = ["due_on", "code"]
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="duty_term_once")]


class DutyBody(TrackedModel):
    """The department a duty is of, by key: whoever is bound to it finds the duty among the own ones."""

    duty = models.OneToOneField(DutyTerm, models.CASCADE, related_name="body")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    history_part_of: ClassVar = "duty"
    data_labels: ClassVar = {}
