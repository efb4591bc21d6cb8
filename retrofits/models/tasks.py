"""One dwelling to be converted: the task and where it stands."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from accounts.records import ScopedModel
from households.models import Dwelling, RosterRow
from programmes.models import Programme, Technology


class Task(ScopedModel):
    """One dwelling to be converted to one technology, taken from an approved roster."""

    view_right = "tasks.view"

    class State(models.TextChoices):
        LISTED = "listed", _("to be installed")
        INSTALLED = "installed", _("installed")
        RECTIFY = "rectify", _("to be put right")
        ACCEPTED = "accepted", _("accepted")
        RUNNING = "running", _("in operation")
        REOPENED = "reopened", _("taken up again")
        RETURNED = "returned", _("returned to the office")
        WITHDRAWN = "withdrawn", _("withdrawn")

    PASSED: ClassVar = (State.ACCEPTED, State.RUNNING)

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="tasks")
    area = models.ForeignKey(Area, models.PROTECT)
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="tasks")
    technology = models.ForeignKey(Technology, models.PROTECT)
    roster_row = models.OneToOneField(RosterRow, models.PROTECT)
    state = models.CharField(max_length=12, choices=State.choices, default=State.LISTED)
    self_funds_proven = models.BooleanField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(auto_now_add=True)
    withdrawn_reason = models.CharField(_("why it was withdrawn"), max_length=300, blank=True)
    state_reason = models.CharField(
        _("why it was returned or taken up again"), max_length=300, blank=True, default="", db_default=""
    )

    status_looks: ClassVar = {
        "listed": "",
        "installed": "busy",
        "rectify": "warn",
        "accepted": "done",
        "running": "done",
        "reopened": "warn",
        "returned": "warn",
        "withdrawn": "void",
    }
    data_labels: ClassVar = {"withdrawn_reason": "L1", "state_reason": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "dwelling"], name="task_once_alive", condition=~Q(state="withdrawn")
            )
        ]
        indexes = [models.Index(fields=["programme", "area", "state"], name="task_area_state")]
